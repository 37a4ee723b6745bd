//! A YubiKey keeps the promises of the trait, with every algorithm and in every kind of slot.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use jwt_bearer::piv::{PivKey, Slot};
use jwt_bearer_signer::{KeyKind, Signer};
use tokio::sync::Mutex;

use conformance::{Place, conforms};

#[path = "support/conformance.rs"]
mod conformance;
#[path = "support/hidden.rs"]
mod hidden;

/// The second of the two virtual tokens, which knows all kinds of keys.
const SERIAL: u32 = 23_456_789;
/// As the card takes it.
const PIN: &[u8; 8] = b"123456\xff\xff";

/// There is one token for all the tests.
static TURN: Mutex<()> = Mutex::const_new(());

/// Makes a key by `ykman`, checks it with every algorithm that it can sign with, and says how many these are.
async fn piv(slot: &str, kind: &str, options: &[&str]) -> usize {
    let _turn = TURN.lock().await;
    factory();
    let ykman = PathBuf::from(variable("JWT_BEARER_TEST_PYTHON")).with_file_name("ykman");
    let management_key = "010203040506070801020304050607080102030405060708";
    let made = Command::new(ykman)
        .args(["--device", &SERIAL.to_string(), "piv", "keys", "generate"])
        .args(["-m", management_key, "-P", "123456", "-a", kind])
        .args(options)
        .args([slot, "-"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");

    let slot: Slot = slot.parse().unwrap();
    let key = PivKey::new(slot)
        .serial(SERIAL)
        .key_id("key-1")
        .pin("123456".into());
    let usual = key.clone().open().await.unwrap();
    assert_eq!(usual.public_key().to_spki_pem().as_bytes(), made.stdout);
    let algorithms = KeyKind::algorithms(usual.public_key().kind());
    assert_eq!(usual.algorithm(), algorithms[0]);
    for algorithm in algorithms {
        let signer = key.clone().algorithm(*algorithm).open().await.unwrap();
        assert_eq!(signer.algorithm(), *algorithm);
        assert_eq!(signer.key_id(), Some("key-1"));
        conforms(Arc::new(signer), Place::Device, PIN).await;
    }
    algorithms.len()
}

/// The token as new, by its control socket.
fn factory() {
    let socket = PathBuf::from(variable("JWT_BEARER_TEST_PIV")).join("b.sock");
    let mut stream = UnixStream::connect(socket).unwrap();
    let limit = std::time::Duration::from_secs(30);
    stream.set_read_timeout(Some(limit)).unwrap();
    writeln!(stream, "factory").unwrap();
    let mut reply = String::new();
    BufReader::new(stream).read_line(&mut reply).unwrap();
    assert_eq!(reply, "ok\n");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the environment tells where the virtual tokens are"
)]
fn variable(name: &str) -> OsString {
    std::env::var_os(name).unwrap_or_else(|| {
        panic!("{name} is not set; run the tests as the README of jwt-bearer-signer-piv tells")
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs pcscd with two virtual tokens"]
async fn rsa_2048_in_9a() {
    assert_eq!(piv("9a", "RSA2048", &[]).await, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs pcscd with two virtual tokens"]
async fn rsa_3072_in_9d() {
    assert_eq!(piv("9d", "RSA3072", &[]).await, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs pcscd with two virtual tokens"]
async fn rsa_4096_in_a_retired_slot() {
    assert_eq!(piv("82", "RSA4096", &[]).await, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs pcscd with two virtual tokens"]
async fn p256_in_each_kind_of_slot() {
    for slot in ["9a", "9c", "9d", "9e", "95"] {
        assert_eq!(piv(slot, "ECCP256", &[]).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs pcscd with two virtual tokens"]
async fn p384_in_9c() {
    assert_eq!(piv("9c", "ECCP384", &["--touch-policy", "cached"]).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs pcscd with two virtual tokens"]
async fn ed25519_in_9e() {
    assert_eq!(piv("9e", "ED25519", &["--touch-policy", "always"]).await, 1);
}
