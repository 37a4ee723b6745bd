//! Every form of a good key gives the same key, whatever was done to its white space.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[cfg(test)]
mod common;

use common::{file, text};
use jwt_bearer_keyfile::{KeyFileErrorKind, PrivateKey};

fn read(bytes: &[u8]) -> String {
    let key = PrivateKey::read(bytes, Some(b"secret")).unwrap_or_else(|error| panic!("{error}"));
    key.to_pkcs8_pem().unwrap().to_string()
}

#[test]
fn every_form_gives_the_same_key() {
    let cases = [
        (
            "rsa.pem",
            "rsa.der rsa-traditional.pem rsa-traditional.der rsa-aes256.pem rsa-aes256.der rsa-traditional-des.pem \
             rsa-traditional-des3.pem rsa-legacy.p12 rsa.jwk box.json google.json",
        ),
        (
            "p256.pem",
            "p256.der p256-traditional.pem p256-traditional.der p256-aes256.pem p256-des3.pem p256-scrypt.pem \
             p256-two-blocks.pem p256-no-public.pem p256-no-public-pkcs8.pem p256-compressed.pem p256-hybrid.pem \
             encrypted-traditional.pem encrypted-md5-des.pem encrypted-sha1-des.pem encrypted-pkcs12-3des.pem \
             p256.p12 p256-open.p12 p256-no-mac.p12 keystore.jks p256.jwk",
        ),
        (
            "p384.pem",
            "p384.der p384-traditional.pem p384-traditional.der p384-aes256.pem p384-compressed.pem p384-traditional-aes256.pem \
             p384.jwk",
        ),
        ("ed25519.pem", "ed25519.der ed25519-aes256.pem ed25519.jwk"),
    ];
    for (plain, others) in cases {
        // What OpenSSL wrote is what we write.
        assert_eq!(read(&file(plain)), text(plain), "{plain}");
        for other in others.split(' ') {
            assert_eq!(read(&file(other)), text(plain), "{other}");
        }
    }
}

#[test]
fn kinds_are_told() {
    let cases = [
        ("rsa.pem", "RSA-2048"),
        ("rsa-3072.pem", "RSA-3072"),
        ("rsa-4096.pem", "RSA-4096"),
        ("p256.pem", "P-256"),
        ("p384.pem", "P-384"),
        ("ed25519.pem", "Ed25519"),
    ];
    for (name, kind) in cases {
        let key = PrivateKey::read(&file(name), None).unwrap();
        assert_eq!(key.kind().to_string(), kind);
        assert_eq!(format!("{key:?}"), format!("PrivateKey({kind})"));
    }
}

#[test]
fn the_parts_have_their_lengths() {
    let PrivateKey::Ec { scalar, point, .. } = PrivateKey::read(&file("p384.pem"), None).unwrap()
    else {
        panic!("not EC");
    };
    assert_eq!((scalar.len(), point.len(), point[0]), (48, 97, 4));
    let PrivateKey::Rsa { pkcs1, .. } = PrivateKey::read(&file("rsa.pem"), None).unwrap() else {
        panic!("not RSA");
    };
    assert_eq!(*pkcs1, file("rsa-traditional.der"));
}

#[test]
fn ed25519_with_its_public_key_is_read() {
    let v1 = file("ed25519.der");
    let mut v2 = vec![0x30, 0x51, 2, 1, 1];
    v2.extend(&v1[5..]);
    v2.extend([0x81, 0x21, 0]);
    v2.extend([7; 32]);
    let PrivateKey::Ed25519 { seed, public, .. } = PrivateKey::read(&v2, None).unwrap() else {
        panic!("not Ed25519");
    };
    assert_eq!(seed[..], v1[16..]);
    assert_eq!(public, Some([7; 32]));
}

#[test]
fn a_short_scalar_is_padded_and_a_long_one_is_cut() {
    // The scalar 5, as a writer that drops leading zeros has it, and as one that adds them.
    let short = [&[0x30, 0x12, 2, 1, 1, 4, 1, 5][..], &P256_PARAMETERS].concat();
    let long = [
        &[0x30, 0x32, 2, 1, 1, 4, 33][..],
        &[0; 32],
        &[5],
        &P256_PARAMETERS,
    ]
    .concat();
    for der in [short, long] {
        let PrivateKey::Ec { scalar, .. } = PrivateKey::read(&der, None).unwrap() else {
            panic!("not EC");
        };
        assert_eq!(*scalar, [&[0; 31][..], &[5]].concat());
    }
}

const P256_PARAMETERS: [u8; 12] = [0xa0, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];

#[test]
fn damaged_white_space_is_repaired() {
    type Repair = fn(&str) -> String;
    let variants: [(&str, Repair); 24] = [
        ("CRLF", |pem| pem.replace('\n', "\r\n")),
        ("CR only", |pem| pem.replace('\n', "\r")),
        ("no newline at the end", |pem| pem.trim_end().into()),
        ("byte order mark", |pem| format!("\u{feff}{pem}")),
        ("\\n as two characters", |pem| pem.replace('\n', "\\n")),
        ("\\r\\n as four characters", |pem| {
            pem.replace('\n', "\\r\\n")
        }),
        ("\\n escaped twice", |pem| pem.replace('\n', "\\\\n")),
        ("\\n before each newline", |pem| pem.replace('\n', "\\n\n")),
        ("double quotes", |pem| format!("\"{pem}\"")),
        ("single quotes", |pem| format!("'{}'", pem.trim_end())),
        ("quotes and \\n", |pem| {
            format!("\"{}\"", pem.replace('\n', "\\n"))
        }),
        ("newlines lost", |pem| pem.replace('\n', "")),
        ("newlines turned into spaces", |pem| pem.replace('\n', " ")),
        ("spaces at line ends", |pem| pem.replace('\n', "  \n")),
        ("tabs at line ends", |pem| pem.replace('\n', "\t\n")),
        ("indented", |pem| {
            pem.lines().map(|line| format!("    {line}\n")).collect()
        }),
        ("in YAML", |pem| {
            format!(
                "key: |\n{}",
                pem.lines()
                    .map(|line| format!("  {line}\n"))
                    .collect::<String>()
            )
        }),
        ("blank lines before and after", |pem| {
            format!("\n\n{pem}\n\n")
        }),
        ("a blank line after each", |pem| pem.replace('\n', "\n\n")),
        ("text before", |pem| {
            format!("Bag Attributes\n    friendlyName: box\nKey Attributes: <No Attributes>\n{pem}")
        }),
        ("text after", |pem| format!("{pem}that was it")),
        ("a dash too few on each side", |pem| {
            pem.replace("-----BEGIN", "----BEGIN")
                .replace("KEY-----", "KEY----")
        }),
        ("shell continuation lines", |pem| pem.replace('\n', "\\\n")),
        ("lines of 76", |pem| {
            let lines: Vec<_> = pem.lines().collect();
            let body = lines[1..lines.len() - 1].concat();
            let body: Vec<_> = body
                .as_bytes()
                .chunks(76)
                .map(|line| std::str::from_utf8(line).unwrap())
                .collect();
            format!(
                "{}\n{}\n{}\n",
                lines[0],
                body.join("\n"),
                lines[lines.len() - 1]
            )
        }),
    ];
    for (name, plain) in [
        ("rsa.pem", "rsa.pem"),
        ("rsa-aes256.pem", "rsa.pem"),
        ("p256-two-blocks.pem", "p256.pem"),
        ("ed25519.pem", "ed25519.pem"),
    ] {
        for (variant, repair) in &variants {
            assert_eq!(
                read(repair(&text(name)).as_bytes()),
                text(plain),
                "{name}, {variant}"
            );
        }
    }
}

#[test]
fn base64_without_armour_is_read() {
    for name in ["rsa.pem", "rsa-aes256.pem", "p256.pem", "ed25519.pem"] {
        let pem = text(name);
        let body: Vec<_> = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let plain = text(&name.replace("-aes256", ""));
        let base64 = body.concat();
        let base64url = base64.replace('+', "-").replace('/', "_");
        for text in [
            body.join("\n"),
            body.join("\\n"),
            format!("\"{base64}\"\n"),
            base64.trim_end_matches('=').into(),
            base64url,
            base64,
        ] {
            assert_eq!(read(text.as_bytes()), plain, "{name}");
        }
    }
}

#[test]
fn base64_of_pem_is_read() {
    use base64::Engine;
    let wrapped = base64::engine::general_purpose::STANDARD.encode(text("p256.pem"));
    assert_eq!(read(wrapped.as_bytes()), text("p256.pem"));
}

#[test]
fn a_wrong_label_does_no_harm() {
    let relabelled = text("rsa.pem").replace("PRIVATE KEY", "RSA PRIVATE KEY");
    assert_eq!(read(relabelled.as_bytes()), text("rsa.pem"));
    let relabelled = text("rsa-aes256.pem").replace("ENCRYPTED PRIVATE KEY", "PRIVATE KEY");
    assert_eq!(read(relabelled.as_bytes()), text("rsa.pem"));
}

#[test]
fn a_certificate_beside_the_key_is_passed_over() {
    let (certificate, key) = (text("p256-certificate.pem"), text("p256.pem"));
    for both in [
        format!("{certificate}{key}"),
        format!("{key}{certificate}{certificate}"),
    ] {
        assert_eq!(read(both.as_bytes()), key);
    }
}

#[test]
fn passphrases() {
    let kind = |name, passphrase| {
        PrivateKey::read(&file(name), passphrase)
            .map_err(|error| error.kind())
            .err()
    };
    for name in [
        "rsa-aes256.pem",
        "rsa-aes256.der",
        "p256-des3.pem",
        "p256-scrypt.pem",
    ] {
        assert_eq!(kind(name, None), Some(KeyFileErrorKind::PassphraseNeeded));
        for wrong in [&b"Secret"[..], b"", b"secret\n"] {
            assert_eq!(
                kind(name, Some(wrong)),
                Some(KeyFileErrorKind::WrongPassphrase)
            );
        }
        assert_eq!(kind(name, Some(b"secret")), None);
    }
    assert_eq!(kind("rsa.pem", Some(b"not looked at")), None);
}

/// One wrong passphrase in 256 or so passes the padding check, and some of those look like DER.
#[test]
fn no_wrong_passphrase_gets_another_answer() {
    let encrypted = file("p256-aes256.pem");
    for n in 0..1000 {
        let error =
            PrivateKey::read(&encrypted, Some(format!("wrong {n}").as_bytes())).unwrap_err();
        assert_eq!(error.kind(), KeyFileErrorKind::WrongPassphrase, "wrong {n}");
    }
}
