//! What files are said to be.
#![cfg(feature = "certificate")]
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod common;

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use common::{file, text};
use jwt_bearer_keyfile::{
    CertificateFacts, Inspection, KeyFileErrorKind, Part, Thing, read_public_key,
};
use proptest::prelude::*;

fn inspect(name: &str, passphrase: Option<&str>) -> Inspection {
    Inspection::read(&file(name), passphrase.map(str::as_bytes))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A part in few words: `alias: private key RSA-2048`, with `!` and the kind of error where there is no key.
fn summary(part: &Part) -> String {
    let mut summary = part
        .alias
        .as_ref()
        .map_or_else(String::new, |alias| format!("{alias}: "));
    summary += match &part.thing {
        Thing::PrivateKey(Ok(None)) => "open private key",
        Thing::PrivateKey(Ok(Some(_))) => "private key",
        Thing::PrivateKey(Err(_)) => "odd private key",
        Thing::PublicKey => "public key",
        Thing::Certificate(Ok(_)) => "certificate",
        Thing::Request(Ok(_)) => "request",
        Thing::Other(name) => return format!("{summary}other: {name}"),
        _ => "damaged",
    };
    match &part.public_key {
        Ok(key) => write!(summary, " {}", key.kind()),
        Err(error) => write!(summary, " !{:?}", error.kind()),
    }
    .unwrap();
    summary
}

fn summaries(name: &str, passphrase: Option<&str>) -> String {
    let inspection = inspect(name, passphrase);
    let parts: Vec<_> = inspection.parts.iter().map(summary).collect();
    let locked = if inspection.is_locked { ", locked" } else { "" };
    format!("{}{locked} | {}", inspection.form, parts.join("; "))
}

/// Name; what is told without a passphrase; with it, where that is more.
type Case = (&'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    ("rsa.pem", "PEM | open private key RSA-2048", ""),
    ("rsa.der", "DER | open private key RSA-2048", ""),
    ("rsa-traditional.pem", "PEM | open private key RSA-2048", ""),
    ("p256-traditional.der", "DER | open private key P-256", ""),
    (
        "p256-two-blocks.pem",
        "PEM | other: parameters without a key; open private key P-256",
        "",
    ),
    ("p384.pem", "PEM | open private key P-384", ""),
    ("ed25519.pem", "PEM | open private key Ed25519", ""),
    (
        "rsa-aes256.pem",
        "PEM | private key !PassphraseNeeded",
        "PEM | private key RSA-2048",
    ),
    (
        "rsa-aes256.der",
        "DER | private key !PassphraseNeeded",
        "DER | private key RSA-2048",
    ),
    (
        "p256-scrypt.pem",
        "PEM | private key !PassphraseNeeded",
        "PEM | private key P-256",
    ),
    (
        "encrypted-traditional.pem",
        "PEM | private key !PassphraseNeeded",
        "PEM | private key P-256",
    ),
    (
        "encrypted-aria.pem",
        "PEM | odd private key !Unsupported",
        "",
    ),
    (
        "refused-rsa-1024.pem",
        "PEM | open private key !Unsupported",
        "",
    ),
    ("refused-dsa.pem", "PEM | open private key !Unsupported", ""),
    ("rsa-public.pem", "PEM | public key RSA-2048", ""),
    ("rsa-public-pkcs1.pem", "PEM | public key RSA-2048", ""),
    ("p256-public.der", "DER | public key P-256", ""),
    ("rsa-certificate.pem", "PEM | certificate RSA-2048", ""),
    ("rsa-certificate.der", "DER | certificate RSA-2048", ""),
    ("p256-request.pem", "PEM | request P-256", ""),
    ("p256-request.der", "DER | request P-256", ""),
    ("p256-pkcs7.pem", "PEM | other: a PKCS#7 bundle", ""),
    ("openssh", "PEM | other: an OpenSSH private key", ""),
    ("openssh.pub", "an OpenSSH public key | ", ""),
    (
        "rsa.jwk",
        "a JSON Web Key | rsa-1: open private key RSA-2048",
        "",
    ),
    (
        "box.json",
        "a Box configuration file | private key RSA-2048",
        "",
    ),
    (
        "google.json",
        "a Google service account file | open private key RSA-2048",
        "",
    ),
    ("keystore.jceks", "a Java keystore (JCEKS) | ", ""),
    (
        "p256-nss.p12",
        "a PKCS#12 store of NSS or Bouncy Castle, in BER | ",
        "",
    ),
    (
        "p256.p12",
        "a PKCS#12 store, locked | ",
        "a PKCS#12 store | box: certificate P-256; box: private key P-256",
    ),
];

#[test]
fn files_are_what_they_are() {
    let mut wrong = String::new();
    for (name, without, with) in CASES {
        let found = [summaries(name, None), summaries(name, Some("secret"))];
        let with = if with.is_empty() { without } else { with };
        for (found, expected) in found.iter().zip([without, with]) {
            if found != expected {
                writeln!(wrong, "{name}: found {found}, expected {expected}").unwrap();
            }
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn every_file_of_the_test_data_is_told() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");
    let (mut count, mut unsupported) = (0, Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if ["README.md", "make"].contains(&&*name) {
            continue;
        }
        count += 1;
        match Inspection::read(&file(&name), None) {
            Ok(inspection) if inspection.is_locked => {
                assert!(!inspect(&name, Some("secret")).parts.is_empty(), "{name}");
            }
            Ok(inspection) => {
                let says = !inspection.parts.is_empty() || inspection.remedy.is_some();
                assert!(says, "{name}");
            }
            Err(error) => {
                assert_eq!(
                    error.kind(),
                    KeyFileErrorKind::Unsupported,
                    "{name}: {error}"
                );
                unsupported.push(name);
            }
        }
    }
    assert!(count > 70, "{count}");
    // The error says what it is.
    assert_eq!(unsupported, ["encrypted-traditional-camellia.pem"]);
}

#[test]
fn other_files_are_told_with_what_to_do() {
    let cases: &[(&[u8], &str, &str)] = &[
        (
            b"",
            "an empty file",
            "what should have written it has failed",
        ),
        (
            b"<!DOCTYPE html><p>",
            "an HTML page",
            "a download went wrong",
        ),
        (b"\xff\xfe-\0", "UTF-16 text", "`iconv"),
        (
            b"eyJhbGciOiJub25lIn0.e30.",
            "a JWT",
            "a JWT is made with a key",
        ),
        (
            b"-----BEGIN PGP MESSAGE-----\nx\n-----END PGP MESSAGE-----",
            "PEM",
            "PGP keys do not sign",
        ),
        (b"\0\x01\x02", "bytes of no known form", "name another file"),
        (
            b"hello",
            "text that is neither PEM nor base64",
            "name another file",
        ),
        (b"{}", "a JSON file", "keep the key in a file of its own"),
        (
            b"-----BEGIN PKCS7-----\nMIIB\n-----END PKCS7-----",
            "PEM",
            "`openssl pkcs7",
        ),
        (
            b"ssh-ed25519 AAAA box",
            "an OpenSSH public key",
            "`ssh-keygen -e",
        ),
        (
            b"PuTTY-User-Key-File-3: ssh-rsa",
            "a PuTTY private key",
            "`puttygen",
        ),
    ];
    for (bytes, form, remedy) in cases {
        let inspection = Inspection::read(bytes, None).unwrap();
        assert_eq!(inspection.form, *form);
        let found = inspection.remedy.unwrap();
        assert!(found.starts_with(remedy), "{form}: {found}");
    }
}

#[test]
fn how_it_is_encrypted_is_told_without_the_passphrase() {
    let encryption = |name: &str| match &inspect(name, None).parts[0].thing {
        Thing::PrivateKey(Ok(Some(encryption))) => {
            (encryption.to_string(), encryption.weakness().is_some())
        }
        other => panic!("{name}: {other:?}"),
    };
    let (scheme, _) = encryption("p256-aes256.pem");
    assert!(
        scheme.contains("AES-256") && scheme.contains("iterations"),
        "{scheme}"
    );
    let (scheme, is_weak) = encryption("encrypted-traditional.pem");
    assert!(
        scheme.contains("Proc-Type") || scheme.contains("DEK-Info") || scheme.contains("MD5"),
        "{scheme}"
    );
    assert!(is_weak);
    assert!(encryption("keystore.jks").1);
    let store = inspect("p256.p12", None).encryption.unwrap().to_string();
    assert!(store.contains("AES-256"), "{store}");
}

#[test]
fn a_java_keystore_shows_its_certificates_without_a_passphrase() {
    let locked = inspect("keystore.jks", None);
    let kinds: Vec<_> = locked.parts.iter().map(summary).collect();
    assert!(kinds[0].contains("!PassphraseNeeded"), "{kinds:?}");
    assert!(kinds[1].contains("certificate P-256"), "{kinds:?}");
    let open = inspect("keystore.jks", Some("secret"));
    let [key, certificate] = [0, 1].map(|i| open.parts[i].public_key.clone().unwrap());
    assert_eq!(key, certificate);
}

#[test]
fn a_wrong_passphrase_is_told() {
    for name in [
        "p256-aes256.pem",
        "keystore.jks",
        "encrypted-traditional.pem",
    ] {
        let part = &inspect(name, Some("wrong")).parts[0];
        let error = part.public_key.as_ref().unwrap_err();
        assert_eq!(error.kind(), KeyFileErrorKind::WrongPassphrase, "{name}");
    }
    let error = Inspection::read(&file("p256.p12"), Some(b"wrong")).unwrap_err();
    assert_eq!(error.kind(), KeyFileErrorKind::WrongPassphrase);
}

#[test]
fn public_json_web_keys_are_told() {
    for name in ["rsa", "p256", "p384", "ed25519"] {
        let public = read_public_key(&file(&format!("{name}-public.pem")));
        let public = public.unwrap_or_else(|_| {
            inspect(&format!("{name}.pem"), None).parts[0]
                .public_key
                .clone()
                .unwrap()
        });
        let mut jwk = serde_json::to_value(public.to_jwk()).unwrap();
        jwk["kid"] = "key-1".into();
        jwk["alg"] = "RS256".into();
        let set =
            serde_json::json!({"keys": [jwk, {"kty": "oct", "k": "c2VjcmV0"}, 5, {"kty": "RSA"}]});
        let single = Inspection::read(jwk.to_string().as_bytes(), None).unwrap();
        let several = Inspection::read(set.to_string().as_bytes(), None).unwrap();
        assert_eq!((single.form, several.form), ("a JSON Web Key", "a JWK Set"));
        for part in [&single.parts[0], &several.parts[0]] {
            assert_eq!(part.thing, Thing::PublicKey);
            assert_eq!(part.public_key.as_ref(), Ok(&public), "{name}");
            assert_eq!(part.key_id.as_deref(), Some("key-1"));
            assert_eq!(part.algorithm.unwrap().name(), "RS256");
        }
        let others: Vec<_> = several.parts[1..].iter().map(summary).collect();
        assert_eq!(
            others,
            [
                "other: a symmetric key",
                "other: a damaged JSON Web Key",
                "public key !Malformed"
            ]
        );
    }
}

fn facts(bytes: &[u8]) -> CertificateFacts {
    match &Inspection::read(bytes, None).unwrap().parts[0].thing {
        Thing::Certificate(Ok(facts)) => *facts.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_certificate_tells_its_size_and_whether_it_signed_itself() {
    for name in ["rsa-certificate.pem", "p256-certificate.pem"] {
        let facts = facts(&file(name));
        assert_eq!(facts.subject, facts.issuer, "{name}");
        assert_eq!(facts.is_self_signed, Some(true), "{name}");
        assert_eq!(facts.pem_len, text(name).len(), "{name}");
        assert!(facts.not_before < facts.not_after);
        assert!(facts.not_before > UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    }
    // Its last octet is of the signature.
    let mut damaged = file("rsa-certificate.der");
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(facts(&damaged).is_self_signed, Some(false));
}

#[test]
fn no_debug_shows_a_private_key() {
    for (name, passphrase) in [
        ("ed25519.pem", None),
        ("ed25519.jwk", None),
        ("box.json", None),
        ("ed25519-aes256.pem", Some("secret")),
    ] {
        let shown = format!("{:?}", inspect(name, passphrase));
        let secret = text(name);
        for run in secret.as_bytes().windows(20) {
            let run = std::str::from_utf8(run).unwrap();
            let is_secret = run.bytes().all(|byte| byte.is_ascii_alphanumeric());
            assert!(!is_secret || !shown.contains(run), "{name}: {run}");
        }
    }
}

const DAMAGED: [&str; 16] = [
    "rsa.pem",
    "rsa-certificate.der",
    "rsa-certificate.pem",
    "p256-certificate.pem",
    "p256-request.der",
    "p256-public.der",
    "p256.p12",
    "p256-open.p12",
    "several.p12",
    "keystore.jks",
    "several.jks",
    "certificate.jks",
    "p256.jwk",
    "several.jwks",
    "box.json",
    "google.json",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_answered(
        name in prop::sample::select(&DAMAGED[..]),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<u8>()), 1..6),
    ) {
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
        let _ = Inspection::read(&bytes, None).map(|inspection| format!("{inspection:?}"));
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        let _ = Inspection::read(&bytes, Some(b"secret"));
    }

    #[test]
    fn any_json_web_key_is_answered(members in prop::collection::vec(("(kty|crv|n|e|d|x|y|kid|alg|keys)", "(RSA|EC|OKP|P-256|P-521|Ed25519|[A-Za-z0-9_-]{0,200})"), 0..8)) {
        let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        let jwk = format!("{{{}}}", members.join(","));
        let _ = Inspection::read(jwk.as_bytes(), None);
        let _ = Inspection::read(format!("{{\"keys\":[{jwk}]}}").as_bytes(), None);
    }
}

/// The standard output of openssl.
fn openssl(arguments: &str, input: &[u8]) -> Vec<u8> {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = Command::new("openssl")
        .args(arguments.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments}");
    output.stdout
}

fn openssl_text(arguments: &str, input: &[u8]) -> String {
    String::from_utf8(openssl(arguments, input))
        .unwrap()
        .trim()
        .into()
}

fn hex(octets: &[u8], separator: &str) -> String {
    let hex: Vec<_> = octets.iter().map(|octet| format!("{octet:02X}")).collect();
    hex.join(separator)
}

#[test]
#[ignore = "needs openssl"]
fn fingerprints_and_facts_are_those_of_openssl() {
    let made = |key: &str, days: &str, digest: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        std::fs::write(&path, file(key)).unwrap();
        let path = path.display();
        openssl(
            &format!(
                "req -x509 -key {path} -subj /C=DE/O=Example,Inc./CN=box -days {days} {digest}"
            ),
            b"",
        )
    };
    let certificates = [
        file("rsa-certificate.pem"),
        file("p256-certificate.pem"),
        made("rsa.pem", "30", "-sha256"),
        made("rsa-4096.pem", "36500", "-sha512"),
        made("rsa.pem", "30", "-sha1"),
        made("p384.pem", "30", "-sha384"),
        made("ed25519.pem", "30", "-sha256"),
    ];
    for pem in certificates {
        let facts = facts(&pem);
        let x509 = |arguments: &str| openssl_text(&format!("x509 -noout {arguments}"), &pem);
        let ends = |text: &str, value: &str| assert_eq!(text.rsplit('=').next().unwrap(), value);
        ends(&x509("-fingerprint -sha1"), &hex(&facts.sha1, ":"));
        ends(&x509("-fingerprint -sha256"), &hex(&facts.sha256, ":"));
        ends(&x509("-serial"), &hex(&facts.serial_number, ""));
        assert_eq!(
            x509("-subject -nameopt RFC2253"),
            format!("subject={}", facts.subject)
        );
        assert_eq!(openssl("x509 -outform DER", &pem).len(), facts.der_len);
        assert_eq!(openssl("x509", &pem).len(), facts.pem_len);
        let until = facts
            .not_after
            .duration_since(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
        let later = openssl_text("x509 -noout -enddate -dateopt iso_8601", &pem);
        let seconds = Command::new("date")
            .args(["-u", "+%s", "-d", later.split_once('=').unwrap().1])
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8(seconds.stdout).unwrap().trim(),
            until.as_secs().to_string()
        );
        // SHA-1 cannot be verified here.
        let is_sha1 = openssl_text("x509 -noout -text", &pem).contains("sha1With");
        assert_eq!(facts.is_self_signed, (!is_sha1).then_some(true));
        // `openssl x509 -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64`.
        let spki = openssl(
            "pkey -pubin -outform DER",
            &openssl("x509 -noout -pubkey", &pem),
        );
        let digest = openssl("dgst -sha256 -binary", &spki);
        let part = &Inspection::read(&pem, None).unwrap().parts[0];
        let key = part.public_key.as_ref().unwrap();
        assert_eq!(
            key.fingerprint_text(),
            format!("SHA256:{}", STANDARD.encode(&digest))
        );
        assert_eq!(key.fingerprint()[..], digest);
    }
}
