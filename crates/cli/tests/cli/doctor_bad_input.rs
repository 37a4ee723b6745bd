//! What `doctor` and `explain` cannot work with: the exit code and the first line, a case a row. Nothing is sent.

use crate::bad_input::first_error;
use crate::doctor::{CLIENT, folder};
use crate::server::SECRET;

/// Arguments, what comes on standard input, and the error.
type Case = (&'static str, &'static str, &'static str);

#[track_caller]
fn check(cases: &[Case]) {
    let folder = folder();
    folder.write("empty.txt", "");
    folder.write("blank.txt", " \n\n");
    folder.write("binary.bin", b"\x30\x82\x00\x01");
    folder.write("jwt-bearer.toml", "[profiles.prod]\nprovider = 'box'\n");
    std::fs::create_dir(folder.path("directory")).unwrap();
    for (arguments, input, expected) in cases {
        let run = folder.command(arguments).stdin(input).run();
        run.assert_masked(&[SECRET, CLIENT]);
        assert_eq!(run.code, Some(2), "{arguments}: {run:?}");
        assert_eq!(run.stdout, "", "{arguments}");
        assert_eq!(first_error(&run.stderr), *expected, "{arguments}");
    }
}

#[test]
fn doctor_says_what_is_missing() {
    check(&[
        (
            "doctor",
            "",
            "no provider is set: use --provider box, salesforce or generic, or name a profile",
        ),
        (
            "doctor nobody",
            "",
            "there is no profile `nobody` in jwt-bearer.toml; it has prod",
        ),
        (
            "doctor prod",
            "",
            "the issuer is missing (`issuer`): Box's client id",
        ),
        (
            "doctor prod --issuer app",
            "",
            "the subject is missing: a Box token is for an enterprise (`enterprise`) or for a user (`user`), by id",
        ),
        (
            "doctor prod --issuer app --user 1",
            "",
            "no key is set: use --key FILE, or --key env:NAME for a variable with PEM in it",
        ),
        (
            "doctor prod --issuer app --enterprise 0 --key rsa.pem",
            "",
            "the enterprise id is 0: a free account has no enterprise; set a user id (`user`)",
        ),
        (
            "doctor prod --issuer app --user 1 --key rsa.pem",
            "",
            "the client secret is missing: Box wants it besides the assertion",
        ),
        (
            "doctor prod --issuer app --user 1 --key rsa.pem --client-secret-file missing.txt",
            "",
            "missing.txt, for the client secret, cannot be read: No such file or directory",
        ),
        (
            "doctor prod --issuer app --user 1 --key rsa.pem --lifetime 61",
            "",
            "a lifetime of 61 s, where Box takes at most 60 s",
        ),
        (
            "doctor prod --issuer app --user 1 --key rsa.pem --certificate missing.pem",
            "",
            "missing.pem, for the certificate, cannot be read: No such file or directory",
        ),
        (
            "doctor prod --issuer app --user 1 --key rsa.pem --certificate directory",
            "",
            "directory, for the certificate, is a directory",
        ),
        (
            "doctor --provider generic --issuer app --key rsa.pem --token-endpoint http://as.example/token",
            "",
            "the token endpoint `http://as.example/token` is not encrypted; http is for this machine alone, use https",
        ),
        (
            "doctor prod --issuer app --user 1 --key rsa.pem --ca-file rsa.pem",
            "",
            "rsa.pem: no `BEGIN CERTIFICATE` among the trusted certificates",
        ),
        (
            "doctor prod --config missing.toml",
            "",
            "missing.toml, for the configuration, cannot be read: No such file or directory",
        ),
        (
            "doctor prod --output xml",
            "",
            "invalid value 'xml' for '--output <OUTPUT>'",
        ),
        (
            "doctor --nothing",
            "",
            "unexpected argument '--nothing' found",
        ),
    ]);
}

#[test]
fn explain_says_what_it_cannot_read() {
    check(&[
        ("explain", "", "the input is empty"),
        ("explain -", " \n\t\n", "the input is empty"),
        ("explain empty.txt", "", "the input is empty"),
        ("explain blank.txt", "", "the input is empty"),
        (
            "explain missing.txt",
            "",
            "the file cannot be opened: No such file or directory",
        ),
        (
            "explain directory",
            "",
            "the file cannot be read: Is a directory",
        ),
        (
            "explain binary.bin",
            "",
            "this is no text, but a binary file",
        ),
        (
            "explain keystore.jceks",
            "",
            "this is no text, but a binary file",
        ),
        (
            "explain - --certificate missing.pem",
            "text",
            "missing.pem, for the certificate, cannot be read: No such file or directory",
        ),
        (
            "explain - --provider nobody",
            "text",
            "invalid value 'nobody' for '--provider <PROVIDER>'",
        ),
        (
            "explain - --output yaml",
            "text",
            "invalid value 'yaml' for '--output <OUTPUT>'",
        ),
        ("explain one two", "text", "unexpected argument 'two' found"),
    ]);
}
