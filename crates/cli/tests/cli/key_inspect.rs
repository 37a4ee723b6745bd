//! `jwt-bearer key inspect`: what it says of files, and whether two of them belong together.

use serde_json::Value;

use crate::bad_input::first_error;
use crate::support::Folder;
use crate::terminal::typed;

const FILES: [&str; 22] = [
    "rsa.pem",
    "rsa-public.pem",
    "rsa-certificate.pem",
    "rsa-certificate.der",
    "rsa-aes256.pem",
    "rsa.jwk",
    "p256.pem",
    "p256-public.pem",
    "p256-certificate.pem",
    "p256-request.pem",
    "p256-aes256.pem",
    "p256.p12",
    "keystore.jks",
    "several.jks",
    "several.p12",
    "box.json",
    "google.json",
    "openssh",
    "encrypted-traditional.pem",
    "refused-rsa-1024.pem",
    "ed25519.pem",
    "p384.pem",
];

const FINGERPRINT: &str = "SHA256:tm/paicg+jsQt9rCqzZFhhUnXy0HcLK7cIrkumWgsBA=";

fn folder() -> Folder {
    let folder = Folder::with_keys(FILES);
    folder.write("passphrase.txt", "secret");
    folder.write("wrong.txt", "wrong");
    folder
}

#[track_caller]
fn json(folder: &Folder, arguments: &str) -> Value {
    let run = folder.run(&format!("key inspect --output json {arguments}"));
    assert_eq!(run.stderr, "");
    serde_json::from_str(&run.success()).unwrap()
}

#[test]
fn a_private_key_is_told_with_what_providers_take_of_it() {
    let page = folder().run("key inspect rsa.pem").success();
    let start = format!(
        "rsa.pem: PEM, 1704 octets\n\nprivate key, RSA-2048\n  encryption   none\n  key SHA-256  {FINGERPRINT}  Snowflake\n"
    );
    assert!(page.starts_with(&start), "{page}");
    for command in [
        "jwt-bearer key public --key rsa.pem --format box",
        "jwt-bearer key public --key rsa.pem --format snowflake",
        "jwt-bearer key public --key rsa.pem --format jwks",
        "jwt-bearer key certificate --key rsa.pem --subject CN=jwt-bearer --out NEW.crt",
    ] {
        assert!(page.contains(command), "{page}");
    }
}

#[test]
fn every_command_that_it_gives_works() {
    let folder = folder();
    let mut count = 0;
    for file in [
        "rsa.pem",
        "p256.pem",
        "ed25519.pem",
        "rsa.jwk",
        "several.jks",
        "several.p12",
        "box.json",
    ] {
        let page = folder
            .run(&format!(
                "key inspect {file} --passphrase-file passphrase.txt"
            ))
            .success();
        assert!(page.contains("jwt-bearer key "), "{page}");
        for line in page.lines() {
            let Some(command) = line.trim().strip_prefix("jwt-bearer key ") else {
                continue;
            };
            // A file with more keys than one is quoted for the shell.
            let command = command
                .replace('\'', "")
                .replace("NEW", &format!("new-{count}"));
            let new = match command.contains("convert") {
                true => " --new-passphrase-file passphrase.txt",
                false => "",
            };
            let run = folder.run(&format!(
                "key {command} --passphrase-file passphrase.txt{new}"
            ));
            assert_eq!(run.code, Some(0), "{command}: {run:?}");
            count += 1;
        }
    }
    assert!(count > 10, "{count}");
}

#[test]
fn lines_fit_into_a_terminal() {
    let folder = folder();
    for file in FILES {
        let page = folder
            .run(&format!(
                "key inspect {file} --passphrase-file passphrase.txt"
            ))
            .success();
        // Commands stay in one piece, to be copied.
        let is_long = |line: &&str| line.chars().count() > 80 && !line.contains("jwt-bearer key ");
        let long: Vec<_> = page.lines().filter(is_long).collect();
        assert!(long.is_empty(), "{file}: {long:#?}");
    }
}

#[test]
fn what_is_encrypted_is_told_without_the_passphrase() {
    let folder = folder();
    let cases = [
        ("rsa-aes256.pem", "cannot be told without the passphrase"),
        ("encrypted-traditional.pem", "weak:"),
        ("keystore.jks", "certificate, P-256"),
        (
            "p256.p12",
            "What is in it cannot be told without its passphrase.",
        ),
    ];
    for (file, text) in cases {
        let page = folder.run(&format!("key inspect {file}")).success();
        assert!(page.contains(text), "{page}");
        assert!(page.contains("--passphrase-file FILE"), "{page}");
        let page = folder
            .command(&format!("key inspect {file} --passphrase-fd 0"))
            .stdin("secret\n")
            .run()
            .success();
        assert!(page.contains("key SHA-256  SHA256:"), "{page}");
        assert!(page.contains("private key, "), "{page}");
        assert!(!page.contains("--passphrase-file FILE"), "{page}");
    }
}

#[test]
fn other_files_are_told_with_what_to_do() {
    let folder = folder();
    let cases: [(&str, &[u8], &str, &str); 6] = [
        ("empty", b"", "an empty file", "make the file again"),
        (
            "page",
            b"<!DOCTYPE html>",
            "an HTML page",
            "fetch the file again",
        ),
        ("utf16", b"\xff\xfea\0", "UTF-16 text", "iconv"),
        (
            "noise",
            b"\0\x01\x02",
            "bytes of no known form",
            "Name another file",
        ),
        (
            "jwt",
            b"eyJhbGciOiJub25lIn0.e30.",
            "a JWT",
            "jwt-bearer inspect jwt",
        ),
        ("csr", b"hello", "text that is neither", "PEM begins with"),
    ];
    for (name, bytes, form, remedy) in cases {
        folder.write(name, bytes);
        let page = folder.run(&format!("key inspect {name}")).success();
        assert!(page.starts_with(&format!("{name}: {form}")), "{page}");
        assert!(page.contains(remedy), "{page}");
    }
}

#[test]
fn a_jwt_command_with_a_key_file_tells_of_this_one() {
    let folder = folder();
    for file in [
        "rsa.pem",
        "rsa-certificate.der",
        "keystore.jks",
        "p256.p12",
        "rsa.jwk",
    ] {
        let error = folder.run(&format!("inspect {file}")).failure(1);
        assert!(error.contains("`jwt-bearer key inspect FILE`"), "{error}");
    }
}

#[test]
fn what_belongs_together_is_told() {
    let folder = folder();
    folder.write(
        "several.pem",
        [
            &folder_text(&folder, "p256.pem")[..],
            &folder_text(&folder, "rsa-certificate.pem"),
        ]
        .concat(),
    );
    // All that is of one RSA key, and of one P-256 key.
    let rsa = [
        "rsa.pem",
        "rsa-public.pem",
        "rsa-certificate.pem",
        "rsa-certificate.der",
        "rsa-aes256.pem",
        "rsa.jwk",
        "box.json",
        "google.json",
        "several.pem",
    ];
    let p256 = [
        "p256.pem",
        "p256-public.pem",
        "p256-certificate.pem",
        "p256-request.pem",
        "p256-aes256.pem",
        "p256.p12",
        "keystore.jks",
        "encrypted-traditional.pem",
        "several.pem",
    ];
    let against = |one: &str, other: &str| {
        folder.run(&format!(
            "key inspect {one} --against {other} --passphrase-file passphrase.txt"
        ))
    };
    for set in [&rsa[..], &p256] {
        for one in set {
            for other in set {
                let page = against(one, other).success();
                assert!(
                    page.contains("\n  belongs together\n"),
                    "{one} {other}: {page}"
                );
            }
        }
    }
    for one in &rsa[..rsa.len() - 1] {
        for other in &p256[..p256.len() - 1] {
            for (one, other) in [(one, other), (other, one)] {
                let run = against(one, other);
                assert_eq!(run.code, Some(3), "{one} {other}: {run:?}");
                assert!(
                    run.stdout.contains("\n  does not belong together\n"),
                    "{run:?}"
                );
                assert!(
                    run.stderr
                        .contains("do not belong together: their keys differ"),
                    "{run:?}"
                );
            }
        }
    }
}

fn folder_text(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.path(name)).unwrap()
}

#[test]
fn a_certificate_of_another_key_is_told_with_the_command_that_makes_one() {
    let run = folder().run("key inspect rsa.pem --against p256-certificate.pem");
    assert_eq!(run.code, Some(3));
    assert!(run.stdout.contains(FINGERPRINT), "{run:?}");
    assert!(
        run.stderr.contains(
            "\n    jwt-bearer key certificate --key rsa.pem --subject CN=jwt-bearer --out NEW.crt\n"
        ),
        "{run:?}"
    );
}

#[test]
fn fingerprints_belong_in_every_form() {
    let folder = folder();
    let facts = json(&folder, "rsa-certificate.pem");
    let entry = &facts["entries"][0];
    let texts = [
        &entry["snowflake"],
        &entry["spki_sha256"],
        &entry["jwk_thumbprint"],
        &entry["certificate"]["sha1"],
        &entry["certificate"]["sha256"],
        &entry["certificate"]["x5t"],
        &entry["certificate"]["x5t#S256"],
    ];
    for text in texts {
        let text = text.as_str().unwrap();
        let page = folder
            .run(&format!("key inspect rsa-certificate.pem --against {text}"))
            .success();
        assert!(
            page.contains("belongs together") && page.contains("The fingerprint is the "),
            "{page}"
        );
        let run = folder.run(&format!("key inspect p256.pem --against {text}"));
        assert_eq!(run.code, Some(3), "{run:?}");
    }
    let run = folder.run(&format!("key inspect rsa.pem --against {FINGERPRINT}"));
    assert!(
        run.success()
            .contains("The fingerprint is the SHA-256 of its public key.")
    );
}

#[test]
fn a_file_is_held_against_a_key_in_the_environment() {
    let folder = folder();
    let pem = folder_text(&folder, "rsa.pem").replace('\n', "\\n");
    let run = |arguments: &str| folder.command(arguments).env("KEY", &pem).run();
    run("key inspect rsa-certificate.pem --against env:KEY").success();
    assert_eq!(run("key inspect p256.pem --against env:KEY").code, Some(3));
    let page = run("key inspect env:KEY").success();
    assert!(page.starts_with("the variable KEY: PEM, "), "{page}");
    assert!(page.contains("--key env:KEY --format box"), "{page}");
}

#[test]
fn an_alias_names_one_entry() {
    let folder = folder();
    let all = json(&folder, "several.jks");
    let alias = all["entries"][0]["alias"].as_str().unwrap();
    let of_one = json(&folder, &format!("file:several.jks?alias={alias}"));
    let entries = of_one["entries"].as_array().unwrap();
    assert!(entries.len() < all["entries"].as_array().unwrap().len());
    assert!(entries.iter().all(|entry| entry["alias"] == alias));
}

#[test]
fn json_has_all_of_it_and_nothing_private() {
    let folder = folder();
    for file in FILES {
        let facts = json(&folder, &format!("{file} --passphrase-file passphrase.txt"));
        let text = facts.to_string();
        for private in ["\"d\"", "\"p\"", "\"q\"", "PRIVATE KEY-----", "secret"] {
            assert!(!text.contains(private), "{file}: {text}");
        }
        assert_eq!(facts["file"], file);
        assert!(!facts["entries"].as_array().unwrap().is_empty(), "{file}");
    }
    let key = json(&folder, "rsa.pem --against rsa-certificate.pem");
    assert_eq!(key["against"]["belongs_together"], true);
    assert_eq!(key["against"]["matches"], serde_json::json!([[0, 0]]));
    assert_eq!(key["entries"][0]["kind"], "private key");
    assert_eq!(key["entries"][0]["key"], "RSA-2048");
    assert_eq!(key["entries"][0]["encryption"], Value::Null);
    let certificate = &json(&folder, "rsa-certificate.pem")["entries"][0]["certificate"];
    assert_eq!(certificate["is_self_signed"], true);
    assert!(certificate["not_after"].as_str().unwrap().ends_with('Z'));
    let run = folder.run("key inspect rsa.pem --against p256.pem --output json");
    assert_eq!(run.code, Some(3));
    let page: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(page["against"]["belongs_together"], false);
}

#[test]
fn names_in_a_file_do_nothing_to_a_terminal() {
    let folder = folder();
    folder.write("evil.jwk", r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"\u001b[31m\u202e"}"#);
    let page = folder.run("key inspect evil.jwk").success();
    assert!(page.contains(r"`\u{1b}[31m\u{202e}`"), "{page}");
    assert!(!page.contains(['\u{1b}', '\u{202e}']), "{page}");
}

/// Arguments; the exit code; how the error begins.
const WRONG: &[(&str, i32, &str)] = &[
    (
        "none.pem",
        2,
        "none.pem, for the file to inspect, cannot be read: ",
    ),
    (
        "folder",
        2,
        "folder, for the file to inspect, is a directory",
    ),
    (
        "large",
        2,
        "large is far too large to be the file to inspect",
    ),
    (
        "piv:9c",
        2,
        "piv:9c is a key in its place, where a file was expected",
    ),
    ("env:NONE", 3, "the environment variable NONE is not set"),
    (
        "damaged.pem",
        3,
        "damaged.pem: the PEM of `PRIVATE KEY` has no END line",
    ),
    (
        "file:several.jks?alias=none",
        3,
        "several.jks has nothing with the alias `none` in it",
    ),
    ("p256.p12 --passphrase-file wrong.txt", 3, "p256.p12: "),
    (
        "rsa-aes256.pem --passphrase-file wrong.txt",
        3,
        "rsa-aes256.pem: ",
    ),
    (
        "keystore.jks --passphrase-file wrong.txt",
        3,
        "keystore.jks: ",
    ),
    (
        "rsa.pem --passphrase-file none.txt",
        2,
        "none.txt, for the passphrase, cannot be read: ",
    ),
    (
        "rsa.pem --against none.pem",
        2,
        "--against is `none.pem`, which is no file and no fingerprint",
    ),
    (
        "rsa.pem --against abcdefgh",
        2,
        "--against is `abcdefgh`, which is no file and no fingerprint",
    ),
    (
        "rsa.pem --against folder",
        2,
        "folder, for the file to inspect, is a directory",
    ),
    (
        "rsa.pem --against passphrase.txt",
        3,
        "passphrase.txt has no key to compare: it is ",
    ),
    (
        "rsa.pem --against rsa-aes256.pem",
        3,
        "rsa-aes256.pem has no key to compare: ",
    ),
    (
        "rsa.pem --against p256.p12",
        3,
        "p256.p12 is encrypted, so that there is nothing to compare",
    ),
    (
        "openssh --against rsa.pem",
        3,
        "openssh has no key to compare: ",
    ),
    (
        "rsa.pem --against gpg:key",
        2,
        "`gpg:` is no known kind of key",
    ),
    ("rsa.pem --against awskms:", 2, "`awskms:` has no key"),
    (
        "rsa.pem --output yaml",
        2,
        "invalid value 'yaml' for '--output <OUTPUT>'",
    ),
    ("", 2, "the following required arguments were not provided:"),
];

#[test]
fn wrong_input_is_told() {
    let folder = folder();
    std::fs::create_dir(folder.path("folder")).unwrap();
    folder.write("large", vec![b'x'; 2 << 20]);
    folder.write("damaged.pem", "-----BEGIN PRIVATE KEY-----\nMIIE\n");
    let mut wrong = Vec::new();
    for (arguments, code, start) in WRONG {
        let run = folder.run(&format!("key inspect {arguments}"));
        if run.code != Some(*code) || !first_error(&run.stderr).starts_with(start) {
            wrong.push((arguments, run));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_key_given_in_place_of_its_file_is_not_repeated() {
    let folder = folder();
    let pem = folder_text(&folder, "ed25519.pem");
    let body = pem.lines().nth(1).unwrap();
    for arguments in ["key inspect", "key inspect rsa.pem --against"] {
        for key in [&pem[..], body] {
            let error = folder.command(arguments).arg(key).run().failure(2);
            assert!(error.contains("looks like a key itself"), "{error}");
            assert!(!error.contains(body), "{error}");
        }
    }
}

#[test]
fn the_id_of_a_key_goes_into_its_public_jwk() {
    let folder = folder();
    let kid = |arguments: &str| -> Value {
        let page = folder
            .run(&format!("key public --format jwk {arguments}"))
            .success();
        serde_json::from_str::<Value>(&page).unwrap()["kid"].clone()
    };
    let facts = json(&folder, "google.json");
    let id = &facts["entries"][0]["key_id"];
    assert!(id.is_string());
    assert_eq!(kid("--key google.json"), *id);
    assert_eq!(kid("--key google.json --key-id mine"), "mine");
    assert_eq!(
        kid("--key rsa.pem"),
        json(&folder, "rsa.pem")["entries"][0]["jwk_thumbprint"]
    );
}

#[test]
#[cfg(not(any(feature = "aws-kms", feature = "piv")))]
fn a_key_elsewhere_is_opened_to_compare_it() {
    let folder = folder();
    for (key, error) in [
        ("awskms:alias/box", "this build has no AWS KMS in it"),
        ("piv:9c", "this build has no PIV tokens in it"),
    ] {
        let stderr = folder
            .run(&format!("key inspect rsa-certificate.pem --against {key}"))
            .failure(3);
        assert!(stderr.contains(error), "{stderr}");
    }
}

#[test]
#[ignore = "needs script"]
fn a_terminal_is_asked_for_the_passphrase_where_nothing_can_be_told_without() {
    let folder = folder();
    let prompt = |file: &str| format!("Passphrase of {file} (Enter to go on without): ");
    for (arguments, file) in [
        ("key inspect p256.p12", "p256.p12"),
        (
            "key inspect p256.pem --against p256-aes256.pem",
            "p256-aes256.pem",
        ),
    ] {
        let shown = typed(&folder, arguments, &[(&prompt(file), "secret")]);
        assert!(shown.contains("private key, P-256"), "{shown}");
        assert!(!shown.contains("cannot be told"), "{shown}");
    }
    let shown = typed(
        &folder,
        "key inspect p256.p12",
        &[(&prompt("p256.p12"), "")],
    );
    assert!(
        shown.contains("cannot be told without its passphrase"),
        "{shown}"
    );
    // What tells enough is not asked for.
    let shown = typed(&folder, "key inspect rsa-aes256.pem", &[]);
    assert!(
        shown.contains("PBES2") && !shown.contains("Passphrase of"),
        "{shown}"
    );
}
