//! Wrong input to `jwt-bearer key`: the exit code and the first line, a case a row. No file is written or changed.

use crate::bad_input::first_error;
use crate::support::Folder;

/// Arguments with a `_` for each blank within one; the exit code; how the error begins.
type Case = (&'static str, i32, &'static str);

const GENERATE: &[Case] = &[
    (
        "generate --out rsa.pem",
        2,
        "rsa.pem is there already, and is not overwritten",
    ),
    (
        "generate --out folder",
        2,
        "folder is there already, and is not overwritten",
    ),
    (
        "generate --out none/new.pem",
        2,
        "none/new.pem cannot be written: there is no folder none",
    ),
    (
        "generate --out rsa.pem/new.pem",
        2,
        "rsa.pem/new.pem cannot be written: there is no folder rsa.pem",
    ),
    (
        "generate --out -",
        2,
        "--out is `-`, where the name of a new file was expected",
    ),
    (
        "generate",
        2,
        "the following required arguments were not provided:",
    ),
    (
        "generate --out new --type rsa-1024",
        2,
        "invalid value 'rsa-1024' for '--type <TYPE>'",
    ),
    (
        "generate --out new --type p-521",
        2,
        "invalid value 'p-521' for '--type <TYPE>'",
    ),
    (
        "generate --out new --encrypt",
        2,
        "--encrypt asks for a passphrase, and there is no terminal",
    ),
    (
        "generate --out new --passphrase-env EMPTY",
        2,
        "the variable EMPTY, for the passphrase, is empty",
    ),
    (
        "generate --out new --passphrase-env 7f3aQ",
        2,
        "the variable that is named, for the passphrase, is not set",
    ),
    (
        "generate --out new --passphrase-file none",
        2,
        "none, for the passphrase, cannot be read: No such file or directory",
    ),
    (
        "generate --out new --passphrase-env SET --passphrase-file secret.txt",
        2,
        "both --passphrase-env and --passphrase-file are set; set one of them",
    ),
    (
        "generate --out new secret",
        2,
        "unexpected argument 'secret' found",
    ),
];

const PUBLIC: &[Case] = &[
    (
        "public --key rsa.pem --format pkcs12",
        2,
        "invalid value 'pkcs12' for '--format <FORMAT>'",
    ),
    (
        "public --key rsa.pem --format PEM",
        2,
        "invalid value 'PEM' for '--format <FORMAT>'",
    ),
    (
        "public --key p256.pem --format box",
        2,
        "this key is P-256, where Box takes RSA alone",
    ),
    (
        "public --key ed25519.pem --format snowflake",
        2,
        "this key is Ed25519, where Snowflake takes RSA alone",
    ),
    (
        "public --key rsa.pem --key-id key-1",
        2,
        "--key-id is for the formats jwk and jwks; the others hold no `kid`",
    ),
    (
        "public --key rsa.pem --format box --key-id key-1",
        2,
        "--key-id is for the formats jwk and jwks",
    ),
    (
        "public --key rsa.pem --format jwk --key-id=",
        2,
        "--key-id is empty",
    ),
    (
        "public --key rsa.pem?alias=box",
        3,
        "the key was not found: there is no file rsa.pem?alias=box, but there is rsa.pem: write `file:rsa.pem?alias=box`",
    ),
    (
        "public --key rsa.pem --out rsa.pem",
        2,
        "rsa.pem is there already, and is not overwritten",
    ),
    (
        "public --key rsa.pem --out none/new",
        2,
        "none/new cannot be written: there is no folder none",
    ),
    (
        "public --key none.pem",
        3,
        "the key was not found: there is no file none.pem",
    ),
    (
        "public --key rsa.pem --algorithm ES256",
        3,
        "the algorithm cannot be used: ES256 does not fit the key",
    ),
    (
        "public --key rsa-public.pem",
        3,
        "the key cannot be used: rsa-public.pem: found a public key, expected a private key",
    ),
    (
        "public --key rsa.pem --format der --out -",
        2,
        "--out is `-`",
    ),
];

const X509: &[Case] = &[
    (
        "certificate --key rsa.pem",
        2,
        "the following required arguments were not provided:",
    ),
    (
        "certificate --subject CN=box",
        2,
        "the following required arguments were not provided:",
    ),
    (
        "certificate --key rsa.pem --subject box",
        2,
        "`box` in the subject has no `=`",
    ),
    (
        "certificate --key rsa.pem --subject /CN=box",
        2,
        "the subject is in OpenSSL's form with slashes",
    ),
    (
        "certificate --key rsa.pem --subject CN=",
        2,
        "`CN=` in the subject has no value",
    ),
    (
        "certificate --key rsa.pem --subject CN=a,C=Germany",
        2,
        "`C=Germany` in the subject is no country",
    ),
    (
        "certificate --key rsa.pem --subject CN=Example,_Inc.",
        2,
        "`Inc.` in the subject has no `=`",
    ),
    (
        "certificate --key rsa.pem --subject CN=\u{1b}[31m",
        2,
        "`CN=` in the subject has a control character",
    ),
    (
        "certificate --key rsa.pem --subject \u{1b}]0;x=box",
        2,
        "`\\u{1b}]0;x=` in the subject is unknown",
    ),
    (
        "certificate --key rsa.pem --subject CN=box --days 0",
        2,
        "a certificate for 0 days was asked for, expected 1 to 36500",
    ),
    (
        "certificate --key rsa.pem --subject CN=box --days 100000",
        2,
        "a certificate for 100000 days was asked for",
    ),
    (
        "certificate --key rsa.pem --subject CN=box --days 99999999999",
        2,
        "invalid value '99999999999' for '--days <NUMBER>'",
    ),
    (
        "certificate --key rsa.pem --subject CN=box --days -1",
        2,
        "invalid value '-1' for '--days <NUMBER>'",
    ),
    (
        "certificate --key rsa.pem --subject CN=box --days 1y",
        2,
        "invalid value '1y' for '--days <NUMBER>'",
    ),
    (
        "certificate --key rsa.pem --subject CN=box --algorithm PS256",
        2,
        "PS256 was asked for, where certificates are signed with RS256",
    ),
    (
        "certificate --key p256.pem --subject CN=box --algorithm RS256",
        3,
        "the algorithm cannot be used: RS256 does not fit the key",
    ),
    (
        "certificate --key rsa.pem --subject CN=box --algorithm SHA256",
        2,
        "the algorithm `SHA256` is not one of RS256",
    ),
    (
        "certificate --key rsa.pem --subject CN=box --format p7b",
        2,
        "invalid value 'p7b' for '--format <FORMAT>'",
    ),
    (
        "certificate --key rsa.pem --subject CN=box --out rsa.pem",
        2,
        "rsa.pem is there already",
    ),
    (
        "certificate --key none.pem --subject CN=box",
        3,
        "the key was not found: there is no file none.pem",
    ),
    (
        "certificate --key rsa-certificate.pem --subject CN=box",
        3,
        "the key cannot be used: rsa-certificate.pem: found an X.509 certificate",
    ),
    (
        "certificate --key rsa-aes256.pem --subject CN=box",
        3,
        "the key needs a person, and none answered: rsa-aes256.pem is encrypted",
    ),
    #[cfg(not(feature = "piv"))]
    (
        "certificate --key piv:9c --subject CN=box",
        3,
        "the key cannot be used: this build has no PIV tokens in it; build it with `--features piv`",
    ),
    (
        "csr --key rsa.pem --subject CN=box --days 1",
        2,
        "unexpected argument '--days' found",
    ),
    (
        "csr --key rsa.pem --subject CN=box --algorithm PS384",
        2,
        "PS384 was asked for",
    ),
    (
        "csr --key rsa.pem --subject E=ann@example.com",
        2,
        "`E=` in the subject is unknown; write emailAddress=",
    ),
    (
        "csr --key rsa.pem --subject CN=box --out none/new.csr",
        2,
        "none/new.csr cannot be written: there is no folder none",
    ),
    (
        "csr --key env:NONE --subject CN=box",
        3,
        "the key was not found: the environment variable NONE is not set",
    ),
];

const CONVERT: &[Case] = &[
    (
        "convert --key rsa.pem --to pkcs8",
        2,
        "the following required arguments were not provided:",
    ),
    (
        "convert --key rsa.pem --out new",
        2,
        "the following required arguments were not provided:",
    ),
    (
        "convert --key rsa.pem --to pem --out new",
        2,
        "invalid value 'pem' for '--to <TO>'",
    ),
    (
        "convert --key rsa.pem --to jks --out new",
        2,
        "invalid value 'jks' for '--to <TO>'",
    ),
    (
        "convert --key rsa.pem --to pkcs8 --out rsa.pem --unencrypted",
        2,
        "rsa.pem is there already, and is not overwritten",
    ),
    (
        "convert --key rsa.pem --to pkcs8 --out none/new --unencrypted",
        2,
        "none/new cannot be written: there is no folder none",
    ),
    (
        "convert --key rsa.pem --to pkcs8 --out -",
        2,
        "--out is `-`",
    ),
    (
        "convert --key rsa.pem --to pkcs8 --out new",
        2,
        "no passphrase is named for the new file, and there is no terminal",
    ),
    (
        "convert --key rsa.pem --to jwk --out new",
        2,
        "the private key would be written unencrypted, and there is no terminal",
    ),
    (
        "convert --key rsa.pem --to pkcs1 --out new",
        2,
        "the private key would be written unencrypted, and there is no terminal",
    ),
    (
        "convert --key rsa.pem --to jwk --out new --new-passphrase-env SET",
        2,
        "this form cannot be encrypted here",
    ),
    (
        "convert --key rsa.pem --to pkcs8 --out new --unencrypted --new-passphrase-env SET",
        2,
        "the argument '--unencrypted' cannot be used with '--new-passphrase-env <NAME>'",
    ),
    (
        "convert --key rsa.pem --to pkcs8 --out new --new-passphrase-env 7f3aQ",
        2,
        "the variable that is named, for the passphrase, is not set",
    ),
    (
        "convert --key rsa.pem --to pkcs8 --out new --new-passphrase-env SET --new-passphrase-file secret.txt",
        2,
        "both --new-passphrase-env and --new-passphrase-file are set",
    ),
    (
        "convert --key rsa.pem --to pkcs8 --out new --unencrypted --new-passphrase-fd 0",
        2,
        "the argument '--unencrypted' cannot be used with '--new-passphrase-fd <N>'",
    ),
    (
        "convert --key rsa.pem --to jwk --out new --new-passphrase-fd 0",
        2,
        "this form cannot be encrypted here",
    ),
    (
        "convert --key rsa.pem --to pkcs8 --out new --new-passphrase-fd 77",
        2,
        "file descriptor 77, for the passphrase, is not open",
    ),
    (
        "convert --key wrong.jwk --to pkcs8 --out new --unencrypted",
        3,
        "wrong.jwk: the parts of the key do not belong together",
    ),
    (
        "convert --key rsa.pem --to sec1 --out new --unencrypted",
        2,
        "this key is RSA-2048, which that form cannot hold",
    ),
    (
        "convert --key p256.pem --to pkcs1 --out new --unencrypted",
        2,
        "this key is P-256, which that form cannot hold",
    ),
    (
        "convert --key ed25519.pem --to sec1 --out new --unencrypted",
        2,
        "this key is Ed25519, which that form cannot hold",
    ),
    (
        "convert --key rsa.pem --to pkcs12 --out new --new-passphrase-env SET",
        2,
        "--certificate is missing",
    ),
    (
        "convert --key rsa.pem --to pkcs12 --out new --certificate rsa-certificate.pem",
        2,
        "no passphrase is named for the new file",
    ),
    (
        "convert --key rsa.pem --to pkcs12 --out new --certificate none --new-passphrase-env SET",
        2,
        "none, for the certificate, cannot be read",
    ),
    (
        "convert --key p256.pem --to pkcs12 --out new --certificate rsa-certificate.pem --new-passphrase-env SET",
        2,
        "rsa-certificate.pem: the certificate belongs to another key",
    ),
    (
        "convert --key rsa.pem --to pkcs12 --out new --certificate rsa.pem --new-passphrase-env SET",
        2,
        "rsa.pem: found a private key, expected a public key or a certificate",
    ),
    (
        "convert --key rsa.pem --to pkcs12 --out new --certificate rsa-public.pem --new-passphrase-env SET",
        2,
        "rsa-public.pem: found a public key, expected an X.509 certificate",
    ),
    (
        "convert --key rsa.pem --to pkcs12 --out new --certificate rsa-certificate.pem --new-passphrase-env EMOJI",
        3,
        "the passphrase is empty, or it or the alias has characters that PKCS#12 cannot hold",
    ),
    (
        "convert --key rsa.pem --to pkcs12 --out new --certificate rsa-certificate.pem --unencrypted",
        2,
        "--unencrypted is not for --to pkcs12",
    ),
    (
        "convert --key rsa.pem --to pkcs8 --out new --unencrypted --alias box",
        2,
        "--certificate and --alias are for --to pkcs12 alone",
    ),
    (
        "convert --key none.pem --to pkcs8 --out new --unencrypted",
        3,
        "the key was not found: there is no file none.pem",
    ),
    (
        "convert --key folder --to pkcs8 --out new --unencrypted",
        3,
        "the key cannot be used: folder is a directory, where a key file was expected",
    ),
    (
        "convert --key rsa-public.pem --to pkcs8 --out new --unencrypted",
        3,
        "the key cannot be used: rsa-public.pem: found a public key, expected a private key",
    ),
    (
        "convert --key rsa-aes256.pem --to pkcs8 --out new --unencrypted",
        3,
        "the key needs a person, and none answered",
    ),
    (
        "convert --key rsa-aes256.pem --passphrase-env SET --to pkcs8 --out new --unencrypted",
        3,
        "the use of the key was denied: rsa-aes256.pem: the passphrase does not decrypt the private key",
    ),
    (
        "convert --key env:NONE --to pkcs8 --out new --unencrypted",
        3,
        "the key was not found: the environment variable NONE is not set",
    ),
    (
        "convert --key awskms:alias/box --to pkcs8 --out new --unencrypted",
        2,
        "awskms:alias/box never leaves its place",
    ),
];

#[track_caller]
fn check(cases: &[Case]) {
    let folder = Folder::with_keys([
        "ed25519.pem",
        "p256.pem",
        "rsa-aes256.pem",
        "rsa-certificate.pem",
        "rsa-public.pem",
        "rsa.pem",
    ]);
    std::fs::create_dir(folder.path("folder")).unwrap();
    folder.write("secret.txt", "7f3aQ-file");
    // The public half is another key's.
    folder.write(
        "wrong.jwk",
        r#"{"kty":"OKP","crv":"Ed25519","d":"symDIrEIlpeWXaQ7ly4urPRA-fAACDxfJRjJmxkFMCk","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    );
    let content = || {
        let files = folder.content();
        let mut files: Vec<_> = files
            .iter()
            .map(|path| (path.clone(), std::fs::read(path).ok()))
            .collect();
        files.sort();
        files
    };
    let before = content();
    let wrong: String = cases
        .iter()
        .filter_map(|(arguments, code, error)| {
            let mut command = folder.command("key");
            for argument in arguments.split(' ') {
                command = command.arg(&argument.replace('_', " "));
            }
            let run = command
                .env("SET", "7f3aQ-set")
                .env("EMPTY", "")
                .env("EMOJI", "7f3aQ🔑")
                .run();
            let is_so = run.code == Some(*code)
                && run.stdout.is_empty()
                && !run.stderr.contains("7f3aQ")
                && !run.stderr.contains('\u{1b}')
                && first_error(&run.stderr).starts_with(error);
            (!is_so).then(|| format!("\n{arguments}\n  expected {code}, {error}\n  was {run:?}\n"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(content(), before, "a file was written or changed");
}

#[test]
fn generate() {
    check(GENERATE);
}

#[test]
fn public() {
    check(PUBLIC);
}

#[test]
fn certificates_and_requests() {
    check(X509);
}

#[test]
fn convert() {
    check(CONVERT);
}
