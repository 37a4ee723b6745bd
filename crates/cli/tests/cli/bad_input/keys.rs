//! Keys, passphrases, client secrets and certificates to trust.

use super::{Case, check, first_error, long};
use crate::support::Folder;

const SECRETS: &[Case] = &[
    (
        "box --user 7654321 --client-secret-file none.txt",
        2,
        "none.txt, for the client secret, cannot be read: No such file or directory",
    ),
    (
        "box --user 7654321 --client-secret-file empty.txt",
        2,
        "empty.txt, for the client secret, is empty",
    ),
    (
        "box --user 7654321 --client-secret-file newlines.txt",
        2,
        "newlines.txt, for the client secret, is empty",
    ),
    (
        "box --user 7654321 --client-secret-file two-lines.txt",
        2,
        "two-lines.txt, for the client secret, has several lines, where one was expected",
    ),
    (
        "box --user 7654321 --client-secret-file folder",
        2,
        "folder, for the client secret, is a directory",
    ),
    (
        "box --user 7654321 --client-secret-file huge.txt",
        2,
        "huge.txt is far too large to be the client secret",
    ),
    (
        "box --user 7654321 --client-secret-file latin1.txt",
        2,
        "latin1.txt, for the client secret, is not UTF-8",
    ),
    (
        "token --provider box --issuer app --user 7654321 --key rsa.pem --client-secret-env NONE",
        2,
        "the variable NONE, for the client secret, is not set",
    ),
    (
        "token --provider box --issuer app --user 7654321 --key rsa.pem --client-secret-env EMPTY",
        2,
        "the variable EMPTY, for the client secret, is empty",
    ),
    (
        "token --provider box --issuer app --user 7654321 --key rsa.pem --client-secret-env 7f3aQ-box-secret",
        2,
        "the variable that is named, for the client secret, is not set",
    ),
    (
        "token --provider box --issuer app --user 7654321 --key rsa.pem --client-secret-env 123456",
        2,
        "the variable that is named, for the client secret, is not set",
    ),
    (
        "token --provider box --issuer app --user 7654321 --key rsa.pem --client-secret-env=",
        2,
        "the variable that is named, for the client secret, is not set",
    ),
    (
        "token --provider box --issuer app --user 7654321 --key rsa.pem --client-secret-env 7f3aQ",
        2,
        "the variable that is named, for the client secret, is not set",
    ),
    (
        "token --provider box --issuer app --user 7654321 --key rsa.pem --client-secret-env SET --client-secret-file two-lines.txt",
        2,
        "both --client-secret-env and --client-secret-file are set; set one of them",
    ),
];

const KEYS: &[Case] = &[
    (
        "generic --key env:7f3aQ-value",
        2,
        "what stands after `env:` is no variable's name (letters, digits and `_`); give the name, not the value",
    ),
    (
        "generic --key env:7f3aQ",
        2,
        "what stands after `env:` is no variable's name (letters, digits and `_`); give the name, not the value",
    ),
    (
        "generic --key awskms:alias/box?region=eu-central-1",
        3,
        "the key cannot be used: this build has no AWS KMS in it; build it with `--features aws-kms`",
    ),
    (
        "generic --key awskms:alias/box?zone=1",
        2,
        "`awskms:alias/box?zone=1` has the parameter `zone`; known here: region and endpoint. A `?` in a name is written %3F",
    ),
    #[cfg(not(feature = "piv"))]
    (
        "generic --key piv:9c",
        3,
        "the key cannot be used: this build has no PIV tokens in it; build it with `--features piv`",
    ),
    (
        "generic --key none.pem",
        3,
        "the key was not found: there is no file none.pem",
    ),
    (
        "generic --key folder",
        3,
        "the key cannot be used: folder is a directory, where a key file was expected",
    ),
    (
        "generic --key file:none.pem",
        3,
        "the key was not found: there is no file none.pem",
    ),
    (
        "generic --key file://host/rsa.pem",
        2,
        "`file://host/rsa.pem` names another machine; write `file:///` and the path",
    ),
    (
        "generic --key env:",
        2,
        "`env:` has no name; write `env:NAME`",
    ),
    (
        "generic --key env:NONE",
        3,
        "the key was not found: the environment variable NONE is not set; export it before the program starts",
    ),
    (
        "generic --key env:SET",
        3,
        "the key cannot be used: the variable SET: found text that is neither PEM nor base64, expected a private key in PEM or DER: name another file; PEM begins with `-----BEGIN`",
    ),
    (
        "generic --key rsa-public.pem",
        3,
        "the key cannot be used: rsa-public.pem: found a public key, expected a private key in PEM or DER: name the file of the private key that belongs to it",
    ),
    (
        "generic --key rsa-certificate.pem",
        3,
        "the key cannot be used: rsa-certificate.pem: found an X.509 certificate, expected a private key in PEM or DER: name the file of the private key that belongs to it",
    ),
    (
        "generic --key p256-request.pem",
        3,
        "the key cannot be used: p256-request.pem: found a certificate request, expected a private key in PEM or DER: name the file of the private key that belongs to it",
    ),
    (
        "generic --key openssh",
        3,
        "the key cannot be used: openssh: found an OpenSSH private key, expected a private key in PEM or DER: `ssh-keygen -p -m PKCS8 -f FILE` rewrites it in place if it is RSA or ECDSA; in place of Ed25519 make a new key",
    ),
    (
        "generic --key openssh.pub",
        3,
        "the key cannot be used: openssh.pub: found an OpenSSH public key, expected a private key in PEM or DER: name the file of the private key that belongs to it",
    ),
    (
        "generic --key keystore.jks",
        3,
        "the key needs a person, and none answered: keystore.jks is encrypted; name its passphrase with --passphrase-env NAME, --passphrase-file FILE or --passphrase-fd N, or run this in a terminal",
    ),
    (
        "generic --key p256.p12",
        3,
        "the key needs a person, and none answered: p256.p12 is encrypted; name its passphrase with --passphrase-env NAME, --passphrase-file FILE or --passphrase-fd N, or run this in a terminal",
    ),
    (
        "generic --key encrypted-traditional.pem",
        3,
        "the key needs a person, and none answered: encrypted-traditional.pem is encrypted; name its passphrase with --passphrase-env NAME, --passphrase-file FILE or --passphrase-fd N, or run this in a terminal",
    ),
    (
        "generic --key refused-rsa-1024.pem",
        3,
        "the key cannot be used: refused-rsa-1024.pem: found an RSA key of 1024 bits, expected RSA of 2048, 3072 or 4096 bits, EC on P-256 or P-384, or Ed25519: make a new key, for example with `jwt-bearer key generate --out NEW`",
    ),
    (
        "generic --key refused-p521.pem",
        3,
        "the key cannot be used: refused-p521.pem: found an EC key on the curve P-521, expected RSA of 2048, 3072 or 4096 bits, EC on P-256 or P-384, or Ed25519: make a new key, for example with `jwt-bearer key generate --out NEW`",
    ),
    (
        "generic --key refused-dsa.pem",
        3,
        "the key cannot be used: refused-dsa.pem: found a DSA key, expected RSA of 2048, 3072 or 4096 bits, EC on P-256 or P-384, or Ed25519: make a new key, for example with `jwt-bearer key generate --out NEW`",
    ),
    (
        "generic --key empty.txt",
        3,
        "the key cannot be used: empty.txt: found an empty file, expected a private key in PEM or DER: what should have written it has failed; make the file again",
    ),
    (
        "generic --key notes.txt",
        3,
        "the key cannot be used: notes.txt: found text that is neither PEM nor base64, expected a private key in PEM or DER: name another file; PEM begins with `-----BEGIN`",
    ),
    (
        "generic --key cut.pem",
        3,
        "the key cannot be used: cut.pem: the PEM of `PRIVATE KEY` has no END line, so the file is cut off; take a fresh copy of it",
    ),
    (
        "generic --key page.html",
        3,
        "the key cannot be used: page.html: found an HTML page, expected a private key in PEM or DER: a download went wrong; fetch the file again",
    ),
    (
        "generic --key two-keys.pem",
        3,
        "the key cannot be used: two-keys.pem: found 2 keys in one file, expected a private key in PEM or DER: keep each in a file of its own",
    ),
    (
        "generic --key rsa-aes256.pem",
        3,
        "the key needs a person, and none answered: rsa-aes256.pem is encrypted; name its passphrase with --passphrase-env NAME, --passphrase-file FILE or --passphrase-fd N, or run this in a terminal",
    ),
    (
        "generic --key rsa-aes256.pem --passphrase-env WRONG",
        3,
        "the use of the key was denied: rsa-aes256.pem: the passphrase does not decrypt the private key: it is the wrong one, or the file is damaged",
    ),
    (
        "generic --key rsa-aes256.pem --passphrase-env NONE",
        2,
        "the variable NONE, for the passphrase, is not set",
    ),
    (
        "generic --passphrase-env NONE",
        2,
        "the variable NONE, for the passphrase, is not set",
    ),
    (
        "generic --key rsa-aes256.pem --passphrase-env EMPTY",
        2,
        "the variable EMPTY, for the passphrase, is empty",
    ),
    (
        "generic --key rsa-aes256.pem --passphrase-env 7f3aQ-secret",
        2,
        "the variable that is named, for the passphrase, is not set",
    ),
    (
        "generic --key rsa-aes256.pem --passphrase-file latin1.txt",
        2,
        "latin1.txt, for the passphrase, is not UTF-8",
    ),
    (
        "generic --key rsa-aes256.pem --passphrase-file none.txt",
        2,
        "none.txt, for the passphrase, cannot be read: No such file or directory",
    ),
    (
        "generic --key rsa-aes256.pem --passphrase-file empty.txt",
        2,
        "empty.txt, for the passphrase, is empty",
    ),
    (
        "generic --key rsa-aes256.pem --passphrase-file wrong.txt",
        3,
        "the use of the key was denied: rsa-aes256.pem: the passphrase does not decrypt the private key: it is the wrong one, or the file is damaged",
    ),
    (
        "generic --key rsa-aes256.pem --passphrase-env WRONG --passphrase-file wrong.txt",
        2,
        "both --passphrase-env and --passphrase-file are set; set one of them",
    ),
    (
        "generic --key p256.pem --algorithm RS256",
        3,
        "the algorithm cannot be used: RS256 does not fit the key, which is P-256 and signs with ES256",
    ),
    (
        "generic --algorithm ES256",
        3,
        "the algorithm cannot be used: ES256 does not fit the key, which is RSA-2048 and signs with RS256, RS384, RS512, PS256, PS384, PS512",
    ),
    (
        "box --user 7654321 --client-secret-file secret.txt --key p256.pem",
        3,
        "the algorithm cannot be used: the key signs with ES256, where Box takes RS256, RS384, RS512",
    ),
    (
        "salesforce --subject ann@example.com --key ed25519.pem",
        3,
        "the algorithm cannot be used: the key signs with EdDSA, where Salesforce takes RS256",
    ),
    (
        "generic --ca-file none.pem",
        2,
        "none.pem, for the certificates to trust, cannot be read: No such file or directory",
    ),
    (
        "generic --ca-file latin1.txt",
        2,
        "latin1.txt, for the certificates to trust, is not UTF-8",
    ),
    (
        "generic --ca-file rsa.pem",
        2,
        "rsa.pem: no `BEGIN CERTIFICATE` among the trusted certificates",
    ),
    (
        "generic --ca-file damaged-certificate.pem",
        2,
        "damaged-certificate.pem: the PEM of the trusted certificates is damaged",
    ),
    (
        "generic --ca-file not-x509.pem",
        2,
        "not-x509.pem: a trusted certificate is not X.509",
    ),
];

const PUBLIC: &[Case] = &[
    (
        "key public",
        2,
        "the following required arguments were not provided:",
    ),
    (
        "key public --key rsa.pem --format pkcs1",
        2,
        "invalid value 'pkcs1' for '--format <FORMAT>'",
    ),
    (
        "key public --key rsa.pem --algorithm RS257",
        2,
        "the algorithm `RS257` is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, ES256K, EdDSA",
    ),
    (
        "key public --key rsa.pem --algorithm ES256",
        3,
        "the algorithm cannot be used: ES256 does not fit the key, which is RSA-2048 and signs with RS256, RS384, RS512, PS256, PS384, PS512",
    ),
    (
        "key public --key none.pem",
        3,
        "the key was not found: there is no file none.pem",
    ),
    (
        "key public --key rsa-public.pem",
        3,
        "the key cannot be used: rsa-public.pem: found a public key, expected a private key in PEM or DER: name the file of the private key that belongs to it",
    ),
    (
        "key public --key rsa-aes256.pem",
        3,
        "the key needs a person, and none answered: rsa-aes256.pem is encrypted; name its passphrase with --passphrase-env NAME, --passphrase-file FILE or --passphrase-fd N, or run this in a terminal",
    ),
    (
        "key public --key rsa-aes256.pem --passphrase-env WRONG",
        3,
        "the use of the key was denied: rsa-aes256.pem: the passphrase does not decrypt the private key: it is the wrong one, or the file is damaged",
    ),
    (
        "key public --key rsa-aes256.pem --passphrase-env NONE",
        2,
        "the variable NONE, for the passphrase, is not set",
    ),
    (
        "key public --key rsa-aes256.pem --passphrase-file latin1.txt",
        2,
        "latin1.txt, for the passphrase, is not UTF-8",
    ),
    (
        "key public --key awskms:",
        2,
        "`awskms:` has no key; write a key id, `alias/NAME`, or the ARN of either",
    ),
];

/// A mistake a setting, in the order in which they are told: each row mends the first of the row above.
const ORDER: &[Case] = &[
    (
        "token --provider box --issuer app --user 1 --lifetime 61 --ca-file none.pem --key none.pem --algorithm ES256 --client-secret-file none.txt",
        2,
        "a lifetime of 61 s, where Box takes at most 60 s",
    ),
    (
        "token --provider box --issuer app --user 1 --form assertion=x --ca-file none.pem --key none.pem --algorithm ES256 --client-secret-file none.txt",
        2,
        "the form parameter `assertion` has a setting of its own, and cannot be set as an extra one",
    ),
    (
        "token --provider box --issuer app --user 1 --ca-file none.pem --key none.pem --algorithm ES256 --client-secret-file none.txt",
        2,
        "none.pem, for the certificates to trust, cannot be read: No such file or directory",
    ),
    (
        "token --provider box --issuer app --user 1 --key none.pem --algorithm ES256 --client-secret-file none.txt",
        3,
        "the key was not found: there is no file none.pem",
    ),
    (
        "token --provider box --issuer app --user 1 --key p256.pem --algorithm ES256 --client-secret-file none.txt",
        3,
        "the algorithm cannot be used: the key signs with ES256, where Box takes RS256, RS384, RS512",
    ),
    (
        "token --provider box --issuer app --user 1 --key rsa.pem --client-secret-file none.txt",
        2,
        "none.txt, for the client secret, cannot be read: No such file or directory",
    ),
    (
        "token --provider box --issuer app --user 1 --key rsa.pem",
        2,
        "the client secret is missing: Box wants it besides the assertion",
    ),
    (
        "token --provider generic --issuer app --key none.pem",
        2,
        "the token endpoint is missing (`token-endpoint`)",
    ),
];

#[test]
fn what_needs_no_secret_is_told_before_one_is_read() {
    check(ORDER);
}

#[test]
fn keys_without_a_public_one_are_refused() {
    check(PUBLIC);
}

#[test]
fn client_secrets_are_refused() {
    check(SECRETS);
}

#[test]
fn keys_are_refused() {
    check(KEYS);
}

#[test]
fn keys_of_an_unknown_kind_are_refused() {
    let folder = Folder::with_keys(["rsa.pem"]);
    folder.write("jwt-bearer.toml", "[profiles.prod]\nkey = 'vault:box'\n");
    for (arguments, before) in [
        (long("generic --key vault:box").as_str(), ""),
        ("token prod", "profile `prod`: "),
    ] {
        let error = first_error(&folder.run(arguments).failure(2));
        // What follows is the list of those that are known.
        assert!(
            error.starts_with(&format!(
                "{before}`vault:` is no known kind of key, and there is no file `vault:box`; known are `file:`"
            )),
            "{error}"
        );
    }
}

#[test]
fn a_key_in_place_of_its_name_is_not_repeated() {
    let folder = Folder::with_keys(["ed25519.pem"]);
    let pem = std::fs::read_to_string(folder.path("ed25519.pem")).unwrap();
    let inner = pem.lines().nth(1).unwrap();
    assert_eq!(inner.len(), 64, "the whole key");
    folder.write(
        "jwt-bearer.toml",
        format!("[profiles.prod]\nkey = '''{pem}'''\n"),
    );
    let command = || folder.command("assertion --provider generic --issuer app");
    for run in [
        command().arg("--key").arg(&pem).run(),
        command().arg(&format!("--key={pem}")).run(),
        command().env("JWT_BEARER_KEY", &pem).run(),
        command().arg("--key").arg(inner).run(),
        command().env("JWT_BEARER_KEY", inner).run(),
        folder.command("key public --key").arg(&pem).run(),
        folder.command("key public --key").arg(inner).run(),
        folder.run("assertion prod"),
    ] {
        let stderr = run.failure(2);
        assert!(
            first_error(&stderr).contains("this looks like a key itself"),
            "{stderr}"
        );
        assert!(!stderr.contains(inner), "{stderr}");
    }
    let run = command().arg("--key").arg(&format!("env:{inner}")).run();
    assert!(!run.failure(2).contains(inner));
}
