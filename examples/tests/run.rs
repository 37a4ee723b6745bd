//! Runs every example as a reader would.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Every example, with the start of its last line.
const EXAMPLES: [(&str, &str); 5] = [
    (
        "box_enterprise_token",
        "a token of 48 characters for the enterprise 1234567, good for ",
    ),
    ("box_user_token", "a token for the user 7654321, good for "),
    (
        "client_authentication",
        "a token for the client demo-app with orders.read orders.write",
    ),
    (
        "custom_signer",
        "a token for an assertion signed with ES256",
    ),
    (
        "salesforce_token",
        r#"the call says: {"preferred_username":"ann@example.com"}"#,
    ),
];

/// Whatever takes this long hangs.
const LIMIT: Duration = Duration::from_secs(120);

#[test]
fn every_example_runs() {
    let deadline = Instant::now() + LIMIT;
    let running = EXAMPLES.map(|(name, line)| (name, line, start(name)));
    for (name, line, mut child) in running {
        while child.try_wait().unwrap().is_none() {
            if Instant::now() > deadline {
                child.kill().unwrap();
                panic!("{name} hangs");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let output = child.wait_with_output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{name}: {stderr}");
        assert_eq!(stderr, "", "{name}");
        let last = stdout.lines().last().unwrap_or_default();
        assert!(last.starts_with(line), "{name}: {stdout}");
    }
}

#[test]
fn every_file_is_an_example_in_the_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: BTreeSet<_> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut names: BTreeSet<_> = EXAMPLES.map(|(name, _)| name.to_owned()).into();
    // It needs AWS KMS; the tests of the command run it against an emulator.
    names.insert("aws_kms".into());
    // It needs a YubiKey; another test runs it with a virtual one.
    names.insert("yubikey_piv".into());
    assert_eq!(files, names);

    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    for name in names {
        assert!(
            readme.contains(&format!("\n| [`{name}`]({name}.rs) |")),
            "{name}"
        );
    }
}

fn start(name: &str) -> Child {
    let path = executable(name);
    Command::new(&path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "{}: {error}; Cargo builds it for `cargo test -p jwt-bearer-examples`, and not when targets are chosen",
                path.display()
            )
        })
}

/// The example that Cargo built beside this test: `examples/NAME` next to `deps`.
fn executable(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let deps = test.parent().unwrap();
    let profile = deps.parent().unwrap();
    profile.join("examples").join(format!("{name}{EXE_SUFFIX}"))
}
