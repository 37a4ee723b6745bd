use std::fmt;

use jwt_bearer_signer::{Algorithm, PublicKey, SignError};

use crate::algorithm::reference;
use crate::thread::{DEFAULT_TIMEOUT, apart};
use crate::{Slot, describe};

/// Describes every token that is plugged in, in the order of the readers. Needs no PIN, and changes no key.
///
/// Talks to the tokens on a thread of its own, for up to 60 seconds. It selects the PIV application of each, as every
/// PIV program does: another program may have to give its PIN again.
///
/// # Errors
/// `Unavailable` if no token is there, if another program has the only one for itself, or if the PC/SC service does not
/// run; `Timeout` if another program holds a token all the time; `AccessDenied` if this user may not use the service.
/// A token that another program has for itself, or that is pulled out meanwhile, is left out if there is one more.
pub async fn tokens() -> Result<Vec<Token>, SignError> {
    apart(DEFAULT_TIMEOUT, describe::every_token).await
}

/// A token that is plugged in, and the keys on it.
#[derive(Clone, Debug)]
pub struct Token {
    pub(crate) serial: u32,
    pub(crate) version: String,
    pub(crate) reader: String,
    pub(crate) keys: Vec<SlotKey>,
}

impl Token {
    /// The serial number, as it is printed on the token.
    #[must_use]
    pub const fn serial(&self) -> u32 {
        self.serial
    }

    /// The version of the PIV application, for example `5.7.1`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The name of the reader that it is in.
    #[must_use]
    pub fn reader(&self) -> &str {
        &self.reader
    }

    /// The slots that hold a key, in the order of [`Slot::all`]. A slot with a certificate alone counts only on tokens
    /// that do not tell their keys, which are those before version 5.3.
    #[must_use]
    pub fn keys(&self) -> &[SlotKey] {
        &self.keys
    }
}

/// A key in a slot, as far as the token tells.
#[derive(Clone, Debug)]
pub struct SlotKey {
    pub(crate) slot: Slot,
    pub(crate) kind: String,
    pub(crate) public_key: Option<PublicKey>,
    pub(crate) source: PublicKeySource,
    pub(crate) pin_policy: Option<PinPolicy>,
    pub(crate) touch_policy: Option<TouchPolicy>,
    pub(crate) certificate: Option<SlotCertificate>,
}

/// What stands in the certificate of a slot.
#[derive(Clone, Debug)]
pub(crate) struct SlotCertificate {
    pub(crate) der: Vec<u8>,
    pub(crate) subject: String,
}

impl SlotKey {
    /// The slot.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        self.slot
    }

    /// What kind of key it is, for people: `RSA-2048`, `P-256`, `Ed25519`, or `an X25519 key, which cannot sign`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The public key; `None` for a kind that signs no JWT.
    #[must_use]
    pub const fn public_key(&self) -> Option<&PublicKey> {
        self.public_key.as_ref()
    }

    /// What the public key was taken from.
    #[must_use]
    pub const fn public_key_source(&self) -> PublicKeySource {
        self.source
    }

    /// When the PIN is needed; `None` if the token does not tell.
    #[must_use]
    pub const fn pin_policy(&self) -> Option<PinPolicy> {
        self.pin_policy
    }

    /// When a touch is needed; `None` if the token does not tell.
    #[must_use]
    pub const fn touch_policy(&self) -> Option<TouchPolicy> {
        self.touch_policy
    }

    /// What the key can sign with here, the usual algorithm first; none for X25519 and RSA-1024.
    #[must_use]
    pub fn algorithms(&self) -> &'static [Algorithm] {
        let kind = self.public_key.as_ref().map(PublicKey::kind);
        kind.filter(|kind| reference(*kind).is_some())
            .map_or(&[], jwt_bearer_signer::KeyKind::algorithms)
    }

    /// The certificate of the slot in DER, if there is one. Nobody checked that it belongs to the key.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_ref().map(|one| &one.der[..])
    }

    /// The subject of the certificate, as text by [RFC 4514](https://www.rfc-editor.org/rfc/rfc4514).
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.certificate.as_ref().map(|one| &one.subject[..])
    }
}

/// Where a public key was read. Every signature is checked with it, wherever it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PublicKeySource {
    /// The metadata of the slot, which tokens have from version 5.3 on.
    Metadata,
    /// The attestation of the slot, which tokens have for keys that they made themselves.
    Attestation,
    /// The certificate of the slot, which may be that of another key.
    Certificate,
}

impl fmt::Display for PublicKeySource {
    /// Writes `metadata`, `attestation` or `certificate`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Metadata => "metadata",
            Self::Attestation => "attestation",
            Self::Certificate => "certificate",
        })
    }
}

/// When the PIN is needed to sign. Set when the key is made, for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PinPolicy {
    /// Never.
    Never,
    /// Once, until the token is reset, is pulled out, or is used by another program.
    Once,
    /// For every signature.
    Always,
}

impl PinPolicy {
    pub(crate) const fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            1 => Some(Self::Never),
            2 => Some(Self::Once),
            3 => Some(Self::Always),
            _ => None,
        }
    }

    /// What a key in this slot has if nobody asked for another policy.
    pub(crate) const fn of(slot: Slot) -> Self {
        match slot {
            Slot::SIGNATURE => Self::Always,
            Slot::CARD_AUTHENTICATION => Self::Never,
            _ => Self::Once,
        }
    }
}

impl fmt::Display for PinPolicy {
    /// Writes `never`, `once` or `always`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Never => "never",
            Self::Once => "once",
            Self::Always => "always",
        })
    }
}

/// When the token must be touched to sign. Set when the key is made, for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TouchPolicy {
    /// Never.
    Never,
    /// For every signature.
    Always,
    /// Unless it was touched less than 15 seconds ago.
    Cached,
}

impl TouchPolicy {
    pub(crate) const fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            1 => Some(Self::Never),
            2 => Some(Self::Always),
            3 => Some(Self::Cached),
            _ => None,
        }
    }
}

impl fmt::Display for TouchPolicy {
    /// Writes `never`, `always` or `cached`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Never => "never",
            Self::Always => "always",
            Self::Cached => "cached",
        })
    }
}
