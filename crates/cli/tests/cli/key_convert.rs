//! `jwt-bearer key convert`.

use std::fs;

#[cfg(unix)]
use crate::key_generate::assert_is_for_owner_alone;
use crate::support::{Folder, Run};

fn folder() -> Folder {
    let folder = Folder::with_keys([
        "rsa.pem",
        "rsa.der",
        "rsa-traditional.pem",
        "rsa-aes256.pem",
        "rsa-certificate.pem",
        "p256.pem",
        "p256-traditional.pem",
        "p256-certificate.pem",
        "p384.pem",
        "p384-traditional.pem",
        "ed25519.pem",
        "ed25519.der",
    ]);
    folder.write("new.txt", "7f3aQ-new\n");
    folder
}

fn convert(folder: &Folder, arguments: &str) -> Run {
    folder
        .command(&format!("key convert {arguments}"))
        .env("OLD", "secret")
        .env("NEW", "7f3aQ-new")
        .run()
}

fn read(folder: &Folder, name: &str) -> Vec<u8> {
    fs::read(folder.path(name)).unwrap()
}

#[test]
fn the_forms_that_openssl_writes_come_out_as_openssl_writes_them() {
    let folder = folder();
    for (from, to, expected) in [
        ("rsa-traditional.pem", "pkcs8", "rsa.pem"),
        ("rsa.der", "pkcs1", "rsa-traditional.pem"),
        ("p256-traditional.pem", "pkcs8", "p256.pem"),
        ("p256.pem", "sec1", "p256-traditional.pem"),
        ("p384.pem", "sec1", "p384-traditional.pem"),
        ("ed25519.pem", "pkcs8-der", "ed25519.der"),
        ("ed25519.der", "pkcs8", "ed25519.pem"),
    ] {
        let run = convert(
            &folder,
            &format!("--key {from} --to {to} --out new --unencrypted"),
        );
        assert!(run.stderr.starts_with("new: the "), "{run:?}");
        assert!(
            run.stderr.ends_with(&format!(" key of {from}\n")),
            "{run:?}"
        );
        assert_eq!(run.success(), "", "no private key on standard output");
        assert_eq!(read(&folder, "new"), read(&folder, expected), "{from} {to}");
        #[cfg(unix)]
        assert_is_for_owner_alone(&folder, "new");
        fs::remove_file(folder.path("new")).unwrap();
    }
}

#[test]
fn an_encrypted_key_is_encrypted_anew() {
    let folder = folder();
    for (to, reference) in [
        ("pkcs8", "--new-passphrase-env NEW"),
        ("pkcs8-der", "--new-passphrase-file new.txt"),
    ] {
        let arguments =
            format!("--key rsa-aes256.pem --passphrase-env OLD --to {to} --out new {reference}");
        convert(&folder, &arguments).success();
        let public = "key public --key new --passphrase-file new.txt";
        let expected = folder.run("key public --key rsa.pem").success();
        assert_eq!(folder.run(public).success(), expected);
        let old = "--key new --passphrase-env OLD --to pkcs8 --unencrypted --out newer";
        let stderr = convert(&folder, old).failure(3);
        assert!(
            stderr.contains("the passphrase does not decrypt the private key"),
            "{stderr}"
        );
        let back = "--key new --passphrase-file new.txt --to pkcs8 --unencrypted --out newer";
        convert(&folder, back).success();
        assert_eq!(read(&folder, "newer"), read(&folder, "rsa.pem"));
        fs::remove_file(folder.path("new")).unwrap();
        fs::remove_file(folder.path("newer")).unwrap();
    }
}

#[test]
fn a_key_in_a_variable_is_converted_too() {
    let folder = folder();
    let pem = fs::read_to_string(folder.path("p256.pem")).unwrap();
    let run = folder
        .command("key convert --key env:KEY --to sec1 --unencrypted --out new")
        .env("KEY", &pem)
        .run();
    assert_eq!(run.stderr, "new: the P-256 key of the variable KEY\n");
    run.success();
    assert_eq!(read(&folder, "new"), read(&folder, "p256-traditional.pem"));
}

#[test]
fn a_private_jwk_has_the_private_number() {
    let folder = folder();
    convert(&folder, "--key p256.pem --to jwk --unencrypted --out new").success();
    let jwk: serde_json::Value = serde_json::from_slice(&read(&folder, "new")).unwrap();
    let run = folder.run("key public --format jwk --key p256.pem");
    let public: serde_json::Value = serde_json::from_str(&run.success()).unwrap();
    for name in ["kty", "crv", "x", "y", "kid"] {
        assert_eq!(jwk[name], public[name]);
    }
    assert_eq!(jwk["d"].as_str().unwrap().len(), 43);
}

#[test]
fn a_store_is_for_its_owner_alone_and_its_next_step_is_told() {
    let folder = folder();
    let arguments = "--key p256.pem --to pkcs12 --certificate p256-certificate.pem --new-passphrase-env NEW --out new.p12";
    let run = convert(&folder, arguments);
    assert!(
        run.stderr
            .contains("keytool -importkeystore -srckeystore new.p12 "),
        "{run:?}"
    );
    assert!(!run.stderr.contains("7f3aQ"));
    run.success();
    #[cfg(unix)]
    assert_is_for_owner_alone(&folder, "new.p12");
    assert!(read(&folder, "new.p12").starts_with(&[0x30, 0x82]));
}

#[test]
fn both_passphrases_may_come_one_after_the_other() {
    let folder = folder();
    let run = folder
        .command("key convert --key rsa-aes256.pem --passphrase-fd 0 --to pkcs8 --new-passphrase-fd 0 --out new")
        .stdin("secret\n7f3aQ-new\n")
        .run();
    run.success();
    let public = folder.run("key public --key new --passphrase-file new.txt");
    assert_eq!(
        public.success(),
        folder.run("key public --key rsa.pem").success()
    );
}

#[test]
fn a_jwk_keeps_its_id_and_its_algorithm() {
    let folder = folder();
    let jwk = "key convert --key rsa.pem --to jwk --unencrypted --out";
    folder.run(&format!("{jwk} plain.jwk")).success();
    let plain = String::from_utf8(read(&folder, "plain.jwk")).unwrap();
    let mut own: serde_json::Value = serde_json::from_str(&plain).unwrap();
    own["kid"] = "key \"1\"".into();
    own["alg"] = "PS256".into();
    folder.write("own.jwk", own.to_string());
    let again = "--key own.jwk --to jwk --unencrypted --out new";
    convert(&folder, again).success();
    let new: serde_json::Value = serde_json::from_slice(&read(&folder, "new")).unwrap();
    assert_eq!(new, own);
}

#[test]
fn the_next_command_is_quoted_for_a_shell() {
    let folder = folder();
    let run = folder
        .command("key convert --key p256.pem --to pkcs12 --certificate p256-certificate.pem --new-passphrase-env NEW")
        .arg("--out=it's 1.p12")
        .env("NEW", "7f3aQ-new")
        .run();
    assert!(
        run.stderr.contains(r" -srckeystore 'it'\''s 1.p12' "),
        "{run:?}"
    );
    run.success();
}
