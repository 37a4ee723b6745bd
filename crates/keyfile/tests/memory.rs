//! No file makes a reader panic, hang, or take more than 64 MiB. One test, since the memory is counted for the whole
//! process.

#[cfg(test)]
#[expect(dead_code, reason = "other tests use the rest")]
mod common;
#[cfg(test)]
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "common/craft.rs"]
mod craft;

use std::time::{Duration, Instant};

use common::file;
use craft::{CERTIFICATE, KEY, SCRYPT, bag, encrypted, jks, pkcs12};
use jwt_bearer_keyfile::{KeyFile, PrivateKey, read_public_key};
use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestRunner;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MAX_MEMORY: usize = 64 << 20;
/// Against hanging: the most that a file may ask for takes seconds, with code that is not optimised more.
const MAX_TIME: Duration = Duration::from_secs(120);

const FILES: [&str; 24] = [
    "rsa-aes256.der",
    "ed25519-aes256.pem",
    "p256-scrypt.pem",
    "encrypted-traditional.pem",
    "rsa-traditional-des3.pem",
    "encrypted-md5-des.pem",
    "encrypted-pkcs12-3des.pem",
    "p256.p12",
    "p256-open.p12",
    "p256-no-mac.p12",
    "p256-empty.p12",
    "p256-nss.p12",
    "rsa-legacy.p12",
    "several.p12",
    "keystore.jks",
    "several.jks",
    "keystore.jceks",
    "p256.jwk",
    "several.jwks",
    "box.json",
    "google.json",
    "rsa.pem",
    "p256.der",
    "rsa-certificate.der",
];

/// How much more memory than before was in use at the worst moment.
fn peak(work: impl FnOnce()) -> usize {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    work();
    MEMORY.peak_usage().saturating_sub(before)
}

/// Everything that can be done with a file.
fn use_up(bytes: &[u8]) {
    let _ = (PrivateKey::read(bytes, None), read_public_key(bytes));
    let passphrase = Some(&b"secret"[..]);
    let Ok(file) = KeyFile::read(bytes, passphrase) else {
        return;
    };
    let _ = file.private_key(None);
    if let Ok((_, key)) = file
        .private_key(Some("box"))
        .or_else(|_| file.private_key(None))
    {
        let _ = (key.encryption(), key.open(passphrase));
    }
}

fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    let start = Instant::now();
    let memory = peak(|| use_up(bytes));
    prop_assert!(memory <= MAX_MEMORY, "{memory} octets");
    prop_assert!(start.elapsed() <= MAX_TIME);
    Ok(())
}

/// A good file with some bytes changed, put in, cut off, or lengths made large.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<Index>(), 0..6u8, any::<u8>());
    let edits = prop::collection::vec(edit, 1..6);
    (prop::sample::select(&FILES[..]), edits).prop_map(|(name, edits)| {
        let mut bytes = file(name);
        for (at, edit, byte) in edits {
            let at = at.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes[at] ^= 1 << (byte % 8),
                2 => bytes.insert(at, byte),
                3 => bytes[at] = 0xff,
                4 => {
                    let copy = bytes[at..].to_vec();
                    bytes.extend(copy);
                }
                _ => bytes.truncate(at + 1),
            }
        }
        bytes
    })
}

/// Up to 64 KiB: anything, a piece again and again, or what begins as a container does.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    const MAX: usize = 64 << 10;
    let starts: [&[u8]; 8] = [
        b"",
        b"0\x82\xff\xfc",
        b"0\x80\x02\x01\x03",
        b"0\x82\xff\xfc\x02\x01\x03",
        b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\xff\xff",
        b"{\"keys\": [",
        b"-----BEGIN PRIVATE KEY-----\n",
        b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,",
    ];
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..64),
        prop::sample::select(vec![
            &b"0\0"[..],
            b"\x30\x80",
            b"{\"a\":",
            b"[",
            b"\\n",
            b"MIIB",
            b"\n-"
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    let whole = prop::collection::vec(any::<u8>(), 0..MAX);
    let repeated = (piece, 1..=MAX).prop_map(|(piece, len)| {
        let octets = piece.iter().copied().cycle().take(len);
        octets.collect::<Vec<_>>()
    });
    let body = prop_oneof![whole, repeated];
    (prop::sample::select(starts.to_vec()), body).prop_map(|(start, body)| {
        let mut bytes = [start, &body].concat();
        bytes.truncate(MAX);
        bytes
    })
}

/// Sound containers of many things with long names.
fn crafted() -> impl Strategy<Value = Vec<u8>> {
    let long = || prop_oneof![0..64usize, 0..32_768usize];
    let byte = prop::sample::select(vec![b'a', 0xff, 0xd8]);
    let java = (
        1..=2u8,
        0..20usize,
        long(),
        byte.clone(),
        0..8000usize,
        0..8usize,
    )
        .prop_map(|(version, keys, alias, byte, certificates, len)| {
            jks(
                version,
                keys,
                &vec![byte; alias],
                certificates / (keys + 1),
                &vec![7; len],
            )
        });
    let pkcs12 = (0..3000usize, 0..3000usize, long(), byte, 0..4u8).prop_map(
        |(keys, certificates, name, byte, id)| {
            let certificate = bag(CERTIFICATE, b"", &vec![byte; name], &[id]);
            let certificates = certificate.repeat(certificates / (1 + name / 16));
            let keys = bag(KEY, b"", b"", &[id]).repeat(keys);
            pkcs12(&[certificates, keys].concat(), None)
        },
    );
    let json = (0..3000usize, "[a-z]{0,40}").prop_map(|(keys, kid)| {
        let key = format!("{{\"kty\":\"OKP\",\"d\":\"\",\"kid\":\"{kid}\"}}");
        format!("{{\"keys\":[{}]}}", vec![key; keys].join(",")).into_bytes()
    });
    let pem = (0..3000usize, "[A-Z]{1,30}").prop_map(|(blocks, label)| {
        format!("-----BEGIN {label}-----\n-----END {label}-----\n")
            .repeat(blocks)
            .into_bytes()
    });
    prop_oneof![java, pkcs12, json, pem]
}

/// Small and large numbers alike: N is two to the power of the first.
fn scrypt() -> impl Strategy<Value = Vec<u8>> {
    let number = || prop_oneof![1..4u128, 1..64u128, 1..=65535u128];
    (0..24u32, number(), number()).prop_map(|(n, r, p)| encrypted(&SCRYPT, 8, &[1 << n, r, p]))
}

/// Files that once took hundreds of megabytes.
fn once_too_large() -> Vec<Vec<u8>> {
    let name = vec![b'a'; 200_000];
    let keys = bag(KEY, b"", b"", b"1").repeat(3000);
    let few = bag(KEY, b"", b"", b"1").repeat(900);
    let certificate = bag(CERTIFICATE, b"", &name, b"1");
    vec![
        jks(1, 1, &[0xff; 32767], 8000, b""),
        jks(1, 1, &[0xff; 32767], 900, b"x"),
        jks(1, 1, &[0xff; 32767], 8000, b"x"),
        pkcs12(&[&certificate[..], &keys].concat(), None),
        pkcs12(&[&certificate[..], &few].concat(), None),
        encrypted(&SCRYPT, 8, &[2, 31, 65535]),
    ]
}

#[test]
fn no_file_takes_too_much() {
    // The measure sees what it should see.
    let taken = peak(|| drop(std::hint::black_box(vec![1u8; MAX_MEMORY + 1])));
    assert!(taken > MAX_MEMORY);
    // The most that scrypt is allowed does not reach the limit, and is near enough to be seen.
    let taken = peak(|| use_up(&file("p256-scrypt.pem")));
    assert!((16 << 20..=MAX_MEMORY).contains(&taken), "{taken}");

    for bytes in once_too_large() {
        check(&bytes).unwrap();
    }

    let config = |cases| ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let any = |bytes: Vec<u8>| check(&bytes);
    TestRunner::new(config(200)).run(&anything(), any).unwrap();
    TestRunner::new(config(600)).run(&damaged(), any).unwrap();
    TestRunner::new(config(100)).run(&crafted(), any).unwrap();
    TestRunner::new(config(60)).run(&scrypt(), any).unwrap();
}
