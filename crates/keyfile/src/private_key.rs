use std::fmt;

use der::Decode;
use jwt_bearer_signer::KeyKind;
use zeroize::Zeroizing;

use crate::form::{Form, Wanted};
use crate::{KeyFile, KeyFileError, ec, ed25519, recognise, rsa};

/// A private key out of a file: of a kind and size that can sign here, and an EC point belongs to its scalar.
///
/// Whether the numbers of an RSA key, and the halves of an Ed25519 key, belong together takes more work; it is checked
/// before a key is written, and by whoever signs with it. RSA's private exponent, which is in the file and not used to
/// sign, is checked with the feature `generate` alone.
///
/// `Debug` tells the kind only. The octets are wiped when it is dropped.
#[derive(Clone)]
#[non_exhaustive]
pub enum PrivateKey {
    /// RSA of 2048, 3072 or 4096 bits with two primes.
    #[non_exhaustive]
    Rsa {
        /// The kind, with the number of bits.
        kind: KeyKind,
        /// DER of `RSAPrivateKey` ([RFC 8017 §A.1.2](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2)).
        pkcs1: Zeroizing<Vec<u8>>,
    },
    /// EC on P-256 or P-384.
    #[non_exhaustive]
    Ec {
        /// [`KeyKind::P256`] or [`KeyKind::P384`].
        kind: KeyKind,
        /// The secret number, big-endian, padded on the left to 32 or 48 octets.
        scalar: Zeroizing<Vec<u8>>,
        /// The public point, uncompressed: 04, then x and y.
        point: Vec<u8>,
    },
    /// Ed25519.
    #[non_exhaustive]
    Ed25519 {
        /// The secret seed, which RFC 8032 calls the private key.
        seed: Zeroizing<[u8; 32]>,
        /// The public key, if the file has it. Not checked against the seed.
        public: Option<[u8; 32]>,
    },
}

impl PrivateKey {
    /// Reads the one private key of a file: PKCS#8, PKCS#1 or SEC1 as PEM, DER, or base64 of either; PEM and PKCS#8 also
    /// encrypted; PKCS#12, JKS, JWK; Box's JSON configuration and Google's service account file.
    ///
    /// PEM is repaired where mail, editors, environment variables and YAML have damaged its white space. A
    /// certificate beside the key is passed over. A passphrase for a key that is not encrypted is not looked at.
    /// Where there are several keys, [`KeyFile::private_key`] takes one by its alias.
    ///
    /// Decrypting blocks for as long as the file asks for, up to seconds; files that ask for more are refused.
    ///
    /// # Errors
    /// Any [`KeyFileErrorKind`](crate::KeyFileErrorKind) but `NotAPublicKey` and `NoSuchAlias`; the text names what was
    /// found and what to do.
    pub fn read(bytes: &[u8], passphrase: Option<&[u8]>) -> Result<Self, KeyFileError> {
        let file = KeyFile::read(bytes, passphrase)?;
        let (_, key) = file.private_key(None)?;
        key.open(passphrase)
    }

    /// Reads PKCS#8, PKCS#1 or SEC1.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, KeyFileError> {
        match recognise::form_of_der(der)? {
            Form::Pkcs8 => Self::from_pkcs8(der),
            Form::Pkcs1 => rsa::read(der),
            Form::Sec1 => ec::read(der, None),
            form => Err(KeyFileError::found(form, Wanted::PrivateKey)),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyFileError> {
        let info = pkcs8::PrivateKeyInfoRef::from_der(der).map_err(|_| {
            KeyFileError::malformed(
                "the PKCS#8 of the private key is damaged; take a fresh copy of it",
            )
        })?;
        let key = info.private_key.as_bytes();
        match info.algorithm.oid {
            rsa::OID => rsa::read(key),
            ec::OID => ec::read(key, info.algorithm.parameters),
            ed25519::OID => {
                ed25519::read(key, info.public_key.and_then(|public| public.as_bytes()))
            }
            oid => Err(KeyFileError::unsupported_key(&crate::names::algorithm(oid))),
        }
    }

    /// The kind and size.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        match self {
            Self::Rsa { kind, .. } | Self::Ec { kind, .. } => *kind,
            Self::Ed25519 { .. } => KeyKind::Ed25519,
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.kind())
    }
}
