//! Other programs, and the command as one.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Runs a program, which must end within two minutes.
#[track_caller]
pub(crate) fn output(mut command: Command) -> Output {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let running = command
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(running.wait_with_output()));
    let output = receiver.recv_timeout(Duration::from_secs(120));
    output
        .unwrap_or_else(|_| panic!("{command:?} does not end"))
        .unwrap()
}

/// Runs a program in the folder, which must succeed; the arguments stand between blanks. What it prints.
#[track_caller]
pub(crate) fn program(directory: &Path, name: impl AsRef<Path>, arguments: &str) -> String {
    let name = name.as_ref();
    let mut command = Command::new(name);
    command.args(arguments.split(' ')).current_dir(directory);
    let output = output(command);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{} {arguments}: {stdout}{stderr}",
        name.display()
    );
    stdout + &stderr
}
