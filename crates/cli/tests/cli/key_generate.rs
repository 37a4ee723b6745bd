//! `jwt-bearer key generate`.

use std::fs;

use crate::support::Folder;

const TYPES: [&str; 6] = [
    "rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384", "ed25519",
];

#[test]
fn a_key_is_made_for_its_owner_alone_and_its_public_key_printed() {
    for kind in TYPES {
        let folder = Folder::new();
        let run = folder.run(&format!("key generate --type {kind} --out new.pem"));
        let first = run.stderr.lines().next().unwrap().to_ascii_lowercase();
        assert_eq!(
            first,
            format!(
                "new.pem: a new {kind} key, not encrypted, so keep it from other people's eyes"
            )
        );
        let printed = run.success();
        let private = fs::read_to_string(folder.path("new.pem")).unwrap();
        assert!(private.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert_eq!(folder.run("key public --key new.pem").success(), printed);
        #[cfg(unix)]
        assert_is_for_owner_alone(&folder, "new.pem");
        assert_eq!(folder.content().len(), 1, "nothing else was written");
    }
}

#[cfg(unix)]
#[track_caller]
pub(crate) fn assert_is_for_owner_alone(folder: &Folder, name: &str) {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(folder.path(name)).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_encrypted_key_needs_its_passphrase() {
    let folder = Folder::new();
    folder.write("passphrase.txt", "7f3aQ secret\n");
    for reference in [
        "--passphrase-env PASSPHRASE",
        "--encrypt --passphrase-file passphrase.txt",
    ] {
        let run = folder
            .command(&format!(
                "key generate --type p-256 --out new.pem {reference}"
            ))
            .env("PASSPHRASE", "7f3aQ secret")
            .run();
        assert!(
            run.stderr
                .starts_with("new.pem: a new P-256 key, encrypted\n"),
            "{run:?}"
        );
        assert!(!run.stderr.contains("7f3aQ"));
        let printed = run.success();
        let private = fs::read_to_string(folder.path("new.pem")).unwrap();
        assert!(private.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        let public = "key public --key new.pem";
        assert!(
            folder
                .run(public)
                .failure(3)
                .contains("new.pem is encrypted")
        );
        let public = folder.run(&format!("{public} --passphrase-file passphrase.txt"));
        assert_eq!(public.success(), printed);
        fs::remove_file(folder.path("new.pem")).unwrap();
    }
}

/// On the name of the file that the key is in, whatever it is.
#[test]
fn a_name_that_looks_like_a_flag_does_no_harm() {
    let folder = Folder::new();
    let run = folder.run("key generate --type rsa-2048 --out=-x.pem");
    let stderr = run.stderr.clone();
    run.success();
    for line in stderr.lines().filter(|line| line.starts_with("  ")) {
        assert!(line.contains(" --key ./-x.pem "), "{line}");
        folder.run(&format!("key {}", &line[24..])).success();
    }
    assert!(folder.path("-x.crt").exists());
}

#[test]
fn a_file_is_never_overwritten() {
    let folder = Folder::with_keys(["rsa.pem"]);
    let before = fs::read(folder.path("rsa.pem")).unwrap();
    let stderr = folder.run("key generate --out rsa.pem").failure(2);
    assert!(
        stderr.starts_with("error: rsa.pem is there already, and is not overwritten\n"),
        "{stderr}"
    );
    assert_eq!(fs::read(folder.path("rsa.pem")).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn a_link_to_nowhere_is_not_followed() {
    let folder = Folder::new();
    std::os::unix::fs::symlink("elsewhere", folder.path("link")).unwrap();
    let stderr = folder
        .run("key generate --type p-256 --out link")
        .failure(2);
    assert!(
        stderr.starts_with("error: link is there already"),
        "{stderr}"
    );
    assert!(!folder.path("elsewhere").exists());
}

#[test]
fn what_to_do_with_the_key_depends_on_its_kind_and_can_be_run() {
    let folder = Folder::new();
    for (kind, commands) in [("rsa-2048", 4), ("p-256", 1), ("p-384", 1), ("ed25519", 1)] {
        let run = folder.run(&format!("key generate --type {kind} --out it's-{kind}.pem"));
        let stderr = run.stderr.clone();
        run.success();
        assert_eq!(
            kind == "rsa-2048",
            stderr.contains("Box and DocuSign take the public key above")
        );
        let mut seen = 0;
        for line in stderr.lines().filter(|line| line.starts_with("  ")) {
            let (_, command) = line.split_at(24);
            // The name of the file is quoted for a shell.
            let command = command
                .replace(r"'it'\''s-", "it's-")
                .replace(".pem'", ".pem")
                .replace(".crt'", ".crt");
            folder.run(&format!("key {command}")).success();
            seen += 1;
        }
        assert_eq!(seen, commands, "{stderr}");
    }
    assert!(folder.path("it's-rsa-2048.crt").exists());
}

#[test]
fn rsa_alone_is_the_size_that_every_provider_takes() {
    let folder = Folder::new();
    let run = folder.run("key generate --type rsa --out new.pem");
    assert!(
        run.stderr.starts_with("new.pem: a new RSA-2048 key, "),
        "{run:?}"
    );
    run.success();
}
