use jwt_bearer_signer::{Algorithm, KeyKind, SignError, SignErrorKind};

use crate::error::other;
use crate::padding::padded;

/// The longest message that Ed25519 keys are asked to sign, in octets. A token takes a command of 3,072.
pub(crate) const MAX_MESSAGE: usize = 3062;

/// How the token calls keys of this kind; `None` for a kind that no PIV key has or that signs no JWT.
pub(crate) const fn reference(kind: KeyKind) -> Option<u8> {
    Some(match kind {
        KeyKind::Rsa { bits: 2048, .. } => 0x07,
        KeyKind::Rsa { bits: 3072, .. } => 0x05,
        KeyKind::Rsa { bits: 4096, .. } => 0x16,
        KeyKind::P256 => 0x11,
        KeyKind::P384 => 0x14,
        KeyKind::Ed25519 => 0xe0,
        _ => return None,
    })
}

/// The algorithm asked for if the key signs with it, or else the usual one.
pub(crate) fn choose(wanted: Option<Algorithm>, kind: KeyKind) -> Result<Algorithm, SignError> {
    let fitting = kind.algorithms();
    let Some(wanted) = wanted else {
        return Ok(fitting[0]);
    };
    if fitting.contains(&wanted) {
        return Ok(wanted);
    }
    let names: Vec<_> = fitting.iter().map(|one| one.name()).collect();
    Err(SignError::new(
        SignErrorKind::UnsupportedAlgorithm,
        format!(
            "{wanted} does not fit the key, which is {kind} and signs with {}",
            names.join(", ")
        ),
    ))
}

/// What the token is given to sign: a padded block, a digest, or the message itself.
pub(crate) fn payload(
    algorithm: Algorithm,
    kind: KeyKind,
    message: &[u8],
) -> Result<Vec<u8>, SignError> {
    if let KeyKind::Rsa { bits, .. } = kind {
        return padded(algorithm, message, bits / 8)
            .ok_or_else(|| other("the system gives no random numbers"));
    }
    match algorithm.digest(message) {
        Some(digest) => Ok(digest.as_ref().to_vec()),
        None if message.len() > MAX_MESSAGE => Err(too_long(message.len(), None)),
        None => Ok(message.to_vec()),
    }
}

/// The token takes no message of this length; with the status word, if it was asked.
pub(crate) fn too_long(len: usize, status: Option<u16>) -> SignError {
    let limit = match status {
        None => format!("a token takes up to {MAX_MESSAGE} with EdDSA"),
        Some(status) => {
            format!(
                "this token refuses them with EdDSA (status {status:04x}), and none takes more than {MAX_MESSAGE}"
            )
        }
    };
    SignError::new(
        SignErrorKind::InputLength,
        format!(
            "{len} octets are to be signed, and {limit}; use fewer claims, or an RSA or EC key"
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use jwt_bearer_signer::PublicKey;

    use super::*;

    #[test]
    fn the_usual_algorithm_is_the_first() {
        let modulus = [
            &[0x30, 0x82, 1, 8, 2, 0x82, 1, 1, 0][..],
            &[0x99; 256],
            &[2, 1, 3],
        ];
        let rsa = PublicKey::from_rsa_der(&modulus.concat()).unwrap().kind();
        assert_eq!(choose(None, rsa).unwrap(), Algorithm::Rs256);
        assert_eq!(
            choose(Some(Algorithm::Ps512), rsa).unwrap(),
            Algorithm::Ps512
        );
        let error = choose(Some(Algorithm::Es384), KeyKind::P256).unwrap_err();
        assert_eq!(error.kind(), SignErrorKind::UnsupportedAlgorithm);
        assert_eq!(
            error.source().unwrap().to_string(),
            "ES384 does not fit the key, which is P-256 and signs with ES256"
        );
    }

    #[test]
    fn ed25519_messages_have_a_limit() {
        let at_the_limit = vec![7; MAX_MESSAGE];
        let payload = |message: &[u8]| payload(Algorithm::EdDsa, KeyKind::Ed25519, message);
        assert_eq!(payload(&at_the_limit).unwrap(), at_the_limit);
        let error = payload(&vec![7; MAX_MESSAGE + 1]).unwrap_err();
        assert_eq!(error.kind(), SignErrorKind::InputLength);
        assert!(error.source().unwrap().to_string().contains("up to 3062"));
    }
}
