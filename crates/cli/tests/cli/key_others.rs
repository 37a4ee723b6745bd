//! What `jwt-bearer key` writes, read by OpenSSL, Python's cryptography, jwcrypto and Java's keytool.

use std::path::Path;

use crate::process::program;
use crate::support::Folder;

/// Types of keys, and the older form that they have.
const TYPES: [(&str, Option<&str>); 6] = [
    ("rsa-2048", Some("pkcs1")),
    ("rsa-3072", Some("pkcs1")),
    ("rsa-4096", Some("pkcs1")),
    ("p-256", Some("sec1")),
    ("p-384", Some("sec1")),
    ("ed25519", None),
];

/// Runs the command, which must succeed.
#[track_caller]
fn key(folder: &Folder, arguments: &str) {
    let run = folder
        .command(&format!("key {arguments}"))
        .env("SECRET", "secret")
        .run();
    assert_eq!(run.code, Some(0), "{arguments}: {run:?}");
}

/// A key in `a.key`, and in other files everything that the command can make of it.
fn everything(kind: &str, traditional: Option<&str>) -> Folder {
    let folder = Folder::new();
    key(&folder, &format!("generate --type {kind} --out a.key"));
    key(&folder, "public --key a.key --out public.pem");
    key(&folder, "public --key a.key --format der --out public.der");
    key(&folder, "public --key a.key --format jwks --out a.jwks");
    for (verb, flags, extension) in [("certificate", " --days 730", "crt"), ("csr", "", "csr")] {
        for (format, end) in [("pem", ""), ("der", ".der")] {
            let run = folder
                .command(&format!("key {verb} --key a.key{flags} --format {format} --out a.{extension}{end} --subject"))
                .arg("CN=box,O=Example\\, Inc.,C=DE")
                .run();
            run.success();
        }
    }
    let new = "--new-passphrase-env SECRET";
    for conversion in [
        format!("pkcs8 {new} --out encrypted.key"),
        format!("pkcs8-der {new} --out encrypted.key.der"),
        "pkcs8 --unencrypted --out plain.key".into(),
        "pkcs8-der --unencrypted --out plain.key.der".into(),
        "jwk --unencrypted --out a.jwk".into(),
        format!("pkcs12 --certificate a.crt --alias Box {new} --out a.p12"),
    ] {
        key(&folder, &format!("convert --key a.key --to {conversion}"));
    }
    if let Some(form) = traditional {
        key(
            &folder,
            &format!("convert --key a.key --to {form} --unencrypted --out traditional.key"),
        );
    }
    folder
}

#[test]
#[ignore = "needs openssl"]
fn openssl_reads_everything() {
    for (kind, traditional) in TYPES {
        let folder = everything(kind, traditional);
        let openssl = |arguments: &str| program(&folder.path(""), "openssl", arguments);
        assert_eq!(
            openssl("verify -x509_strict -check_ss_sig -CAfile a.crt a.crt"),
            "a.crt: OK\n"
        );
        openssl("x509 -inform DER -in a.crt.der -noout");
        assert!(openssl("req -verify -noout -in a.csr").contains("verify OK"));
        assert!(openssl("req -verify -noout -inform DER -in a.csr.der").contains("verify OK"));
        let subject = openssl("x509 -in a.crt -noout -subject");
        assert_eq!(subject, "subject=C = DE, O = \"Example, Inc.\", CN = box\n");

        let public = std::fs::read_to_string(folder.path("public.pem")).unwrap();
        assert_eq!(openssl("pkey -pubin -inform DER -in public.der"), public);
        assert_eq!(openssl("x509 -in a.crt -noout -pubkey"), public);
        assert_eq!(openssl("req -in a.csr -noout -pubkey"), public);
        let mut private = vec![
            "a.key",
            "encrypted.key",
            "encrypted.key.der",
            "plain.key",
            "plain.key.der",
        ];
        if traditional.is_some() {
            private.push("traditional.key");
        }
        for name in private {
            openssl(&format!(
                "pkey -in {name} -passin pass:secret -check -noout"
            ));
            assert_eq!(
                openssl(&format!("pkey -in {name} -passin pass:secret -pubout")),
                public,
                "{name}"
            );
        }
        openssl("pkcs12 -in a.p12 -passin pass:secret -nodes -nocerts -out from-store.key");
        assert_eq!(openssl("pkey -in from-store.key -pubout"), public);
        let info = openssl("pkcs12 -in a.p12 -passin pass:secret -noout -info");
        assert!(
            info.contains("PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256"),
            "{info}"
        );
        assert!(info.contains("MAC: sha256, Iteration 600000"), "{info}");
    }
}

#[test]
#[ignore = "needs openssl"]
fn a_fingerprint_for_snowflake_is_that_of_openssl() {
    let folder = everything("rsa-2048", None);
    let digest = program(&folder.path(""), "openssl", "dgst -sha256 -r public.der");
    let hex = digest.split(' ').next().unwrap();
    let octets: Vec<_> = (0..32)
        .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
        .collect();
    use base64::Engine;
    let expected = base64::engine::general_purpose::STANDARD.encode(octets);
    let printed = folder
        .run("key public --key a.key --format snowflake")
        .success();
    assert!(
        printed.ends_with(&format!("\nRSA_PUBLIC_KEY_FP=SHA256:{expected}\n")),
        "{printed}"
    );
}

#[test]
#[ignore = "needs python3 with cryptography and jwcrypto"]
#[expect(
    clippy::disallowed_methods,
    reason = "the machine says which interpreter has the libraries"
)]
fn python_reads_everything() {
    let python = std::env::var("JWT_BEARER_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys.py");
    for (kind, traditional) in TYPES {
        let folder = everything(kind, traditional);
        let mut names = "a.crt a.crt.der a.csr a.csr.der a.key encrypted.key encrypted.key.der plain.key plain.key.der \
                         a.jwk a.jwks a.p12"
            .to_owned();
        if traditional.is_some() {
            names += " traditional.key";
        }
        let arguments = format!("{} . public.pem {names}", script.display());
        let printed = program(&folder.path(""), &python, &arguments);
        let expected: String = names
            .split(' ')
            .map(|name| format!("sound {name}\n"))
            .collect();
        assert_eq!(printed, expected);
    }
}

#[test]
#[ignore = "needs keytool"]
fn keytool_reads_the_store_and_makes_the_keystore_that_salesforce_wants() {
    for (kind, traditional) in TYPES {
        let folder = everything(kind, traditional);
        let keytool = |arguments: &str| program(&folder.path(""), "keytool", arguments);
        let listed = keytool("-list -keystore a.p12 -storepass secret");
        assert!(
            listed.contains("\nbox, ") && listed.contains("PrivateKeyEntry"),
            "{listed}"
        );
        keytool(
            "-importkeystore -noprompt -srckeystore a.p12 -srcstoretype PKCS12 -srcstorepass secret -destkeystore a.jks \
             -deststoretype JKS -deststorepass secret",
        );
        assert!(
            std::fs::read(folder.path("a.jks"))
                .unwrap()
                .starts_with(&[0xfe, 0xed, 0xfe, 0xed])
        );
        let printed = keytool("-printcert -file a.crt");
        assert!(
            printed.contains("Owner: CN=box, O=\"Example, Inc.\", C=DE"),
            "{printed}"
        );
    }
}
