//! Every signer keeps the promises of the trait, as another implementation than `ring` sees them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::num::NonZeroUsize;
use std::sync::Arc;

use jwt_bearer::LocalSigner;
use jwt_bearer::keyfile::PrivateKey;
use jwt_bearer::signer::{Algorithm, KeyKind, Signer};

use conformance::{Place, conforms};
use hidden::shows_nothing_of;
use keys::{key, signer};

#[path = "support/conformance.rs"]
mod conformance;
#[path = "support/hidden.rs"]
mod hidden;
#[path = "support/keys.rs"]
mod keys;

/// Checks the key with every algorithm that it can sign with, and says how many these are.
async fn local(name: &str, kind: &str) -> usize {
    let key = key(name);
    assert_eq!(key.kind().to_string(), kind, "{name}");
    let algorithms = key.kind().algorithms();
    for algorithm in algorithms {
        let signer = LocalSigner::new(&key)
            .unwrap()
            .with_algorithm(*algorithm)
            .unwrap()
            .with_key_id("key-1");
        assert_eq!(signer.algorithm(), *algorithm);
        assert_eq!(signer.key_id(), Some("key-1"));
        conforms(Arc::new(signer), Place::Process, private(&key)).await;
        let threads = NonZeroUsize::new(2).unwrap();
        let signer = LocalSigner::new(&key)
            .unwrap()
            .with_algorithm(*algorithm)
            .unwrap()
            .threads(threads)
            .unwrap();
        conforms(Arc::new(signer), Place::Process, private(&key)).await;
    }
    algorithms.len()
}

/// The octets of the private key, from where the public ones end.
fn private(key: &PrivateKey) -> &[u8] {
    match key {
        // Version, modulus and public exponent come first, the modulus of the key's length.
        PrivateKey::Rsa {
            kind: KeyKind::Rsa { bits, .. },
            pkcs1,
            ..
        } => &pkcs1[bits / 8 + 20..],
        PrivateKey::Ec { scalar, .. } => scalar,
        PrivateKey::Ed25519 { seed, .. } => &seed[..],
        key => panic!("{key:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn local_rsa_2048() {
    assert_eq!(local("rsa.pem", "RSA-2048").await, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn local_rsa_3072() {
    assert_eq!(local("rsa-3072.pem", "RSA-3072").await, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn local_rsa_4096() {
    assert_eq!(local("rsa-4096.pem", "RSA-4096").await, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn local_p256() {
    assert_eq!(local("p256.pem", "P-256").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn local_p384() {
    assert_eq!(local("p384.pem", "P-384").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn local_ed25519() {
    assert_eq!(local("ed25519.pem", "Ed25519").await, 1);
}

#[test]
fn a_leak_of_octets_is_seen() {
    let private: Vec<u8> = (100..132).collect();
    for shown in [
        format!("Key({private:?})"),
        format!("Key({private:#?})"),
        format!("Key({private:02X?})"),
        "Key(6465666768696a6b6c6d)".into(),
        "Key { seed: ZGVmZ2hpamts }".into(),
    ] {
        let seen = std::panic::catch_unwind(|| shows_nothing_of(&shown, &private));
        assert!(seen.is_err(), "{shown}");
    }
    shows_nothing_of("Key(Ed25519)", &private);
}

#[test]
fn no_algorithm_is_left_out() {
    let here: Vec<_> = [
        KeyKind::P256,
        KeyKind::P384,
        KeyKind::Ed25519,
        signer("rsa.pem").public_key().kind(),
    ]
    .into_iter()
    .flat_map(KeyKind::algorithms)
    .collect();
    for &algorithm in Algorithm::ALL {
        let elsewhere = matches!(algorithm, Algorithm::Es512 | Algorithm::Es256K);
        assert_ne!(here.contains(&&algorithm), elsewhere, "{algorithm}");
    }
}
