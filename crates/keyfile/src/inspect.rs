//! What a file is and what is in it, for people who want to know.

use jwt_bearer_signer::{Algorithm, PublicKey};
use serde_json::value::RawValue;

use crate::form::{Form, Wanted};
use crate::inspect_jwk::{self, PublicJwk};
use crate::inspect_x509::{self, CertificateFacts};
use crate::recognise::{self, Content};
use crate::{
    Encryption, Entry, Item, KeyFile, KeyFileError, KeyFileErrorKind, LockedKey, jwk, pem, pkcs12,
    read_public_key,
};

/// More private keys than this are not opened, since each can take seconds.
const MAX_KEYS: usize = 20;

/// What a file is and what is in it, as far as it can be told. It holds no octet of a private key.
///
/// ```
/// use jwt_bearer_keyfile::{Inspection, Thing};
///
/// # let bytes = include_bytes!("../testdata/p256-certificate.pem");
/// let inspection = Inspection::read(bytes, None)?;
/// let part = &inspection.parts[0];
/// assert!(matches!(&part.thing, Thing::Certificate(_)));
/// assert_eq!(part.public_key.clone()?.kind().to_string(), "P-256");
/// # Ok::<_, jwt_bearer_keyfile::KeyFileError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// What the file is, for people: `PEM`, `a PKCS#12 store`, `an HTML page`.
    pub form: &'static str,
    /// Whether it is Box's JSON configuration file.
    pub is_box_configuration: bool,
    /// What to do, if the file holds nothing of use.
    pub remedy: Option<&'static str>,
    /// How the file is encrypted around its parts, as PKCS#12 can be; each private key can be encrypted besides.
    pub encryption: Option<Encryption>,
    /// Whether the file tells nothing more without a passphrase. Then it has no parts.
    pub is_locked: bool,
    /// What is in it, in the order of the file.
    pub parts: Vec<Part>,
}

/// One thing in a file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Part {
    /// The name in a keystore, or the `kid` in a JWK. Whoever made the file chose it: escape it before a terminal shows it.
    pub alias: Option<String>,
    /// The id that the file has for the key, as [`Entry::key_id`]; likewise.
    pub key_id: Option<String>,
    /// The algorithm that the key is meant for.
    pub algorithm: Option<Algorithm>,
    /// What it is.
    pub thing: Thing,
    /// The public key: a public key itself, that of a private key, or the one that a certificate or a request is about.
    ///
    /// Why there is none: `PassphraseNeeded` or `WrongPassphrase` for a private key that is encrypted, else what is wrong
    /// with it.
    pub public_key: Result<PublicKey, KeyFileError>,
}

/// What a [`Part`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Thing {
    /// A private key, and how it is encrypted: `None` if it is not, and an error if that cannot be told.
    PrivateKey(Result<Option<Encryption>, KeyFileError>),
    /// A public key.
    PublicKey,
    /// An X.509 certificate; an error if it is damaged.
    Certificate(Result<Box<CertificateFacts>, KeyFileError>),
    /// A certificate request, and its subject as RFC 4514 writes it; an error if it is damaged.
    Request(Result<String, KeyFileError>),
    /// Something else, by its name for people.
    Other(String),
}

impl Inspection {
    /// Looks at a file in any form that [`KeyFile::read`] takes, and public JSON Web Keys.
    ///
    /// Private keys are opened with the passphrase, to tell their public keys. Without one all else is told. Blocks for
    /// as long as that takes, up to seconds for each key.
    ///
    /// # Errors
    /// As [`KeyFile::read`], but never `PassphraseNeeded`: that is [`is_locked`](Self::is_locked).
    pub fn read(bytes: &[u8], passphrase: Option<&[u8]>) -> Result<Self, KeyFileError> {
        let content = Content::of(bytes);
        let form = form(&content)?;
        let encryption = match &content {
            Content::Der(der) if form == Form::Pkcs12 => pkcs12::encryption(der),
            _ => None,
        };
        let with = |is_locked, parts| Self {
            form: name(&content, form),
            is_box_configuration: form == Form::BoxConfig,
            remedy: None,
            encryption: encryption.clone(),
            is_locked,
            parts,
        };
        let mut inspection = match (&content, KeyFile::read(bytes, passphrase)) {
            (_, Err(error)) if error.kind() == KeyFileErrorKind::PassphraseNeeded => {
                with(true, Vec::new())
            }
            (_, Err(error)) => return Err(error),
            (Content::Json(text), Ok(_)) if form == Form::Jwk => {
                let keys = inspect_jwk::keys(text).1;
                with(false, keys.into_iter().map(Part::of_jwk).collect())
            }
            (_, Ok(file)) => {
                let mut keys = 0..MAX_KEYS;
                let part = |entry: &Entry| match entry.item() {
                    Item::PrivateKey(key) if keys.next().is_none() => Part::unopened(entry, key),
                    _ => Part::of(entry, passphrase),
                };
                with(false, file.entries().iter().map(part).collect())
            }
        };
        let is_of_use = |part: &Part| !matches!(part.thing, Thing::Other(_));
        if !inspection.is_locked && !inspection.parts.iter().any(is_of_use) {
            // Of these a public key can be had.
            let wanted = match form {
                Form::Pkcs7 | Form::OpenSshPublic => Wanted::PublicKey,
                _ => Wanted::PrivateKey,
            };
            inspection.remedy = Some(form.remedy(wanted));
        }
        Ok(inspection)
    }
}

impl Part {
    fn of(entry: &Entry, passphrase: Option<&[u8]>) -> Self {
        let (thing, public_key) = match entry.item() {
            Item::PrivateKey(key) => (
                Thing::PrivateKey(key.encryption()),
                key.open(passphrase).and_then(|key| key.public_key()),
            ),
            Item::PublicKey(der) => (Thing::PublicKey, read_public_key(der)),
            Item::Certificate(der) => (
                Thing::Certificate(CertificateFacts::read(der).map(Box::new)),
                read_public_key(der),
            ),
            Item::Request(der) => match inspect_x509::read_request(der) {
                Ok((subject, public_key)) => (Thing::Request(Ok(subject)), public_key),
                Err(error) => (Thing::Request(Err(error.clone())), Err(error)),
            },
            Item::Other(name) => (
                Thing::Other(name.clone()),
                Err(KeyFileError::new(
                    KeyFileErrorKind::NotAPublicKey,
                    format!("found {name}, which is no key"),
                )),
            ),
        };
        Self {
            alias: entry.alias().map(Into::into),
            key_id: entry.key_id().map(Into::into),
            algorithm: entry.algorithm(),
            thing,
            public_key,
        }
    }

    /// One of too many.
    fn unopened(entry: &Entry, key: &LockedKey) -> Self {
        let error = KeyFileError::new(
            KeyFileErrorKind::TooExpensive,
            format!("only the first {MAX_KEYS} private keys of a file are opened; split the file"),
        );
        Self {
            alias: entry.alias().map(Into::into),
            key_id: entry.key_id().map(Into::into),
            algorithm: entry.algorithm(),
            thing: Thing::PrivateKey(key.encryption()),
            public_key: Err(error),
        }
    }

    fn of_jwk(json: &RawValue) -> Self {
        let jwk = match PublicJwk::read(json) {
            Ok(jwk) => jwk,
            Err(error) => {
                return Self {
                    alias: None,
                    key_id: None,
                    algorithm: None,
                    thing: Thing::Other("a damaged JSON Web Key".into()),
                    public_key: Err(error),
                };
            }
        };
        if let Some(entry) = jwk::entry(json) {
            return Self::of(&entry, None);
        }
        Self {
            public_key: jwk.public_key(),
            thing: match jwk.is_symmetric() {
                true => Thing::Other("a symmetric key".into()),
                false => Thing::PublicKey,
            },
            alias: jwk.kid.clone(),
            key_id: jwk.kid,
            algorithm: jwk.alg.and_then(|name| name.parse().ok()),
        }
    }
}

/// What the file is, for what to do with it.
fn form(content: &Content) -> Result<Form, KeyFileError> {
    Ok(match content {
        Content::Pem(text) => {
            let blocks = pem::blocks(text)?;
            let telling = |form: &Form| *form != Form::Parameters;
            let mut forms = blocks.iter().filter_map(pem::Block::form);
            forms.find(telling).unwrap_or(Form::Text)
        }
        Content::Der(der) => recognise::form_of_der(der)?,
        Content::Json(text) => recognise::form_of_json(text),
        Content::Jks(_) => Form::Jks,
        Content::Other(form) => *form,
    })
}

fn name(content: &Content, form: Form) -> &'static str {
    match (content, form) {
        (Content::Pem(_), _) => "PEM",
        (Content::Json(text), Form::Jwk) if inspect_jwk::keys(text).0 => "a JWK Set",
        (
            Content::Der(_),
            Form::Pkcs8
            | Form::EncryptedPkcs8
            | Form::Pkcs1
            | Form::Sec1
            | Form::Spki
            | Form::Pkcs1Public
            | Form::Certificate
            | Form::Request,
        ) => "DER",
        _ => form.name(),
    }
}
