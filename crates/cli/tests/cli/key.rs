//! `jwt-bearer key`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::Folder;

const KEYS: [&str; 3] = ["rsa", "p256", "ed25519"];

fn folder() -> Folder {
    Folder::with_keys([
        "ed25519-public.pem",
        "ed25519.pem",
        "p256-public.pem",
        "p256.pem",
        "rsa-aes256.pem",
        "rsa-public.pem",
        "rsa.pem",
    ])
}

fn public_pem(folder: &Folder, key: &str) -> String {
    std::fs::read_to_string(folder.path(&format!("{key}-public.pem"))).unwrap()
}

/// What DER says is at the end of all three: modulus and exponent, the point, or the key as it is.
fn numbers(folder: &Folder, key: &str) -> Value {
    let pem = public_pem(folder, key);
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(base64).unwrap();
    let text = |from: usize, length: usize| {
        let start = der.len() - from;
        URL_SAFE_NO_PAD.encode(&der[start..start + length])
    };
    match key {
        "rsa" => json!({"kty": "RSA", "n": text(5 + 256, 256), "e": text(3, 3)}),
        "p256" => json!({"kty": "EC", "crv": "P-256", "x": text(64, 32), "y": text(32, 32)}),
        _ => json!({"kty": "OKP", "crv": "Ed25519", "x": text(32, 32)}),
    }
}

#[track_caller]
fn jwk(folder: &Folder, arguments: &str) -> Value {
    let run = folder.run(&format!("key public --format jwk {arguments}"));
    assert_eq!(run.stderr, "");
    let stdout = run.success();
    assert!(stdout.ends_with("\n}\n"), "{stdout}");
    serde_json::from_str(&stdout).unwrap()
}

#[test]
fn pem_is_that_of_openssl() {
    let folder = folder();
    for key in KEYS {
        for format in ["", " --format pem"] {
            let run = folder.run(&format!("key public --key {key}.pem{format}"));
            assert_eq!(run.stderr, "");
            assert_eq!(run.success(), public_pem(&folder, key));
        }
    }
}

#[test]
fn a_jwk_has_the_same_numbers_and_the_thumbprint_as_id() {
    let folder = folder();
    for (key, algorithm, thumbprint) in [
        (
            "rsa",
            "RS256",
            "HRrRKYON2f0tkRdveFszRnfe-mHrCK-zQaXpcfTp7O4",
        ),
        (
            "p256",
            "ES256",
            "WDjh6_jUaMOrR-WmAJt1-mbvOpYPQ22LxjMgp5Lz6mw",
        ),
        (
            "ed25519",
            "EdDSA",
            "x3DvS552x3n05MIf0U1422-TsK1kwugR6vWUNhWeDpc",
        ),
    ] {
        let mut expected = numbers(&folder, key);
        expected["kid"] = thumbprint.into();
        expected["alg"] = algorithm.into();
        expected["use"] = "sig".into();
        assert_eq!(jwk(&folder, &format!("--key {key}.pem")), expected);
    }
}

#[test]
fn the_id_and_the_algorithm_of_a_jwk_can_be_set() {
    let folder = folder();
    let jwk = jwk(&folder, "--key rsa.pem --key-id key-1 --algorithm ps384");
    assert_eq!(
        (&jwk["kid"], &jwk["alg"]),
        (&json!("key-1"), &json!("PS384"))
    );
}

#[test]
fn an_encrypted_key_is_opened_with_the_passphrase_that_is_named() {
    let folder = folder();
    folder.write("passphrase.txt", "secret\n");
    for reference in [
        "--passphrase-env PASSPHRASE",
        "--passphrase-file passphrase.txt",
    ] {
        let run = folder
            .command(&format!("key public --key rsa-aes256.pem {reference}"))
            .env("PASSPHRASE", "secret")
            .run();
        assert_eq!(run.stderr, "");
        assert_eq!(run.success(), public_pem(&folder, "rsa"));
    }
}

#[test]
fn a_key_may_come_from_a_variable() {
    let folder = folder();
    let pem = std::fs::read_to_string(folder.path("p256.pem")).unwrap();
    let run = folder
        .command("key public --key env:p256_key")
        .env("p256_key", &pem)
        .run();
    assert_eq!(run.success(), public_pem(&folder, "p256"));
}
