//! Keystores and keys that other programs make: OpenSSL, keytool, Python's cryptography and jwcrypto, GnuTLS, NSS.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::Command;

use jwt_bearer_keyfile::{Item, KeyFile, KeyFileError, KeyFileErrorKind as Kind, read_public_key};
use tempfile::TempDir;

/// Runs a program in the folder; the arguments stand between blanks.
#[track_caller]
fn run(folder: &Path, program: &str, arguments: &str) {
    let output = Command::new(program)
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{program} {arguments}: {said}");
}

#[track_caller]
fn openssl(folder: &Path, arguments: &str) {
    run(folder, "openssl", arguments);
}

#[track_caller]
fn keytool(folder: &Path, arguments: &str) {
    run(folder, "keytool", &format!("-noprompt {arguments}"));
}

#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "the environment names the Python that has the packages"
)]
fn python(folder: &Path, script: &str) {
    let python = std::env::var("JWT_BEARER_TEST_PYTHON").unwrap();
    std::fs::write(folder.join("script.py"), script).unwrap();
    run(folder, &python, "script.py");
}

const KEYS: [(&str, &str); 4] = [
    ("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
    ("p256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"),
    ("p384", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384"),
    ("ed25519", "-algorithm ED25519"),
];

/// Each key as PKCS#8 in a file of its name, and its certificate in one that ends with `.crt`.
fn keys() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, options) in KEYS {
        let path = folder.path();
        openssl(path, &format!("genpkey {options} -out {name}"));
        openssl(
            path,
            &format!("req -x509 -key {name} -subj /CN={name} -days 99 -out {name}.crt"),
        );
    }
    folder
}

fn open(
    folder: &Path,
    name: &str,
    alias: Option<&str>,
    passphrase: Option<&str>,
) -> Result<String, KeyFileError> {
    let bytes = std::fs::read(folder.join(name)).unwrap();
    let passphrase = passphrase.map(str::as_bytes);
    let file = KeyFile::read(&bytes, passphrase)?;
    let (_, key) = file.private_key(alias)?;
    Ok(key.open(passphrase)?.to_pkcs8_pem()?.to_string())
}

/// The right passphrase gives the key, others and none do not.
#[track_caller]
fn assert_opens(folder: &Path, name: &str, alias: Option<&str>, passphrase: &str, key: &str) {
    let expected = std::fs::read_to_string(folder.join(key)).unwrap();
    let found = open(folder, name, alias, Some(passphrase));
    let found = found.unwrap_or_else(|error| panic!("{name} {alias:?}: {error}"));
    assert_eq!(found, expected, "{name} {alias:?}");
    for wrong in ["wrong", "", &format!("{passphrase} ")] {
        let error = open(folder, name, alias, Some(wrong)).unwrap_err();
        assert_eq!(error.kind(), Kind::WrongPassphrase, "{name}: {error}");
    }
    let error = open(folder, name, alias, None).unwrap_err();
    assert_eq!(error.kind(), Kind::PassphraseNeeded, "{name}: {error}");
}

/// The key in a store fits the certificate beside it.
#[track_caller]
fn assert_pair(folder: &Path, name: &str, alias: Option<&str>, passphrase: &str, kind: &str) {
    let bytes = std::fs::read(folder.join(name)).unwrap();
    let passphrase = Some(passphrase.as_bytes());
    let file = KeyFile::read(&bytes, passphrase).unwrap_or_else(|error| panic!("{name}: {error}"));
    let (entry, key) = file.private_key(alias).unwrap();
    let key = key.open(passphrase).unwrap();
    assert_eq!(key.kind().to_string(), kind);
    std::fs::write(folder.join("ours"), &**key.to_pkcs8_pem().unwrap()).unwrap();
    openssl(folder, "pkey -in ours -pubout -out ours.pub");
    let ours = read_public_key(&std::fs::read(folder.join("ours.pub")).unwrap()).unwrap();
    let certificates = file
        .entries()
        .iter()
        .filter(|other| other.alias() == entry.alias());
    let mut theirs = certificates.filter_map(|other| match other.item() {
        Item::Certificate(der) => Some(read_public_key(der).unwrap()),
        _ => None,
    });
    assert_eq!(theirs.next().unwrap(), ours, "{name}");
}

#[test]
#[ignore = "needs openssl"]
fn pkcs12_of_openssl() {
    let folder = keys();
    let folder = folder.path();
    let mut count = 0;
    for (key, _) in KEYS {
        for options in [
            "",
            "-legacy",
            "-legacy -descert",
            "-keypbe AES-128-CBC -certpbe AES-192-CBC -macalg sha512",
            "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1",
            "-keypbe AES-256-CBC -macalg sha384",
            "-macalg sha224",
            "-keypbe des-ede3-cbc",
            "-certpbe NONE",
            "-legacy -keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-RC2-128",
            "-legacy -keypbe PBE-SHA1-RC2-40",
            "-nomac",
            "-noiter -nomaciter",
            "-iter 100000",
            "-nocerts",
            "-name x",
            "-caname y -certfile rsa.crt",
        ] {
            openssl(
                folder,
                &format!(
                    "pkcs12 -export -inkey {key} -in {key}.crt {options} -passout pass:secret -out store"
                ),
            );
            assert_opens(folder, "store", None, "secret", key);
            count += 1;
        }
        openssl(
            folder,
            &format!("pkcs12 -export -inkey {key} -in {key}.crt -passout pass: -out store"),
        );
        assert_eq!(
            open(folder, "store", None, Some("")).unwrap(),
            std::fs::read_to_string(folder.join(key)).unwrap()
        );
    }
    assert_eq!(count, 4 * 17);
    for passphrase in ["pässwörd€", "\u{1f511}", "日本"] {
        let export = "pkcs12 -export -inkey p256 -in p256.crt -name ü€ -out store -passout";
        openssl(folder, &format!("{export} pass:{passphrase}"));
        assert_opens(folder, "store", Some("ü€"), passphrase, "p256");
        openssl(folder, &format!("{export} pass:{passphrase} -legacy"));
        assert_opens(folder, "store", Some("ü€"), passphrase, "p256");
    }
}

/// Runs the command that the error names.
fn mend(folder: &Path, error: &KeyFileError, file: &str) {
    let text = error.to_string();
    let command = text.split('`').nth(1).unwrap();
    let command = command
        .strip_prefix("openssl ")
        .unwrap()
        .replace("FILE", file)
        .replace("NEW", "mended");
    let passphrases = "-passin pass:secret -passout pass:secret";
    openssl(folder, &format!("{command} {passphrases}"));
}

#[test]
#[ignore = "needs openssl"]
fn other_pkcs12_of_openssl_is_named_and_mended() {
    let folder = keys();
    let folder = folder.path();
    for (options, name) in [
        (
            "-legacy -keypbe PBE-SHA1-RC4-128",
            "a PKCS#12 scheme (RC4-128)",
        ),
        ("-certpbe camellia-128-cbc", "PBES2 (Camellia-128)"),
        (
            "-macalg sha3-256",
            "a PKCS#12 store with a MAC of 2.16.840.1.101.3.4.2.8",
        ),
    ] {
        openssl(
            folder,
            &format!(
                "pkcs12 -export -inkey p256 -in p256.crt {options} -passout pass:secret -out store"
            ),
        );
        let error = open(folder, "store", None, Some("secret")).unwrap_err();
        assert_eq!(error.kind(), Kind::Unsupported);
        assert!(error.to_string().contains(name), "{error}");
        mend(folder, &error, "store");
        assert_opens(folder, "mended", None, "secret", "p256");
    }
}

#[test]
#[ignore = "needs keytool"]
fn stores_of_keytool() {
    let folder = keys();
    let folder = folder.path();
    let keys = [
        ("rsa", "-keyalg RSA -keysize 2048", "RSA-2048"),
        ("p256", "-keyalg EC -groupname secp256r1", "P-256"),
        ("p384", "-keyalg EC -groupname secp384r1", "P-384"),
        ("ed25519", "-keyalg Ed25519", "Ed25519"),
    ];
    for (store, options) in [
        ("new.p12", "-storetype PKCS12"),
        ("old.p12", "-storetype PKCS12 -J-Dkeystore.pkcs12.legacy"),
        ("default.jks", ""),
        ("java.jks", "-storetype JKS"),
    ] {
        for (alias, key, _) in keys {
            keytool(
                folder,
                &format!(
                    "-genkeypair -alias {alias} {key} -dname CN=x {options} -keystore {store} -storepass secret \
                     -keypass secret"
                ),
            );
        }
        let options = format!("{options} -keystore {store} -storepass secret");
        keytool(
            folder,
            &format!("-importcert -file rsa.crt -alias trusted {options}"),
        );
        if !store.starts_with("java") {
            keytool(
                folder,
                &format!("-genseckey -alias aes -keyalg AES -keysize 128 {options}"),
            );
        }
        for (alias, _, kind) in keys {
            assert_pair(folder, store, Some(alias), "secret", kind);
            let error = open(folder, store, Some(alias), Some("wrong")).unwrap_err();
            assert_eq!(error.kind(), Kind::WrongPassphrase);
        }
        let error = open(folder, store, None, Some("secret")).unwrap_err();
        assert_eq!(error.kind(), Kind::SeveralKeys);
        assert!(
            error
                .to_string()
                .ends_with("there are `ed25519`, `p256`, `p384`, `rsa`"),
            "{error}"
        );
        let error = open(folder, store, Some("trusted"), Some("secret")).unwrap_err();
        assert_eq!(error.kind(), Kind::NoSuchAlias);
    }
    // keytool since Java 9 writes PKCS#12, whatever the name says.
    assert_eq!(std::fs::read(folder.join("default.jks")).unwrap()[0], 0x30);
}

#[test]
#[ignore = "needs keytool"]
fn what_keytool_takes_from_openssl_comes_out_again() {
    let folder = keys();
    let folder = folder.path();
    for (key, _) in KEYS {
        openssl(
            folder,
            &format!(
                "pkcs12 -export -inkey {key} -in {key}.crt -name {key} -passout pass:secret -out store"
            ),
        );
        let import = "-importkeystore -srckeystore store -srcstorepass secret -deststorepass";
        for (store, kind, passphrase) in [
            ("all.jks", "JKS", "secret"),
            ("all.p12", "PKCS12", "secret"),
            ("umlauts.jks", "JKS", "pässwörd€"),
        ] {
            keytool(
                folder,
                &format!(
                    "-J-Dsun.jnu.encoding=UTF-8 -J-Dfile.encoding=UTF-8 {import} {passphrase} -destkeystore {store} -deststoretype {kind}"
                ),
            );
        }
        for (store, passphrase) in [("all.jks", "secret"), ("all.p12", "secret")] {
            assert_opens(folder, store, Some(key), passphrase, key);
        }
    }
    // A key with a passphrase of its own: the key's is the one to give.
    keytool(
        folder,
        "-keypasswd -keystore all.jks -alias rsa -storepass secret -keypass secret -new another",
    );
    assert_opens(folder, "all.jks", Some("rsa"), "another", "rsa");
    assert_opens(folder, "all.jks", Some("p256"), "secret", "p256");
    // The command in the text mends it.
    keytool(
        folder,
        "-importkeystore -srckeystore all.jks -srcstorepass secret -srcalias p256 -destkeystore jceks -deststoretype \
         JCEKS -deststorepass secret",
    );
    assert_eq!(
        open(folder, "jceks", None, Some("secret"))
            .unwrap_err()
            .kind(),
        Kind::Unsupported
    );
    keytool(
        folder,
        "-importkeystore -srckeystore jceks -srcstoretype JCEKS -srcstorepass secret -destkeystore mended.p12 \
         -deststoretype PKCS12 -deststorepass secret",
    );
    assert_opens(folder, "mended.p12", None, "secret", "p256");
}

#[test]
#[ignore = "needs JWT_BEARER_TEST_PYTHON"]
fn keys_of_python() {
    let folder = keys();
    let folder = folder.path();
    python(
        folder,
        r#"
from cryptography.hazmat.primitives.serialization import *
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.hazmat.primitives import hashes
from cryptography import x509
from jwcrypto.jwk import JWK
import json
secret = BestAvailableEncryption(b"secret")
sets = []
for name in ["rsa", "p256", "p384", "ed25519"]:
    pem = open(name, "rb").read()
    key = load_pem_private_key(pem, None)
    crt = x509.load_pem_x509_certificate(open(name + ".crt", "rb").read())
    def write(kind, data):
        open(name + "." + kind, "wb").write(data)
    write("pkcs8", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret))
    write("pkcs8der", key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, secret))
    if name != "ed25519":
        write("old", key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, secret))
    write("p12", pkcs12.serialize_key_and_certificates(b"box", key, crt, None, secret))
    for pbe in ["PBESv1SHA1And3KeyTripleDESCBC", "PBESv2SHA256AndAES256CBC"]:
        for mac in [hashes.SHA1(), hashes.SHA256()]:
            scheme = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(50000)
            scheme = scheme.key_cert_algorithm(getattr(pkcs12.PBES, pbe)).hmac_hash(mac).build(b"secret")
            data = pkcs12.serialize_key_and_certificates(b"box", key, crt, None, scheme)
            write(pbe + mac.name, data)
    jwk = JWK.from_pem(pem)
    write("jwk", jwk.export_private().encode())
    sets.append(json.loads(jwk.export_private()) | {"kid": name})
    sets.append(json.loads(jwk.export_public()) | {"kid": name + "-public"})
sets.append({"kty": "oct", "k": "AAAA", "kid": "secret"})
open("jwks", "w").write(json.dumps({"keys": sets}))
"#,
    );
    for (key, _) in KEYS {
        let mut kinds = vec![
            "pkcs8",
            "pkcs8der",
            "p12",
            "PBESv1SHA1And3KeyTripleDESCBCsha1",
            "PBESv1SHA1And3KeyTripleDESCBCsha256",
            "PBESv2SHA256AndAES256CBCsha1",
            "PBESv2SHA256AndAES256CBCsha256",
        ];
        if key != "ed25519" {
            kinds.push("old");
        }
        for kind in kinds {
            assert_opens(folder, &format!("{key}.{kind}"), None, "secret", key);
        }
        let expected = std::fs::read_to_string(folder.join(key)).unwrap();
        assert_eq!(
            open(folder, &format!("{key}.jwk"), None, None).unwrap(),
            expected
        );
        assert_eq!(open(folder, "jwks", Some(key), None).unwrap(), expected);
        let error = open(folder, "jwks", Some(&format!("{key}-public")), None).unwrap_err();
        assert_eq!(error.kind(), Kind::NoSuchAlias);
    }
}

#[test]
#[ignore = "needs certtool"]
fn stores_of_gnutls() {
    let folder = keys();
    let folder = folder.path();
    // One wrong passphrase each: these files ask for 600,000 iterations.
    let assert_opens = |name: &str, key: &str| {
        let expected = std::fs::read_to_string(folder.join(key)).unwrap();
        assert_eq!(open(folder, name, None, Some("secret")).unwrap(), expected);
        let error = open(folder, name, None, Some("wrong")).unwrap_err();
        assert_eq!(error.kind(), Kind::WrongPassphrase, "{error}");
    };
    for (key, options) in [
        ("rsa", ""),
        ("p256", "--pkcs-cipher 3des-pkcs12"),
        ("p256", "--pkcs-cipher aes-128"),
    ] {
        let load =
            format!("--load-privkey {key} --password secret --outder --outfile store {options}");
        run(
            folder,
            "certtool",
            &format!("--to-p12 --load-certificate {key}.crt --p12-name box {load}"),
        );
        assert_opens("store", key);
        run(folder, "certtool", &format!("--to-p8 {load}"));
        assert_opens("store", key);
    }
}

#[test]
#[ignore = "needs pk12util"]
fn stores_of_nss_are_named_and_mended() {
    let folder = keys();
    let folder = folder.path();
    openssl(
        folder,
        "pkcs12 -export -inkey p256 -in p256.crt -name box -passout pass:secret -out store",
    );
    run(folder, "certutil", "-N -d . --empty-password");
    run(folder, "pk12util", "-i store -W secret -d .");
    run(folder, "pk12util", "-o nss.p12 -W secret -n box -d .");
    let error = open(folder, "nss.p12", None, Some("secret")).unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(
        error
            .to_string()
            .contains("a PKCS#12 store of NSS or Bouncy Castle, in BER"),
        "{error}"
    );
    mend(folder, &error, "nss.p12");
    assert_opens(folder, "mended", None, "secret", "p256");
}
