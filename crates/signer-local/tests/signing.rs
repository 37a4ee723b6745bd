//! Every algorithm signs what its public key verifies.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::error::Error;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_bearer_keyfile::PrivateKey;
use jwt_bearer_signer::{Algorithm, SignErrorKind, Signer};
use jwt_bearer_signer_local::LocalSigner;

fn pem(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A signer with one of the keys that the tests of `keyfile` have too.
fn signer(name: &str) -> LocalSigner {
    LocalSigner::from_pem(&pem(&format!("../keyfile/testdata/{name}"))).unwrap()
}

#[test]
fn every_algorithm_signs() {
    use Algorithm::{EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    let rsa = [Rs256, Rs384, Rs512, Ps256, Ps384, Ps512];
    let cases: [(&str, &[Algorithm], usize); 7] = [
        ("rsa.pem", &rsa, 256),
        ("rsa-traditional.pem", &rsa, 256),
        ("rsa-3072.pem", &rsa, 384),
        ("rsa-4096.pem", &rsa, 512),
        ("p256.pem", &[Es256], 64),
        ("p384.pem", &[Es384], 96),
        ("ed25519.pem", &[EdDsa], 64),
    ];
    for (name, algorithms, len) in cases {
        assert_eq!(
            signer(name).algorithm(),
            algorithms[0],
            "the default of {name}"
        );
        for algorithm in algorithms {
            let signer = signer(name).with_algorithm(*algorithm).unwrap();
            for message in [&b""[..], b"a", &[b'x'; 5000]] {
                let signature = signer.sign_now(message).unwrap();
                assert_eq!(
                    (signature.algorithm(), signature.as_bytes().len()),
                    (*algorithm, len),
                    "{name}"
                );
                signer
                    .public_key()
                    .verify(*algorithm, message, signature.as_bytes())
                    .unwrap();
                signer
                    .public_key()
                    .verify(*algorithm, b"another", signature.as_bytes())
                    .unwrap_err();
            }
        }
    }
}

#[test]
fn the_public_key_is_the_one_of_the_file() {
    for name in ["rsa", "p256", "p384", "ed25519"] {
        let expected = pem(&format!("../keyfile/testdata/{name}-public.pem"));
        assert_eq!(
            signer(&format!("{name}.pem")).public_key().to_spki_pem(),
            expected
        );
    }
}

#[tokio::test]
async fn the_trait_signs_too() {
    let signer: Box<dyn Signer> = Box::new(signer("p256.pem").with_key_id("key-1"));
    assert_eq!(signer.key_id(), Some("key-1"));
    let signature = signer.sign(b"message").await.unwrap();
    signer
        .public_key()
        .verify(signer.algorithm(), b"message", signature.as_bytes())
        .unwrap();
}

#[test]
fn there_is_no_key_id_by_default() {
    assert_eq!(signer("p256.pem").key_id(), None);
}

#[test]
fn an_algorithm_that_does_not_fit_is_refused() {
    let cases = [
        (
            "p256.pem",
            Algorithm::Rs256,
            "RS256 does not fit the key, which is P-256 and signs with ES256",
        ),
        (
            "p384.pem",
            Algorithm::Es256,
            "ES256 does not fit the key, which is P-384 and signs with ES384",
        ),
        (
            "ed25519.pem",
            Algorithm::Es256,
            "ES256 does not fit the key, which is Ed25519 and signs with EdDSA",
        ),
        (
            "rsa.pem",
            Algorithm::Es256K,
            "ES256K does not fit the key, which is RSA-2048 and signs with RS256, RS384, RS512, PS256, PS384, PS512",
        ),
    ];
    for (name, algorithm, text) in cases {
        let error = signer(name).with_algorithm(algorithm).unwrap_err();
        assert_eq!(error.kind(), SignErrorKind::UnsupportedAlgorithm);
        assert_eq!(error.source().unwrap().to_string(), text);
    }
}

#[test]
fn encrypted_keys_ask_for_their_passphrase() {
    let encrypted = pem("../keyfile/testdata/p256-aes256.pem");
    let kind = |result: Result<LocalSigner, _>| {
        result
            .map_err(|error: jwt_bearer_signer::SignError| error.kind())
            .err()
    };
    assert_eq!(
        kind(LocalSigner::from_pem(&encrypted)),
        Some(SignErrorKind::InteractionRequired)
    );
    assert_eq!(
        kind(LocalSigner::from_encrypted_pem(&encrypted, b"wrong")),
        Some(SignErrorKind::AccessDenied)
    );
    let signer = LocalSigner::from_encrypted_pem(&encrypted, b"secret").unwrap();
    assert_eq!(signer.public_key(), self::signer("p256.pem").public_key());
}

#[test]
fn what_is_no_key_is_refused_with_the_reason() {
    let error = LocalSigner::from_pem(&pem("../keyfile/testdata/rsa-certificate.pem")).unwrap_err();
    assert_eq!(error.kind(), SignErrorKind::InvalidKey);
    assert_eq!(
        error.source().unwrap().to_string(),
        "found an X.509 certificate, expected a private key in PEM or DER: name the file of the private key that \
         belongs to it"
    );
}

/// Damage that only arithmetic can find.
#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../keyfile/testdata");
    let mut rsa = std::fs::read(path.join("rsa-traditional.der")).unwrap();
    rsa[100] ^= 1;
    let ed25519 = std::fs::read(path.join("ed25519.der")).unwrap();
    let ed25519 = [
        &[0x30, 0x51, 2, 1, 1],
        &ed25519[5..],
        &[0x81, 0x21, 0],
        &[7; 32],
    ]
    .concat();
    for der in [rsa, ed25519] {
        let error = LocalSigner::new(&PrivateKey::read(&der, None).unwrap()).unwrap_err();
        assert_eq!(error.kind(), SignErrorKind::InvalidKey);
        let text = error.source().unwrap().to_string();
        assert!(
            text.starts_with(
                "the parts of the key do not belong together (InconsistentComponents)"
            ),
            "{text}"
        );
    }
}

#[test]
fn debug_shows_no_private_key() {
    for name in ["rsa.pem", "p256.pem", "ed25519.pem"] {
        let signer = signer(name).with_key_id("key-1");
        let expected = format!(
            "LocalSigner {{ algorithm: {:?}, key_id: Some(\"key-1\"), public_key: {:?}, .. }}",
            signer.algorithm(),
            signer.public_key()
        );
        assert_eq!(format!("{signer:?}"), expected);
    }
}

/// [RFC 7515 §A.2](https://www.rfc-editor.org/rfc/rfc7515#appendix-A.2).
#[test]
fn the_rs256_example_of_rfc_7515() {
    let signing_input = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLm\
                         NvbS9pc19yb290Ijp0cnVlfQ";
    let expected = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5juj\
                    Gbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe\
                    7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8\
                    np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    assert_signs("testdata/rfc7515-a2.pem", signing_input, expected);
}

/// [RFC 8037 §A.4](https://www.rfc-editor.org/rfc/rfc8037#appendix-A.4).
#[test]
fn the_ed25519_example_of_rfc_8037() {
    let signing_input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let expected =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_signs("testdata/rfc8037-a1.pem", signing_input, expected);
}

fn assert_signs(name: &str, signing_input: &str, expected: &str) {
    let signature = LocalSigner::from_pem(&pem(name))
        .unwrap()
        .sign_now(signing_input.as_bytes())
        .unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(signature.as_bytes()), expected);
}
