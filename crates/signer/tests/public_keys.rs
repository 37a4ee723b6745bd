//! Public keys as OpenSSL writes them, against what OpenSSL and another JOSE library say of them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jwt_bearer_signer::{Algorithm, FormatErrorKind, JwkSet, KeyKind, PublicKey, VerifyError};
use serde_json::{Value, json};

/// Name, kind, thumbprint by jwcrypto, fingerprint by OpenSSL, algorithms.
const KEYS: [(&str, &str, &str, &str, &str); 7] = [
    (
        "rsa-2048",
        "RSA-2048",
        "KVdCcgmGUqiwtyFUZ9yQCLeN-6rvv7UnBvIQWDA6_jk",
        "315be71f691eac3f947c5a30000271ea2f005bc63b4b664e88efd31836252c56",
        "RS256 RS384 RS512 PS256 PS384 PS512",
    ),
    (
        "rsa-1024",
        "RSA-1024",
        "ERTdkkUeFoSkOZDHuP_EopipUab37CcA20RnUL_lq6c",
        "f8d38ee469f91d572cbefe85ab1512fa208acf1a36192b87c80e257f51393260",
        "RS256 RS384 RS512 PS256 PS384 PS512",
    ),
    (
        "p256",
        "P-256",
        "xwWqzXluaI1Hn9x6MwYe-4favN1-gPnv3GSk-Cz795Q",
        "695e7365cce04cd11636f6616a8f2ed0c079116936db3830219f14befd4f092e",
        "ES256",
    ),
    (
        "p384",
        "P-384",
        "xRCmmm1Sr21lX9YU6m41GBiRgHwFF3ETjPRJuTI2_D0",
        "165acaf613a1a801594183b1f3f97528bc9a5ce8ced0fc6264aeb84ca164ae14",
        "ES384",
    ),
    (
        "p521",
        "P-521",
        "IRINrNGGBv-RuTI3eRLswQh9wDIOLAJtKuPuW5eY_c0",
        "7ed4445dbcb404d1b17213b8b0ecf4ff82d296865aef296ca764f90b786f39df",
        "ES512",
    ),
    (
        "secp256k1",
        "secp256k1",
        "NWaS7vO5sbEn5BBANclq8m71T2gJ11gzUFatCll6NBs",
        "8da13a8d7d6ce892b4e3014d79d215d64ca02340a3dda13b6362c8f506ae77b4",
        "ES256K",
    ),
    (
        "ed25519",
        "Ed25519",
        "_8Bu7xZ1PQ_RLj9QNDbVJlxhHMYLPrAM3kWyk3bRV-o",
        "e0f5f3e390c2b5511581e57d41d70ed470577adc1b53e420fda7bc73e49225d0",
        "EdDSA",
    ),
];

fn file(name: &str) -> String {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn key(name: &str) -> PublicKey {
    PublicKey::from_spki_pem(&file(&format!("{name}.pem"))).unwrap()
}

/// The octets in PEM.
fn der(name: &str) -> Vec<u8> {
    let pem = file(&format!("{name}.pem"));
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(base64).unwrap()
}

#[track_caller]
fn refused(der: &[u8], kind: FormatErrorKind, text: &str) {
    let error = PublicKey::from_spki_der(der).unwrap_err();
    assert_eq!(error.to_string(), text);
    assert_eq!(error.kind(), kind);
    assert!(!error.is_retryable());
}

#[test]
fn every_kind_is_written_for_snowflake_and_as_a_set() {
    for (name, _, thumbprint, fingerprint, _) in KEYS {
        let key = key(name);
        assert_eq!(key.to_spki_base64(), STANDARD.encode(der(name)));
        let octets: Vec<_> = (0..32)
            .map(|i| u8::from_str_radix(&fingerprint[2 * i..2 * i + 2], 16).unwrap())
            .collect();
        let text = format!("SHA256:{}", STANDARD.encode(octets));
        assert_eq!(key.fingerprint_text(), text);

        let mut jwk = key.to_jwk();
        jwk.kid = Some(thumbprint.into());
        let mut expected: Value = serde_json::from_str(&file(&format!("{name}.jwk"))).unwrap();
        expected["kid"] = thumbprint.into();
        let set = serde_json::to_value(JwkSet::new(vec![jwk])).unwrap();
        assert_eq!(set, json!({"keys": [expected]}));
    }
}

#[test]
fn every_kind_is_read_and_written_back() {
    for (name, kind, thumbprint, fingerprint, algorithms) in KEYS {
        let key = key(name);
        assert_eq!(key.kind().to_string(), kind);
        assert_eq!(key.as_spki_der(), der(name));
        assert_eq!(key.to_spki_pem(), file(&format!("{name}.pem")));
        assert_eq!(PublicKey::from_spki_der(key.as_spki_der()).unwrap(), key);
        assert_eq!(key.thumbprint(), thumbprint);
        let hex: String = key
            .fingerprint()
            .iter()
            .map(|o| format!("{o:02x}"))
            .collect();
        assert_eq!(hex, fingerprint);
        let names: Vec<_> = key.kind().algorithms().iter().map(|a| a.name()).collect();
        assert_eq!(names.join(" "), algorithms);
        assert_eq!(
            format!("{key:?}"),
            format!("PublicKey({kind}, thumbprint {thumbprint})")
        );
    }
}

#[test]
fn jwks_have_the_required_members() {
    for (name, ..) in KEYS {
        let expected: Value = serde_json::from_str(&file(&format!("{name}.jwk"))).unwrap();
        assert_eq!(serde_json::to_value(key(name).to_jwk()).unwrap(), expected);
    }
}

/// The optional members are those of RFC 7517 §4, and stand beside the others.
#[test]
fn jwks_take_more_members() {
    let mut jwk = key("ed25519").to_jwk();
    jwk.kid = Some("key1".into());
    jwk.alg = Some("EdDSA");
    jwk.key_use = Some("sig");
    let json = serde_json::to_value(jwk).unwrap();
    assert_eq!(json["kid"], "key1");
    assert_eq!(json["alg"], "EdDSA");
    assert_eq!(json["use"], "sig");
    assert_eq!(json.as_object().unwrap().len(), 6);
}

/// The same SPKI comes out of the bare key.
#[test]
fn bare_keys_become_the_same() {
    for (name, len) in [("p256", 65), ("p384", 97), ("p521", 133), ("secp256k1", 65)] {
        let whole = key(name);
        let der = whole.as_spki_der();
        let point = &der[der.len() - len..];
        assert_eq!(
            PublicKey::from_ec_point(whole.kind(), point).unwrap(),
            whole,
            "{name}"
        );
    }
    let ed25519 = key("ed25519");
    let der = ed25519.as_spki_der();
    assert_eq!(
        PublicKey::from_ed25519(&der[der.len() - 32..]).unwrap(),
        ed25519
    );
    // The header of an RSA-2048 SPKI has 24 octets.
    let rsa = key("rsa-2048");
    assert_eq!(
        PublicKey::from_rsa_der(&rsa.as_spki_der()[24..]).unwrap(),
        rsa
    );
}

#[test]
fn bare_keys_of_another_form_are_refused() {
    let cases = [
        (
            PublicKey::from_ec_point(KeyKind::P256, &[4; 64]),
            "a P-256 point of 64 octets",
        ),
        (
            PublicKey::from_ec_point(KeyKind::P384, &[4; 65]),
            "a P-384 point of 65 octets",
        ),
        (
            PublicKey::from_ec_point(KeyKind::P256, &[]),
            "a P-256 point of 0 octets",
        ),
        (
            PublicKey::from_ec_point(KeyKind::P256, &[2; 33]),
            "a P-256 key with a compressed point; `openssl ec -conv_form uncompressed` writes it whole",
        ),
        (
            PublicKey::from_ec_point(KeyKind::Ed25519, &[4; 65]),
            "a curve point for Ed25519, which has none",
        ),
        (
            PublicKey::from_ed25519(&[1; 33]),
            "an Ed25519 key of 33 octets",
        ),
        (
            PublicKey::from_rsa_der(&[0x30, 0]),
            "not the DER of an RSAPublicKey",
        ),
        (
            PublicKey::from_rsa_der(&der("rsa-2048")),
            "not the DER of an RSAPublicKey",
        ),
    ];
    for (result, text) in cases {
        assert_eq!(result.unwrap_err().to_string(), text);
    }
}

#[test]
fn other_kinds_are_named() {
    let compressed = |curve: &str| {
        format!(
            "a {curve} key with a compressed point; `openssl ec -conv_form uncompressed` writes it whole"
        )
    };
    let cases = [
        ("x25519", "an X25519 key, which cannot sign".into()),
        ("x448", "an X448 key, which cannot sign".into()),
        ("ed448", "an Ed448 key".into()),
        ("dsa", "a DSA key".into()),
        ("dh", "a Diffie-Hellman key".into()),
        ("rsa-pss", "an RSA key restricted to PSS".into()),
        ("brainpool", "an EC key on the curve 1.3.36.3.3.2.8.1.1.7".into()),
        (
            "explicit",
            "an EC key with explicit curve parameters; `openssl ec -param_enc named_curve` names the curve".into(),
        ),
        ("compressed", compressed("P-256")),
        ("p521-compressed", compressed("P-521")),
    ];
    for (name, text) in cases {
        let der = der(&format!("refused-{name}"));
        refused(&der, FormatErrorKind::Unsupported, &text);
        let pem = file(&format!("refused-{name}.pem"));
        let error = PublicKey::from_spki_pem(&pem).unwrap_err();
        assert_eq!(error.to_string(), text);
    }
    refused(
        &der("refused-hybrid"),
        FormatErrorKind::Malformed,
        "a P-256 point of 65 octets",
    );
}

#[test]
fn damage_is_refused() {
    let malformed = FormatErrorKind::Malformed;
    for (name, ..) in KEYS {
        let whole = der(name);
        let trailing = [&whole[..], &[0]].concat();
        let no_spki = "not the DER of a SubjectPublicKeyInfo";
        refused(&trailing, malformed, no_spki);
        for len in [0, 1, 10, whole.len() - 1] {
            refused(&whole[..len], malformed, no_spki);
        }
    }
    // Seven unused bits.
    let mut bits = der("ed25519");
    let at = bits.len() - 33;
    bits[at] = 7;
    let last = bits.len() - 1;
    bits[last] &= 0x80;
    refused(
        &bits,
        malformed,
        "a public key whose bits do not fill octets",
    );
    let short = [
        &[0x30, 0x29, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x20, 0][..],
        &[7; 31],
    ]
    .concat();
    refused(&short, malformed, "an Ed25519 key of 31 octets");
}

#[test]
fn pem_is_strict() {
    let pem = file("p256.pem");
    let label = |label: &str| pem.replace("PUBLIC KEY", label);
    let expected =
        |label: &str| format!("PEM with the label `{label}`, where `PUBLIC KEY` was expected");
    let no_pem = String::from("not PEM as RFC 7468 defines it");
    let cases = [
        (label("RSA PUBLIC KEY"), expected("RSA PUBLIC KEY")),
        (label("CERTIFICATE"), expected("CERTIFICATE")),
        (label("PRIVATE KEY"), expected("PRIVATE KEY")),
        (String::new(), no_pem.clone()),
        ("not a key".into(), no_pem.clone()),
        (pem.replace("-----END", "-----"), no_pem.clone()),
        (pem.replace('M', "!"), no_pem.clone()),
        (pem.replacen("PUBLIC KEY", "OTHER", 1), no_pem),
    ];
    for (pem, text) in cases {
        let error = PublicKey::from_spki_pem(&pem).unwrap_err();
        assert_eq!(error.to_string(), text, "{pem}");
        assert_eq!(error.kind(), FormatErrorKind::Malformed);
    }
}

#[test]
fn only_fitting_algorithms_verify() {
    for (name, kind, _, _, algorithms) in KEYS {
        let key = key(name);
        for &algorithm in Algorithm::ALL {
            let error = key.verify(algorithm, b"message", &[1; 64]).unwrap_err();
            let fits = algorithms.split(' ').any(|name| name == algorithm.name());
            let here = !matches!(name, "p521" | "secp256k1" | "rsa-1024");
            let (is_expected, text) = match (fits, here) {
                (false, _) => (
                    matches!(error, VerifyError::WrongAlgorithm { .. }),
                    format!("a {kind} key does not sign with {algorithm}"),
                ),
                (true, false) => (
                    matches!(error, VerifyError::Unsupported { .. }),
                    format!("{algorithm} with a {kind} key cannot be verified here"),
                ),
                (true, true) => (
                    error == VerifyError::Mismatch,
                    "the signature is not this key's over this message".into(),
                ),
            };
            assert!(is_expected, "{name}, {algorithm}: {error:?}");
            assert_eq!(error.to_string(), text);
        }
    }
}

/// Whatever the length of a signature, it is refused and nothing else happens.
#[test]
fn signatures_of_any_length_are_only_wrong() {
    for (name, algorithm) in [
        ("rsa-2048", Algorithm::Rs256),
        ("rsa-2048", Algorithm::Ps512),
        ("p256", Algorithm::Es256),
        ("p384", Algorithm::Es384),
        ("ed25519", Algorithm::EdDsa),
    ] {
        let key = key(name);
        for len in [0, 1, 63, 64, 65, 72, 96, 255, 256, 257, 10_000] {
            for octet in [0, 1, 0x30, 0xff] {
                let result = key.verify(algorithm, b"message", &vec![octet; len]);
                assert_eq!(result, Err(VerifyError::Mismatch), "{name}, {len}");
            }
        }
    }
}
