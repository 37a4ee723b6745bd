//! `jwt-bearer key` at a terminal: new passphrases, questions, and DER that is not shown.

use std::fs;

use crate::support::Folder;
use crate::terminal::{ended, typed};

#[test]
#[ignore = "needs script"]
fn a_new_passphrase_is_asked_for_twice() {
    let folder = Folder::new();
    let shown = typed(
        &folder,
        "key generate --type ed25519 --encrypt --out new.pem",
        &[
            ("New passphrase of new.pem: ", "7f3aQ"),
            ("The same again: ", "7f3aQ"),
        ],
    );
    assert!(!shown.contains("7f3aQ"), "{shown}");
    assert!(
        shown.contains("new.pem: a new Ed25519 key, encrypted"),
        "{shown}"
    );
    folder.write("passphrase.txt", "7f3aQ");
    folder
        .run("key public --key new.pem --passphrase-file passphrase.txt")
        .success();
}

#[test]
#[ignore = "needs script"]
fn passphrases_that_differ_or_are_empty_write_nothing() {
    let folder = Folder::new();
    let generate = "key generate --type ed25519 --encrypt --out new.pem";
    let first = "New passphrase of new.pem: ";
    for (answers, error) in [
        (
            &[(first, "7f3aQ"), ("The same again: ", "7f3aq")][..],
            "the two passphrases differ; nothing was written",
        ),
        (
            &[(first, "")],
            "the passphrase is empty; nothing was written",
        ),
    ] {
        let (success, shown) = ended(&folder, generate, answers);
        assert!(
            !success && shown.contains(error) && !shown.contains("7f3a"),
            "{shown}"
        );
        assert!(folder.content().is_empty());
    }
}

#[test]
#[ignore = "needs script"]
fn an_unencrypted_key_is_written_after_a_yes_alone() {
    let folder = Folder::with_keys(["p256.pem", "p256-traditional.pem"]);
    let question = "Write the private key unencrypted? [y/N] ";
    let to_sec1 = "key convert --key p256.pem --to sec1 --out new.pem";
    for answer in ["", "n", "yess"] {
        let (success, shown) = ended(&folder, to_sec1, &[(question, answer)]);
        assert!(!success && shown.contains("nothing was written"), "{shown}");
        assert!(!folder.path("new.pem").exists());
    }
    typed(&folder, to_sec1, &[(question, "y")]);
    let read = |name: &str| fs::read(folder.path(name)).unwrap();
    assert_eq!(read("new.pem"), read("p256-traditional.pem"));

    let empty = ("New passphrase of plain.pem: ", "");
    let to_pkcs8 = "key convert --key p256-traditional.pem --to pkcs8 --out plain.pem";
    typed(&folder, to_pkcs8, &[empty, (question, "YES")]);
    assert_eq!(read("plain.pem"), read("p256.pem"));
}

#[test]
#[ignore = "needs script"]
fn both_passphrases_are_asked_for() {
    let folder = Folder::with_keys(["p256-aes256.pem"]);
    let shown = typed(
        &folder,
        "key convert --key p256-aes256.pem --to pkcs8 --out new.pem",
        &[
            ("Passphrase of p256-aes256.pem: ", "secret"),
            ("New passphrase of new.pem: ", "7f3aQ"),
            ("The same again: ", "7f3aQ"),
        ],
    );
    assert!(
        shown.contains("new.pem: the P-256 key of p256-aes256.pem"),
        "{shown}"
    );
    assert!(
        !shown.contains("7f3aQ") && !shown.contains(": secret"),
        "{shown}"
    );
}

#[test]
#[ignore = "needs script"]
fn der_is_not_shown() {
    let folder = Folder::with_keys(["p256.pem"]);
    for command in [
        "key public --key p256.pem --format der",
        "key certificate --key p256.pem --subject CN=box --format der",
        "key csr --key p256.pem --subject CN=box --format der",
    ] {
        let (success, shown) = ended(&folder, command, &[]);
        assert!(
            !success && shown.contains("DER is nothing for a terminal"),
            "{shown}"
        );
    }
}

#[test]
#[ignore = "needs script"]
fn a_passphrase_from_a_descriptor_at_the_terminal_is_not_echoed() {
    let folder = Folder::with_keys(["p256-aes256.pem"]);
    let shown = typed(
        &folder,
        "key public --key p256-aes256.pem --passphrase-fd 0",
        &[("Passphrase: ", "secret")],
    );
    assert!(
        shown.contains("BEGIN PUBLIC KEY") && !shown.contains("secret"),
        "{shown}"
    );
}

/// Standard input or standard error is used for something else.
#[test]
#[ignore = "needs script"]
fn what_is_asked_goes_to_the_terminal_itself() {
    let folder = Folder::with_keys(["p256.pem", "p256-aes256.pem", "p256-traditional.pem"]);
    let shown = typed(
        &folder,
        "key public --key p256-aes256.pem </dev/null",
        &[("Passphrase of p256-aes256.pem: ", "secret")],
    );
    assert!(shown.contains("BEGIN PUBLIC KEY"), "{shown}");

    let question = ("Write the private key unencrypted? [y/N] ", "y");
    for (redirected, name) in [("2>/dev/null", "a.pem"), ("</dev/null", "b.pem")] {
        let to_sec1 = format!("key convert --key p256.pem --to sec1 --out {name} {redirected}");
        typed(&folder, &to_sec1, &[question]);
        let read = |name: &str| fs::read(folder.path(name)).unwrap();
        assert_eq!(read(name), read("p256-traditional.pem"));
    }
    let neither = "key convert --key p256.pem --to sec1 --out c.pem </dev/null 2>/dev/null";
    let (success, shown) = ended(&folder, neither, &[]);
    assert!(!success && shown.is_empty(), "{shown}");
}
