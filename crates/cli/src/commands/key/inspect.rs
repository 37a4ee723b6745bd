//! `jwt-bearer key inspect`: what a file is, what to do with it, and whether it belongs with another.

mod against;
mod json;
mod text;
mod usage;

use std::path::{Path, PathBuf};

use jwt_bearer::KeyUri;
use jwt_bearer::assertion::{Assertion, Clock, SystemClock};
use jwt_bearer::keyfile::{Inspection, KeyFileError, KeyFileErrorKind, Thing};
use jwt_bearer::secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::convert::{MAX_FILE, variable};
use crate::args::{InspectArgs, InspectOutput};
use crate::error::Failure;
use crate::interaction::{bounded_file, prompt};
use crate::write;

pub(crate) async fn inspect(args: &InspectArgs) -> Result<(), Failure> {
    let passphrase = args.passphrase.read()?;
    let is_compared = args.against.is_some();
    let file = Inspected::read(source(&args.file)?, passphrase.as_ref(), is_compared)?;
    let comparison = match &args.against {
        Some(other) => Some(against::compare(&file, other, passphrase.as_ref()).await?),
        None => None,
    };
    let page = match args.output {
        InspectOutput::Text => text::page(&file, comparison.as_ref(), SystemClock.now()),
        InspectOutput::Json => json::page(&file, comparison.as_ref())?,
    };
    write::result(&page)?;
    comparison.map_or(Ok(()), |comparison| {
        comparison.verdict(&write::harmless(&usage::key_of(&file)))
    })
}

/// A file and what is in it.
struct Inspected {
    /// As a person would say it.
    name: String,
    /// What `--key` is given for it.
    uri: KeyUri,
    len: usize,
    is_jwt: bool,
    inspection: Inspection,
}

impl Inspected {
    /// Reads it, with the passphrase if it is of use.
    fn read(
        source: Source,
        passphrase: Option<&SecretString>,
        is_compared: bool,
    ) -> Result<Self, Failure> {
        let Source { name, uri, bytes } = source;
        let failed = |error: KeyFileError| Failure::key(format!("{name}: {error}"));
        let mut inspection = Inspection::read(&bytes, None).map_err(failed)?;
        if let Some(passphrase) = wanted(&name, &inspection, passphrase, is_compared) {
            let secret = passphrase.expose_secret().as_bytes();
            inspection = Inspection::read(&bytes, Some(secret)).map_err(failed)?;
            if let Some(error) = wrong_passphrase(&inspection) {
                return Err(failed(error));
            }
        }
        if let KeyUri::File {
            alias: Some(alias), ..
        } = &uri
        {
            let named = |own: &Option<String>| own.as_ref() == Some(alias);
            inspection.parts.retain(|part| named(&part.alias));
            if inspection.parts.is_empty() {
                let alias = write::harmless(alias);
                return Err(Failure::key(format!(
                    "{name} has nothing with the alias `{alias}` in it"
                ))
                .hint("without ?alias= all of it is shown"));
            }
        }
        let text = std::str::from_utf8(&bytes);
        Ok(Self {
            is_jwt: text.is_ok_and(|text| Assertion::decode(text).is_ok()),
            len: bytes.len(),
            name,
            uri,
            inspection,
        })
    }
}

/// The passphrase to read it with, if it wants one. Asks for it only where nothing else tells what is to be told.
fn wanted(
    name: &str,
    inspection: &Inspection,
    given: Option<&SecretString>,
    is_compared: bool,
) -> Option<SecretString> {
    let mut keys = inspection.parts.iter().map(|part| &part.public_key);
    let is_needed = |key: &Result<_, KeyFileError>| matches!(key, Err(error) if error.kind() == KeyFileErrorKind::PassphraseNeeded);
    if !inspection.is_locked && !keys.clone().any(is_needed) {
        return None;
    }
    let is_asked = inspection.is_locked || is_compared && !keys.any(Result::is_ok);
    match given {
        None if is_asked => {
            prompt(&format!("Passphrase of {name} (Enter to go on without)")).unwrap_or_default()
        }
        given => given.cloned(),
    }
}

/// The error if the passphrase opened none of the private keys.
fn wrong_passphrase(inspection: &Inspection) -> Option<KeyFileError> {
    let keys = inspection
        .parts
        .iter()
        .filter(|part| matches!(part.thing, Thing::PrivateKey(_)));
    let mut wrong = None;
    for key in keys {
        match &key.public_key {
            Ok(_) => return None,
            Err(error) if error.kind() == KeyFileErrorKind::WrongPassphrase => {
                wrong = Some(error.clone());
            }
            Err(_) => {}
        }
    }
    wrong
}

/// Bytes to look at, and where they are from.
struct Source {
    name: String,
    uri: KeyUri,
    bytes: Zeroizing<Vec<u8>>,
}

/// Reads what a person named: a file before all, or what a key URI stands for.
fn source(text: &str) -> Result<Source, Failure> {
    match uri(text)? {
        KeyUri::File { path, alias, .. } => Source::file(path, alias),
        KeyUri::Env(name) => Source::variable(name),
        uri => Err(
            Failure::usage(format!("{uri} is a key in its place, where a file was expected"))
                .hint("`jwt-bearer key public --key URI` shows its public key; `jwt-bearer key inspect FILE --against URI` holds it against a file"),
        ),
    }
}

/// A text that may be a key itself is not repeated by the error.
fn uri(text: &str) -> Result<KeyUri, Failure> {
    if !text.is_empty() && text.len() < 4096 && Path::new(text).exists() {
        return Ok(KeyUri::file(text));
    }
    text.parse()
        .map_err(|error| Failure::usage(format!("{error}")))
}

impl Source {
    fn file(path: PathBuf, alias: Option<String>) -> Result<Self, Failure> {
        let bytes = bounded_file("file to inspect", &path, MAX_FILE)?;
        let name = write::harmless(&path.display().to_string());
        let uri = with_alias(KeyUri::file(path), alias);
        Ok(Self { name, uri, bytes })
    }

    fn variable(name: String) -> Result<Self, Failure> {
        Ok(Self {
            bytes: variable(&name)?,
            name: format!("the variable {name}"),
            uri: KeyUri::Env(name),
        })
    }
}

fn with_alias(mut uri: KeyUri, name: Option<String>) -> KeyUri {
    if let KeyUri::File { alias, .. } = &mut uri {
        *alias = name;
    }
    uri
}
