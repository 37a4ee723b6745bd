//! Assertions of every algorithm, verified by a library for JOSE that shares no code with this one nor with `ring`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::Command;

use jwt_bearer::Profile;
use jwt_bearer::assertion::{Clock, SystemClock};
use jwt_bearer::signer::Signer;

use keys::signer;

#[path = "support/keys.rs"]
mod keys;

/// Writes an assertion and its key, as JWK and as PEM, for each algorithm of the key; says how many.
async fn write(folder: &Path, name: &str) -> usize {
    let request = Profile::GENERIC
        .request("client-id")
        .token_endpoint("https://as.example/token")
        .build()
        .unwrap();
    let algorithms = signer(name).public_key().kind().algorithms();
    for algorithm in algorithms {
        let signer = signer(name).with_algorithm(*algorithm).unwrap();
        let assertion = request.assertion(&signer, SystemClock.now()).await.unwrap();
        let public_key = signer.public_key();
        let name = format!("{algorithm}-{}", public_key.kind());
        let jwk = serde_json::to_string(&public_key.to_jwk()).unwrap();
        for (extension, text) in [
            ("jwt", assertion.as_str()),
            ("jwk", &jwk),
            ("pem", &public_key.to_spki_pem()),
            ("thumbprint", &public_key.thumbprint()),
        ] {
            std::fs::write(folder.join(format!("{name}.{extension}")), text).unwrap();
        }
    }
    algorithms.len()
}

#[tokio::test]
#[ignore = "needs python3 with jwcrypto"]
#[expect(
    clippy::disallowed_methods,
    reason = "the machine says which interpreter has the library"
)]
async fn another_library_verifies_every_algorithm() {
    let folder = tempfile::tempdir().unwrap();
    let mut written = 0;
    for name in [
        "rsa.pem",
        "rsa-3072.pem",
        "rsa-4096.pem",
        "p256.pem",
        "p384.pem",
        "ed25519.pem",
    ] {
        written += write(folder.path(), name).await;
    }
    assert_eq!(written, 3 * 6 + 3);

    let python = std::env::var("JWT_BEARER_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let output = Command::new(&python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("jose.py"))
        .arg(folder.path())
        .output()
        .unwrap_or_else(|error| panic!("{python}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    assert!(text.ends_with("count 21\n"), "{text}{errors}");
}
