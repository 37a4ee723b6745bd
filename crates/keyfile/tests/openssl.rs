//! Keys that the installed `openssl` makes, in every form that it knows. Its version 3 is needed.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::Command;

use jwt_bearer_keyfile::{KeyFileErrorKind, PrivateKey, read_public_key};
use tempfile::TempDir;

/// Runs `openssl` in the folder; the arguments stand between blanks.
#[track_caller]
fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {stderr}");
}

fn read(folder: &Path, name: &str) -> Result<PrivateKey, jwt_bearer_keyfile::KeyFileError> {
    PrivateKey::read(&std::fs::read(folder.join(name)).unwrap(), Some(b"secret"))
}

#[track_caller]
fn assert_same(folder: &Path, name: &str, plain: &str) {
    let key = read(folder, name).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(
        *key.to_pkcs8_pem().unwrap(),
        std::fs::read_to_string(folder.join(plain)).unwrap(),
        "{name}"
    );
}

/// Many wrong passphrases, since one in 256 passes the check of the padding.
#[track_caller]
fn assert_wrong(folder: &Path, name: &str) {
    let bytes = std::fs::read(folder.join(name)).unwrap();
    for i in 0..50 {
        let error = PrivateKey::read(&bytes, Some(format!("wrong{i}").as_bytes())).unwrap_err();
        assert_eq!(error.kind(), KeyFileErrorKind::WrongPassphrase, "{error}");
    }
    let error = PrivateKey::read(&bytes, None).unwrap_err();
    assert_eq!(error.kind(), KeyFileErrorKind::PassphraseNeeded);
}

/// `rsa`, `p256`, `p384` and `ed25519`, each as PKCS#8 in a file of that name.
fn keys() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, options) in KEYS {
        openssl(folder.path(), &format!("genpkey {options} -out {name}"));
    }
    folder
}

const KEYS: [(&str, &str); 4] = [
    ("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
    ("p256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"),
    ("p384", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384"),
    ("ed25519", "-algorithm ED25519"),
];

#[test]
#[ignore = "needs openssl"]
fn every_cipher_and_hash_of_pbes2() {
    let folder = keys();
    let folder = folder.path();
    let mut count = 0;
    for (key, _) in KEYS {
        for cipher in ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des3"] {
            let hashes = ["SHA1", "SHA224", "SHA256", "SHA384", "SHA512"]
                .map(|hash| format!("-v2prf hmacWith{hash}"));
            for kdf in hashes
                .iter()
                .map(String::as_str)
                .chain(["-scrypt", "-iter 100000"])
            {
                for form in ["PEM", "DER"] {
                    let options = format!(
                        "-v2 {cipher} {kdf} -passout pass:secret -outform {form} -out encrypted"
                    );
                    openssl(folder, &format!("pkcs8 -topk8 -in {key} {options}"));
                    assert_same(folder, "encrypted", key);
                    count += 1;
                }
            }
        }
    }
    assert_eq!(count, 4 * 4 * 7 * 2);
}

#[test]
#[ignore = "needs openssl"]
fn other_ciphers_and_hashes_are_named() {
    let folder = keys();
    let folder = folder.path();
    for (options, name) in [
        ("-v2 camellia-256-cbc", "PBES2 (Camellia-256)"),
        ("-v2 camellia-128-cbc", "PBES2 (Camellia-128)"),
        ("-v2 aria-256-cbc", "PBES2 (ARIA-256)"),
        ("-v2 aria-128-cbc", "PBES2 (ARIA-128)"),
        ("-v2 bf-cbc", "PBES2 (Blowfish)"),
        ("-v2 rc2-cbc", "PBES2 (RC2)"),
        ("-v2 des", "PBES2 (DES)"),
        ("-v2 aes-128-cbc -v2prf hmacWithMD5", "PBES2 (HMAC-MD5)"),
        (
            "-v2 aes-128-cbc -v2prf hmacWithSHA512-224",
            "PBES2 (HMAC-SHA512/224)",
        ),
        (
            "-v2 aes-128-cbc -v2prf hmacWithSHA512-256",
            "PBES2 (HMAC-SHA512/256)",
        ),
        ("-v1 PBE-MD5-RC2-64", "PBES1 (MD5 and RC2)"),
        ("-v1 PBE-SHA1-RC2-64", "PBES1 (SHA-1 and RC2)"),
        ("-v1 PBE-SHA1-RC4-128", "a PKCS#12 scheme (RC4-128)"),
    ] {
        let legacy = "-provider legacy -provider default";
        openssl(
            folder,
            &format!("pkcs8 {legacy} -topk8 -in p256 {options} -passout pass:secret -out other"),
        );
        let error = read(folder, "other").unwrap_err();
        assert_eq!(error.kind(), KeyFileErrorKind::Unsupported);
        let expected =
            format!("found a private key encrypted with {name}, expected PBES2 with AES or 3DES: ");
        assert!(error.to_string().starts_with(&expected), "{error}");

        // The command in the text mends it.
        openssl(
            folder,
            &format!(
                "pkcs8 -topk8 {legacy} -in other -passin pass:secret -passout pass:secret -out mended"
            ),
        );
        assert_same(folder, "mended", "p256");
    }
}

#[test]
#[ignore = "needs openssl"]
fn every_way_to_write_a_key() {
    let folder = keys();
    let folder = folder.path();
    for form in ["PEM", "DER"] {
        for (key, command) in [("rsa", "rsa"), ("p256", "ec"), ("p384", "ec")] {
            openssl(
                folder,
                &format!("{command} -in {key} -outform {form} -out written"),
            );
            assert_same(folder, "written", key);
            openssl(
                folder,
                &format!("pkey -in {key} -traditional -outform {form} -out written"),
            );
            assert_same(folder, "written", key);
        }
        for key in ["p256", "p384"] {
            for option in [
                "-no_public",
                "-conv_form compressed",
                "-conv_form uncompressed",
                "-conv_form hybrid",
            ] {
                openssl(
                    folder,
                    &format!("ec -in {key} {option} -outform {form} -out written"),
                );
                assert_same(folder, "written", key);
                openssl(
                    folder,
                    &format!("pkcs8 -topk8 -nocrypt -inform {form} -in written -out wrapped"),
                );
                assert_same(folder, "wrapped", key);
            }
        }
        for (key, _) in KEYS {
            openssl(
                folder,
                &format!("pkey -in {key} -outform {form} -out written"),
            );
            assert_same(folder, "written", key);
            openssl(
                folder,
                &format!("pkey -in {key} -pubout -outform {form} -out written"),
            );
            read_public_key(&std::fs::read(folder.join("written")).unwrap()).unwrap();
            assert_eq!(
                read(folder, "written").unwrap_err().kind(),
                KeyFileErrorKind::NotAPrivateKey
            );
        }
    }
}

#[test]
#[ignore = "needs openssl"]
fn every_way_to_make_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (command, kind) in [
        ("genrsa -out made 2048", "RSA-2048"),
        ("genrsa -traditional -out made 3072", "RSA-3072"),
        ("genrsa -out made 4096", "RSA-4096"),
        (
            "genrsa -aes256 -passout pass:secret -out made 2048",
            "RSA-2048",
        ),
        (
            "genrsa -des3 -passout pass:secret -out made 2048",
            "RSA-2048",
        ),
        ("genrsa -F4 -out made 2048", "RSA-2048"),
        (
            "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:4294967297 -out made",
            "RSA-2048",
        ),
        (
            "genpkey -algorithm ED25519 -aes256 -pass pass:secret -out made",
            "Ed25519",
        ),
        ("ecparam -name prime256v1 -genkey -out made", "P-256"),
        ("ecparam -name secp384r1 -genkey -noout -out made", "P-384"),
        (
            "req -x509 -newkey rsa:2048 -nodes -subj /CN=test -keyout made -out certificate",
            "RSA-2048",
        ),
        (
            "req -x509 -newkey rsa:2048 -passout pass:secret -subj /CN=test -keyout made -out made",
            "RSA-2048",
        ),
    ] {
        openssl(folder, command);
        let key = read(folder, "made").unwrap_or_else(|error| panic!("{command}: {error}"));
        assert_eq!(key.kind().to_string(), kind, "{command}");
        std::fs::write(folder.join("ours"), &**key.to_pkcs8_pem().unwrap()).unwrap();
        openssl(folder, "pkey -in ours -check -noout");
    }
}

#[test]
#[ignore = "needs openssl"]
fn every_older_scheme_of_pkcs8() {
    let folder = keys();
    let folder = folder.path();
    for (key, _) in KEYS {
        for scheme in [
            "PBE-MD5-DES",
            "PBE-SHA1-DES",
            "PBE-SHA1-3DES",
            "PBE-SHA1-2DES",
            "PBE-SHA1-RC2-40",
            "PBE-SHA1-RC2-128",
        ] {
            for options in ["-iter 1", "-iter 2048", "-outform DER"] {
                let legacy = "-provider legacy -provider default";
                openssl(
                    folder,
                    &format!(
                        "pkcs8 {legacy} -topk8 -in {key} -v1 {scheme} {options} -passout pass:secret -out old"
                    ),
                );
                assert_same(folder, "old", key);
                assert_wrong(folder, "old");
            }
        }
    }
}

#[test]
#[ignore = "needs openssl"]
fn every_cipher_of_the_old_encryption_of_pem() {
    let folder = keys();
    let folder = folder.path();
    for cipher in ["aes128", "aes192", "aes256", "des3", "des"] {
        for (key, command) in [
            ("rsa", "rsa -traditional"),
            ("p256", "ec"),
            ("p384", "pkey -traditional"),
        ] {
            let legacy = "-provider legacy -provider default";
            openssl(
                folder,
                &format!("{command} {legacy} -in {key} -{cipher} -passout pass:secret -out old"),
            );
            let pem = std::fs::read_to_string(folder.join("old")).unwrap();
            assert!(pem.contains("DEK-Info"));
            assert_same(folder, "old", key);
            assert_wrong(folder, "old");
        }
    }
    openssl(
        folder,
        "genrsa -traditional -des3 -passout pass:secret -out old 2048",
    );
    read(folder, "old").unwrap();
}

#[test]
#[ignore = "needs openssl"]
fn other_ciphers_of_the_old_encryption_are_named() {
    let folder = keys();
    let folder = folder.path();
    for (cipher, name) in [
        ("camellia256", "CAMELLIA-256-CBC"),
        ("aria128", "ARIA-128-CBC"),
        ("aes-128-cfb", "AES-128-CFB"),
        ("aes-256-ctr", "AES-256-CTR"),
    ] {
        openssl(
            folder,
            &format!("rsa -traditional -in rsa -{cipher} -passout pass:secret -out old"),
        );
        let error = read(folder, "old").unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "found a private key encrypted in OpenSSL's old way with {name}, expected AES or 3DES in CBC mode: \
                 `openssl pkcs8 -topk8 -in FILE -out NEW` encrypts it anew"
            )
        );
        openssl(
            folder,
            "pkcs8 -topk8 -in old -passin pass:secret -passout pass:secret -out mended",
        );
        assert_same(folder, "mended", "rsa");
    }
}

#[test]
#[ignore = "needs openssl"]
fn the_other_commands_mend_what_they_should() {
    let folder = keys();
    let folder = folder.path();
    openssl(folder, "ec -in p256 -param_enc explicit -out explicit");
    read(folder, "explicit").unwrap_err();
    openssl(
        folder,
        "pkey -in explicit -ec_param_enc named_curve -out mended",
    );
    assert_same(folder, "mended", "p256");

    openssl(
        folder,
        "req -x509 -key p256 -subj /CN=test -out certificate",
    );
    openssl(
        folder,
        "pkcs12 -export -inkey p256 -in certificate -passout pass:secret -out store",
    );

    let expected = read_public_key(&std::fs::read(folder.join("certificate")).unwrap()).unwrap();
    for command in [
        "pkcs12 -in store -nokeys -clcerts -passin pass:secret -out public",
        "pkey -in p256 -pubout -out public",
        "x509 -in certificate -noout -pubkey -out public",
    ] {
        openssl(folder, command);
        assert_eq!(
            read_public_key(&std::fs::read(folder.join("public")).unwrap()).unwrap(),
            expected,
            "{command}"
        );
    }
    openssl(folder, "req -new -key p256 -subj /CN=test -out request");
    openssl(folder, "req -in request -noout -pubkey -out public");
    assert_eq!(
        read_public_key(&std::fs::read(folder.join("public")).unwrap()).unwrap(),
        expected
    );
    openssl(folder, "crl2pkcs7 -nocrl -certfile certificate -out bundle");
    openssl(folder, "pkcs7 -in bundle -print_certs -out public");
    assert_eq!(
        read_public_key(&std::fs::read(folder.join("public")).unwrap()).unwrap(),
        expected
    );
}
