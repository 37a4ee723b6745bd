//! Where secrets come from: a named variable, a file, a file descriptor, or a prompt.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read, stderr, stdin};
use std::path::Path;
use std::sync::{Mutex, PoisonError, TryLockError};

use jwt_bearer::secrecy::SecretString;
use jwt_bearer::signer::{SignError, SignErrorKind};
use jwt_bearer::{Interaction, SecretKind};
use zeroize::Zeroizing;

use crate::error::Failure;
use crate::write::note;

/// No secret is longer: 64 KiB.
const MAX_SECRET: u64 = 64 << 10;

/// A secret by reference. At most one of the three is set.
#[derive(Debug)]
pub(crate) struct Reference<'a> {
    /// What it is, for errors and prompts.
    pub(crate) what: &'static str,
    /// The flags' name without `-env`, `-file` and `-fd`.
    pub(crate) flag: &'static str,
    pub(crate) env: Option<&'a str>,
    pub(crate) file: Option<&'a Path>,
    pub(crate) fd: Option<u32>,
}

impl<'a> Reference<'a> {
    pub(crate) fn client_secret(env: Option<&'a String>, file: Option<&'a Path>) -> Self {
        Self {
            what: "client secret",
            flag: "client-secret",
            env: env.map(String::as_str),
            file,
            fd: None,
        }
    }

    pub(crate) fn passphrase(
        env: Option<&'a String>,
        file: Option<&'a Path>,
        fd: Option<u32>,
    ) -> Self {
        Self {
            what: "passphrase",
            flag: "passphrase",
            env: env.map(String::as_str),
            file,
            fd,
        }
    }

    pub(crate) fn pin(env: Option<&'a String>, file: Option<&'a Path>) -> Self {
        Self {
            what: "PIN",
            flag: "pin",
            env: env.map(String::as_str),
            file,
            fd: None,
        }
    }

    /// The secret, if one is named.
    pub(crate) fn read(&self) -> Result<Option<SecretString>, Failure> {
        let Self { what, flag, .. } = self;
        match (self.env, self.file, self.fd) {
            (None, None, None) => Ok(None),
            (Some(name), None, None) => variable(what, name).map(Some),
            (None, Some(path), None) => file(what, path).map(Some),
            (None, None, Some(number)) => descriptor(what, number).map(Some),
            (env, file, fd) => {
                let set = [
                    ("env", env.is_some()),
                    ("file", file.is_some()),
                    ("fd", fd.is_some()),
                ];
                let set = set.iter().filter(|(_, is_set)| *is_set);
                let set: Vec<_> = set.map(|(kind, _)| format!("--{flag}-{kind}")).collect();
                Err(Failure::usage(format!(
                    "both {} are set; set one of them",
                    set.join(" and ")
                )))
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the user names a variable")]
fn variable(what: &str, name: &str) -> Result<SecretString, Failure> {
    // A name of another kind may be the secret itself.
    let is_name = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let shown = if is_name {
        format!("the variable {name}")
    } else {
        "the variable that is named".into()
    };
    match std::env::var(name) {
        Ok(value) => {
            let value = Zeroizing::new(value);
            // A newline at the end comes from the file that the variable was filled from.
            match value.trim_end_matches(['\r', '\n']) {
                "" => Err(Failure::usage(format!("{shown}, for the {what}, is empty"))),
                value => Ok(value.into()),
            }
        }
        Err(std::env::VarError::NotPresent) => Err(Failure::usage(format!(
            "{shown}, for the {what}, is not set"
        ))
        .hint("give the name of a variable, not the secret itself; and export it")),
        Err(_) => Err(Failure::usage(format!(
            "{shown}, for the {what}, is not UTF-8"
        ))),
    }
}

/// The one line of a file: a newline at its end is the editor's.
fn file(what: &str, path: &Path) -> Result<SecretString, Failure> {
    let text = text_file(what, path, MAX_SECRET)?;
    one_line(what, &path.display().to_string(), &text)
}

/// The next line that comes through an open file descriptor, 0 for standard input. At a terminal it is not echoed.
fn descriptor(what: &str, number: u32) -> Result<SecretString, Failure> {
    let name = format!("file descriptor {number}");
    let unreadable = |error: std::io::Error| match error.kind() {
        // ENXIO.
        _ if error.raw_os_error() == Some(6) => Failure::usage(format!(
            "{name}, for the {what}, is a socket; use a pipe, or 0 for standard input"
        )),
        ErrorKind::NotFound => Failure::usage(format!(
            "{name}, for the {what}, is not open; the shell opens it with `{number}<FILE`"
        )),
        _ => Failure::usage(format!("{name}, for the {what}, cannot be read: {error}")),
    };
    let mut input: Box<dyn Read> = match number {
        0 if stdin().is_terminal() => {
            let answer = prompt(&format!("{}{}", what[..1].to_uppercase(), &what[1..]));
            return answer
                .map_err(Failure::usage)?
                .ok_or_else(|| Failure::usage("the terminal cannot be opened to ask"));
        }
        0 => Box::new(stdin().lock()),
        // To take over a descriptor by its number is `unsafe`; to open it anew is not.
        _ if cfg!(unix) => Box::new(File::open(format!("/dev/fd/{number}")).map_err(unreadable)?),
        _ => {
            return Err(Failure::usage(format!(
                "{name}, for the {what}, can be read on Unix alone; other systems have 0, which is standard input"
            )));
        }
    };
    // Room for the longest, so that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET as usize + 1));
    // One line and not an octet more: the next one may be another secret, and nobody may close the other end.
    let mut byte = Zeroizing::new([0]);
    while bytes.last() != Some(&b'\n') && input.read(&mut *byte).map_err(unreadable)? == 1 {
        bytes.push(byte[0]);
        if bytes.len() as u64 > MAX_SECRET {
            return Err(Failure::usage(format!(
                "{name} gives far too much to be the {what}"
            )));
        }
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::usage(format!("{name}, for the {what}, is not UTF-8")))?;
    one_line(what, &name, text)
}

fn one_line(what: &str, name: &str, text: &str) -> Result<SecretString, Failure> {
    let secret = text
        .trim_start_matches('\u{feff}')
        .trim_end_matches(['\r', '\n']);
    let wrong = |why: &str| Failure::usage(format!("{name}, for the {what}, {why}"));
    match secret {
        "" => Err(wrong("is empty")),
        secret if secret.contains('\n') => Err(wrong("has several lines, where one was expected")),
        secret => Ok(secret.into()),
    }
}

/// Reads a text file that the user named.
pub(crate) fn text_file(what: &str, path: &Path, max: u64) -> Result<Zeroizing<String>, Failure> {
    let bytes = bounded_file(what, path, max)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::usage(format!("{}, for the {what}, is not UTF-8", path.display())))?;
    Ok(Zeroizing::new(text.into()))
}

/// Reads a file that the user named, however large it says it is.
pub(crate) fn bounded_file(
    what: &str,
    path: &Path,
    max: u64,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let name = path.display();
    let unreadable =
        |error| Failure::usage(format!("{name}, for the {what}, cannot be read: {error}"));
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(Failure::usage(format!(
            "{name}, for the {what}, is a directory"
        )));
    }
    // Room for the whole file, so that no copy of a secret is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(metadata.len().min(max) as usize + 1));
    file.take(max + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > max {
        return Err(Failure::usage(format!(
            "{name} is far too large to be the {what}"
        )));
    }
    Ok(bytes)
}

/// The terminal to ask at, for reading and for writing, whatever standard input or standard error is used for.
///
/// `None` if there is none, and if both are used for something else: then it is a program that runs this.
pub(crate) fn terminal() -> Option<(File, File)> {
    if !stdin().is_terminal() && !stderr().is_terminal() {
        return None;
    }
    let (input, output) = match cfg!(windows) {
        true => ("CONIN$", "CONOUT$"),
        false => ("/dev/tty", "/dev/tty"),
    };
    let open = |name| File::options().read(true).write(true).open(name).ok();
    Some((open(input)?, open(output)?))
}

/// Held while somebody is asked on the terminal, which does not show what is typed meanwhile.
static PROMPT: Mutex<()> = Mutex::new(());

/// Whether somebody is asked who has not answered.
pub(crate) fn is_asking() -> bool {
    matches!(PROMPT.try_lock(), Err(TryLockError::WouldBlock))
}

/// Waits for the answer that nobody needs any more: ended before it, the program would leave the terminal in a state in
/// which it shows nothing that is typed.
pub(crate) fn wait_for_answer() {
    if is_asking() {
        note("Press Enter to get the terminal back.");
        drop(PROMPT.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Asks on the terminal; `None` if there is none.
pub(crate) fn prompt(what: &str) -> Result<Option<SecretString>, String> {
    if terminal().is_none() {
        return Ok(None);
    }
    let _asking = PROMPT.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = rpassword::prompt_password(format!("{what}: ")).map(Zeroizing::new);
    match answer {
        Ok(answer) if !answer.is_empty() => Ok(Some(answer.as_str().into())),
        _ => Err(format!("nothing was entered for: {what}")),
    }
}

/// How the command's keys get their secrets: what flags name, else from a prompt.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    pub(crate) passphrase: Option<SecretString>,
    pub(crate) pin: Option<SecretString>,
    pub(crate) spend_last_try: bool,
}

impl Secrets {
    /// The passphrase of the key of this name.
    pub(crate) fn passphrase_of(&self, key: &str) -> Result<SecretString, SignError> {
        let given = given_or_asked(
            self.passphrase.as_ref(),
            &format!("Passphrase of {key}"),
            || {
                format!(
                    "{key} is encrypted; name its passphrase with --passphrase-env NAME, --passphrase-file FILE or \
                     --passphrase-fd N, or run this in a terminal"
                )
            },
        );
        given.map_err(NoPassphrase::error)
    }

    fn pin_of(&self, key: &str, tries_left: Option<u8>) -> Result<SecretString, SignError> {
        let tries = match tries_left {
            Some(1) => " (1 try left)".into(),
            Some(tries) => format!(" ({tries} tries left)"),
            None => String::new(),
        };
        let given = given_or_asked(self.pin.as_ref(), &format!("PIN for {key}{tries}"), || {
            format!(
                "{key} wants the PIN; name it with --pin-env NAME or --pin-file FILE, or run this in a terminal"
            )
        });
        given.map_err(missing)
    }
}

impl Interaction for Secrets {
    fn secret(&self, kind: SecretKind<'_>) -> Result<SecretString, SignError> {
        match kind {
            SecretKind::Passphrase { key, .. } => self.passphrase_of(key),
            SecretKind::Pin {
                key, tries_left, ..
            } => self.pin_of(key, tries_left),
            _ => Err(missing("the key wants something unknown")),
        }
    }

    fn touch(&self, key: &str) {
        note(&format!("Touch the token now: {key} waits for it."));
    }

    fn spend_last_try(&self) -> bool {
        self.spend_last_try
    }
}

fn given_or_asked(
    given: Option<&SecretString>,
    what: &str,
    otherwise: impl FnOnce() -> String,
) -> Result<SecretString, String> {
    match given {
        Some(secret) => Ok(secret.clone()),
        None => prompt(what)?.ok_or_else(otherwise),
    }
}

fn missing(why: impl Into<Box<dyn Error + Send + Sync>>) -> SignError {
    SignError::new(SignErrorKind::InteractionRequired, why)
}

/// That nobody gave a passphrase, and how to give one.
#[derive(Debug)]
pub(crate) struct NoPassphrase(String);

impl NoPassphrase {
    pub(crate) fn error(text: impl Into<String>) -> SignError {
        missing(Self(text.into()))
    }
}

impl fmt::Display for NoPassphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for NoPassphrase {}
