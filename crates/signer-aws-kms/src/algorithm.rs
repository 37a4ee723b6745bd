use aws_sdk_kms::operation::get_public_key::GetPublicKeyOutput;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec};
use jwt_bearer_signer::{Algorithm, KeyKind, PublicKey, SignError, SignErrorKind};

/// AWS KMS takes no longer message.
pub(crate) const MAX_RAW: usize = 4096;

/// What AWS KMS calls the algorithm.
pub(crate) fn signing_algorithm(algorithm: Algorithm) -> Option<SigningAlgorithmSpec> {
    Some(match algorithm {
        Algorithm::Rs256 => SigningAlgorithmSpec::RsassaPkcs1V15Sha256,
        Algorithm::Rs384 => SigningAlgorithmSpec::RsassaPkcs1V15Sha384,
        Algorithm::Rs512 => SigningAlgorithmSpec::RsassaPkcs1V15Sha512,
        Algorithm::Ps256 => SigningAlgorithmSpec::RsassaPssSha256,
        Algorithm::Ps384 => SigningAlgorithmSpec::RsassaPssSha384,
        Algorithm::Ps512 => SigningAlgorithmSpec::RsassaPssSha512,
        Algorithm::Es256 | Algorithm::Es256K => SigningAlgorithmSpec::EcdsaSha256,
        Algorithm::Es384 => SigningAlgorithmSpec::EcdsaSha384,
        Algorithm::Es512 => SigningAlgorithmSpec::EcdsaSha512,
        // ED25519_PH_SHA_512, which takes a digest, is Ed25519ph and not what a JWT calls EdDSA.
        Algorithm::EdDsa => SigningAlgorithmSpec::Ed25519Sha512,
        _ => return None,
    })
}

/// Whether AWS KMS gets the digest, or the message itself.
pub(crate) fn message_type(algorithm: Algorithm) -> MessageType {
    match algorithm {
        Algorithm::EdDsa => MessageType::Raw,
        _ => MessageType::Digest,
    }
}

/// The public key in the reply, if its private half signs JWTs.
pub(crate) fn public_key(reply: &GetPublicKeyOutput) -> Result<PublicKey, SignError> {
    if let Some(usage) = reply.key_usage()
        && *usage != KeyUsageType::SignVerify
    {
        return Err(invalid(format!(
            "the key's usage is {}, which cannot be changed, where SIGN_VERIFY is needed; make another key with \
             `aws kms create-key --key-usage SIGN_VERIFY --key-spec RSA_2048`",
            shown(usage.as_str())
        )));
    }
    if let Some(spec) = reply.key_spec()
        && !is_known(spec)
    {
        return Err(invalid(format!(
            "the key's spec is {}, and no JWT is signed with such a key here; make one with --key-spec RSA_2048, \
             RSA_3072, RSA_4096, ECC_NIST_P256, ECC_NIST_P384, ECC_NIST_P521, ECC_SECG_P256K1 or \
             ECC_NIST_EDWARDS25519",
            shown(spec.as_str())
        )));
    }
    let der = reply
        .public_key()
        .ok_or_else(|| corrupt("the reply has no public key"))?;
    let public_key = PublicKey::from_spki_der(der.as_ref())
        .map_err(|error| corrupt(format!("the public key in the reply is {error}")))?;
    if let Some(spec) = reply.key_spec()
        && key_spec(public_key.kind()).as_ref() != Some(spec)
    {
        return Err(corrupt(format!(
            "the public key in the reply is {}, and its spec is {spec}",
            public_key.kind()
        )));
    }
    Ok(public_key)
}

/// The algorithm asked for, if the key signs with it, or else the usual one of those that it signs with.
pub(crate) fn choose(
    wanted: Option<Algorithm>,
    kind: KeyKind,
    offered: Option<&[SigningAlgorithmSpec]>,
) -> Result<(Algorithm, SigningAlgorithmSpec), SignError> {
    let fitting: Vec<_> = kind
        .algorithms()
        .iter()
        .filter_map(|algorithm| Some((*algorithm, signing_algorithm(*algorithm)?)))
        .filter(|(_, spec)| offered.is_none_or(|offered| offered.contains(spec)))
        .collect();
    let unsupported = |text| SignError::new(SignErrorKind::UnsupportedAlgorithm, text);
    if fitting.is_empty() {
        let offered: Vec<_> = offered
            .unwrap_or_default()
            .iter()
            .map(|spec| shown(spec.as_str()))
            .collect();
        return Err(unsupported(format!(
            "the key is {kind} and AWS KMS signs with it by {}, none of which a JWT has",
            if offered.is_empty() {
                "no algorithm".into()
            } else {
                offered.join(", ")
            }
        )));
    }
    let names: Vec<_> = fitting.iter().map(|(one, _)| one.name()).collect();
    let names = names.join(", ");
    fitting
        .into_iter()
        .find(|(one, _)| wanted.is_none_or(|wanted| wanted == *one))
        .ok_or_else(|| {
            let wanted = wanted.map_or("", Algorithm::name);
            unsupported(format!(
                "{wanted} does not fit the key, which is {kind} and signs with {names}"
            ))
        })
}

pub(crate) fn corrupt(text: impl Into<String>) -> SignError {
    SignError::new(
        SignErrorKind::Other,
        format!("AWS KMS gave a corrupt reply: {}", text.into()),
    )
}

fn invalid(text: String) -> SignError {
    SignError::new(SignErrorKind::InvalidKey, text)
}

fn is_known(spec: &KeySpec) -> bool {
    matches!(
        spec,
        KeySpec::Rsa2048
            | KeySpec::Rsa3072
            | KeySpec::Rsa4096
            | KeySpec::EccNistP256
            | KeySpec::EccNistP384
            | KeySpec::EccNistP521
            | KeySpec::EccSecgP256K1
            | KeySpec::EccNistEdwards25519
    )
}

fn key_spec(kind: KeyKind) -> Option<KeySpec> {
    Some(match kind {
        KeyKind::Rsa { bits: 2048, .. } => KeySpec::Rsa2048,
        KeyKind::Rsa { bits: 3072, .. } => KeySpec::Rsa3072,
        KeyKind::Rsa { bits: 4096, .. } => KeySpec::Rsa4096,
        KeyKind::P256 => KeySpec::EccNistP256,
        KeyKind::P384 => KeySpec::EccNistP384,
        KeyKind::P521 => KeySpec::EccNistP521,
        KeyKind::Secp256k1 => KeySpec::EccSecgP256K1,
        KeyKind::Ed25519 => KeySpec::EccNistEdwards25519,
        _ => return None,
    })
}

/// A text of the service on one line of bounded length.
pub(crate) fn shown(text: &str) -> String {
    const MAX: usize = 400;
    let mut shown: String = text
        .chars()
        .take(MAX)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
