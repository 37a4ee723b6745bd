//! Prompts, on a terminal that the program `script` makes.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::server::{BOX, SECRET, boxed, start};
use crate::support::Folder;

/// What the terminal showed in the end, after each answer was typed behind its prompt.
pub(crate) fn typed(folder: &Folder, arguments: &str, answers: &[(&str, &str)]) -> String {
    let (success, shown) = ended(folder, arguments, answers);
    assert!(success, "{shown}");
    shown
}

/// Whether the command succeeded, and the same.
pub(crate) fn ended(folder: &Folder, arguments: &str, answers: &[(&str, &str)]) -> (bool, String) {
    let mut script = Command::new("script");
    folder.isolate(&mut script);
    script.env("TERM", "xterm");
    // Against hanging; in the foreground, since a terminal is closed to other processes.
    let command = format!(
        "timeout --foreground 60 {} {arguments}",
        env!("CARGO_BIN_EXE_jwt-bearer")
    );
    let mut child = script
        .args(["-qec", &command, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut shown = String::new();
    for (prompt, answer) in answers {
        while !shown.ends_with(prompt) {
            let mut byte = [0];
            assert_eq!(stdout.read(&mut byte).unwrap(), 1, "{shown}");
            shown.push(byte[0].into());
        }
        // The echo goes off after the prompt has come, and what was typed earlier is lost.
        thread::sleep(Duration::from_secs(1));
        writeln!(stdin, "{answer}").unwrap();
    }
    stdout.read_to_string(&mut shown).unwrap();
    drop(stdin);
    (child.wait().unwrap().success(), shown)
}

#[test]
#[ignore = "needs script"]
fn secrets_are_asked_for_and_not_echoed() {
    let folder = Folder::with_keys(["rsa-aes256.pem"]);
    let server = start(boxed());
    let endpoint = server.token_endpoint();
    let arguments = BOX
        .replace("rsa.pem", "rsa-aes256.pem")
        .replace(" --client-secret-file secret.txt", "");
    let shown = typed(
        &folder,
        &format!("{arguments} --user 7654321 --token-endpoint {endpoint}"),
        &[
            ("Passphrase of rsa-aes256.pem: ", "secret"),
            ("Client secret: ", SECRET),
        ],
    );
    let request = server.requests().remove(0);
    assert_eq!(request.status(), Some(200));
    assert_eq!(request.parameter("client_secret").unwrap(), SECRET);
    let lines: Vec<_> = shown.lines().map(str::trim_end).collect();
    let [first, second, token] = lines[..] else {
        panic!("{shown}");
    };
    assert_eq!(first, "Passphrase of rsa-aes256.pem:");
    assert_eq!(second, "Client secret:");
    assert!(crate::server::call(&server, token).starts_with("HTTP/1.1 200 "));
}

#[test]
#[ignore = "needs script"]
fn a_check_asks_for_no_client_secret() {
    let folder = Folder::with_keys(["rsa.pem"]);
    folder.write(
        "jwt-bearer.toml",
        "[profiles.prod]\nprovider = 'box'\nissuer = 'app'\nuser = '7654321'\nkey = 'rsa.pem'\n",
    );
    let shown = typed(&folder, "profile check prod", &[]);
    assert!(shown.starts_with("prod: ok, "), "{shown}");
    assert!(
        shown.ends_with(", with a client secret from a prompt\r\n"),
        "{shown}"
    );
}

#[test]
#[ignore = "needs script"]
fn colours_are_for_terminals() {
    let folder = Folder::new();
    let jwt = "inspect eyJhbGciOiJub25lIn0.e30.";
    assert!(typed(&folder, jwt, &[]).contains('\u{1b}'));
}

#[test]
#[ignore = "needs script"]
fn explain_says_what_to_paste_and_how_to_end() {
    let error = r#"{"error":"invalid_grant","error_description":"invalid assertion"}"#;
    let pasted = format!("{error}\n\u{4}");
    let shown = typed(
        &Folder::new(),
        "explain",
        &[("Nothing is sent.\r\n", &pasted)],
    );
    assert!(shown.starts_with("Paste the error, "), "{shown}");
    assert!(shown.contains("press Enter and Ctrl-D"), "{shown}");
    assert!(shown.contains("[key-mismatch]"), "{shown}");
}

#[test]
#[ignore = "needs script"]
fn a_terminal_without_unicode_gets_ascii() {
    let folder = Folder::with_keys(["rsa.pem"]);
    folder.write("secret.txt", SECRET);
    let server = start(boxed());
    let flags = BOX.replacen("token", "doctor", 1);
    let endpoint = server.token_endpoint();
    let arguments = format!("{flags} --user 7654321 --token-endpoint {endpoint}");
    let shown = typed(&folder, &arguments, &[]);
    assert!(shown.is_ascii(), "{shown}");
    assert!(shown.contains("All is well"), "{shown}");
}
