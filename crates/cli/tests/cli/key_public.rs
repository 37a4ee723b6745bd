//! `jwt-bearer key public`, in all its formats.

use std::fs;
use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::Folder;

const KEYS: [&str; 4] = ["rsa", "p256", "p384", "ed25519"];

fn folder() -> Folder {
    let folder = Folder::with_keys([
        "rsa.pem",
        "rsa-public.pem",
        "p256.pem",
        "p256-public.pem",
        "p384.pem",
        "p384-public.pem",
        "ed25519.pem",
        "ed25519-public.pem",
    ]);
    folder.write("passphrase.txt", "secret");
    folder
}

fn public_pem(folder: &Folder, key: &str) -> String {
    fs::read_to_string(folder.path(&format!("{key}-public.pem"))).unwrap()
}

fn base64(pem: &str) -> String {
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

#[test]
fn der_is_what_stands_in_the_pem() {
    let folder = folder();
    for key in KEYS {
        let der = STANDARD.decode(base64(&public_pem(&folder, key))).unwrap();
        // As a pipe gets it, and as a file.
        let mut process = folder.process(&format!("key public --format der --key {key}.pem"));
        let output = process.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(output.stdout, der, "{key}");
        let run = folder.run(&format!(
            "key public --format der --key {key}.pem --out {key}.der"
        ));
        assert_eq!(run.success(), "");
        assert_eq!(fs::read(folder.path(&format!("{key}.der"))).unwrap(), der);
    }
}

#[test]
fn a_set_has_the_jwk_in_it() {
    let folder = folder();
    for key in KEYS {
        for flags in ["", " --key-id key-1"] {
            let json = |format: &str| -> Value {
                let run = folder.run(&format!(
                    "key public --format {format} --key {key}.pem{flags}"
                ));
                assert_eq!(run.stderr, "");
                serde_json::from_str(&run.success()).unwrap()
            };
            let (set, jwk) = (json("jwks"), json("jwk"));
            assert_eq!(set, serde_json::json!({"keys": [jwk]}));
            let members = set["keys"][0].as_object().unwrap();
            let private = ["d", "p", "q", "dp", "dq", "qi"];
            assert!(private.iter().all(|name| !members.contains_key(*name)));
        }
    }
}

#[test]
fn box_gets_pem_and_is_told_where_to_paste_it() {
    let folder = folder();
    let run = folder.run("key public --format box --key rsa.pem");
    assert!(
        run.stderr
            .starts_with("Paste all of it into Box's developer console"),
        "{run:?}"
    );
    assert_eq!(run.success(), public_pem(&folder, "rsa"));
}

#[test]
fn snowflake_gets_base64_in_one_line_and_the_fingerprint() {
    let folder = folder();
    let run = folder.run("key public --format snowflake --key rsa.pem");
    assert!(
        run.stderr.contains("ALTER USER name SET RSA_PUBLIC_KEY="),
        "{run:?}"
    );
    // The fingerprint is by `openssl pkey -pubout -outform DER | openssl dgst -sha256 -binary | base64`.
    assert_eq!(
        run.success(),
        format!(
            "RSA_PUBLIC_KEY={}\nRSA_PUBLIC_KEY_FP=SHA256:tm/paicg+jsQt9rCqzZFhhUnXy0HcLK7cIrkumWgsBA=\n",
            base64(&public_pem(&folder, "rsa"))
        )
    );
}

#[test]
fn a_result_goes_to_a_new_file() {
    let folder = folder();
    let run = folder.run("key public --key p256.pem --out new.pem");
    assert_eq!(run.stderr, "");
    assert_eq!(run.success(), "");
    assert_eq!(
        fs::read_to_string(folder.path("new.pem")).unwrap(),
        public_pem(&folder, "p256")
    );
}
