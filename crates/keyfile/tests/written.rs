//! Private keys as they are written: read back, in the form that was asked for.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod common;

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{file, text};
use jwt_bearer_keyfile::{KeyFile, KeyFileErrorKind, PrivateKey, read_public_key};
use jwt_bearer_signer::Algorithm;

const KEYS: [&str; 4] = ["rsa.pem", "p256.pem", "p384.pem", "ed25519.pem"];

fn key(name: &str) -> PrivateKey {
    PrivateKey::read(&file(name), None).unwrap()
}

#[test]
fn the_public_key_is_that_of_openssl() {
    for name in ["rsa", "p256", "p384", "ed25519"] {
        let public_key = read_public_key(&file(&format!("{name}-public.pem"))).unwrap();
        assert_eq!(
            key(&format!("{name}.pem")).public_key().unwrap(),
            public_key
        );
    }
}

#[test]
fn the_forms_are_those_of_openssl() {
    for (name, traditional) in [
        ("rsa.pem", Some("rsa-traditional.pem")),
        ("p256.pem", Some("p256-traditional.pem")),
        ("p384.pem", Some("p384-traditional.pem")),
        ("ed25519.pem", None),
    ] {
        let base64: String = text(name)
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect();
        assert_eq!(
            *key(name).to_pkcs8_der().unwrap(),
            STANDARD.decode(base64).unwrap()
        );
        let pem = key(name).to_traditional_pem().unwrap();
        assert_eq!(pem.map(|pem| pem.to_string()), traditional.map(text));
    }
}

#[test]
fn an_encrypted_key_is_read_with_its_passphrase_alone() {
    for name in KEYS {
        let key = key(name);
        let pem = key.to_encrypted_pkcs8_pem("pässwörd€".as_bytes()).unwrap();
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        assert!(pem.ends_with("-----END ENCRYPTED PRIVATE KEY-----\n"));
        let again = PrivateKey::read(pem.as_bytes(), Some("pässwörd€".as_bytes())).unwrap();
        assert_eq!(again.to_pkcs8_pem().unwrap(), key.to_pkcs8_pem().unwrap());
        let error = PrivateKey::read(pem.as_bytes(), None).unwrap_err();
        assert_eq!(error.kind(), KeyFileErrorKind::PassphraseNeeded);
        let error = PrivateKey::read(pem.as_bytes(), Some(b"wrong")).unwrap_err();
        assert_eq!(error.kind(), KeyFileErrorKind::WrongPassphrase);
        // Salt and IV are fresh.
        assert_ne!(
            key.to_encrypted_pkcs8_pem("pässwörd€".as_bytes()).unwrap(),
            pem
        );
    }
}

#[test]
fn the_encryption_is_what_java_reads_too() {
    let der = key("ed25519.pem")
        .to_encrypted_pkcs8_der(b"secret")
        .unwrap();
    let has = |octets: &[u8]| der.windows(octets.len()).any(|window| window == octets);
    // PBES2, PBKDF2, HMAC-SHA256, AES-256-CBC, and 600,000 as an INTEGER.
    assert!(has(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d]));
    assert!(has(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c]));
    assert!(has(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09]));
    assert!(has(&[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a]));
    assert!(has(&[0x02, 0x03, 0x09, 0x27, 0xc0]));
}

#[test]
fn an_empty_passphrase_is_refused() {
    let error = key("p256.pem").to_encrypted_pkcs8_der(b"").unwrap_err();
    assert_eq!(error.kind(), KeyFileErrorKind::Unsupported);
    assert_eq!(
        error.to_string(),
        "found an empty passphrase, expected one to encrypt the key with"
    );
}

#[test]
fn a_private_jwk_has_the_members_of_its_kind() {
    for (name, members) in [
        ("rsa.pem", "kty kid n e d p q dp dq qi"),
        ("p256.pem", "kty kid crv x y d"),
        ("p384.pem", "kty kid crv x y d"),
        ("ed25519.pem", "kty kid crv x d"),
    ] {
        let key = key(name);
        let jwk = key.to_jwk(None, None).unwrap();
        let object = jwk
            .strip_prefix("{\"")
            .unwrap()
            .strip_suffix("\"}\n")
            .unwrap();
        let pairs: Vec<_> = object
            .split("\",\"")
            .map(|pair| pair.split_once("\":\"").unwrap())
            .collect();
        let names: BTreeSet<_> = pairs.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, members.split(' ').collect());
        assert_eq!(pairs[1], ("kid", &*key.public_key().unwrap().thumbprint()));
        assert_eq!(format!("{key:?}"), format!("PrivateKey({})", key.kind()));
    }
}

#[test]
fn a_jwk_keeps_the_id_and_the_algorithm_that_are_given() {
    let jwk = key("rsa.pem")
        .to_jwk(Some("a \"b\"\u{1}"), Some(Algorithm::Ps256))
        .unwrap();
    let file = KeyFile::read(jwk.as_bytes(), None).unwrap();
    let (entry, read) = file.private_key(None).unwrap();
    assert_eq!(entry.key_id(), Some("a \"b\"\u{1}"));
    assert_eq!(entry.algorithm(), Some(Algorithm::Ps256));
    let pem = read.open(None).unwrap().to_pkcs8_pem().unwrap();
    assert_eq!(*pem, text("rsa.pem"));
}

/// Each member of a JWK replaced by one that is as long.
#[test]
fn a_key_whose_numbers_do_not_belong_together_is_not_written() {
    let wrong = |name: &str, member: &str| {
        let jwk = text(name);
        let start = format!("\"{member}\": \"");
        let at = jwk.find(&start).unwrap() + start.len() + 20;
        let other = if &jwk[at..=at] == "A" { "B" } else { "A" };
        PrivateKey::read(
            [&jwk[..at], other, &jwk[at + 1..]].concat().as_bytes(),
            None,
        )
    };
    let mut members = vec!["n", "p", "q", "dp", "dq", "qi"];
    // It takes the crate that makes keys to find this.
    if cfg!(feature = "generate") {
        members.push("d");
    }
    let rsa = members.into_iter().map(|member| ("rsa.jwk", member));
    for (name, member) in rsa.chain([("ed25519.jwk", "x"), ("ed25519.jwk", "d")]) {
        let key = wrong(name, member).unwrap();
        let errors = [
            key.to_pkcs8_der().err(),
            key.to_pkcs8_pem().err(),
            key.to_traditional_pem().err(),
            key.to_encrypted_pkcs8_der(b"secret").err(),
            key.to_encrypted_pkcs8_pem(b"secret").err(),
            key.to_jwk(None, None).err(),
        ];
        for error in errors {
            let error = error.unwrap_or_else(|| panic!("{member} of {name} was written"));
            assert_eq!(error.kind(), KeyFileErrorKind::Malformed);
            let text = "the parts of the key do not belong together; take a fresh copy of its file";
            assert_eq!(error.to_string(), text);
        }
    }
    for member in ["x", "y", "d"] {
        let error = wrong("p256.jwk", member).unwrap_err();
        assert_eq!(error.kind(), KeyFileErrorKind::Malformed);
    }
}

#[cfg(feature = "pkcs12")]
mod pkcs12 {
    use super::*;
    use p12_keystore::{KeyStore, Pkcs12ImportPolicy};

    #[test]
    fn a_store_holds_key_and_certificate_under_the_alias() {
        for (key_name, certificate) in [
            ("rsa.pem", "rsa-certificate.pem"),
            ("rsa.pem", "rsa-certificate.der"),
            ("p256.pem", "p256-certificate.pem"),
        ] {
            let key = key(key_name);
            let store = key
                .to_pkcs12("Box", &file(certificate), "pässwörd€")
                .unwrap();
            let store =
                KeyStore::from_pkcs12(&store, "pässwörd€", Pkcs12ImportPolicy::Strict).unwrap();
            let (alias, chain) = store.private_key_chain().unwrap();
            assert_eq!(alias, "Box");
            assert_eq!(chain.key().as_der(), *key.to_pkcs8_der().unwrap());
            assert_eq!(chain.certs().len(), 1);
            let public_key = read_public_key(chain.certs()[0].as_der()).unwrap();
            assert_eq!(public_key, key.public_key().unwrap());
        }
    }

    /// A public key in the same file is not what is compared.
    #[test]
    fn the_first_certificate_is_the_keys_own() {
        let rsa = key("rsa.pem");
        let [own, other] = ["rsa-certificate.pem", "p256-certificate.pem"].map(text);
        for (file, is_fine) in [
            (format!("{}{other}", text("rsa-public.pem")), false),
            (format!("{other}{own}"), false),
            (format!("{own}{other}"), true),
            (format!("{}{own}", text("p256-public.pem")), true),
        ] {
            let error = rsa.to_pkcs12("a", file.as_bytes(), "secret").err();
            let kind = error.map(|error| error.kind());
            assert_eq!(kind, (!is_fine).then_some(KeyFileErrorKind::OtherKey));
        }
    }

    #[test]
    fn what_cannot_be_a_store_is_named() {
        let rsa = key("rsa.pem");
        for (alias, certificate, passphrase, kind, text) in [
            (
                "a",
                "p256-certificate.pem",
                "secret",
                KeyFileErrorKind::OtherKey,
                "the certificate belongs to another key",
            ),
            (
                "a",
                "rsa-public.pem",
                "secret",
                KeyFileErrorKind::NotAPublicKey,
                "found a public key, expected an X.509 certificate",
            ),
            (
                "a",
                "rsa.pem",
                "secret",
                KeyFileErrorKind::NotAPublicKey,
                "found a private key, expected a public key or a certificate",
            ),
            (
                "a",
                "p256-request.pem",
                "secret",
                KeyFileErrorKind::NotAPublicKey,
                "found a certificate request",
            ),
            (
                "a",
                "rsa-certificate.pem",
                "",
                KeyFileErrorKind::Unsupported,
                "the passphrase is empty",
            ),
            (
                "a",
                "rsa-certificate.pem",
                "🔑",
                KeyFileErrorKind::Unsupported,
                "the passphrase is empty, or it or the alias has",
            ),
            (
                "🔑",
                "rsa-certificate.pem",
                "secret",
                KeyFileErrorKind::Unsupported,
                "the passphrase is empty, or it or the alias has",
            ),
        ] {
            let error = rsa
                .to_pkcs12(alias, &file(certificate), passphrase)
                .unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().starts_with(text), "{error}");
        }
    }
}
