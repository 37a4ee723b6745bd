//! Keys in keystores, JWK and JSON files, and their passphrases.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::support::Folder;

fn folder() -> Folder {
    let folder = Folder::with_keys([
        "box.json",
        "certificate.p12",
        "encrypted-traditional.pem",
        "google.json",
        "keystore.jceks",
        "keystore.jks",
        "p256-empty.p12",
        "p256-nss.p12",
        "p256-public.pem",
        "p256.jwk",
        "p256.p12",
        "p256.pem",
        "rsa-legacy.p12",
        "rsa-public.pem",
        "rsa-traditional-des3.pem",
        "several.jks",
        "several.jwks",
        "several.p12",
    ]);
    folder.write("secret.txt", "secret\n");
    folder.write("another.txt", "another\n");
    folder.write("wrong.txt", "7f3aQ-wrong\n");
    folder
}

fn public_pem(folder: &Folder, key: &str) -> String {
    std::fs::read_to_string(folder.path(&format!("{key}-public.pem"))).unwrap()
}

#[test]
fn keys_come_out_of_every_store() {
    let folder = folder();
    for (key, expected) in [
        ("p256.p12 --passphrase-file secret.txt", "p256"),
        ("rsa-legacy.p12 --passphrase-file secret.txt", "rsa"),
        ("p256-empty.p12", "p256"),
        (
            "file:several.p12?alias=other --passphrase-file secret.txt",
            "rsa",
        ),
        (
            "file:several.p12?alias=BOX --passphrase-file secret.txt",
            "p256",
        ),
        ("keystore.jks --passphrase-file secret.txt", "p256"),
        (
            "file:several.jks?alias=box --passphrase-file secret.txt",
            "p256",
        ),
        (
            "file:several.jks?alias=other --passphrase-file another.txt",
            "rsa",
        ),
        ("p256.jwk", "p256"),
        ("file:several.jwks?alias=rsa-1", "rsa"),
        ("box.json", "rsa"),
        ("google.json", "rsa"),
        (
            "encrypted-traditional.pem --passphrase-file secret.txt",
            "p256",
        ),
        (
            "rsa-traditional-des3.pem --passphrase-file secret.txt",
            "rsa",
        ),
    ] {
        let run = folder.run(&format!("key public --key {key}"));
        assert_eq!(run.stderr, "", "{key}");
        assert_eq!(run.success(), public_pem(&folder, expected), "{key}");
    }
    let jwk = std::fs::read_to_string(folder.path("p256.jwk")).unwrap();
    let run = folder
        .command("key public --key env:KEY_AS_JWK")
        .env("KEY_AS_JWK", &jwk)
        .run();
    assert_eq!(run.success(), public_pem(&folder, "p256"));
}

#[test]
fn the_key_id_of_a_file_goes_into_the_header() {
    let folder = folder();
    for (key, algorithm, key_id) in [
        ("p256.jwk", "ES256", Some("p256-1")),
        ("p256.jwk --key-id mine", "ES256", Some("mine")),
        ("file:several.jwks?alias=rsa-1", "PS256", Some("rsa-1")),
        (
            "file:several.jwks?alias=rsa-1 --algorithm RS256",
            "RS256",
            Some("rsa-1"),
        ),
        ("box.json", "RS256", Some("abcdefgh")),
        ("google.json", "RS256", Some("0123456789abcdef")),
        ("p256.p12 --passphrase-file secret.txt", "ES256", None),
    ] {
        let run = folder.run(&format!(
            "assertion --provider generic --issuer app --subject ann --audience https://example.com/ --key {key}"
        ));
        let jwt = run.success();
        let header = URL_SAFE_NO_PAD
            .decode(jwt.split('.').next().unwrap())
            .unwrap();
        let header: Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(header["alg"], algorithm);
        assert_eq!(header.get("kid").and_then(Value::as_str), key_id, "{key}");
    }
}

#[test]
fn what_is_wrong_with_a_store_is_told() {
    let folder = folder();
    let store = "the passphrase does not open the PKCS#12 store: it is the wrong one, or the file is damaged";
    let java = "the passphrase does not decrypt the private key in the Java keystore: it is the wrong one, or the file \
                is damaged; a key can have another passphrase than its keystore, and then the key's is the one to give";
    let missing = |names: &str| {
        format!(
            "found 2 private keys, and no alias that names one: write it behind the file, as in `file:FILE?alias=NAME`; \
             there are {names}"
        )
    };
    let denied = "the use of the key was denied: ";
    let unusable = "the key cannot be used: ";
    let cases = [
        ("p256.p12 --passphrase-file wrong.txt", format!("{denied}p256.p12: {store}")),
        ("keystore.jks --passphrase-file wrong.txt", format!("{denied}keystore.jks: {java}")),
        (
            "several.p12 --passphrase-file secret.txt",
            format!("{unusable}several.p12: {}", missing("`box`, `other`")),
        ),
        ("several.jks", format!("{unusable}several.jks: {}", missing("`box`, `other`"))),
        ("several.jwks", format!("{unusable}several.jwks: {}", missing("`p256-1`, `rsa-1`"))),
        (
            "file:several.jks?alias=none",
            "the key was not found: several.jks: found no private key with the alias `none`: there are `box`, `other`"
                .into(),
        ),
        (
            "file:p256.pem?alias=box",
            "the key was not found: p256.pem: found a private key without an alias, and an alias that names one: only \
             keystores and JWKs have aliases; leave it away"
                .into(),
        ),
        (
            "certificate.p12 --passphrase-file secret.txt",
            format!(
                "{unusable}certificate.p12: found a PKCS#12 store, expected a private key in PEM or DER: name the \
                 keystore that has the private key too"
            ),
        ),
        (
            "keystore.jceks",
            format!(
                "{unusable}keystore.jceks: found a Java keystore (JCEKS), expected a private key in PEM or DER: \
                 `keytool -importkeystore -srckeystore FILE -srcstoretype JCEKS -destkeystore NEW.p12 -deststoretype \
                 PKCS12` converts it"
            ),
        ),
        (
            "p256-nss.p12",
            format!(
                "{unusable}p256-nss.p12: found a PKCS#12 store of NSS or Bouncy Castle, in BER, expected a private key \
                 in PEM or DER: `openssl pkcs12 -provider legacy -provider default -in FILE -out NEW` writes it as PEM"
            ),
        ),
    ];
    for (key, expected) in cases {
        let run = folder.run(&format!("key public --key {key}"));
        assert_eq!((run.code, run.stdout.as_str()), (Some(3), ""), "{key}");
        assert_eq!(run.stderr, format!("error: {expected}\n"), "{key}");
    }
}

#[test]
fn a_passphrase_may_come_through_a_file_descriptor() {
    let folder = folder();
    let expected = public_pem(&folder, "p256");
    let run = folder
        .command("key public --key p256.p12 --passphrase-fd 0")
        .stdin("secret\n")
        .run();
    assert_eq!(run.success(), expected);

    let mut shell = Command::new("sh");
    folder.isolate(&mut shell);
    let command = format!(
        "printf 'secret\\n' | {{ exec 3<&0; {} key public --key p256.p12 --passphrase-fd 3 </dev/null; }} && exec \
         4<secret.txt && {} key public --key p256.p12 --passphrase-fd 4",
        env!("CARGO_BIN_EXE_jwt-bearer"),
        env!("CARGO_BIN_EXE_jwt-bearer")
    );
    let output = shell.args(["-c", &command]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("{expected}{expected}")
    );
}

#[test]
fn a_wrong_file_descriptor_is_told() {
    let folder = folder();
    let run = |fd: &str, stdin: &str| {
        let command = folder.command(&format!("key public --key p256.p12 --passphrase-fd {fd}"));
        command.stdin(stdin).run()
    };
    for (fd, stdin, code, expected) in [
        (
            "0",
            "",
            2,
            "file descriptor 0, for the passphrase, is empty",
        ),
        (
            "0",
            "\nsecret\n",
            2,
            "file descriptor 0, for the passphrase, is empty",
        ),
        (
            "0",
            &*"a".repeat(70_000),
            2,
            "file descriptor 0 gives far too much to be the passphrase",
        ),
        (
            "77",
            "",
            2,
            "file descriptor 77, for the passphrase, is not open; the shell opens it with `77<FILE`",
        ),
        (
            "0 --passphrase-file secret.txt",
            "secret",
            2,
            "both --passphrase-file and --passphrase-fd are set; set one of them",
        ),
    ] {
        let run = run(fd, stdin);
        assert_eq!(
            run.stderr.lines().next().unwrap(),
            format!("error: {expected}")
        );
        assert_eq!(run.code, Some(code));
    }
    assert!(
        run("x", "")
            .stderr
            .starts_with("error: invalid value 'x' for '--passphrase-fd <N>'")
    );
}

#[test]
fn an_alias_in_a_profile_stays_with_its_file() {
    let folder = folder();
    folder.write(
        "config/jwt-bearer.toml",
        "[profiles.box]\nprovider = 'generic'\nissuer = 'app'\nsubject = 'ann'\naudience = 'https://example.com/'\n\
         key = 'file:../several.jks?alias=box'\npassphrase-file = '../secret.txt'\n",
    );
    let run = folder.run("assertion box --config config/jwt-bearer.toml");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.stdout.matches('.').count(), 2);
}

/// A socket has no path to be opened by, but as standard input it is read.
#[cfg(unix)]
#[test]
fn a_socket_is_named() {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    let folder = folder();
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    std::io::Write::write_all(&mut ours, b"secret\n").unwrap();
    let run = |command: &str, socket: UnixStream| {
        let mut shell = Command::new("sh");
        folder.isolate(&mut shell);
        let command = format!("{} {command}", env!("CARGO_BIN_EXE_jwt-bearer"));
        shell.stdin(OwnedFd::from(socket));
        shell.args(["-c", &command]).output().unwrap()
    };
    let through_3 = "key public --key p256.p12 --passphrase-fd 3 3<&0 </dev/null";
    let output = run(through_3, theirs.try_clone().unwrap());
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: file descriptor 3, for the passphrase, is a socket; use a pipe, or 0 for standard input\n"
    );
    assert_eq!(output.status.code(), Some(2));
    // The other end stays open: the line is enough.
    let output = run("key public --key p256.p12 --passphrase-fd 0", theirs);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        public_pem(&folder, "p256")
    );
    drop(ours);
}
