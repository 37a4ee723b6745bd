use std::fmt;
use std::sync::Arc;

use jwt_bearer_signer::Algorithm;
use zeroize::Zeroizing;

use crate::encrypted::Scheme;
use crate::form::{Form, Wanted};
use crate::pem::{self, Block};
use crate::recognise::{self, Content};
use crate::traditional::Traditional;
use crate::{Encryption, KeyFileError, KeyFileErrorKind, PrivateKey, encrypted, jks, json, pkcs12};

/// Far more than the certificates of all authorities that a system trusts.
const MAX_ENTRIES: usize = 1000;

/// All that a file holds: private keys, certificates, and what is beside them.
///
/// Reading one opens no private key: that is [`LockedKey::open`]. `Debug` shows no part of a key, and all octets of
/// keys are wiped when they are dropped.
#[derive(Clone, Debug)]
pub struct KeyFile {
    form: Form,
    entries: Vec<Entry>,
    /// What to say if a private key is wanted and there is none.
    otherwise: KeyFileError,
}

impl KeyFile {
    /// Reads a file in any form that [`PrivateKey::read`] takes, and many that it does not: of those only
    /// [`form`](Self::form) is told.
    ///
    /// The passphrase is asked for a PKCS#12 store alone, which is encrypted as a whole.
    ///
    /// # Errors
    /// `Malformed` if it is damaged; for PKCS#12 also `PassphraseNeeded`, `WrongPassphrase`, `Unsupported` and
    /// `TooExpensive`.
    pub fn read(bytes: &[u8], passphrase: Option<&[u8]>) -> Result<Self, KeyFileError> {
        match Content::of(bytes) {
            Content::Pem(text) => {
                let blocks = pem::blocks(&text)?;
                Ok(Self {
                    form: Form::Pem,
                    entries: of_blocks(&blocks)?,
                    otherwise: KeyFileError::found_blocks(&blocks, Wanted::PrivateKey),
                })
            }
            Content::Der(der) => {
                let form = recognise::form_of_der(&der)?;
                let entries = match form {
                    Form::Pkcs12 => {
                        pkcs12::entries(&der, passphrase).map_err(KeyFileError::of_store)?
                    }
                    _ => Item::of_der(form, &der)
                        .map(Entry::new)
                        .into_iter()
                        .collect(),
                };
                Ok(Self::of(form, entries))
            }
            Content::Json(text) => {
                let (form, entries) = json::entries(&text)?;
                Ok(Self::of(form, entries))
            }
            Content::Jks(bytes) => Ok(Self::of(Form::Jks, jks::entries(&bytes)?)),
            Content::Other(form) => Ok(Self::of(form, Vec::new())),
        }
    }

    fn of(form: Form, entries: Vec<Entry>) -> Self {
        Self {
            form,
            entries,
            otherwise: KeyFileError::found(form, Wanted::PrivateKey),
        }
    }

    /// What the file is, for people: `a PKCS#12 store`, `a public key`, `an HTML page`; `PEM` for any PEM.
    #[must_use]
    pub const fn form(&self) -> &'static str {
        self.form.name()
    }

    /// What is in it, in the order of the file.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The private key with this alias, or the only one. An alias is a name in a keystore or the `kid` in a JWK Set; if
    /// none is spelt exactly so, upper and lower case are the same.
    ///
    /// # Errors
    /// `SeveralKeys` and `NoSuchAlias`, which list the aliases; `NotAPrivateKey` and `Unsupported` if there is none.
    pub fn private_key(&self, alias: Option<&str>) -> Result<(&Entry, &LockedKey), KeyFileError> {
        let keys: Vec<_> = self
            .entries
            .iter()
            .filter_map(|entry| match &entry.item {
                Item::PrivateKey(key) => Some((entry, key)),
                _ => None,
            })
            .collect();
        let aliases: Vec<_> = keys
            .iter()
            .filter_map(|(entry, _)| entry.alias.as_deref())
            .collect();
        let Some(alias) = alias else {
            return match keys[..] {
                [key] => Ok(key),
                [] => Err(self.otherwise.clone()),
                _ if aliases.is_empty() => {
                    Err(KeyFileError::several(keys.len(), Wanted::PrivateKey))
                }
                _ => Err(KeyFileError::unnamed(&aliases)),
            };
        };
        if keys.is_empty() {
            return Err(self.otherwise.clone());
        }
        if aliases.is_empty() {
            return Err(KeyFileError::no_aliases());
        }
        let with = |is_alias: &dyn Fn(&str) -> bool| {
            let keys = keys.iter().copied();
            keys.filter(|(entry, _)| entry.alias().is_some_and(is_alias))
                .collect::<Vec<_>>()
        };
        let mut named = with(&|other| other == alias);
        if named.is_empty() {
            named = with(&|other| other.to_lowercase() == alias.to_lowercase());
        }
        match named[..] {
            [key] => Ok(key),
            _ => Err(KeyFileError::alias(alias, named.len(), &aliases)),
        }
    }
}

/// One thing in a [`KeyFile`], with the names that the file gives it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Shared, since a store can give one long name to many things.
    alias: Option<Arc<str>>,
    key_id: Option<String>,
    algorithm: Option<Algorithm>,
    item: Item,
}

impl Entry {
    pub(crate) const fn new(item: Item) -> Self {
        Self {
            alias: None,
            key_id: None,
            algorithm: None,
            item,
        }
    }

    pub(crate) fn with_alias(mut self, alias: impl Into<Arc<str>>) -> Self {
        self.alias = Some(alias.into());
        self
    }

    pub(crate) const fn with_algorithm(mut self, algorithm: Option<Algorithm>) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Gives it the key id and the passphrase that stand beside it.
    pub(crate) fn named(mut self, key_id: Option<&str>, passphrase: Option<&str>) -> Self {
        self.key_id = key_id.filter(|id| !id.is_empty()).map(Into::into);
        if let (Item::PrivateKey(key), Some(passphrase)) = (&mut self.item, passphrase) {
            key.passphrase = Some(Zeroizing::new(passphrase.as_bytes().to_vec()));
        }
        self
    }

    /// What it is.
    #[must_use]
    pub const fn item(&self) -> &Item {
        &self.item
    }

    /// The name in a keystore, or the `kid` in a JWK.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        self.alias.as_deref()
    }

    /// The id that the file has for the key, to go into a JWT's `kid`: `kid` of a JWK, Box's `publicKeyID`, Google's
    /// `private_key_id`.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The algorithm that the key is meant for: `alg` of a JWK, if it is one that signs.
    #[must_use]
    pub const fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }
}

/// What an [`Entry`] is.
#[derive(Clone)]
#[non_exhaustive]
pub enum Item {
    /// A private key, encrypted or not.
    PrivateKey(LockedKey),
    /// A public key: DER of SPKI or of PKCS#1, as [`read_public_key`](crate::read_public_key) takes it.
    PublicKey(Vec<u8>),
    /// An X.509 certificate: its DER.
    Certificate(Vec<u8>),
    /// A certificate request: its DER.
    Request(Vec<u8>),
    /// Something else, by its name for people.
    Other(String),
}

impl Item {
    fn of_der(form: Form, der: &[u8]) -> Option<Self> {
        Some(match form {
            Form::Pkcs8 | Form::EncryptedPkcs8 | Form::Pkcs1 | Form::Sec1 => {
                let der = Zeroizing::new(der.to_vec());
                Self::PrivateKey(LockedKey::new(Lock::Der(der)))
            }
            Form::Spki | Form::Pkcs1Public => Self::PublicKey(der.to_vec()),
            Form::Certificate => Self::Certificate(der.to_vec()),
            Form::Request => Self::Request(der.to_vec()),
            _ => return None,
        })
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PrivateKey(_) => "PrivateKey",
            Self::PublicKey(_) => "PublicKey",
            Self::Certificate(_) => "Certificate",
            Self::Request(_) => "Request",
            Self::Other(_) => "Other",
        })
    }
}

/// A private key in a file, before it is opened. The octets are wiped when it is dropped.
#[derive(Clone)]
pub struct LockedKey {
    lock: Lock,
    /// The one that stands in the file beside the key.
    passphrase: Option<Zeroizing<Vec<u8>>>,
    is_in_store: bool,
}

#[derive(Clone)]
pub(crate) enum Lock {
    /// PKCS#8, encrypted or not, PKCS#1 or SEC1.
    Der(Zeroizing<Vec<u8>>),
    Traditional(Traditional),
    Jks(Vec<u8>),
    /// A JWK, which is never locked.
    Read(Result<PrivateKey, KeyFileError>),
}

impl LockedKey {
    pub(crate) const fn new(lock: Lock) -> Self {
        Self {
            lock,
            passphrase: None,
            is_in_store: false,
        }
    }

    /// It is part of a PKCS#12 store.
    pub(crate) const fn in_store(mut self) -> Self {
        self.is_in_store = true;
        self
    }

    /// Decrypts the key, if it is encrypted, and checks it. If no passphrase is given and one stands in the file beside
    /// the key, as Box has it, that is taken.
    ///
    /// Blocks for as long as the file asks for, up to seconds; a file that asks for more is refused.
    ///
    /// # Errors
    /// `PassphraseNeeded`, `WrongPassphrase`, `TooExpensive`, `Malformed` and `Unsupported` as they say.
    pub fn open(&self, passphrase: Option<&[u8]>) -> Result<PrivateKey, KeyFileError> {
        let passphrase = passphrase.or_else(|| self.passphrase.as_ref().map(|own| &own[..]));
        // A wrong passphrase can pass the check of the padding by chance; then this is no DER.
        let decrypted = |error: KeyFileError| match error.kind() {
            KeyFileErrorKind::Malformed | KeyFileErrorKind::NotAPrivateKey => {
                encrypted::wrong_passphrase()
            }
            _ => error,
        };
        match &self.lock {
            Lock::Der(der) if self.is_encrypted_pkcs8() => {
                let (scheme, ciphertext) = self.scheme(der)?;
                let passphrase = passphrase.ok_or_else(encrypted::passphrase_needed)?;
                let plain = scheme.decrypt(ciphertext, passphrase)?;
                PrivateKey::from_der(&plain).map_err(decrypted)
            }
            Lock::Der(der) => PrivateKey::from_der(der),
            Lock::Traditional(key) => {
                PrivateKey::from_der(&key.decrypt(passphrase)?).map_err(decrypted)
            }
            Lock::Jks(protected) => PrivateKey::from_der(&jks::decrypt(protected, passphrase)?),
            Lock::Read(key) => key.clone(),
        }
    }

    /// How the key itself is encrypted; `None` if it is not. A PKCS#12 store can be encrypted around it besides.
    ///
    /// # Errors
    /// `Unsupported`, `TooExpensive` and `Malformed` as they say.
    pub fn encryption(&self) -> Result<Option<Encryption>, KeyFileError> {
        Ok(match &self.lock {
            Lock::Der(der) if self.is_encrypted_pkcs8() => Some(self.scheme(der)?.0.encryption()),
            Lock::Traditional(key) => Some(key.encryption()),
            Lock::Jks(_) => Some(jks::encryption()),
            Lock::Der(_) | Lock::Read(_) => None,
        })
    }

    fn scheme<'a>(&self, der: &'a [u8]) -> Result<(Scheme<'a>, &'a [u8]), KeyFileError> {
        let scheme = encrypted::read(der);
        match self.is_in_store {
            true => scheme.map_err(KeyFileError::of_store),
            false => scheme,
        }
    }

    fn is_encrypted_pkcs8(&self) -> bool {
        matches!(&self.lock, Lock::Der(der) if recognise::form_of_der(der) == Ok(Form::EncryptedPkcs8))
    }
}

impl fmt::Debug for LockedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LockedKey")
    }
}

/// Refuses what no honest file has so many of: an entry takes far more memory than the octets that ask for it.
pub(crate) fn check_count(count: usize) -> Result<(), KeyFileError> {
    if count > MAX_ENTRIES {
        return Err(KeyFileError::new(
            KeyFileErrorKind::TooExpensive,
            format!(
                "the file holds more than {MAX_ENTRIES} keys and certificates: keep the key in a file of its own"
            ),
        ));
    }
    Ok(())
}

/// What is in the blocks of PEM. A label is believed but for private keys, where people change it by hand.
pub(crate) fn of_blocks(blocks: &[Block<'_>]) -> Result<Vec<Entry>, KeyFileError> {
    check_count(blocks.len())?;
    blocks.iter().map(of_block).collect()
}

fn of_block(block: &Block<'_>) -> Result<Entry, KeyFileError> {
    let form = block.form();
    let item = match form {
        Some(Form::Traditional) => {
            let key = Traditional::read(block.body)?;
            Some(Item::PrivateKey(LockedKey::new(Lock::Traditional(key))))
        }
        None if block.is_private_key() => {
            Some(Item::PrivateKey(LockedKey::new(Lock::Der(block.decode()?))))
        }
        // A damaged certificate does no harm to the key beside it.
        Some(form) => block.decode().ok().and_then(|der| Item::of_der(form, &der)),
        None => None,
    };
    let name = || form.map_or_else(|| format!("`{}`", block.label), |form| form.name().into());
    Ok(Entry::new(item.unwrap_or_else(|| Item::Other(name()))))
}
