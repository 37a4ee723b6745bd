//! Runs the example with a YubiKey as a reader would, with a virtual one.
#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the environment names the token and its program"
)]

use std::path::Path;
use std::process::Command;

#[test]
#[ignore = "needs pcscd with two virtual tokens, and ykman"]
fn the_yubikey_example_runs() {
    let python = std::env::var_os("JWT_BEARER_TEST_PYTHON").expect("JWT_BEARER_TEST_PYTHON is set");
    let made = Command::new(Path::new(&python).with_file_name("ykman"))
        .args(["--device", "23456789", "piv", "keys", "generate"])
        .args(["-m", "010203040506070801020304050607080102030405060708"])
        .args(["-P", "123456", "-a", "RSA2048", "9c", "-"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");

    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let example = profile.join("examples").join("yubikey_piv");
    let output = Command::new("timeout")
        .arg("60")
        .arg(example)
        .args(["9c", "23456789"])
        .env("YUBIKEY_PIN", "123456")
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{stdout}{:?}", output.stderr);
    let last = stdout.lines().last().unwrap_or_default();
    let expected = "a token of 48 characters for the enterprise 1234567";
    assert_eq!(last, expected, "{stdout}");
}
