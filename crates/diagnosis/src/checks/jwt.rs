use jwt_bearer_assertion::Defect;
use jwt_bearer_provider::Check;
use jwt_bearer_signer::Algorithm;

use super::Case;
use crate::observed::Observed;
use crate::redact::{masked, scrubbed};

/// The form of the JWT, its algorithm and its `kid`.
pub(crate) fn check(case: &Case<'_>, seen: &mut Observed) {
    if let Some(why) = &case.evidence.no_assertion {
        seen.noted(Check::JwtParts, !case.evidence.is_pasted, scrubbed(why));
    }
    let Some(assertion) = &case.evidence.assertion else {
        return;
    };
    // Of claims alone nobody knows the rest.
    if case.evidence.is_claims_alone {
        return;
    }
    if case.evidence.is_taken_apart {
        check_algorithm(case, seen);
        return check_key_id(case, seen);
    }
    // Some servers take these, unless they complain of just this.
    let is_of_form = case.is_said(&[
        "signature",
        "compact",
        "malformed",
        "base64",
        "decode",
        "not a jwt",
    ]);
    // What people show can be cut, and the signature left out.
    let is_pasted = case.evidence.is_pasted;
    let request = case.evidence.request.as_ref();
    let has_form = request.is_some_and(|request| request.parameters.is_some());
    for defect in assertion.defects() {
        let (check, proof) = match defect {
            Defect::Wrapped => (Check::JwtWrapped, false),
            // People take the signature off before they show an assertion.
            Defect::NoSignature if is_pasted && !has_form => continue,
            Defect::NoSignature => (Check::JwtUnsigned, false),
            Defect::UnsignedAlgorithm => (Check::JwtUnsigned, true),
            Defect::Padding(_) => (Check::JwtPadding, is_of_form),
            Defect::StandardAlphabet(_) => (Check::JwtAlphabet, true),
            Defect::NotBase64(_) | Defect::NotJson(..) => (Check::JwtDamaged, !is_pasted),
            Defect::Duplicate(..) => (Check::JwtDuplicate, is_of_form),
            Defect::NoAlgorithm => (Check::AlgMissing, true),
            Defect::OtherAlgorithm(_) => (Check::AlgNotAllowed, true),
            Defect::DerSignature(_) => (Check::SignatureDer, true),
            // Something short in its place is mostly the reader's own mark.
            Defect::SignatureLength(_) => {
                let octets = assertion.signature().len();
                (
                    Check::SignatureLength,
                    !is_pasted && (octets == 0 || octets >= 40),
                )
            }
            Defect::KeyIdInClaims => (Check::KidInClaims, case.is_said(&["kid"])),
            // The rest is about claims and times.
            _ => continue,
        };
        let line = scrubbed(&defect.to_string());
        let taken = taken(case).filter(|_| check == Check::AlgNotAllowed);
        let taken = taken.map(|taken| format!("; {} takes {taken}", case.profile.title));
        seen.noted(check, proof, line + &taken.unwrap_or_default());
    }
    seen.passed(
        &[
            Check::JwtWrapped,
            Check::JwtParts,
            Check::JwtPadding,
            Check::JwtAlphabet,
            Check::JwtDamaged,
            Check::JwtDuplicate,
            Check::KidInClaims,
        ],
        "the assertion has the form of a JWT: parts, base64url, JSON",
    );
    let octets = assertion.signature().len();
    let algorithm = assertion
        .algorithm()
        .map(Algorithm::name)
        .unwrap_or_default();
    let is_rsa = algorithm.starts_with("RS") || algorithm.starts_with("PS");
    // Whoever makes an RSA key takes a multiple of 128 bits.
    if is_rsa && octets >= 128 && !octets.is_multiple_of(16) {
        let line = format!("the signature has {octets} octets, as no usual RSA key makes them");
        seen.hinted(Check::SignatureLength, line);
    }
    if is_rsa {
        seen.passed(&[Check::SignatureDer], "only ECDSA has signatures in DER");
    }
    if !assertion.signature().is_empty() {
        let line = "the signature has the form that the algorithm makes";
        seen.passed(
            &[
                Check::JwtUnsigned,
                Check::SignatureDer,
                Check::SignatureLength,
            ],
            line,
        );
    }
    check_algorithm(case, seen);
    check_key_id(case, seen);
}

/// The algorithms that this server takes, if that is known.
fn taken(case: &Case<'_>) -> Option<String> {
    let allowed = case.profile.algorithms;
    (allowed != Algorithm::ALL).then(|| names(allowed))
}

fn names(algorithms: &[Algorithm]) -> String {
    let names: Vec<_> = algorithms.iter().map(|one| one.name()).collect();
    names.join(", ")
}

/// What to do about an algorithm that is not taken, where it is known which are.
pub(crate) fn next_of_algorithm(case: &Case<'_>) -> Option<String> {
    let taken = taken(case)?;
    let title = case.profile.title;
    Some(format!(
        "sign with one that {title} takes, {taken} (`--algorithm`), which may need a key of another kind"
    ))
}

fn check_algorithm(case: &Case<'_>, seen: &mut Observed) {
    let header = case
        .evidence
        .assertion
        .as_ref()
        .map(jwt_bearer_assertion::Decoded::header);
    if header.is_some_and(|header| header.contains_key("alg")) {
        seen.passed(&[Check::AlgMissing], "the header has an `alg`");
    }
    let Some(algorithm) = case
        .evidence
        .assertion
        .as_ref()
        .and_then(jwt_bearer_assertion::Decoded::algorithm)
    else {
        return;
    };
    let allowed = case.profile.algorithms;
    if allowed.contains(&algorithm) {
        let line = format!("`alg` is {algorithm}, which is allowed");
        seen.passed(&[Check::AlgNotAllowed, Check::AlgMissing], &line);
    } else {
        let line = format!(
            "`alg` is {algorithm}; {} takes {}",
            case.profile.title,
            names(allowed)
        );
        seen.proven(Check::AlgNotAllowed, line);
    }
}

fn check_key_id(case: &Case<'_>, seen: &mut Observed) {
    let Some(assertion) = &case.evidence.assertion else {
        return;
    };
    if case.is_salesforce() || matches!(case.provider, "snowflake" | "github") {
        let line = "this server looks at no `kid`";
        return seen.passed(
            &[Check::KidMissing, Check::KidDiffers, Check::KidNotText],
            line,
        );
    }
    let registered = case
        .evidence
        .key_id
        .as_deref()
        .or_else(|| case.evidence.config.as_ref()?.facts()?.key_id.as_deref());
    match (assertion.header().get("kid"), registered) {
        (None, registered) => {
            let line = "the header has no `kid`";
            seen.passed(&[Check::KidDiffers, Check::KidNotText], line);
            let registered =
                registered.map(|id| format!("; the key is registered as {}", masked(id)));
            let registered = registered.unwrap_or_default();
            seen.hinted(Check::KidMissing, format!("{line}{registered}"));
        }
        (Some(kid), registered) => {
            let there = [Check::KidMissing, Check::ConfigKidEmpty];
            seen.passed(&there, "the header has a `kid`");
            match (kid.as_str(), registered) {
                (None, _) => seen.proven(Check::KidNotText, "`kid` is no string"),
                (Some(kid), Some(registered)) if kid != registered => seen.noted(
                    Check::KidDiffers,
                    case.is_value(kid) && case.is_value(registered),
                    format!(
                        "`kid` is {}; the key is registered as {}",
                        masked(kid),
                        masked(registered)
                    ),
                ),
                // The configuration can be old: that they are the same proves nothing of what is registered.
                (Some(_), _) => seen.passed(&[Check::KidNotText], "`kid` is a string"),
            }
        }
    }
}
