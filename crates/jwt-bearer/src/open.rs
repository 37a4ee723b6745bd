use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use jwt_bearer_keyfile::{KeyFile, KeyFileError, KeyFileErrorKind, PrivateKey};
use jwt_bearer_signer::{Algorithm, SignError, SignErrorKind, Signer};
#[cfg(feature = "aws-kms")]
use jwt_bearer_signer_aws_kms::AwsKmsKey;
use jwt_bearer_signer_local::LocalSigner;
#[cfg(feature = "piv")]
use jwt_bearer_signer_piv::PivKey;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::{Interaction, KeyUri, SecretKind};

/// No private key file is larger: 1 MiB.
const MAX_FILE: u64 = 1 << 20;

impl KeyUri {
    /// Opens the key: reads it, asks for a passphrase if it needs one, and checks it.
    ///
    /// Reads a file or a variable, and blocks while a passphrase is asked for or a key is decrypted. For AWS KMS it
    /// reads the AWS configuration and calls the service, and needs a tokio runtime. For a PIV token it reads the public
    /// key, and needs a tokio runtime with time; the PIN is asked for when it is needed, to sign.
    ///
    /// # Errors
    /// Any [`SignErrorKind`] but `InputLength`. A key of a kind that was not built in is `InvalidKey`; the source tells
    /// how to have it.
    pub async fn open(
        &self,
        algorithm: Option<Algorithm>,
        interaction: Arc<dyn Interaction>,
    ) -> Result<Arc<dyn Signer>, SignError> {
        match self {
            Self::File { .. } | Self::Env(_) => {
                let key = self.read_private_key(&*interaction)?;
                Ok(Arc::new(key.signer(algorithm)?))
            }
            #[cfg(feature = "aws-kms")]
            Self::AwsKms {
                key,
                region,
                endpoint,
            } => {
                let mut key = AwsKmsKey::new(key);
                if let Some(region) = region {
                    key = key.region(region);
                }
                if let Some(endpoint) = endpoint {
                    key = key.endpoint(endpoint);
                }
                if let Some(algorithm) = algorithm {
                    key = key.algorithm(algorithm);
                }
                Ok(Arc::new(key.open().await?))
            }
            #[cfg(not(feature = "aws-kms"))]
            Self::AwsKms { .. } => {
                let text = "this build has no AWS KMS in it; build it with `--features aws-kms`";
                Err(SignError::new(SignErrorKind::InvalidKey, text))
            }
            #[cfg(feature = "piv")]
            Self::Piv { slot, serial } => open_piv(*slot, *serial, algorithm, interaction).await,
            #[cfg(not(feature = "piv"))]
            Self::Piv { .. } => {
                let text = "this build has no PIV tokens in it; build it with `--features piv`";
                Err(SignError::new(SignErrorKind::InvalidKey, text))
            }
        }
    }

    /// Reads a private key that is in a file or a variable, as [`open`](Self::open) does.
    ///
    /// # Errors
    /// `AccessDenied`, `InteractionRequired`, `KeyNotFound` and `InvalidKey`, which it is too for a key that never leaves
    /// its place.
    pub fn read_private_key(&self, interaction: &dyn Interaction) -> Result<FileKey, SignError> {
        match self {
            Self::File { path, alias } => {
                let name = path.display().to_string();
                read(name, &read_file(path)?, alias.as_deref(), interaction)
            }
            Self::Env(name) => {
                let bytes = read_variable(name)?;
                read(format!("the variable {name}"), &bytes, None, interaction)
            }
            Self::AwsKms { .. } | Self::Piv { .. } => Err(SignError::new(
                SignErrorKind::InvalidKey,
                format!("{self} never leaves its place"),
            )),
        }
    }
}

/// A private key that was read, and what its file says about it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileKey {
    /// Where it was, for people.
    pub name: String,
    /// The key.
    pub key: PrivateKey,
    /// The id that the file has for it.
    pub key_id: Option<String>,
    /// The algorithm that it is meant for.
    pub algorithm: Option<Algorithm>,
}

impl FileKey {
    /// Signs with this algorithm, or the one that the file names, or the usual one of the key.
    fn signer(self, algorithm: Option<Algorithm>) -> Result<LocalSigner, SignError> {
        let mut signer = LocalSigner::new(&self.key)?;
        if let Some(key_id) = self.key_id {
            signer = signer.with_key_id(key_id);
        }
        match algorithm.or(self.algorithm) {
            Some(algorithm) => signer.with_algorithm(algorithm),
            None => Ok(signer),
        }
    }
}

#[cfg(feature = "piv")]
async fn open_piv(
    slot: u8,
    serial: Option<u32>,
    algorithm: Option<Algorithm>,
    interaction: Arc<dyn Interaction>,
) -> Result<Arc<dyn Signer>, SignError> {
    let slot = format!("{slot:x}")
        .parse()
        .map_err(|error| SignError::new(SignErrorKind::InvalidKey, error))?;
    let name = match serial {
        Some(serial) => format!("slot {slot} of YubiKey {serial}"),
        None => format!("slot {slot} of the YubiKey"),
    };
    let (asked, told) = (Arc::clone(&interaction), Arc::clone(&interaction));
    let mut key = PivKey::new(slot)
        .pin_from(move |request| {
            let name = format!("slot {} of YubiKey {}", request.slot(), request.serial());
            asked.secret(SecretKind::Pin {
                key: &name,
                tries_left: request.tries_left(),
            })
        })
        .on_touch(move || told.touch(&name))
        .spend_last_try(interaction.spend_last_try());
    if let Some(serial) = serial {
        key = key.serial(serial);
    }
    if let Some(algorithm) = algorithm {
        key = key.algorithm(algorithm);
    }
    Ok(Arc::new(key.open().await?))
}

/// Makes a signer of a private key in memory, in any form that [`PrivateKey::read`](jwt_bearer_keyfile::PrivateKey::read) takes; `name` is for errors and
/// prompts. Blocks while a passphrase is asked for or the key is decrypted.
///
/// Where the file has a key id or an algorithm for the key, as a JWK does, the signer has them too.
///
/// # Errors
/// `AccessDenied` (a wrong passphrase), `InteractionRequired`, `InvalidKey`, `UnsupportedAlgorithm`.
pub fn read_key(
    name: &str,
    bytes: &[u8],
    algorithm: Option<Algorithm>,
    interaction: &dyn Interaction,
) -> Result<LocalSigner, SignError> {
    read(name.into(), bytes, None, interaction)?.signer(algorithm)
}

fn read(
    name: String,
    bytes: &[u8],
    alias: Option<&str>,
    interaction: &dyn Interaction,
) -> Result<FileKey, SignError> {
    let read = |passphrase: Option<&[u8]>| -> Result<_, KeyFileError> {
        let file = KeyFile::read(bytes, passphrase)?;
        let (entry, key) = file.private_key(alias)?;
        Ok(FileKey {
            name: name.clone(),
            key: key.open(passphrase)?,
            key_id: entry.key_id().map(Into::into),
            algorithm: entry.algorithm(),
        })
    };
    let key = match read(None) {
        Err(error) if error.kind() == KeyFileErrorKind::PassphraseNeeded => {
            let passphrase = interaction.secret(SecretKind::Passphrase { key: &name })?;
            read(Some(passphrase.expose_secret().as_bytes()))
        }
        key => key,
    };
    key.map_err(|error| {
        let kind = match error.kind() {
            KeyFileErrorKind::WrongPassphrase => SignErrorKind::AccessDenied,
            KeyFileErrorKind::NoSuchAlias => SignErrorKind::KeyNotFound,
            _ => SignErrorKind::InvalidKey,
        };
        SignError::new(kind, InFile { name, error })
    })
}

/// Where the key was read; what is wrong with it there is the source.
#[derive(Debug, thiserror::Error)]
#[error("{name}")]
struct InFile {
    name: String,
    #[source]
    error: KeyFileError,
}

fn read_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, SignError> {
    let name = path.display();
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => {
            let mut text = format!("there is no file {name}");
            let name = name.to_string();
            let shorter = name.split_once('?').map(|(path, _)| path);
            if let Some(path) = shorter.filter(|path| Path::new(path).is_file()) {
                text.push_str(&format!(", but there is {path}: write `file:{name}`"));
            }
            SignError::new(SignErrorKind::KeyNotFound, text)
        }
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

    #[tokio::test]
    async fn what_cannot_be_opened_is_named() {
        let cases = [
            (
                "no/such/key.pem",
                SignErrorKind::KeyNotFound,
                "there is no file no/such/key.pem",
            ),
            (
                "Cargo.toml?alias=box",
                SignErrorKind::KeyNotFound,
                "there is no file Cargo.toml?alias=box, but there is Cargo.toml: write `file:Cargo.toml?alias=box`",
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
            #[cfg(not(feature = "aws-kms"))]
            (
                "awskms:alias/box",
                SignErrorKind::InvalidKey,
                "this build has no AWS KMS in it; build it with `--features aws-kms`",
            ),
            #[cfg(not(feature = "piv"))]
            (
                "piv:9c",
                SignErrorKind::InvalidKey,
                "this build has no PIV tokens in it; build it with `--features piv`",
            ),
            (
                "env:CARGO_PKG_NAME",
                SignErrorKind::InvalidKey,
                "the variable CARGO_PKG_NAME",
            ),
        ];
        for (text, kind, start) in cases {
            let uri: KeyUri = text.parse().unwrap();
            let error = uri.open(None, Arc::new(NoInteraction)).await.unwrap_err();
            assert_eq!(error.kind(), kind);
            let source = error.source().unwrap().to_string();
            assert!(source.starts_with(start), "{source}");
        }
    }

    /// Whoever wants to know what is wrong with the file need not read the text.
    #[test]
    fn what_is_wrong_in_a_file_is_told_by_its_kind() {
        let encrypted = include_bytes!("../../keyfile/testdata/rsa-aes256.pem");
        let error = read_key("key.pem", b"no key", None, &NoInteraction).unwrap_err();
        assert_eq!(kind_in_file(&error), KeyFileErrorKind::NotAPrivateKey);
        let error = read_key("key.pem", encrypted, None, &Wrong).unwrap_err();
        assert_eq!(error.kind(), SignErrorKind::AccessDenied);
        assert_eq!(error.source().unwrap().to_string(), "key.pem");
        assert_eq!(kind_in_file(&error), KeyFileErrorKind::WrongPassphrase);
    }

    fn kind_in_file(error: &SignError) -> KeyFileErrorKind {
        let inner = error.source().unwrap().source().unwrap();
        inner.downcast_ref::<KeyFileError>().unwrap().kind()
    }

    #[derive(Debug)]
    struct Wrong;

    impl Interaction for Wrong {
        fn secret(&self, _: SecretKind<'_>) -> Result<secrecy::SecretString, SignError> {
            Ok("wrong".into())
        }
    }
}
