//! The command with keys in two virtual YubiKeys behind pcscd: from the key to the token.
#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the environment names the tokens and their programs"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use process::{output, program};
use sandbox::Sandbox;

#[path = "support/process.rs"]
mod process;
#[path = "support/sandbox.rs"]
mod sandbox;

/// The token of version 5.7.1, which knows all kinds of keys.
const SERIAL: &str = "23456789";
const PIN: &str = "123456";
/// White space would end an argument here, so that its space is escaped.
const SUBJECT: &str = "--subject CN=box,O=Example\\,\\20Inc.,C=DE";
const MANAGEMENT_KEY: &str = "010203040506070801020304050607080102030405060708";

/// The tokens belong to one test at a time.
static TOKENS: Mutex<()> = Mutex::new(());

/// Both tokens as from the factory, and a folder with the PIN in a file.
struct Stand {
    folder: TempDir,
    _tokens: MutexGuard<'static, ()>,
}

impl Stand {
    fn new() -> Self {
        let tokens = TOKENS.lock().unwrap_or_else(|error| error.into_inner());
        for token in ["a", "b"] {
            tell(token, "touch now");
            tell(token, "factory");
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pin"), format!("{PIN}\n")).unwrap();
        std::fs::write(folder.path().join("wrong"), "987654\n").unwrap();
        Self {
            folder,
            _tokens: tokens,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes a key with ykman; how `--key` names it.
    fn generate(&self, slot: &str, options: &str) -> String {
        let arguments = format!(
            "--device {SERIAL} piv keys generate -m {MANAGEMENT_KEY} -P {PIN} {options} {slot} {slot}.pub"
        );
        program(self.path(), ykman(), &arguments);
        format!("piv:{slot}?serial={SERIAL}")
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jwt-bearer"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.path())
            .env_clear()
            .env("CLIENT_SECRET", "sandbox")
            .env("TOKEN_PIN", format!("{PIN}\n"))
            .env("JWT_BEARER_NO_RETRY", "true")
            .stdin(Stdio::null());
        command
    }

    fn sandbox(&self, arguments: &str) -> Sandbox {
        Sandbox::start(self.command(&format!("sandbox --listen 127.0.0.1:0 {arguments}")))
    }

    fn run(&self, arguments: &str) -> Output {
        output(self.command(arguments))
    }

    fn succeed(&self, arguments: &str) -> (String, String) {
        let output = self.run(arguments);
        let [stdout, stderr] =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(output.status.success(), "{arguments}: {stderr}");
        assert!(!shows_pin(&stderr), "{stderr}");
        (stdout, stderr)
    }

    fn fail(&self, arguments: &str, code: i32, text: &str) {
        let output = self.run(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments}: {stderr}");
        assert!(stderr.contains(text), "{arguments}: {stderr}");
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert_eq!(stdout, "", "{arguments}");
        assert!(!shows_pin(&stderr), "{stderr}");
    }
}

/// Whether a PIN of these tests is in the text, apart from the serial number that begins as one does.
fn shows_pin(text: &str) -> bool {
    [PIN, "987654"]
        .iter()
        .any(|pin| text.replace("12345678", "").contains(pin))
}

/// Has a token do something.
fn tell(token: &str, command: &str) -> String {
    let directory = std::env::var_os("JWT_BEARER_TEST_PIV")
        .expect("JWT_BEARER_TEST_PIV names no virtual tokens: run this by tests/virtual-piv/stack");
    let mut socket =
        UnixStream::connect(PathBuf::from(directory).join(format!("{token}.sock"))).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    writeln!(socket, "{command}").unwrap();
    let mut reply = String::new();
    BufReader::new(socket).read_line(&mut reply).unwrap();
    assert!(!reply.starts_with("error"), "{command}: {reply}");
    reply.trim().into()
}

fn python() -> PathBuf {
    std::env::var_os("JWT_BEARER_TEST_PYTHON")
        .expect("JWT_BEARER_TEST_PYTHON names no Python with cryptography and yubikey-manager")
        .into()
}

fn ykman() -> PathBuf {
    python().with_file_name("ykman")
}

#[test]
#[ignore = "needs pcscd with two virtual tokens, and ykman"]
fn an_rsa_key_gets_a_box_token() {
    let stand = Stand::new();
    let uri = stand.generate("9c", "-a RSA2048");
    stand.succeed(&format!("key public --key {uri} --out public.pem"));
    let sandbox = stand.sandbox(
        "--provider box --client-id app --enterprise 1234567 --client-secret-env CLIENT_SECRET --register key-1=public.pem",
    );
    let (token, _) = stand.succeed(&format!(
        "token --provider box --token-endpoint {} --issuer app --enterprise 1234567 --client-secret-env CLIENT_SECRET \
         --key {uri} --key-id key-1 --pin-file pin",
        sandbox.1
    ));
    assert!(token.trim().len() > 20, "{token}");
}

#[test]
#[ignore = "needs pcscd with two virtual tokens, and ykman"]
fn a_p256_key_gets_a_token() {
    let stand = Stand::new();
    let uri = stand.generate("9a", "-a ECCP256 --touch-policy always");
    stand.succeed(&format!("key public --key {uri} --out public.pem"));
    tell("b", "clear");
    let sandbox =
        stand.sandbox("--provider generic --client-id app --user ann --register key-1=public.pem");
    let (token, stderr) = stand.succeed(&format!(
        "token --provider generic --token-endpoint {} --issuer app --subject ann --key {uri} --key-id key-1 \
         --pin-env TOKEN_PIN",
        sandbox.1
    ));
    assert!(token.trim().len() > 20, "{token}");
    // Two questions for the tries, the PIN, and its taking back.
    let count = tell("b", "count");
    assert!(count.split(' ').any(|one| one == "verify=4"), "{count}");
    let touch = format!("Touch the token now: slot 9a of YubiKey {SERIAL} waits for it.\n");
    assert_eq!(stderr, touch);
}

#[test]
#[ignore = "needs pcscd with two virtual tokens, ykman, openssl, and python3 with cryptography and jwcrypto"]
fn every_kind_of_key_signs_its_certificate_and_its_request() {
    let stand = Stand::new();
    let kinds = [
        ("9a", "RSA2048"),
        ("9c", "RSA3072"),
        ("9d", "RSA4096"),
        ("9e", "ECCP256"),
        ("82", "ECCP384"),
        ("95", "ED25519"),
    ];
    for (slot, kind) in kinds {
        let uri = stand.generate(slot, &format!("-a {kind}"));
        let made = |what: &str, out: &str| {
            stand.succeed(&format!(
                "key {what} --key {uri} --pin-file pin --out {kind}-{out}"
            ));
        };
        made("public", "public.pem");
        made("public --format jwks", "a.jwks");
        made(&format!("certificate {SUBJECT} --days 730"), "a.crt");
        made(&format!("csr {SUBJECT} --format der"), "a.csr.der");
        let verified = program(
            stand.path(),
            "openssl",
            &format!("verify -x509_strict -check_ss_sig -CAfile {kind}-a.crt {kind}-a.crt"),
        );
        assert_eq!(verified, format!("{kind}-a.crt: OK\n"));
        let verified = program(
            stand.path(),
            "openssl",
            &format!("req -verify -noout -inform DER -in {kind}-a.csr.der"),
        );
        assert!(verified.contains("verify OK"), "{kind}: {verified}");
        stand.succeed(&format!("key inspect {kind}-a.crt --against {uri}"));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys.py");
        let files =
            ["public.pem", "a.crt", "a.csr.der", "a.jwks"].map(|name| format!("{kind}-{name}"));
        let sound = program(
            stand.path(),
            python(),
            &format!("{script} . {}", files.join(" ")),
        );
        assert_eq!(sound.matches("sound").count(), 3, "{kind}: {sound}");
    }
}

#[test]
#[ignore = "needs pcscd with two virtual tokens, and ykman"]
fn tokens_and_keys_are_listed() {
    let stand = Stand::new();
    stand.generate("9a", "-a ECCP256 --pin-policy once --touch-policy cached");
    program(
        stand.path(),
        ykman(),
        &format!(
            "--device {SERIAL} piv certificates generate -m {MANAGEMENT_KEY} -P {PIN} -s CN=box 9a 9a.pub"
        ),
    );
    stand.generate("82", "-a X25519");
    let (page, _) = stand.succeed("key list --piv");
    for line in [
        "YubiKey 12345678, version 5.4.3, in Yubico YubiKey CCID 00 00",
        "  no key; ykman makes one: ykman piv keys generate --algorithm ECCP256 9a public.pem",
        "YubiKey 23456789, version 5.7.1, in Yubico YubiKey CCID 00 01",
        "  piv:9a?serial=23456789",
        "    P-256, signs ES256",
        "    PIN once, touch cached; public key from the metadata",
        "    certificate of CN=box",
        "  piv:82?serial=23456789",
        "    an X25519 key, which cannot sign, signs no JWT",
    ] {
        assert!(page.lines().any(|other| other == line), "{line}: {page}");
    }
}

#[test]
#[ignore = "needs pcscd with two virtual tokens, and ykman"]
fn what_cannot_be_signed_is_told_and_costs_no_try() {
    let stand = Stand::new();
    let uri = stand.generate("9c", "-a ECCP256");
    let assertion = |key: &str, rest: &str| {
        format!(
            "assertion --provider generic --issuer me --subject you --audience https://x.example --key {key} {rest}"
        )
    };
    let one = |rest: &str| assertion(&uri, rest);
    std::fs::write(stand.path().join("long"), "1234567890").unwrap();
    let cases = [
        (one(""), 3, "name it with --pin-env NAME or --pin-file FILE"),
        (one("--pin-file long"), 3, "more than 8 octets"),
        (
            assertion("piv:9c?pin-value=123456", ""),
            2,
            "a PIN does not stand",
        ),
        (one("--pin-file missing"), 2, "missing"),
        (one("--pin-env NO_SUCH"), 2, "is not set"),
        (
            one("--pin-file pin --pin-env TOKEN_PIN"),
            2,
            "set one of them",
        ),
        (one("--pin-file pin --algorithm RS256"), 3, "RS256"),
        (
            assertion("piv:9c", "--pin-file pin"),
            3,
            "12345678, 23456789",
        ),
        (
            assertion("piv:9c?serial=1", "--pin-file pin"),
            3,
            "YubiKey 1 is not plugged in",
        ),
        (
            assertion(&format!("piv:9d?serial={SERIAL}"), "--pin-file pin"),
            3,
            "holds no key",
        ),
        (assertion("piv:9b", ""), 2, "is no slot that holds a key"),
        (
            assertion("piv:9c?pin=123456", ""),
            2,
            "a PIN does not stand",
        ),
    ];
    for (arguments, code, text) in &cases {
        stand.fail(arguments, *code, text);
    }
    assert_eq!(tell("b", "tries"), "pin=3 puk=3");

    stand.fail(&one("--pin-file wrong"), 3, "takes 2 more tries");
    stand.fail(&one("--pin-file wrong"), 3, "takes 1 more try");
    stand.fail(&one("--pin-file wrong"), 3, "it was not spent");
    assert_eq!(tell("b", "tries"), "pin=1 puk=3");
    stand.fail(
        &one("--pin-file wrong --spend-last-try"),
        3,
        "is blocked after too many wrong ones",
    );
    stand.fail(
        &one("--pin-file pin"),
        3,
        "ykman --device 23456789 piv access unblock-pin",
    );
}

/// Runs the command in a terminal, and types the answer when this text has come; what the terminal has shown, and whether
/// the command succeeded.
fn at_a_terminal(stand: &Stand, arguments: &str, text: &str, answer: &str) -> (String, bool) {
    let line = format!(
        "timeout --foreground 60 {} {arguments}; s=$?; stty -a; exit $s",
        env!("CARGO_BIN_EXE_jwt-bearer")
    );
    let mut terminal = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(stand.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keyboard = terminal.stdin.take().unwrap();
    let mut shown = terminal.stdout.take().unwrap();
    let mut screen = String::new();
    while !screen.ends_with(text) {
        let mut byte = [0];
        assert_eq!(shown.read(&mut byte).unwrap(), 1, "{screen}");
        screen.push(byte[0].into());
    }
    // The echo goes off after the prompt has come, and what was typed earlier is lost.
    thread::sleep(Duration::from_secs(1));
    writeln!(keyboard, "{answer}").unwrap();
    shown.read_to_string(&mut screen).unwrap();
    let is_success = terminal.wait().unwrap().success();
    assert!(screen.contains(" echo "), "{screen}");
    (screen, is_success)
}

#[test]
#[ignore = "needs pcscd with two virtual tokens, ykman, and script"]
fn the_pin_is_asked_for_at_a_terminal() {
    let stand = Stand::new();
    let uri = stand.generate("9c", "-a ECCP256 --touch-policy always");
    let (screen, is_success) = at_a_terminal(
        &stand,
        &format!(
            "assertion --provider generic --issuer me --subject you --audience https://x.example --key '{uri}'"
        ),
        &format!("PIN for slot 9c of YubiKey {SERIAL} (3 tries left): "),
        PIN,
    );
    assert!(is_success, "{screen}");
    assert!(!shows_pin(&screen), "{screen}");
    assert!(screen.contains("Touch the token now"), "{screen}");
    assert!(screen.contains("eyJ"), "{screen}");
}

/// The limit is over while the prompt is open. The terminal shows again what is typed when the command has ended.
#[test]
#[ignore = "needs pcscd with two virtual tokens, ykman, and script"]
fn a_pin_that_does_not_come_in_time_leaves_the_terminal_as_it_was() {
    let stand = Stand::new();
    let uri = stand.generate("9c", "-a ECCP256");
    let (screen, is_success) = at_a_terminal(
        &stand,
        &format!(
            "token --provider generic --token-endpoint http://127.0.0.1:1/token --issuer me --subject you --key '{uri}' \
             --timeout 2"
        ),
        "Press Enter to get the terminal back.",
        "",
    );
    assert!(!is_success, "{screen}");
    assert!(
        screen.contains("The question above was not answered in time."),
        "{screen}"
    );
    assert_eq!(tell("b", "tries"), "pin=3 puk=3");
}
