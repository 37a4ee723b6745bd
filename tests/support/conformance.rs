use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::Verifier as _;
use jwt_bearer_signer::{
    Algorithm, KeyKind, PublicKey, SignErrorKind, Signature, Signer, VerifyError,
};
use p256::pkcs8::DecodePublicKey;
use rsa::RsaPublicKey;
use sha2::{Sha256, Sha384, Sha512};
use tokio::task::JoinSet;

use crate::hidden::shows_nothing_of;

/// Around the blocks of the hashes, the moduli of RSA, a card's longest Ed25519 message, and what AWS KMS takes.
const LENGTHS: [usize; 15] = [
    0, 1, 31, 32, 33, 63, 64, 255, 256, 1010, 1015, 4095, 4096, 4097, 100_000,
];

/// Where the key of a signer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(dead_code, reason = "a test has signers of one place only")]
pub(crate) enum Place {
    /// In this process: it signs messages of any length.
    Process,
    /// In a device or a service: with EdDSA it may refuse a length.
    Device,
}

/// Checks all that [`Signer`] promises. `private` are octets of the private key, as far as anybody has them.
///
/// # Panics
/// If the signer breaks a promise.
pub(crate) async fn conforms(signer: Arc<dyn Signer>, place: Place, private: &[u8]) {
    tokio::time::timeout(Duration::from_secs(300), async {
        let mut signed = 0;
        for length in LENGTHS {
            signed += usize::from(signs(&*signer, length, place).await);
        }
        assert!(signed >= 10, "only {signed} lengths were signed");
        pointers_sign(&signer).await;
        signs_concurrently(&signer).await;
        for debug in [format!("{signer:?}"), format!("{signer:#?}")] {
            shows_nothing_of(&debug, private);
        }
    })
    .await
    .expect("the signer hangs");
}

/// Signs a message of this length and verifies the signature; false if it was refused for its length, rightly.
async fn signs(signer: &dyn Signer, length: usize, place: Place) -> bool {
    let algorithm = signer.algorithm();
    let message: Vec<u8> = (0..length).map(|i| (i * 7 + length) as u8).collect();
    let signature = match signer.sign(&message).await {
        Ok(signature) => signature,
        Err(error) => {
            let may_refuse = place == Place::Device && algorithm == Algorithm::EdDsa;
            assert!(
                may_refuse && error.kind() == SignErrorKind::InputLength,
                "{algorithm}, {length} octets: {error:?}"
            );
            return false;
        }
    };
    assert_eq!(signature.algorithm(), algorithm);
    assert_eq!(
        signature.as_bytes().len(),
        jose_length(signer.public_key().kind()),
        "{algorithm}, {length} octets"
    );
    is_valid(signer.public_key(), &message, &signature);
    true
}

/// The signature is good to two implementations, and no longer so when a bit of it or of the message is another.
fn is_valid(key: &PublicKey, message: &[u8], signature: &Signature) {
    let algorithm = signature.algorithm();
    let octets = signature.as_bytes();
    let what = format!("{algorithm}, {} octets", message.len());
    assert!(
        verifies_elsewhere(key, algorithm, message, octets),
        "{what}"
    );
    assert_ne!(
        verifies_here(key, algorithm, message, octets),
        Some(false),
        "{what}"
    );

    let mut spoilt = octets.to_vec();
    for at in [0, octets.len() / 2, octets.len() - 1] {
        spoilt[at] ^= 1;
        assert_ne!(
            verifies_here(key, algorithm, message, &spoilt),
            Some(true),
            "{what}, bit {at}"
        );
        assert!(
            !verifies_elsewhere(key, algorithm, message, &spoilt),
            "{what}, bit {at}"
        );
        spoilt[at] ^= 1;
    }
    let mut other = message.to_vec();
    match other.last_mut() {
        Some(last) => *last ^= 0x80,
        None => other.push(0),
    }
    assert_ne!(
        verifies_here(key, algorithm, &other, octets),
        Some(true),
        "{what}, another message"
    );
    assert!(
        !verifies_elsewhere(key, algorithm, &other, octets),
        "{what}, another message"
    );
}

/// Whatever can stand for a signer signs with the same key.
async fn pointers_sign(signer: &Arc<dyn Signer>) {
    let boxed: Box<dyn Signer> = Box::new(Arc::clone(signer));
    let borrowed: &dyn Signer = signer;
    let pointers: [&dyn Signer; 4] = [&**signer, signer, &boxed, &borrowed];
    for pointer in pointers {
        assert_eq!(pointer.algorithm(), signer.algorithm());
        assert_eq!(pointer.key_id(), signer.key_id());
        assert_eq!(pointer.public_key(), signer.public_key());
        let signature = pointer.sign(b"header.claims").await.unwrap();
        is_valid(signer.public_key(), b"header.claims", &signature);
    }
}

async fn signs_concurrently(signer: &Arc<dyn Signer>) {
    let mut tasks = JoinSet::new();
    for number in 0..32 {
        let signer = Arc::clone(signer);
        tasks.spawn(async move {
            let message = format!("header.claims{number}");
            let signature = signer.sign(message.as_bytes()).await.unwrap();
            (message, signature)
        });
    }
    let signed = tasks.join_all().await;
    assert_eq!(signed.len(), 32);
    for (message, signature) in signed {
        let octets = signature.as_bytes();
        assert!(
            verifies_elsewhere(
                signer.public_key(),
                signer.algorithm(),
                message.as_bytes(),
                octets
            ),
            "{message}"
        );
    }
}

fn jose_length(kind: KeyKind) -> usize {
    match kind {
        KeyKind::Rsa { bits, .. } => bits / 8,
        KeyKind::P256 | KeyKind::Secp256k1 | KeyKind::Ed25519 => 64,
        KeyKind::P384 => 96,
        KeyKind::P521 => 132,
        kind => panic!("no signer has a {kind} key"),
    }
}

/// What [`PublicKey::verify`] says; `None` for the two algorithms that it cannot verify.
fn verifies_here(
    key: &PublicKey,
    algorithm: Algorithm,
    message: &[u8],
    octets: &[u8],
) -> Option<bool> {
    let cannot = matches!(algorithm, Algorithm::Es512 | Algorithm::Es256K);
    match key.verify(algorithm, message, octets) {
        Ok(()) if !cannot => Some(true),
        Err(VerifyError::Mismatch) if !cannot => Some(false),
        Err(VerifyError::Unsupported { .. }) if cannot => None,
        other => panic!("{algorithm}: {other:?}"),
    }
}

/// Verifies with RustCrypto's implementations, which share nothing with `ring`.
fn verifies_elsewhere(
    key: &PublicKey,
    algorithm: Algorithm,
    message: &[u8],
    octets: &[u8],
) -> bool {
    let rsa = || RsaPublicKey::from_public_key_der(key.as_spki_der()).unwrap();
    macro_rules! rsa {
        ($padding:ident, $hash:ty) => {{
            let key = rsa::$padding::VerifyingKey::<$hash>::new(rsa());
            rsa::$padding::Signature::try_from(octets)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok())
        }};
    }
    macro_rules! ecdsa {
        ($curve:ident) => {{
            let key = $curve::ecdsa::VerifyingKey::from_public_key_der(key.as_spki_der()).unwrap();
            // k256 takes only the lower of the two forms that s may have, which ES256K does not ask for.
            $curve::ecdsa::Signature::from_slice(octets)
                .is_ok_and(|signature| key.verify(message, &signature.normalize_s()).is_ok())
        }};
    }
    match algorithm {
        Algorithm::Rs256 => rsa!(pkcs1v15, Sha256),
        Algorithm::Rs384 => rsa!(pkcs1v15, Sha384),
        Algorithm::Rs512 => rsa!(pkcs1v15, Sha512),
        Algorithm::Ps256 => rsa!(pss, Sha256),
        Algorithm::Ps384 => rsa!(pss, Sha384),
        Algorithm::Ps512 => rsa!(pss, Sha512),
        Algorithm::Es256 => ecdsa!(p256),
        Algorithm::Es384 => ecdsa!(p384),
        Algorithm::Es512 => ecdsa!(p521),
        Algorithm::Es256K => ecdsa!(k256),
        Algorithm::EdDsa => {
            let raw = key.as_spki_der().last_chunk().unwrap();
            let key = ed25519_dalek::VerifyingKey::from_bytes(raw).unwrap();
            ed25519_dalek::Signature::from_slice(octets)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok())
        }
        other => panic!("no signer signs with {other}"),
    }
}
