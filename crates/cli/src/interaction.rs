//! Where secrets come from: a named variable, a file, or a prompt.

use std::fs;
use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};

use jwt_bearer::secrecy::{ExposeSecret, SecretString};
use jwt_bearer::signer::{SignError, SignErrorKind};
use jwt_bearer::{Interaction, SecretKind};
use zeroize::Zeroizing;

use crate::error::Failure;

/// No secret is longer: 64 KiB.
const MAX_SECRET: u64 = 64 << 10;

/// A secret by reference. At most one of the two is set.
#[derive(Debug)]
pub(crate) struct Reference<'a> {
    /// What it is, for errors and prompts.
    pub(crate) what: &'static str,
    /// The flags' name without `-env` and `-file`.
    pub(crate) flag: &'static str,
    pub(crate) env: Option<&'a str>,
    pub(crate) file: Option<&'a Path>,
}

impl Reference<'_> {
    /// The secret, if one is named.
    pub(crate) fn read(&self) -> Result<Option<SecretString>, Failure> {
        let Self { what, flag, .. } = self;
        let secret = match (self.env, self.file) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(Failure::usage(format!(
                    "both --{flag}-env and --{flag}-file are set; set one of them"
                )));
            }
            (Some(name), None) => variable(what, name)?,
            (None, Some(path)) => file(what, path)?,
        };
        Ok(Some(secret))
    }
}

#[expect(clippy::disallowed_methods, reason = "the user names a variable")]
fn variable(what: &str, name: &str) -> Result<SecretString, Failure> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Err(Failure::usage(format!(
            "the variable {name}, for the {what}, is empty"
        ))),
        Ok(value) => Ok(value.into()),
        Err(std::env::VarError::NotPresent) => Err(Failure::usage(format!(
            "the variable {name}, for the {what}, is not set"
        ))
        .hint("give the name of a variable, not the secret itself; and export it")),
        Err(_) => Err(Failure::usage(format!(
            "the variable {name}, for the {what}, is not UTF-8"
        ))),
    }
}

/// The first line of a file: a newline at its end is the editor's.
fn file(what: &str, path: &Path) -> Result<SecretString, Failure> {
    let text = Zeroizing::new(text_file(what, path, MAX_SECRET)?);
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(Failure::usage(format!(
            "{}, for the {what}, is empty",
            path.display()
        )));
    }
    if secret.contains('\n') {
        return Err(Failure::usage(format!(
            "{}, for the {what}, has several lines, where one was expected",
            path.display()
        )));
    }
    Ok(secret.into())
}

/// Reads a text file that the user named.
pub(crate) fn text_file(what: &str, path: &Path, max: u64) -> Result<String, Failure> {
    let name = path.display();
    let unreadable =
        |error| Failure::usage(format!("{name}, for the {what}, cannot be read: {error}"));
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(Failure::usage(format!(
            "{name}, for the {what}, is a directory"
        )));
    }
    if metadata.len() > max {
        return Err(Failure::usage(format!(
            "{name} is far too large to be the {what}"
        )));
    }
    fs::read_to_string(path).map_err(unreadable)
}

/// Asks on the terminal; `None` if there is none.
pub(crate) fn prompt(what: &str) -> Option<SecretString> {
    if !stdin().is_terminal() {
        return None;
    }
    let answer = Zeroizing::new(rpassword::prompt_password(format!("{what}: ")).ok()?);
    Some(answer.as_str().into())
}

/// How the command's keys ask for passphrases.
#[derive(Debug)]
pub(crate) struct Passphrase {
    pub(crate) env: Option<String>,
    pub(crate) file: Option<PathBuf>,
    /// The one in Box's configuration file, for the key there.
    pub(crate) configured: Option<SecretString>,
}

impl Interaction for Passphrase {
    fn secret(&self, kind: SecretKind<'_>) -> Result<SecretString, SignError> {
        let SecretKind::Passphrase { key, .. } = kind else {
            return Err(SignError::new(
                SignErrorKind::InteractionRequired,
                "the key wants something unknown",
            ));
        };
        let reference = Reference {
            what: "passphrase",
            flag: "passphrase",
            env: self.env.as_deref(),
            file: self.file.as_deref(),
        };
        let failed = |failure: Failure| {
            SignError::new(
                SignErrorKind::InteractionRequired,
                failure.text().to_owned(),
            )
        };
        if let Some(passphrase) = reference.read().map_err(failed)? {
            return Ok(passphrase);
        }
        if let Some(passphrase) = &self.configured {
            return Ok(passphrase.expose_secret().into());
        }
        prompt(&format!("Passphrase of {key}")).ok_or_else(|| {
            let text = format!(
                "{key} is encrypted; name its passphrase with --passphrase-env NAME or --passphrase-file FILE, or run this in a terminal"
            );
            SignError::new(SignErrorKind::InteractionRequired, text)
        })
    }
}
