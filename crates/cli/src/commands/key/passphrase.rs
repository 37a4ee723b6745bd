//! The passphrase that a new file is encrypted with.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Write};

use jwt_bearer::secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::error::Failure;
use crate::interaction::terminal;

/// No answer is longer.
const MAX_ANSWER: u64 = 1024;

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
    let answer = || {
        let (input, mut output) = terminal().ok_or_else(|| Error::from(ErrorKind::NotFound))?;
        write!(output, "{question} [y/N] ")?;
        let mut answer = String::new();
        BufReader::new(input.take(MAX_ANSWER)).read_line(&mut answer)?;
        Ok(answer)
    };
    let answer =
        answer().map_err(|_: Error| Failure::usage("nobody answered; nothing was written"))?;
    Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
}

fn ask(prompt: &str) -> Result<SecretString, Failure> {
    rpassword::prompt_password(prompt)
        .map(|answer| Zeroizing::new(answer).as_str().into())
        .map_err(|_| Failure::usage("nobody answered; nothing was written"))
}
