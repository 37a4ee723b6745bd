//! Files made to cost too much, or to end the process.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(test)]
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "common/craft.rs"]
mod craft;

use craft::*;
use jwt_bearer_keyfile::{KeyFileError, KeyFileErrorKind as Kind, PrivateKey};

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
    let cases: [([u128; 3], Kind); 15] = [
        ([1 << 14, 8, 1], Kind::WrongPassphrase),
        ([1 << 14, 15, 1], Kind::WrongPassphrase),
        ([1 << 15, 8, 1], Kind::TooExpensive),
        ([1 << 16, 8, 1], Kind::TooExpensive),
        ([1 << 20, 8, 1], Kind::TooExpensive),
        ([1 << 40, 8, 1], Kind::TooExpensive),
        ([1 << 63, 65535, 65535], Kind::TooExpensive),
        ([1 << 14, 65535, 1], Kind::TooExpensive),
        ([1 << 14, 8, 65535], Kind::TooExpensive),
        // Little memory for N, much for p.
        ([2, 31, 65535], Kind::TooExpensive),
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
         `openssl pkcs12 -provider legacy -provider default -in FILE -out NEW` writes it as PEM"
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
