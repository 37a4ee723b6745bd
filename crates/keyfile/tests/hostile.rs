//! Files made to hang, crash or to be quoted.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod common;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{file, text};
use jwt_bearer_keyfile::{KeyFileError, KeyFileErrorKind as Kind, PrivateKey, read_public_key};
use proptest::prelude::*;

const INTEGER: u8 = 2;
const OCTETS: u8 = 4;
const OID: u8 = 6;
const SEQUENCE: u8 = 0x30;

const PBES2: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
const PBKDF2: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
const SCRYPT: [u8; 9] = [0x2b, 6, 1, 4, 1, 0xda, 0x47, 4, 11];
const AES_256_CBC: [u8; 9] = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42];

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let [high, low] = (value.len() as u16).to_be_bytes();
    let length = match value.len() {
        0..128 => vec![low],
        128..256 => vec![0x81, low],
        _ => vec![0x82, high, low],
    };
    [&[tag][..], &length, &value].concat()
}

fn integer(number: u128) -> Vec<u8> {
    let octets = number.to_be_bytes();
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    tlv(
        INTEGER,
        &[&[0], &octets[zeros..]][usize::from(zeros < 16 && octets[zeros] < 128)..],
    )
}

fn encrypted(kdf: &[u8], salt: usize, numbers: &[u128]) -> Vec<u8> {
    let numbers: Vec<u8> = numbers.iter().copied().flat_map(integer).collect();
    let parameters = tlv(SEQUENCE, &[&tlv(OCTETS, &[&vec![7; salt]]), &numbers]);
    let kdf = tlv(SEQUENCE, &[&tlv(OID, &[kdf]), &parameters]);
    let cipher = tlv(
        SEQUENCE,
        &[&tlv(OID, &[&AES_256_CBC]), &tlv(OCTETS, &[&[7; 16]])],
    );
    let scheme = tlv(
        SEQUENCE,
        &[&tlv(OID, &[&PBES2]), &tlv(SEQUENCE, &[&kdf, &cipher])],
    );
    tlv(SEQUENCE, &[&scheme, &tlv(OCTETS, &[&[7; 32]])])
}

fn refusal(der: &[u8]) -> KeyFileError {
    PrivateKey::read(der, Some(b"secret")).unwrap_err()
}

#[test]
fn expensive_pbkdf2_is_refused_at_once() {
    for count in [
        10_000_001,
        100_000_000,
        u128::from(u32::MAX),
        1 << 33,
        u128::from(u64::MAX),
    ] {
        let error = refusal(&encrypted(&PBKDF2, 8, &[count]));
        assert_eq!(error.kind(), Kind::TooExpensive);
        assert_eq!(
            error.to_string(),
            format!(
                "decrypting the private key asks for {count} iterations, where 10000000 is the limit: if you \
                 trust the file, `openssl pkcs8 -topk8 -in FILE -out NEW` encrypts it anew"
            )
        );
    }
    assert_eq!(
        refusal(&encrypted(&PBKDF2, 8, &[u128::MAX >> 1])).kind(),
        Kind::TooExpensive
    );
    assert_eq!(
        refusal(&encrypted(&PBKDF2, 8, &[0])).kind(),
        Kind::Malformed
    );
    // The limit itself takes seconds; what is far below is tried, and the passphrase is wrong.
    assert_eq!(
        refusal(&encrypted(&PBKDF2, 8, &[1000])).kind(),
        Kind::WrongPassphrase
    );
}

#[test]
fn expensive_scrypt_is_refused_at_once() {
    let cases: [([u128; 3], Kind); 13] = [
        ([1 << 14, 8, 1], Kind::WrongPassphrase),
        ([1 << 15, 8, 1], Kind::WrongPassphrase),
        ([1 << 16, 8, 1], Kind::TooExpensive),
        ([1 << 20, 8, 1], Kind::TooExpensive),
        ([1 << 40, 8, 1], Kind::TooExpensive),
        ([1 << 63, 65535, 65535], Kind::TooExpensive),
        ([1 << 14, 65535, 1], Kind::TooExpensive),
        ([1 << 14, 8, 65535], Kind::TooExpensive),
        ([0, 8, 1], Kind::Malformed),
        ([1, 8, 1], Kind::Malformed),
        ([1000, 8, 1], Kind::Malformed),
        ([1 << 14, 0, 1], Kind::Malformed),
        ([1 << 14, 8, 0], Kind::Malformed),
    ];
    for (numbers, kind) in cases {
        assert_eq!(
            refusal(&encrypted(&SCRYPT, 8, &numbers)).kind(),
            kind,
            "{numbers:?}"
        );
    }
    assert_eq!(
        refusal(&encrypted(&SCRYPT, 8, &[1 << 40, 8, 1])).to_string(),
        "decrypting the private key asks for scrypt with N=1099511627776, r=8 and p=1, where N=16384, r=8 and p=1 is \
         usual: if you trust the file, `openssl pkcs8 -topk8 -in FILE -out NEW` encrypts it anew"
    );
}

#[test]
fn odd_key_lengths_do_no_harm() {
    for length in [0, 1, 31, 32, 33, 65535] {
        let error = refusal(&encrypted(&PBKDF2, 8, &[1000, length]));
        assert!(
            matches!(error.kind(), Kind::WrongPassphrase | Kind::Malformed),
            "{length}: {error}"
        );
        let error = refusal(&encrypted(&SCRYPT, 8, &[1024, 8, 1, length]));
        assert!(
            matches!(error.kind(), Kind::WrongPassphrase | Kind::Malformed),
            "{length}: {error}"
        );
    }
}

#[test]
fn a_long_salt_is_named() {
    assert_eq!(
        refusal(&encrypted(&PBKDF2, 64, &[1000])).to_string(),
        "found a private key encrypted with PBES2 (a salt of 64 octets), expected PBES2 with AES or 3DES: `openssl \
         pkcs8 -topk8 -provider legacy -provider default -in FILE -out NEW` encrypts it anew"
    );
    assert_eq!(
        refusal(&encrypted(&PBKDF2, 32, &[1000])).kind(),
        Kind::WrongPassphrase
    );
}

#[test]
fn older_schemes_have_the_same_limit() {
    let old = |oid: &[u8], count| {
        let parameters = tlv(SEQUENCE, &[&tlv(OCTETS, &[&[7; 8]]), &integer(count)]);
        let scheme = tlv(SEQUENCE, &[&tlv(OID, &[oid]), &parameters]);
        tlv(SEQUENCE, &[&scheme, &tlv(OCTETS, &[&[7; 32]])])
    };
    let md5_des: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 3];
    let pkcs12_3des: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 3];
    for oid in [md5_des, pkcs12_3des] {
        for (count, kind) in [
            (0, Kind::Malformed),
            (1, Kind::WrongPassphrase),
            (10_000_001, Kind::TooExpensive),
            (u128::MAX >> 1, Kind::TooExpensive),
        ] {
            assert_eq!(refusal(&old(oid, count)).kind(), kind, "{count}");
        }
    }
}

/// A PKCS#12 store without encryption, around these bags; with a MAC of so many iterations, if any.
fn pkcs12(bags: &[u8], iterations: Option<u128>) -> Vec<u8> {
    let data = tlv(OID, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]]);
    let content = |octets: &[u8]| {
        tlv(
            SEQUENCE,
            &[&data, &tlv(CONTEXT, &[&tlv(OCTETS, &[octets])])],
        )
    };
    let safes = tlv(SEQUENCE, &[&content(&tlv(SEQUENCE, &[bags]))]);
    let sha1 = tlv(SEQUENCE, &[&tlv(OID, &[&[0x2b, 14, 3, 2, 26]])]);
    let mac = iterations.map(|count| {
        let info = tlv(SEQUENCE, &[&sha1, &tlv(OCTETS, &[&[7; 20]])]);
        tlv(
            SEQUENCE,
            &[&info, &tlv(OCTETS, &[&[7; 8]]), &integer(count)],
        )
    });
    let mac = mac.unwrap_or_default();
    tlv(SEQUENCE, &[&integer(3), &content(&safes), &mac])
}

const CONTEXT: u8 = 0xa0;

fn key_bag(key: &[u8]) -> Vec<u8> {
    let oid: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 2];
    tlv(SEQUENCE, &[&tlv(OID, &[oid]), &tlv(CONTEXT, &[key])])
}

#[test]
fn expensive_pkcs12_is_refused_at_once() {
    for (count, kind) in [
        (0, Kind::Malformed),
        (1000, Kind::WrongPassphrase),
        (1_000_001, Kind::TooExpensive),
        (u128::from(u64::MAX), Kind::TooExpensive),
    ] {
        assert_eq!(refusal(&pkcs12(&[], Some(count))).kind(), kind, "{count}");
    }
    // What would end the process: it shows after the store was decrypted only.
    let kdfs: [(&[u8], &[u128], Kind); 4] = [
        (&SCRYPT, &[0, 8, 1], Kind::Malformed),
        (&SCRYPT, &[1 << 40, 8, 1], Kind::TooExpensive),
        (&PBKDF2, &[1 << 31], Kind::TooExpensive),
        (&PBKDF2, &[1000], Kind::WrongPassphrase),
    ];
    for (kdf, numbers, kind) in kdfs {
        let key = encrypted(kdf, 8, numbers);
        assert_eq!(refusal(&pkcs12(&key_bag(&key), None)).kind(), kind);
    }
}

#[test]
fn pkcs12_does_not_add_up_what_is_allowed_once() {
    let oid: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6];
    let identifier = encrypted(&PBKDF2, 8, &[1_000_000]);
    let header = if identifier[1] < 128 { 2 } else { 3 };
    let identifier = &identifier[header..identifier.len() - 34];
    let data = tlv(OID, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]]);
    let content = tlv(SEQUENCE, &[&data, identifier, &tlv(0x80, &[&[7; 15]])]);
    let content = tlv(SEQUENCE, &[&integer(0), &content]);
    let safe = tlv(SEQUENCE, &[&tlv(OID, &[oid]), &tlv(CONTEXT, &[&content])]);
    let count = |safes: Vec<u8>| {
        let octets = tlv(OCTETS, &[&tlv(SEQUENCE, &[&safes])]);
        let info = tlv(SEQUENCE, &[&data, &tlv(CONTEXT, &[&octets])]);
        tlv(SEQUENCE, &[&integer(3), &info])
    };
    assert_eq!(refusal(&count(safe.clone())).kind(), Kind::WrongPassphrase);
    let eleven = refusal(&count(safe.repeat(11)));
    assert_eq!(eleven.kind(), Kind::TooExpensive);
    assert_eq!(
        eleven.to_string(),
        "decrypting the private key asks for 11000000 iterations, where 10000000 is the limit: if you trust the file, \
         `openssl pkcs8 -topk8 -in FILE -out NEW` encrypts it anew"
    );
}

#[test]
fn counts_in_java_keystores_allocate_nothing() {
    let huge = [0xff; 4];
    let head = [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2];
    let key = [0, 0, 0, 1, 0, 1, b'a', 0, 0, 0, 0, 0, 0, 0, 0];
    let digest = [7; 20];
    for parts in [
        &[&head[..], &huge, &digest][..],
        &[&head, &[0, 0, 0, 1], &key, &huge, &digest],
        &[&head, &[0, 0, 0, 1], &key, &[0; 4], &huge, &digest],
        &[&head[..]],
        &[&head[..4]],
    ] {
        let error = refusal(&parts.concat());
        assert_eq!(
            error.to_string(),
            "the Java keystore is damaged or cut off; take a fresh copy of it"
        );
    }
}

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

/// All runs of these files, but for the lines of PEM that an error may quote.
static RUNS_OF_DAMAGED: LazyLock<HashMap<&str, Runs>> = LazyLock::new(|| {
    let all = DAMAGED.map(|name| {
        let bytes = file(name);
        let secret = match std::str::from_utf8(&bytes) {
            Ok(text) => text
                .lines()
                .filter(|line| !line.contains(['-', ':']))
                .flat_map(runs)
                .collect(),
            Err(_) => runs_of(&bytes),
        };
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
        let bytes = tlv(SEQUENCE, &[&bytes]);
        let _ = (PrivateKey::read(&bytes, Some(b"secret")), read_public_key(&bytes));
    }

    #[test]
    fn any_text_is_answered(text in PEM_PIECES) {
        let _ = (PrivateKey::read(text.as_bytes(), None), read_public_key(text.as_bytes()));
    }

    #[test]
    fn damaged_files_are_answered_without_a_quote((name, bytes) in damaged()) {
        for error in [PrivateKey::read(&bytes, None).err(), read_public_key(&bytes).err()].into_iter().flatten() {
            assert_quotes_nothing(&error, &RUNS_OF_DAMAGED[name]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

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
