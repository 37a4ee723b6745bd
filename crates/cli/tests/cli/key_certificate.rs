//! `jwt-bearer key certificate` and `key csr`.

use std::fs;

use crate::support::Folder;

const KEYS: [&str; 4] = ["rsa.pem", "p256.pem", "p384.pem", "ed25519.pem"];

fn folder() -> Folder {
    Folder::with_keys([
        "rsa.pem",
        "rsa-aes256.pem",
        "p256.pem",
        "p384.pem",
        "ed25519.pem",
    ])
}

#[test]
fn a_certificate_holds_the_public_key_and_salesforce_can_take_it() {
    let folder = folder();
    for key in KEYS {
        let run = folder.run(&format!(
            "key certificate --key {key} --subject CN=box --days 730"
        ));
        assert!(run.stderr.starts_with("CN=box, signed with "), "{run:?}");
        assert!(run.stderr.contains(", in 1 year 364 days\n"), "{run:?}");
        assert_eq!(
            key == "rsa.pem",
            run.stderr
                .contains("  --algorithm PS256 --header x5t#S256=")
                && run.stderr.contains("  --algorithm RS256 --header x5t=")
        );
        let pem = run.success();
        assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n") && pem.len() < 4096);
        // A sandbox reads it, and knows the key by it.
        folder.write("certificate.pem", &pem);
        let mut sandbox = folder.process(
            "sandbox --provider salesforce --listen 127.0.0.1:0 --client-id app --user ann --register certificate.pem",
        );
        sandbox.stdout(std::process::Stdio::piped());
        let mut sandbox = Stopped(sandbox.stderr(std::process::Stdio::null()).spawn().unwrap());
        let endpoint = sandbox.endpoint();
        let code = folder
            .run(&format!(
                "token --provider generic --issuer app --subject ann --audience https://login.salesforce.com \
                 --token-endpoint {endpoint} --key {key}"
            ))
            .code;
        // Salesforce takes RSA alone.
        assert_eq!(code, Some(if key == "rsa.pem" { 0 } else { 4 }), "{key}");
    }
}

/// A process that ends with the test.
struct Stopped(std::process::Child);

impl Stopped {
    /// The line that a sandbox prints first.
    fn endpoint(&mut self) -> String {
        use std::io::{BufRead, BufReader};
        let mut line = String::new();
        let stdout = self.0.stdout.take().unwrap();
        let stdout = std::io::Read::take(stdout, 1024);
        BufReader::new(stdout).read_line(&mut line).unwrap();
        line.trim().into()
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn certificates_and_requests_go_to_new_files_in_pem_and_der() {
    let folder = folder();
    for (verb, label) in [
        ("certificate", "CERTIFICATE"),
        ("csr", "CERTIFICATE REQUEST"),
    ] {
        let command = format!("key {verb} --key ed25519.pem --subject CN=box");
        let run = folder.run(&format!("{command} --out {verb}.pem"));
        let told = match verb {
            "csr" => "csr.pem: a request for CN=box, signed with EdDSA, to send to an authority\n",
            _ => "CN=box, signed with EdDSA, valid until ",
        };
        assert!(run.stderr.starts_with(told), "{run:?}");
        assert_eq!(run.success(), "");
        let pem = fs::read_to_string(folder.path(&format!("{verb}.pem"))).unwrap();
        assert!(
            pem.starts_with(&format!("-----BEGIN {label}-----\n")),
            "{pem}"
        );
        folder
            .run(&format!("{command} --format der --out {verb}.der"))
            .success();
        let der = fs::read(folder.path(&format!("{verb}.der"))).unwrap();
        assert!(der.starts_with(&[0x30]) && der.len() < pem.len(), "{der:?}");
        let stderr = folder
            .run(&format!("{command} --out {verb}.pem"))
            .failure(2);
        assert!(stderr.contains("is there already"), "{stderr}");
        assert_eq!(
            fs::read_to_string(folder.path(&format!("{verb}.pem"))).unwrap(),
            pem
        );
    }
}

#[test]
fn a_request_on_standard_output_says_nothing_besides() {
    let folder = folder();
    let run = folder
        .command(
            "key csr --key rsa-aes256.pem --passphrase-env PASSPHRASE --algorithm rs512 --subject",
        )
        .arg("CN=box, O=Example\\, Inc.")
        .env("PASSPHRASE", "secret")
        .run();
    assert_eq!(run.stderr, "");
    assert!(
        run.success()
            .starts_with("-----BEGIN CERTIFICATE REQUEST-----\n")
    );
}

#[test]
fn the_certificate_is_of_the_key_in_an_encrypted_file() {
    let folder = folder();
    let run = folder
        .command("key certificate --key rsa-aes256.pem --passphrase-env PASSPHRASE --subject CN=box --out box.crt")
        .env("PASSPHRASE", "secret")
        .run();
    run.success();
    let converted = folder
        .command("key convert --key rsa.pem --to pkcs12 --certificate box.crt --new-passphrase-env PASSPHRASE --out box.p12")
        .env("PASSPHRASE", "secret")
        .run();
    // It says so if the certificate belongs to another key.
    assert!(
        converted
            .stderr
            .starts_with("box.p12: the RSA-2048 key of rsa.pem\n"),
        "{converted:?}"
    );
}
