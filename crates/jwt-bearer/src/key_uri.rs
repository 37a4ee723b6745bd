use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use jwt_bearer_keyfile::{KeyFileErrorKind, PrivateKey};
use jwt_bearer_signer::{Algorithm, SignError, SignErrorKind, Signer};
use jwt_bearer_signer_local::LocalSigner;
use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::{Interaction, SecretKind};

/// No private key file is larger: 1 MiB.
const MAX_FILE: u64 = 1 << 20;

/// Schemes that are known, and that this version cannot open.
const LATER: [(&str, &str); 2] = [("awskms", "AWS KMS"), ("piv", "a PIV token")];

/// Where a private key is, as a text that fits on a command line. It never holds a secret.
///
/// | text | key |
/// | --- | --- |
/// | `key.pem`, `file:key.pem`, `file:///etc/box/key.pem` | a private key file of any form that [`PrivateKey::read`] takes |
/// | `env:NAME` | the same in an environment variable: PEM, or base64 of DER |
///
/// Percent-encoding counts after a scheme alone. One letter before a colon is a Windows path. A text with an unknown
/// scheme is a path if such a file exists, and an error if not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyUri {
    /// A file.
    File(PathBuf),
    /// An environment variable, by name.
    Env(String),
}

impl KeyUri {
    /// Makes a relative path one below `directory`.
    #[must_use]
    pub fn relative_to(self, directory: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(directory.join(path)),
            other => other,
        }
    }

    /// Opens the key: reads it, asks for a passphrase if it needs one, and checks it.
    ///
    /// Reads a file or a variable, and blocks while a passphrase is asked for or a key is decrypted.
    ///
    /// # Errors
    /// `KeyNotFound`, `AccessDenied` (no permission, or a wrong passphrase), `InteractionRequired`, `InvalidKey`,
    /// `UnsupportedAlgorithm`.
    pub async fn open(
        &self,
        algorithm: Option<Algorithm>,
        interaction: &dyn Interaction,
    ) -> Result<Arc<dyn Signer>, SignError> {
        let (name, bytes) = match self {
            Self::File(path) => (path.display().to_string(), read_file(path)?),
            Self::Env(name) => (format!("the variable {name}"), read_variable(name)?),
        };
        Ok(Arc::new(read_key(&name, &bytes, algorithm, interaction)?))
    }
}

/// Makes a signer of a private key in memory, in any form that [`PrivateKey::read`] takes; `name` is for errors and
/// prompts. Blocks while a passphrase is asked for or the key is decrypted.
///
/// # Errors
/// `AccessDenied` (a wrong passphrase), `InteractionRequired`, `InvalidKey`, `UnsupportedAlgorithm`.
pub fn read_key(
    name: &str,
    bytes: &[u8],
    algorithm: Option<Algorithm>,
    interaction: &dyn Interaction,
) -> Result<LocalSigner, SignError> {
    let key = match PrivateKey::read(bytes, None) {
        Err(error) if error.kind() == KeyFileErrorKind::PassphraseNeeded => {
            let passphrase = interaction.secret(SecretKind::Passphrase { key: name })?;
            PrivateKey::read(bytes, Some(passphrase.expose_secret().as_bytes()))
        }
        key => key,
    };
    let key = key.map_err(|error| {
        let kind = match error.kind() {
            KeyFileErrorKind::WrongPassphrase => SignErrorKind::AccessDenied,
            _ => SignErrorKind::InvalidKey,
        };
        SignError::new(kind, format!("{name}: {error}"))
    })?;
    let signer = LocalSigner::new(&key)?;
    match algorithm {
        Some(algorithm) => signer.with_algorithm(algorithm),
        None => Ok(signer),
    }
}

impl FromStr for KeyUri {
    type Err = KeyUriError;

    /// Looks whether a file exists if the scheme is unknown.
    fn from_str(text: &str) -> Result<Self, KeyUriError> {
        if text.is_empty() {
            return Err(KeyUriError(
                "the key is empty; give a file, or `env:NAME`".into(),
            ));
        }
        let is_scheme = |scheme: &str| {
            scheme.len() > 1
                && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        };
        match text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
            None => Ok(Self::File(text.into())),
            Some(("file", rest)) => file(rest),
            Some(("env", "")) => Err(KeyUriError("`env:` has no name; write `env:NAME`".into())),
            Some(("env", name)) => Ok(Self::Env(name.into())),
            Some((scheme, _)) => match LATER.into_iter().find(|(later, _)| *later == scheme) {
                Some((_, place)) => Err(KeyUriError(format!(
                    "keys in {place} (`{scheme}:`) are not in this version yet"
                ))),
                None if Path::new(text).exists() => Ok(Self::File(text.into())),
                None => Err(KeyUriError(format!(
                    "`{scheme}:` is no known kind of key, and there is no file `{text}`; known are `file:` and `env:`"
                ))),
            },
        }
    }
}

impl fmt::Display for KeyUri {
    /// Writes a text that is read back as the same key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(
                f,
                "file:{}",
                path.display()
                    .to_string()
                    .replace('%', "%25")
                    .replace('?', "%3F")
            ),
            Self::Env(name) => write!(f, "env:{name}"),
        }
    }
}

/// What is wrong with the text of a key URI.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyUriError(String);

fn file(rest: &str) -> Result<KeyUri, KeyUriError> {
    let path = match rest.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        Some(_) => {
            return Err(KeyUriError(format!(
                "`file:{rest}` names another machine; write `file:///` and the path"
            )));
        }
        None => rest,
    };
    if path.contains('?') {
        return Err(KeyUriError(format!(
            "`file:{rest}` has parameters, which this version does not know; for a `?` in a name write %3F"
        )));
    }
    let path = percent_decode_str(path)
        .decode_utf8()
        .map_err(|_| KeyUriError(format!("`file:{rest}` is not UTF-8 after percent-decoding")))?;
    if path.is_empty() {
        return Err(KeyUriError("`file:` has no path".into()));
    }
    Ok(KeyUri::File(path.into_owned().into()))
}

fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, SignError> {
    let name = path.display();
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => SignError::new(
            SignErrorKind::KeyNotFound,
            format!("there is no file {name}"),
        ),
        ErrorKind::PermissionDenied => SignError::new(
            SignErrorKind::AccessDenied,
            format!("{name} may not be read by this user"),
        ),
        _ => SignError::new(
            SignErrorKind::InvalidKey,
            format!("{name} cannot be read: {error}"),
        ),
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(SignError::new(
            SignErrorKind::InvalidKey,
            format!("{name} is a directory, where a key file was expected"),
        ));
    }
    // With room for the whole file, reading moves nothing, and so leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        metadata.len().clamp(8192, MAX_FILE) as usize + 2,
    ));
    file.take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(SignError::new(
            SignErrorKind::InvalidKey,
            format!("{name} is larger than 1 MiB, and so is no key file"),
        ));
    }
    Ok(bytes)
}

#[expect(
    clippy::disallowed_methods,
    reason = "`env:` is a key in the environment"
)]
fn read_variable(name: &str) -> Result<Zeroizing<Vec<u8>>, SignError> {
    match std::env::var_os(name) {
        Some(value) => Ok(Zeroizing::new(value.into_encoded_bytes())),
        None => Err(SignError::new(
            SignErrorKind::KeyNotFound,
            format!(
                "the environment variable {name} is not set; export it before the program starts"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::NoInteraction;

    #[test]
    fn texts_are_read_and_written_back() {
        let cases = [
            ("key.pem", KeyUri::File("key.pem".into()), "file:key.pem"),
            (
                "a b%20?.pem",
                KeyUri::File("a b%20?.pem".into()),
                "file:a b%2520%3F.pem",
            ),
            (
                "file:a%20b.pem",
                KeyUri::File("a b.pem".into()),
                "file:a b.pem",
            ),
            (
                "file:///etc/k.pem",
                KeyUri::File("/etc/k.pem".into()),
                "file:/etc/k.pem",
            ),
            (
                "/etc/k.pem",
                KeyUri::File("/etc/k.pem".into()),
                "file:/etc/k.pem",
            ),
            (
                r"C:\keys\k.pem",
                KeyUri::File(r"C:\keys\k.pem".into()),
                r"file:C:\keys\k.pem",
            ),
            (
                "./box:key",
                KeyUri::File("./box:key".into()),
                "file:./box:key",
            ),
            ("env:BOX_KEY", KeyUri::Env("BOX_KEY".into()), "env:BOX_KEY"),
        ];
        for (text, uri, written) in cases {
            assert_eq!(text.parse(), Ok(uri.clone()), "{text}");
            assert_eq!(uri.to_string(), written);
            assert_eq!(written.parse(), Ok(uri));
        }
    }

    #[test]
    fn wrong_texts_are_refused() {
        let cases = [
            ("", "the key is empty; give a file, or `env:NAME`"),
            ("env:", "`env:` has no name; write `env:NAME`"),
            ("file:", "`file:` has no path"),
            (
                "file://host/k.pem",
                "`file://host/k.pem` names another machine; write `file:///` and the path",
            ),
            (
                "file:k.p12?alias=box",
                "`file:k.p12?alias=box` has parameters, which this version does not know; for a `?` in a name write %3F",
            ),
            ("file:%ff", "`file:%ff` is not UTF-8 after percent-decoding"),
            (
                "awskms:alias/box?region=eu-central-1",
                "keys in AWS KMS (`awskms:`) are not in this version yet",
            ),
            (
                "piv:9c",
                "keys in a PIV token (`piv:`) are not in this version yet",
            ),
            (
                "vault:box",
                "`vault:` is no known kind of key, and there is no file `vault:box`; known are `file:` and `env:`",
            ),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<KeyUri>().unwrap_err().to_string(), error);
        }
    }

    #[tokio::test]
    async fn what_cannot_be_opened_is_named() {
        let cases = [
            (
                "no/such/key.pem",
                SignErrorKind::KeyNotFound,
                "there is no file no/such/key.pem",
            ),
            (
                "file:.",
                SignErrorKind::InvalidKey,
                ". is a directory, where a key file was expected",
            ),
            (
                "env:JWT_BEARER_NO_SUCH",
                SignErrorKind::KeyNotFound,
                "the environment variable JWT_BEARER_NO_SUCH is not set; export it before the program starts",
            ),
            (
                "env:CARGO_PKG_NAME",
                SignErrorKind::InvalidKey,
                "the variable CARGO_PKG_NAME: ",
            ),
        ];
        for (text, kind, start) in cases {
            let uri: KeyUri = text.parse().unwrap();
            let error = uri.open(None, &NoInteraction).await.unwrap_err();
            assert_eq!(error.kind(), kind);
            let source = error.source().unwrap().to_string();
            assert!(source.starts_with(start), "{source}");
        }
    }

    #[test]
    fn a_relative_path_follows_the_directory() {
        let directory = Path::new("/etc/jwt");
        let cases = [
            ("k.pem", "file:/etc/jwt/k.pem"),
            ("/k.pem", "file:/k.pem"),
            ("env:K", "env:K"),
        ];
        for (text, expected) in cases {
            assert_eq!(
                text.parse::<KeyUri>()
                    .unwrap()
                    .relative_to(directory)
                    .to_string(),
                expected
            );
        }
    }
}
