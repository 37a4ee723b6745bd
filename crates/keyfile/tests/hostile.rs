//! Files made to crash or to be quoted.

#[cfg(test)]
mod common;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{file, text};
use jwt_bearer_keyfile::{KeyFileError, PrivateKey, read_public_key};
use proptest::prelude::*;
use serde_json::Value;

type Runs = HashSet<String>;

fn runs(text: &str) -> impl Iterator<Item = String> {
    text.as_bytes()
        .windows(12)
        .map(|run| String::from_utf8_lossy(run).into_owned())
}

/// All runs of twelve characters of the secret in base64, as decimal bytes, and as hex.
fn runs_of(der: &[u8]) -> Runs {
    let decimal = der.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    let hex: String = der.iter().map(|byte| format!("{byte:02x}")).collect();
    // Three ways, since base64 depends on where the bytes begin.
    let base64 = (0..3).map(|start| STANDARD.encode(&der[start..]));
    base64
        .chain([decimal, hex])
        .flat_map(|text| runs(&text).collect::<Vec<_>>())
        .collect()
}

#[track_caller]
fn assert_quotes_nothing(error: &KeyFileError, secret: &Runs) {
    assert!(std::error::Error::source(error).is_none());
    for shown in [
        error.to_string(),
        format!("{error:?}"),
        format!("{error:#?}"),
    ] {
        let lower = shown.to_lowercase();
        for text in [&shown, &lower] {
            let quoted = text
                .as_bytes()
                .windows(12)
                .find(|run| std::str::from_utf8(run).is_ok_and(|run| secret.contains(run)));
            assert_eq!(quoted, None, "the error quotes the key");
        }
    }
}

#[test]
fn the_search_for_quotes_finds_one() {
    let der = file("ed25519.der");
    let secret = runs_of(&der);
    for quote in [
        format!("invalid header: {}", STANDARD.encode(&der)),
        format!("{der:?}"),
    ] {
        assert!(
            quote
                .as_bytes()
                .windows(12)
                .any(|run| secret.contains(std::str::from_utf8(run).unwrap()))
        );
    }
}

#[test]
fn no_error_quotes_the_key() {
    let secret = runs_of(&file("ed25519.der")[12..]);
    let pem = text("ed25519.pem");
    let body = pem.lines().nth(1).unwrap();
    let variants = [
        format!("-----BEGIN PRIVATE KEY-----\n{body}\n"),
        format!("-----BEGIN PRIVATE KEY\n{body}\n-----END PRIVATE KEY-----"),
        format!("-----BEGIN PRIVATE KEY{body}-----END PRIVATE KEY-----"),
        format!("-----BEGIN {body}-----END PRIVATE KEY-----"),
        format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END {body}-----"),
        format!("-----BEGIN PRIVATE KEY-----\n{body}:x\n-----END PRIVATE KEY-----"),
        format!("-----BEGIN PRIVATE KEY-----\n\n{body}*\n-----END PRIVATE KEY-----"),
        format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
            &body[4..]
        ),
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----"),
        format!("{pem}{pem}"),
        body[..body.len() - 2].into(),
        format!("key: {body}"),
        format!("{{\"key\": \"{body}\"}}"),
        format!("eyJ{body}.{body}.{body}"),
    ];
    for variant in variants {
        assert_quotes_nothing(
            &PrivateKey::read(variant.as_bytes(), None).unwrap_err(),
            &secret,
        );
    }
    for input in [pem.as_bytes(), body.as_bytes(), &file("ed25519.der")] {
        assert_quotes_nothing(&read_public_key(input).unwrap_err(), &secret);
        let shown = format!("{:?}", PrivateKey::read(input, None).unwrap());
        assert_eq!(shown, "PrivateKey(Ed25519)");
    }
}

const DAMAGED: [&str; 28] = [
    "rsa.pem",
    "rsa.der",
    "rsa-traditional.der",
    "p256.pem",
    "p256.der",
    "p256-traditional.pem",
    "p256-traditional.der",
    "p256-compressed.pem",
    "ed25519.pem",
    "ed25519.der",
    "p256-two-blocks.pem",
    "rsa-certificate.pem",
    "rsa-certificate.der",
    "p256-request.der",
    "p256-public.der",
    "rsa-public-pkcs1.pem",
    "encrypted-traditional.pem",
    "openssh",
    "p256.p12",
    "p256-open.p12",
    "rsa-legacy.p12",
    "several.p12",
    "keystore.jks",
    "several.jks",
    "p256.jwk",
    "several.jwks",
    "box.json",
    "google.json",
];

/// What is secret in JSON: the private members of JWKs, and the lines of PEM.
fn secrets_of_json(json: &Value) -> Vec<String> {
    match json {
        Value::Array(values) => values.iter().flat_map(secrets_of_json).collect(),
        Value::Object(members) => {
            let secret = |(name, value): (&String, &Value)| match value {
                Value::String(text) if ["privateKey", "private_key"].contains(&&**name) => {
                    lines_of_pem(text)
                }
                Value::String(text) if ["d", "p", "q", "dp", "dq", "qi"].contains(&&**name) => {
                    vec![text.clone()]
                }
                value => secrets_of_json(value),
            };
            members.iter().flat_map(secret).collect()
        }
        _ => Vec::new(),
    }
}

/// All but the lines that an error may quote.
fn lines_of_pem(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.contains(['-', ':']));
    lines.map(Into::into).collect()
}

/// All runs of what is secret in these files.
static RUNS_OF_DAMAGED: LazyLock<HashMap<&str, Runs>> = LazyLock::new(|| {
    let all = DAMAGED.map(|name| {
        let bytes = file(name);
        let secret: Runs = match std::str::from_utf8(&bytes) {
            Ok(text) => {
                let json = serde_json::from_str(text).ok();
                let secrets =
                    json.map_or_else(|| lines_of_pem(text), |json| secrets_of_json(&json));
                secrets
                    .iter()
                    .flat_map(|secret| runs(secret).collect::<Vec<_>>())
                    .collect()
            }
            Err(_) => runs_of(&bytes),
        };
        // What is searched for exists, or the search finds nothing ever.
        assert!(secret.len() > 20, "{name}");
        (name, secret)
    });
    HashMap::from(all)
});

/// A file of the test data, by its name, with some bytes changed, put in or cut off.
fn damaged() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let edit = (any::<prop::sample::Index>(), 0..4u8, any::<u8>());
    (
        prop::sample::select(&DAMAGED[..]),
        prop::collection::vec(edit, 1..6),
    )
        .prop_map(|(name, edits)| {
            let mut bytes = file(name);
            for (at, edit, byte) in edits {
                let at = at.index(bytes.len());
                match edit {
                    0 => bytes[at] = byte,
                    1 => bytes[at] ^= 1 << (byte % 8),
                    2 => bytes.insert(at, byte),
                    _ => bytes.truncate(at + 1),
                }
            }
            (name, bytes)
        })
}

/// Bytes that mean something in DER.
const DER_BYTES: [u8; 15] = [
    0, 1, 2, 3, 4, 5, 6, 0x30, 0x31, 0x80, 0x81, 0x82, 0xa0, 0xa1, 0xff,
];
/// A regular expression for texts that look like PEM from afar.
const PEM_PIECES: &str = "(-----BEGIN |-----END |PRIVATE KEY|EC |-----|\n|\\\\n|[A-Za-z0-9+/=]{0,80}|\
                          [{}\"':. ]|\u{feff}){0,40}";

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        let _ = (PrivateKey::read(&bytes, Some(b"secret")), read_public_key(&bytes));
    }

    #[test]
    fn any_der_is_answered(bytes in prop::collection::vec(prop::sample::select(&DER_BYTES[..]), 0..64)) {
        let bytes = [&[0x30, bytes.len() as u8], &bytes[..]].concat();
        let _ = (PrivateKey::read(&bytes, Some(b"secret")), read_public_key(&bytes));
    }

    #[test]
    fn any_text_is_answered(text in PEM_PIECES) {
        let _ = (PrivateKey::read(text.as_bytes(), None), read_public_key(text.as_bytes()));
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_answered_without_a_quote((name, bytes) in damaged()) {
        let mut errors: Vec<_> = [None, Some(&b"secret"[..]), Some(b"wrong")]
            .into_iter()
            .filter_map(|passphrase| PrivateKey::read(&bytes, passphrase).err())
            .collect();
        errors.extend(read_public_key(&bytes).err());
        for error in errors {
            assert_quotes_nothing(&error, &RUNS_OF_DAMAGED[name]);
        }
    }

    /// Few, since a changed iteration count or scrypt parameter can cost up to the limits.
    #[test]
    fn damaged_encrypted_files_are_answered(at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let pem = text("ed25519-aes256.pem");
        let mut der = STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
        let at = at.index(der.len());
        der[at] ^= 1 << bit;
        let _ = PrivateKey::read(&der, Some(b"secret"));
    }
}
