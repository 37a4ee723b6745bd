//! The passphrase that a new file is encrypted with.

use std::io::{IsTerminal, Write, stderr, stdin};

use jwt_bearer::secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::error::Failure;

/// Whether there is somebody to ask.
pub(crate) fn is_terminal() -> bool {
    stdin().is_terminal()
}

/// Asks for a new passphrase, twice. `None` if nothing is entered.
pub(crate) fn ask_twice(what: &str) -> Result<Option<SecretString>, Failure> {
    let first = ask(&format!("New passphrase of {what}: "))?;
    if first.expose_secret().is_empty() {
        return Ok(None);
    }
    let second = ask("The same again: ")?;
    if first.expose_secret() != second.expose_secret() {
        return Err(Failure::usage(
            "the two passphrases differ; nothing was written",
        ));
    }
    Ok(Some(first))
}

/// Asks whether to go on; anything but `y` and `yes` is a no.
pub(crate) fn confirm(question: &str) -> Result<bool, Failure> {
    let unanswered = |_| Failure::usage("nobody answered; nothing was written");
    let mut terminal = stderr().lock();
    write!(terminal, "{question} [y/N] ")
        .and_then(|()| terminal.flush())
        .map_err(unanswered)?;
    let mut answer = String::new();
    stdin().read_line(&mut answer).map_err(unanswered)?;
    Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
}

fn ask(prompt: &str) -> Result<SecretString, Failure> {
    rpassword::prompt_password(prompt)
        .map(|answer| Zeroizing::new(answer).as_str().into())
        .map_err(|_| Failure::usage("nobody answered; nothing was written"))
}
