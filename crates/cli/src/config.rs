//! The configuration file `jwt-bearer.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jwt_bearer::KeyUri;
use serde::Deserialize;
use serde_json::Value;

use crate::args::RequestArgs;
use crate::error::Failure;
use crate::interaction::text_file;

const NAME: &str = "jwt-bearer.toml";
const MAX_FILE: u64 = 1 << 20;

/// A configuration file that was read; its paths are relative to where it is.
#[derive(Debug)]
pub(crate) struct Config {
    path: PathBuf,
    pub(crate) profiles: BTreeMap<String, RequestArgs>,
}

impl Config {
    /// Reads the file that is named, else the one in the working directory, else the user's own.
    pub(crate) fn read(named: Option<&Path>) -> Result<Self, Failure> {
        let candidates = [Some(PathBuf::from(NAME)), user_file()];
        let path = match named {
            Some(path) => path.to_owned(),
            None => candidates
                .iter()
                .flatten()
                .find(|path| path.exists())
                .cloned()
                .ok_or_else(|| {
                    let looked: Vec<_> = candidates
                        .iter()
                        .flatten()
                        .map(|path| path.display().to_string())
                        .collect();
                    Failure::usage(format!(
                        "there is no configuration file; looked for {}",
                        looked.join(" and ")
                    ))
                    .hint("write one as the README shows, or name it with --config FILE")
                })?,
        };
        let text = text_file("configuration", &path, MAX_FILE)?;
        let profiles = parse(&text).map_err(|error| error.in_file(&path))?;
        Ok(Self { path, profiles })
    }

    /// The settings of a profile, with its paths made whole.
    pub(crate) fn profile(&self, name: &str) -> Result<RequestArgs, Failure> {
        let Some(profile) = self.profiles.get(name) else {
            let known: Vec<_> = self.profiles.keys().map(String::as_str).collect();
            let known = if known.is_empty() {
                "none".into()
            } else {
                known.join(", ")
            };
            return Err(Failure::usage(format!(
                "there is no profile `{name}` in {}; it has {known}",
                self.path.display()
            )));
        };
        let mut profile = profile.clone();
        let directory = self.path.parent().unwrap_or(Path::new(""));
        let paths = [
            &mut profile.client_secret_file,
            &mut profile.passphrase_file,
            &mut profile.box_config,
            &mut profile.ca_file,
        ];
        for path in paths.into_iter().flatten() {
            *path = directory.join(&*path);
        }
        if let Some(key) = &mut profile.key {
            let uri: KeyUri = key
                .parse()
                .map_err(|error| Failure::usage(format!("profile `{name}`: {error}")))?;
            *key = uri.relative_to(directory).to_string();
        }
        Ok(profile)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    profiles: BTreeMap<String, RequestArgs>,
}

/// What is wrong with a configuration file, without quoting it: it may hold a secret that does not belong there.
struct ParseError {
    line: Option<usize>,
    text: String,
    /// Whether the text says already what to write.
    has_remedy: bool,
}

impl ParseError {
    fn in_file(self, path: &Path) -> Failure {
        let line = self
            .line
            .map_or_else(String::new, |line| format!(", line {line}"));
        let failure = Failure::usage(format!("{}{line}: {}", path.display(), self.text));
        if self.has_remedy {
            return failure;
        }
        failure.hint(
            "it is TOML: a line [profiles.NAME], and below it lines such as key = 'key.pem', named as the flags are",
        )
    }
}

fn parse(text: &str) -> Result<BTreeMap<String, RequestArgs>, ParseError> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error
            .span()
            .map(|span| text[..span.start].matches('\n').count() + 1);
        let remedy = unknown(error.message());
        ParseError {
            line,
            has_remedy: remedy.is_some(),
            text: remedy.unwrap_or_else(|| explain(error.message())),
        }
    })?;
    for (profile, args) in &file.profiles {
        for member in args.claim.iter().chain(&args.header) {
            if !is_json(&member.value) {
                let name = &member.name;
                let text = format!(
                    "`{name}` in profile `{profile}` is a date or a number that JSON has not; write it as a text"
                );
                return Err(ParseError {
                    line: None,
                    text,
                    has_remedy: true,
                });
            }
        }
    }
    Ok(file.profiles)
}

/// Dates and numbers without a value have no form in JSON.
fn is_json(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(values) => values.iter().all(is_json),
        Value::Object(members) => members
            .iter()
            .all(|(name, value)| !name.starts_with("$__toml_private") && is_json(value)),
        _ => true,
    }
}

fn explain(message: &str) -> String {
    if let Some((found, expected)) = message
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.rsplit_once(", expected "))
    {
        // The value stands behind its type, in quotes of one kind or the other.
        let kind = found.split(['`', '"']).next().unwrap_or_default().trim();
        return format!("found a value of the type {kind}, expected {expected}");
    }
    message.lines().collect::<Vec<_>>().join(", ")
}

/// What to do about a setting that there is not.
fn unknown(message: &str) -> Option<String> {
    let (name, _) = message.strip_prefix("unknown field `")?.split_once('`')?;
    Some(match name {
        name @ ("client-secret" | "passphrase" | "pin" | "private-key" | "secret") => format!(
            "`{name}` does not belong here: secrets stay out of this file; name a file or a variable that holds it \
             (client-secret-file, client-secret-env, passphrase-file, passphrase-env)"
        ),
        name => format!(
            "`{name}` is no setting; under [profiles.NAME], settings have the names of the flags of `jwt-bearer token`"
        ),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the user's configuration folder is named by the environment"
)]
fn user_file() -> Option<PathBuf> {
    let folder = |variable| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let folder = folder("XDG_CONFIG_HOME")
        .or_else(|| folder("APPDATA"))
        .or_else(|| Some(folder("HOME")?.join(".config")))?;
    Some(folder.join("jwt-bearer").join(NAME))
}
