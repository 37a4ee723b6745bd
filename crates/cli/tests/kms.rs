//! The command with keys in a KMS emulator: from the key to the token.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the environment names the emulator"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use process::{output, program};
use sandbox::Sandbox;

#[path = "support/process.rs"]
mod process;
#[path = "support/sandbox.rs"]
mod sandbox;

/// The emulator's origin, `http://127.0.0.1:PORT`.
fn emulator() -> String {
    std::env::var("JWT_BEARER_TEST_KMS").expect("JWT_BEARER_TEST_KMS names no KMS emulator")
}

/// Calls the emulator as the AWS API is called, but for the signature, which it does not check.
fn call(operation: &str, body: &Value) -> Value {
    let origin = emulator();
    let address = origin.strip_prefix("http://").unwrap();
    let body = body.to_string();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: {address}\r\nX-Amz-Target: TrentService.{operation}\r\n\
         Content-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\nConnection: close\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/kms/aws4_request, SignedHeaders=host, \
         Signature=0\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let json = reply.find('{').unwrap_or_else(|| panic!("{reply}"));
    serde_json::from_str(
        reply[json..]
            .rsplit_once('}')
            .map(|(json, _)| format!("{json}}}"))
            .unwrap()
            .as_str(),
    )
    .unwrap_or_else(|error| panic!("{error}: {reply}"))
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jwt-bearer"));
    command
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "SECRET-OF-AWS")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_REGION", "eu-central-1")
        .env("CLIENT_SECRET", "sandbox")
        .stdin(Stdio::null());
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    output(command(directory, arguments))
}

fn succeed(directory: &Path, arguments: &[&str]) -> String {
    let output = run(directory, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    assert!(!stderr.contains("SECRET"), "{stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// Key made in KMS, public key registered with the sandbox, token.
fn from_key_to_token(spec: &str, provider: &str, algorithm: &str) {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let key = call(
        "CreateKey",
        &json!({"KeySpec": spec, "KeyUsage": "SIGN_VERIFY"}),
    );
    let id = key["KeyMetadata"]["KeyId"].as_str().unwrap();
    let alias = format!("alias/command-{}", spec.to_lowercase().replace('_', "-"));
    call(
        "CreateAlias",
        &json!({"AliasName": alias, "TargetKeyId": id}),
    );
    let uri = format!("awskms:{alias}?region=eu-central-1&endpoint={}", emulator());

    let pem = succeed(directory, &["key", "public", "--key", &uri]);
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{pem}");
    std::fs::write(directory.join("public.pem"), &pem).unwrap();
    let jwk = succeed(
        directory,
        &[
            "key", "public", "--key", &uri, "--format", "jwk", "--key-id", "key-1",
        ],
    );
    let jwk: Value = serde_json::from_str(&jwk).unwrap();
    assert_eq!(
        (&jwk["alg"], &jwk["kid"]),
        (&json!(algorithm), &json!("key-1"))
    );

    let subject = ["--enterprise", "1234567"];
    let user = ["--user", "ann"];
    let sandbox = Sandbox::start(command(
        directory,
        &[
            &[
                "sandbox",
                "--provider",
                provider,
                "--listen",
                "127.0.0.1:0",
                "--client-id",
                "app",
            ][..],
            &["--register", "key-1=public.pem"],
            if provider == "box" {
                &["--client-secret-env", "CLIENT_SECRET"]
            } else {
                &[]
            },
            if provider == "box" { &subject } else { &user },
        ]
        .concat(),
    ));
    let token = succeed(
        directory,
        &[
            &[
                "token",
                "--provider",
                provider,
                "--token-endpoint",
                &sandbox.1,
                "--issuer",
                "app",
            ][..],
            &["--key", &uri, "--key-id", "key-1"],
            if provider == "box" {
                &["--client-secret-env", "CLIENT_SECRET"]
            } else {
                &[]
            },
            if provider == "box" {
                &subject
            } else {
                &["--subject", "ann"]
            },
        ]
        .concat(),
    );
    assert!(token.trim().len() > 20 && token.ends_with('\n'), "{token}");
}

#[test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
fn an_rsa_key_gets_a_box_token() {
    from_key_to_token("RSA_2048", "box", "RS256");
}

#[test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
fn a_p256_key_gets_a_token() {
    from_key_to_token("ECC_NIST_P256", "generic", "ES256");
}

/// Certificate and request of a key that stays in KMS, checked by OpenSSL and by Python's cryptography.
fn from_key_to_certificate(spec: &str) {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let key = call(
        "CreateKey",
        &json!({"KeySpec": spec, "KeyUsage": "SIGN_VERIFY"}),
    );
    let id = key["KeyMetadata"]["KeyId"].as_str().unwrap();
    let uri = format!("awskms:{id}?region=eu-central-1&endpoint={}", emulator());
    let subject = ["--subject", "CN=box,O=Example\\, Inc.,C=DE"];
    let public = ["key", "public", "--key", &uri];
    succeed(directory, &[&public[..], &["--out", "public.pem"]].concat());
    succeed(
        directory,
        &[&public[..], &["--format", "jwks", "--out", "a.jwks"]].concat(),
    );
    let certificate = [
        "key",
        "certificate",
        "--key",
        &uri,
        "--days",
        "730",
        "--out",
        "a.crt",
    ];
    succeed(directory, &[&certificate[..], &subject].concat());
    let csr = [
        "key",
        "csr",
        "--key",
        &uri,
        "--format",
        "der",
        "--out",
        "a.csr.der",
    ];
    succeed(directory, &[&csr[..], &subject].concat());

    let verified = program(
        directory,
        "openssl",
        "verify -x509_strict -check_ss_sig -CAfile a.crt a.crt",
    );
    assert_eq!(verified, "a.crt: OK\n", "{spec}");
    let verified = program(
        directory,
        "openssl",
        "req -verify -noout -inform DER -in a.csr.der",
    );
    assert!(verified.contains("verify OK"), "{spec}: {verified}");
    succeed(directory, &["key", "inspect", "a.crt", "--against", &uri]);
    let python = std::env::var("JWT_BEARER_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys.py");
    let arguments = format!("{script} . public.pem a.crt a.csr.der a.jwks");
    assert_eq!(
        program(directory, &python, &arguments),
        "sound a.crt\nsound a.csr.der\nsound a.jwks\n"
    );
}

#[test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS, openssl, and python3 with cryptography and jwcrypto"]
fn every_kind_of_key_signs_its_certificate_and_its_request() {
    for spec in [
        "RSA_2048",
        "RSA_3072",
        "RSA_4096",
        "ECC_NIST_P256",
        "ECC_NIST_P384",
        "ECC_NIST_P521",
        "ECC_SECG_P256K1",
        "ECC_NIST_EDWARDS25519",
    ] {
        from_key_to_certificate(spec);
    }
}

#[test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
fn a_key_in_kms_is_not_converted_and_signs_no_certificate_without_credentials() {
    let directory = tempfile::tempdir().unwrap();
    let key = call(
        "CreateKey",
        &json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}),
    );
    let id = key["KeyMetadata"]["KeyId"].as_str().unwrap();
    let uri = format!("awskms:{id}?region=eu-central-1&endpoint={}", emulator());
    let convert = [
        "key",
        "convert",
        "--key",
        &uri,
        "--to",
        "jwk",
        "--unencrypted",
        "--out",
        "new",
    ];
    let output = run(directory.path(), &convert);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("never leaves its place"), "{stderr}");

    let certificate = [
        "key",
        "certificate",
        "--key",
        &uri,
        "--subject",
        "CN=box",
        "--out",
        "new",
    ];
    let output = command(directory.path(), &certificate)
        .env_remove("AWS_ACCESS_KEY_ID")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(
        stderr.starts_with("error: the use of the key was denied: "),
        "{stderr}"
    );
    assert!(!directory.path().join("new").exists());
}

#[test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
fn what_cannot_be_opened_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let endpoint = emulator();
    let cases = [
        (
            format!("awskms:alias/no-such?region=eu-central-1&endpoint={endpoint}"),
            "error: the key was not found: ",
        ),
        (
            "awskms:arn:aws:kms:us-east-1:1:key/x?region=eu-central-1".into(),
            "error: the key was not found: arn:aws:kms:us-east-1:1:key/x is in us-east-1 by its ARN",
        ),
        (
            "awskms:alias/x?region=eu-central-1&endpoint=ftp://h".into(),
            "error: the key was not found: the endpoint is no URL",
        ),
    ];
    for (key, start) in cases {
        let output = run(directory.path(), &["key", "public", "--key", &key]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{stderr}");
        assert!(stderr.starts_with(start), "{stderr}");
    }
}

/// Refuses whoever asks for credentials, as a machine that is none of AWS can.
fn metadata_service() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(
                b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            );
        }
    });
    format!("http://{address}")
}

#[test]
fn a_machine_without_credentials_is_told_where_they_go() {
    let directory = tempfile::tempdir().unwrap();
    let service = metadata_service();
    for verb in ["doctor", "token"] {
        let mut command = command(directory.path(), &[verb]);
        let flags = "--provider generic --issuer app --subject ann --token-endpoint http://127.0.0.1:9/token \
             --key awskms:alias/none?region=eu-central-1";
        command
            .args(flags.split_whitespace())
            .env_remove("AWS_ACCESS_KEY_ID")
            .env_remove("AWS_SECRET_ACCESS_KEY")
            .env_remove("AWS_EC2_METADATA_DISABLED")
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &service)
            .env("HOME", directory.path());
        let output = output(command);
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8(told).unwrap();
        let words: Vec<_> = told.split_whitespace().collect();
        let expected = "no AWS credentials were found: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or run `aws configure`";
        assert!(words.join(" ").contains(expected), "{verb}: {told}");
    }
}

#[test]
#[ignore = "needs a KMS emulator at JWT_BEARER_TEST_KMS"]
fn signatures_that_are_paid_for_are_measured_when_someone_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let key = call(
        "CreateKey",
        &json!({"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}),
    );
    let id = key["KeyMetadata"]["KeyId"].as_str().unwrap();
    let uri = format!("awskms:{id}?region=eu-central-1&endpoint={}", emulator());
    let bench = [
        "bench",
        "--key",
        &uri,
        "--concurrency",
        "1,2",
        "--count",
        "3",
    ];
    let price =
        "7 calls cost less than 0.0001 dollars, at 0.03 dollars for 10000 with a key of RSA-2048";

    let asked = run(directory, &bench);
    let stderr = String::from_utf8(asked.stderr).unwrap();
    assert_eq!(asked.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains(price), "{stderr}");
    assert!(stderr.contains("nobody is there to be asked"), "{stderr}");
    assert!(!stderr.contains("one signature with"), "{stderr}");

    let dry = run(directory, &[&bench[..], &["--dry-run"]].concat());
    let stderr = String::from_utf8(dry.stderr).unwrap();
    assert!(dry.status.success() && dry.stdout.is_empty(), "{stderr}");
    assert!(stderr.contains(price), "{stderr}");
    assert!(
        stderr.ends_with("a dry run: nothing was signed\n"),
        "{stderr}"
    );

    let report = succeed(
        directory,
        &[&bench[..], &["--yes", "--output", "json"]].concat(),
    );
    let report: Value = serde_json::from_str(&report).unwrap();
    for round in report["rounds"].as_array().unwrap() {
        assert_eq!(
            (&round["signatures"], &round["failures"]),
            (&json!(3), &json!(0))
        );
    }
    assert_eq!(report["rounds"].as_array().unwrap().len(), 2);
}
