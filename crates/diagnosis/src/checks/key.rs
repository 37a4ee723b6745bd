use jwt_bearer_provider::Check;
use jwt_bearer_signer::{KeyKind, PublicKey};

use super::Case;
use crate::evidence::Registered;
use crate::observed::Observed;
use crate::redact::scrubbed;

/// The key that signs, what is registered of it, and the signature.
pub(crate) fn check(case: &Case<'_>, seen: &mut Observed) {
    match &case.evidence.key_file {
        Some(Err(why)) => seen.proven(Check::KeyFile, scrubbed(why)),
        Some(Ok(())) => seen.passed(&[Check::KeyFile], "the key file holds a private key"),
        None => {}
    }
    let signing = case.evidence.signing_key.as_ref();
    let all = &case.evidence.registered;
    // Of several, such as a chain, the one that fits counts; if none does, any of them can be the registered one.
    let fitting = all.iter().find(|registered| fits(case, registered));
    let is_sure = fitting.is_some() || all.len() == 1;
    let registered = fitting.or(all.first());
    if let Some(registered) = registered
        && is_sure
    {
        check_form(case, registered, seen);
    }
    let registered = registered.and_then(|registered| registered.key.as_ref().ok());
    if let Some(key) = signing.or(registered.filter(|_| is_sure)) {
        check_kind(case, key, seen);
    }
    if let (Some(signing), Some(registered)) = (signing, registered) {
        if signing.thumbprint() == registered.thumbprint() {
            seen.passed(
                &[Check::KeyMismatch],
                "the registered key is that of the signing key",
            );
        } else {
            let line = format!(
                "the signing key is {} with the thumbprint {}…, the registered one {} with {}…",
                signing.kind(),
                &signing.thumbprint()[..8],
                registered.kind(),
                &registered.thumbprint()[..8]
            );
            seen.noted(Check::KeyMismatch, is_sure, line);
        }
    }
    if let Some(key) = registered
        && !seen.has_failed(Check::KeyMismatch)
    {
        check_signature(case, key, is_sure, seen);
    }
}

/// Whether this is the signing key, or the signature verifies with it.
fn fits(case: &Case<'_>, registered: &Registered) -> bool {
    let Ok(key) = &registered.key else {
        return false;
    };
    match &case.evidence.signing_key {
        Some(signing) => signing.thumbprint() == key.thumbprint(),
        None => verifies(case, key) == Some(true),
    }
}

fn check_form(case: &Case<'_>, registered: &Registered, seen: &mut Observed) {
    if let Err(why) = &registered.key {
        return seen.proven(Check::RegisteredUnreadable, scrubbed(why));
    }
    seen.passed(
        &[Check::RegisteredUnreadable],
        "what is registered is a public key or a certificate",
    );
    if case.is_box() {
        if registered.is_certificate {
            // It is told both that Box takes one and that it does not.
            seen.hinted(
                Check::RegisteredCertificate,
                "what is registered is a certificate",
            );
        } else {
            seen.passed(
                &[Check::RegisteredCertificate],
                "what is registered is a public key",
            );
        }
    } else if case.is_salesforce() {
        if !registered.is_certificate {
            let line = "what is registered is a bare public key";
            return seen.proven(Check::RegisteredPublicKey, line);
        }
        seen.passed(
            &[Check::RegisteredPublicKey],
            "what is registered is a certificate",
        );
        if registered.octets > 4096 {
            let line = format!("the certificate's file has {} octets", registered.octets);
            seen.proven(Check::CertificateTooLarge, line);
        } else {
            let line = "the certificate's file has less than 4 KB";
            seen.passed(&[Check::CertificateTooLarge], line);
        }
    }
}

fn check_kind(case: &Case<'_>, key: &PublicKey, seen: &mut Observed) {
    let kind = key.kind();
    let allowed = case.profile.algorithms;
    if kind
        .algorithms()
        .iter()
        .any(|algorithm| allowed.contains(algorithm))
    {
        seen.passed(
            &[Check::KeyNotRsa],
            &format!("the key is {kind}, a kind that is taken"),
        );
    } else {
        seen.proven(Check::KeyNotRsa, format!("the key is {kind}"));
    }
    match kind {
        KeyKind::Rsa { bits, .. } if bits < 2048 => {
            seen.proven(Check::KeyTooSmall, format!("the key is {kind}"));
        }
        _ => seen.passed(&[Check::KeyTooSmall], "the key is large enough"),
    }
}

/// Verifies the assertion as it was sent, if it is there with its signature.
fn check_signature(case: &Case<'_>, key: &PublicKey, is_sure: bool, seen: &mut Observed) {
    // What is wrong in its form is a finding already.
    if seen.has_failed(Check::SignatureDer) || seen.has_failed(Check::SignatureLength) {
        return;
    }
    match verifies(case, key) {
        None => {}
        Some(true) => {
            let line = "the signature verifies with the registered key";
            seen.passed(&[Check::SignatureMismatch, Check::KeyMismatch], line);
        }
        Some(false) => {
            let line = "the signature does not verify with the registered key";
            if case.evidence.has_example {
                let line = format!(
                    "{line}; nor does that of an assertion into which a name such as `CLIENT_ID` was put in place of \
                     the real one"
                );
                return seen.hinted(Check::SignatureMismatch, line);
            }
            let proof = is_sure && is_whole(case, key, seen);
            seen.noted(Check::SignatureMismatch, proof, line);
        }
    }
}

/// Whether nothing of the assertion is cut: what does not verify, may be no more than that.
fn is_whole(case: &Case<'_>, key: &PublicKey, seen: &Observed) -> bool {
    let octets = case
        .evidence
        .assertion
        .as_ref()
        .map(|assertion| assertion.signature().len());
    let is_full = match key.kind() {
        KeyKind::Rsa { bits, .. } => octets
            .is_some_and(|octets| octets == bits.div_ceil(8) || [256, 384, 512].contains(&octets)),
        _ => true,
    };
    !case.evidence.is_pasted || is_full && !seen.has_failed(Check::JwtDamaged)
}

fn verifies(case: &Case<'_>, key: &PublicKey) -> Option<bool> {
    let assertion = case.evidence.assertion.as_ref()?;
    let algorithm = assertion.algorithm()?;
    let (input, _) = case.evidence.compact.as_ref()?.rsplit_once('.')?;
    let signature = assertion.signature();
    (!signature.is_empty()).then(|| key.verify(algorithm, input.as_bytes(), signature).is_ok())
}
