//! `jwt-bearer sandbox`, and `jwt-bearer token` against it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::bad_input::first_error;
use crate::server::{BOX, SECRET};
use crate::settings::box_config;
use crate::support::{BOUND, Folder};

const SANDBOX: &str = "sandbox --listen 127.0.0.1:0 --provider box --client-id app \
     --client-secret-file secret.txt --register key-1=rsa-public.pem --enterprise 1234567 --user 7654321";

fn folder() -> Folder {
    let folder = Folder::with_keys([
        "p256-public.pem",
        "rsa-3072.pem",
        "rsa-certificate.pem",
        "rsa-public.pem",
        "rsa.pem",
    ]);
    folder.write("secret.txt", SECRET);
    folder
}

/// A sandbox that runs as a process. It is killed when this is dropped.
struct Server {
    child: Child,
    endpoint: String,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Server {
    fn start(folder: &Folder, arguments: &str) -> Self {
        let mut child = folder
            .process(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = lines(child.stdout.take().unwrap());
        let stderr = lines(child.stderr.take().unwrap());
        let mut server = Self {
            child,
            endpoint: String::new(),
            stdout,
            stderr,
        };
        server.endpoint = server.stdout.recv_timeout(BOUND).unwrap();
        server
    }

    /// The next line on standard error.
    fn line(&self) -> String {
        self.stderr.recv_timeout(BOUND).unwrap()
    }

    /// Skips what it says when it starts.
    fn started(folder: &Folder, arguments: &str) -> Self {
        let server = Self::start(folder, arguments);
        while server.line() != "token endpoint, until interrupted:" {}
        server
    }

    fn token(&self, folder: &Folder, arguments: &str) -> crate::support::Run {
        folder.run(&format!("{arguments} --token-endpoint {}", self.endpoint))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of a stream as they come, until it ends.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

#[test]
fn tokens_come_from_the_endpoint_that_it_prints_alone() {
    let folder = folder();
    let server = Server::start(&folder, SANDBOX);
    assert!(server.endpoint.starts_with("http://127.0.0.1:"));
    assert!(server.endpoint.ends_with("/oauth2/token"));
    assert_eq!(
        server.line(),
        "registered: RSA-2048 key, key id key-1, thumbprint HRrRKYON2f0tkRdveFszRnfe-mHrCK-zQaXpcfTp7O4"
    );
    assert_eq!(
        server.line(),
        format!(
            "protected resource: {}",
            server.endpoint.replace("/oauth2/token", "/2.0/users/me")
        )
    );
    assert_eq!(server.line(), "token endpoint, until interrupted:");
    server
        .token(&folder, &format!("{BOX} --enterprise 1234567"))
        .token();
    server
        .token(&folder, &format!("{BOX} --user 7654321"))
        .token();
    for _ in 0..2 {
        assert_eq!(server.line(), "POST /oauth2/token 200");
    }
    assert!(
        server.stdout.try_recv().is_err(),
        "the endpoint is the only line"
    );
}

#[test]
fn refused_requests_are_logged_without_secrets() {
    let folder = folder();
    let server = Server::started(&folder, SANDBOX);
    server
        .token(
            &folder,
            &(BOX.replace("rsa.pem", "rsa-3072.pem") + " --user 7654321"),
        )
        .failure(4);
    server.token(&folder, &format!("{BOX} --user 7")).failure(4);
    for expected in [
        "POST /oauth2/token 400 invalid_grant: Signature verification error. The public key identified by \"kid\" must correspond to the private key used for signing.",
        "POST /oauth2/token 400 invalid_grant: Please check the 'sub' claim. The 'sub' specified is invalid.",
    ] {
        let line = server.line();
        assert_eq!(line, expected);
        assert!(!line.contains("eyJ") && !line.contains(SECRET), "{line}");
    }
}

#[test]
fn a_query_is_not_logged() {
    let folder = folder();
    let server = Server::started(&folder, SANDBOX);
    let endpoint = format!("{}?client_secret={SECRET}", server.endpoint);
    folder.run(&format!("{BOX} --user 7654321 --token-endpoint {endpoint}"));
    let line = server.line();
    assert!(line.starts_with("POST /oauth2/token "), "{line}");
    assert!(!line.contains(SECRET), "{line}");
}

#[test]
fn faults_come_in_order_and_end() {
    let folder = folder();
    let server = Server::started(
        &folder,
        &format!("{SANDBOX} --fault status=503,retry-after=2 --fault reset*2"),
    );
    let arguments = format!("{BOX} --user 7654321");
    for code in [5, 5, 5] {
        server.token(&folder, &arguments).failure(code);
    }
    server.token(&folder, &arguments).token();
    let log: Vec<_> = (0..4).map(|_| server.line()).collect();
    assert_eq!(
        log,
        [
            "POST /oauth2/token 503",
            "POST /oauth2/token no reply",
            "POST /oauth2/token no reply",
            "POST /oauth2/token 200"
        ]
    );
}

#[test]
fn a_skewed_clock_refuses_assertions() {
    let folder = folder();
    for skew in ["600", "-600"] {
        let server = Server::started(&folder, &format!("{SANDBOX} --skew {skew}"));
        let stderr = server
            .token(&folder, &format!("{BOX} --user 7654321"))
            .failure(4);
        assert!(
            stderr.contains("\n  seen: this machine is at least "),
            "{stderr}"
        );
    }
}

#[test]
fn an_app_that_nobody_authorised_is_refused() {
    let folder = folder();
    let server = Server::started(&folder, &format!("{SANDBOX} --condition unauthorized"));
    let stderr = server
        .token(&folder, &format!("{BOX} --user 7654321"))
        .failure(4);
    assert_eq!(
        first_error(&stderr),
        "the server refused: unauthorized_client: This app is not authorized by the enterprise admin"
    );
}

#[test]
fn a_state_is_named() {
    let folder = folder();
    let server = Server::started(
        &folder,
        &format!("{SANDBOX} --condition no-user-tokens --condition scope-missing"),
    );
    let stderr = server
        .token(&folder, &format!("{BOX} --user 7654321"))
        .failure(4);
    assert_eq!(
        first_error(&stderr),
        "the server refused: invalid_request: Cannot obtain user token based on the enterprise configuration for your app"
    );
    server
        .token(&folder, &format!("{BOX} --enterprise 1234567"))
        .token();
}

#[test]
fn a_limit_of_logins_is_kept() {
    let folder = folder();
    let server = Server::started(
        &folder,
        "sandbox --listen 127.0.0.1:0 --provider salesforce --client-id consumer \
         --register rsa-certificate.pem --user ann@example.com --login-limit 1",
    );
    let salesforce =
        "token --provider salesforce --issuer consumer --subject ann@example.com --key rsa.pem";
    server.token(&folder, salesforce).token();
    let stderr = server.token(&folder, salesforce).failure(4);
    assert_eq!(
        first_error(&stderr),
        "the server refused: LOGIN_RATE_EXCEEDED"
    );
}

#[test]
fn other_algorithms_and_words_are_taken() {
    let folder = folder();
    let server = Server::started(
        &folder,
        "sandbox --listen 127.0.0.1:0 --provider generic --client-id app --register key-1=rsa-public.pem \
         --user ann --algorithm PS256 --algorithm RS384 --wording google",
    );
    let generic =
        "token --provider generic --issuer app --subject ann --key rsa.pem --key-id key-1";
    server
        .token(&folder, &format!("{generic} --algorithm RS384"))
        .token();
    let stderr = server
        .token(&folder, &format!("{generic} --algorithm RS256"))
        .failure(4);
    assert_eq!(
        first_error(&stderr),
        "the server refused: invalid_grant: the header's 'alg' is missing or not allowed: give one of PS256, RS384"
    );
    let other = generic.replace("key-1", "key-2");
    let stderr = server
        .token(&folder, &format!("{other} --algorithm RS384"))
        .failure(4);
    assert_eq!(
        first_error(&stderr),
        "the server refused: invalid_grant: Invalid JWT Signature."
    );
}

#[test]
fn any_refusal_can_be_had() {
    let folder = folder();
    let server = Server::started(
        &folder,
        &format!("{SANDBOX} --fault error=418:teapot:short*"),
    );
    let stderr = server
        .token(&folder, &format!("{BOX} --user 7654321"))
        .failure(4);
    assert_eq!(first_error(&stderr), "the server refused: teapot: short");
    assert_eq!(server.line(), "POST /oauth2/token 418 teapot: short");
}

#[test]
fn other_providers_and_audiences_are_imitated_too() {
    let folder = folder();
    let server = Server::started(
        &folder,
        "sandbox --listen 127.0.0.1:0 --provider salesforce --client-id consumer \
         --register rsa-certificate.pem --user ann@example.com",
    );
    server
        .token(
            &folder,
            "token --provider salesforce --issuer consumer --subject ann@example.com --key rsa.pem",
        )
        .token();
    let server = Server::started(
        &folder,
        "sandbox --listen 127.0.0.1:0 --provider generic --client-id app --register key-1=rsa-public.pem \
         --user ann --audience https://as.example",
    );
    let generic =
        "token --provider generic --issuer app --subject ann --key rsa.pem --key-id key-1";
    server
        .token(&folder, &format!("{generic} --audience https://as.example"))
        .token();
    server.token(&folder, generic).failure(4);
}

#[test]
fn users_are_found_by_the_address_that_is_given() {
    let folder = folder();
    let server = Server::started(&folder, &format!("{SANDBOX} --login 55=ann@example.com"));
    let arguments = format!("{BOX} --enterprise 1234567 --login");
    server
        .token(&folder, &format!("{arguments} ann@example.com"))
        .token();
    let stderr = server
        .token(&folder, &format!("{arguments} bob@example.com"))
        .failure(4);
    assert_eq!(
        first_error(&stderr),
        "Box knows no user who logs in as `bob@example.com` in this enterprise"
    );
    // The user is a subject too.
    server.token(&folder, &format!("{BOX} --user 55")).token();
}

#[test]
fn https_is_served_with_a_certificate() {
    let folder = folder();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    folder.write("tls.pem", made.cert.pem());
    folder.write("tls-key.pem", made.signing_key.serialize_pem());
    let server = Server::started(
        &folder,
        &format!("{SANDBOX} --tls-certificate tls.pem --tls-key tls-key.pem"),
    );
    assert!(server.endpoint.starts_with("https://127.0.0.1:"));
    server
        .token(&folder, &format!("{BOX} --user 7654321 --ca-file tls.pem"))
        .token();
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_in_peace() {
    let folder = folder();
    let mut server = Server::started(&folder, SANDBOX);
    server
        .token(&folder, &format!("{BOX} --user 7654321"))
        .token();
    let mut shell = Command::new("sh");
    folder.isolate(&mut shell);
    let sent = shell
        .args([
            "-c",
            "kill -INT \"$1\"",
            "sh",
            &server.child.id().to_string(),
        ])
        .status()
        .unwrap();
    assert!(sent.success());
    let start = Instant::now();
    let status = loop {
        if let Some(status) = server.child.try_wait().unwrap() {
            break status;
        }
        assert!(start.elapsed() < BOUND, "it did not end");
        thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(status.code(), Some(0));
    // The port is free again.
    server
        .token(&folder, &format!("{BOX} --user 7654321"))
        .failure(5);
}

#[test]
fn what_cannot_be_served_is_refused() {
    let folder = folder();
    folder.write("notes.txt", "nothing");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let with = |from: &str, to: &str| {
        assert!(SANDBOX.contains(from));
        SANDBOX.replace(from, to)
    };
    let cases = [
        (
            with("127.0.0.1:0", "0.0.0.0:0"),
            "the sandbox listens on loopback only: 0.0.0.0:0 can be reached by others; give 127.0.0.1 or [::1]",
        ),
        (
            with("127.0.0.1:0", "8099"),
            "invalid value '8099' for '--listen <ADDR>': invalid socket address syntax",
        ),
        (
            format!("{SANDBOX} --login ann@example.com"),
            "invalid value 'ann@example.com' for '--login <ID=EMAIL>': expected NAME=VALUE",
        ),
        (
            with("127.0.0.1:0", &taken),
            "the address cannot be listened on: TAKEN: Address already in use",
        ),
        (
            with("rsa-public.pem", "rsa.pem"),
            "rsa.pem: found a private key, expected a public key or a certificate in PEM or DER: `jwt-bearer key public --key FILE --out NEW` writes the public key; keep the private one to yourself",
        ),
        (
            with("rsa-public.pem", "none.pem"),
            "none.pem, for the public key to register, cannot be read: No such file or directory",
        ),
        (
            with("rsa-public.pem", "notes.txt"),
            "notes.txt: found text that is neither PEM nor base64, expected a public key or a certificate in PEM or DER: name another file; PEM begins with `-----BEGIN`",
        ),
        (
            with("key-1=rsa-public.pem", "key-1="),
            "invalid value 'key-1=' for '--register <[KID=]FILE>': no file is named; it looks like key-1=public.pem",
        ),
        (
            format!("{SANDBOX} --register key-1=p256-public.pem"),
            "no server of this dialect could be set up like this: two keys have the kid `key-1`; give each its own, so that an assertion can name it",
        ),
        (
            with("--client-secret-file secret.txt", ""),
            "no server of this dialect could be set up like this: an app at Box has a client secret; give one",
        ),
        (
            with("secret.txt", "none.txt"),
            "none.txt, for the client secret, cannot be read: No such file or directory",
        ),
        (
            with("--provider box", "--provider generic"),
            "no server of this dialect could be set up like this: generic knows no enterprises as subjects; give a user",
        ),
        (
            with("--provider box", "--provider salesforce").replace("--enterprise 1234567", ""),
            "no server of this dialect could be set up like this: salesforce knows no `kid`; register the key without",
        ),
        (
            format!("{SANDBOX} --fault explode"),
            "invalid value 'explode' for '--fault <SPEC>': `explode` is not one of status=503, error=CODE:TEXT, delay=2s, hang, reset, reset-mid, truncate, drip=50ms, html, empty, oversize, redirect=URL, no-token, content-type=TEXT",
        ),
        (
            format!("{SANDBOX} --fault error=600:invalid_client"),
            "invalid value 'error=600:invalid_client' for '--fault <SPEC>': `error=600:invalid_client` is not one of status=503, error=CODE:TEXT, delay=2s, hang, reset, reset-mid, truncate, drip=50ms, html, empty, oversize, redirect=URL, no-token, content-type=TEXT",
        ),
        (
            format!("{SANDBOX} --condition locked"),
            "invalid value 'locked' for '--condition <NAME>'",
        ),
        (
            format!("{SANDBOX} --condition user-locked"),
            "no server of this dialect could be set up like this: box cannot be user-locked",
        ),
        (
            format!("{SANDBOX} --algorithm rs256"),
            "invalid value 'rs256' for '--algorithm <NAME>': `rs256` is not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, ES256K, EdDSA",
        ),
        (
            format!("{SANDBOX} --login-limit 5"),
            "no server of this dialect could be set up like this: box counts no logins",
        ),
        (
            format!("{SANDBOX} --algorithm ES256"),
            "no server of this dialect could be set up like this: box takes no ES256",
        ),
        (
            format!("{SANDBOX} --wording google"),
            "no server of this dialect could be set up like this: box has words of its own; only generic takes others",
        ),
        (
            format!("{SANDBOX} --wording aol"),
            "invalid value 'aol' for '--wording <NAME>'",
        ),
        (
            format!("{SANDBOX} --login-limit many"),
            "invalid value 'many' for '--login-limit <NUMBER>': invalid digit found in string",
        ),
        (
            with("--enterprise 1234567", "--enterprise 0"),
            "no server of this dialect could be set up like this: a Box account with the enterprise id 0 has no enterprise; give a user",
        ),
        (
            format!("{SANDBOX} --skew soon"),
            "invalid value 'soon' for '--skew <SECONDS>': invalid digit found in string",
        ),
        (
            format!("{SANDBOX} --tls-certificate rsa-certificate.pem"),
            "the following required arguments were not provided:",
        ),
        (
            format!("{SANDBOX} --tls-certificate notes.txt --tls-key rsa.pem"),
            "the certificate and its key cannot be used for TLS: peer sent no certificates",
        ),
        (
            format!("{SANDBOX} --tls-certificate rsa-certificate.pem --tls-key notes.txt"),
            "the certificate and its key cannot be used for TLS: no items found",
        ),
        (
            format!("{SANDBOX} --tls-certificate rsa-certificate.pem --tls-key rsa-3072.pem"),
            "the certificate and its key cannot be used for TLS: keys may not be consistent: KeyMismatch",
        ),
    ];
    for (arguments, expected) in cases {
        let stderr = folder.run(&arguments).failure(2);
        let lines: Vec<_> = stderr
            .lines()
            .skip_while(|line| line.starts_with("registered: "))
            .collect();
        let error = first_error(&lines.join("\n")).replace(&taken, "TAKEN");
        assert_eq!(error, expected, "{arguments}");
    }
}

#[test]
fn the_app_of_boxes_configuration_file() {
    let folder = Folder::with_keys(["rsa-aes256.pem", "rsa-public.pem", "rsa.pem"]);
    let pem = std::fs::read_to_string(folder.path("rsa-aes256.pem")).unwrap();
    let config = box_config(Some(pem));
    folder.write("box.json", &config);
    folder.write(
        "free.json",
        config.replace("\"1234567\"", "\"0\",\"userID\":\"7654321\""),
    );
    folder.write("keyless.json", box_config(None));
    for (config, register, key) in [
        ("box", "", ""),
        ("box", "", "--key rsa.pem"),
        ("free", "", ""),
        (
            "keyless",
            "--register key-1=rsa-public.pem",
            "--key rsa.pem",
        ),
        (
            "box",
            "--provider box --register key-2=rsa-public.pem",
            "--key rsa.pem --key-id key-2",
        ),
    ] {
        let config = format!("--box-config {config}.json");
        let server = Server::start(
            &folder,
            &format!("sandbox --listen 127.0.0.1:0 {config} {register}"),
        );
        let run = server.token(&folder, &format!("token {config} {key}"));
        assert!(!run.token().is_empty(), "{config} {register} {key}");
    }
    for (arguments, expected) in [
        (
            "--box-config keyless.json",
            "error: Box's configuration file has no private key in it, so that the app's key is not known\n  hint: --register",
        ),
        (
            "--box-config box.json --provider salesforce",
            "error: --box-config is for --provider box alone\n",
        ),
        (
            "--box-config box.json --client-id app",
            "error: the argument '--box-config <FILE>' cannot be used with '--client-id <TEXT>'\n",
        ),
        ("--box-config none.json", "error: "),
        (
            "--provider box",
            "error: the following required arguments were not provided:\n  --client-id <TEXT>\n  --register <[KID=]FILE>\n",
        ),
        (
            "--client-id app --register rsa-public.pem",
            "error: the following required arguments were not provided:\n  --provider <PROVIDER>\n",
        ),
    ] {
        let stderr = folder.run(&format!("sandbox {arguments}")).failure(2);
        assert!(stderr.starts_with(expected), "{arguments}: {stderr}");
        assert!(!stderr.contains(SECRET), "{stderr}");
    }
}
