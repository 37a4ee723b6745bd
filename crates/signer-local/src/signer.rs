use std::fmt;

use async_trait::async_trait;
use jwt_bearer_keyfile::{KeyFileError, KeyFileErrorKind, PrivateKey};
use jwt_bearer_signer::{
    Algorithm, KeyKind, PublicKey, SignError, SignErrorKind, Signature, Signer,
};
use ring::error::KeyRejected;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair as RsaKeyPair;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaEncoding};

/// RSA-4096 makes the longest signature.
const MAX_LEN: usize = 512;

/// Signs with a private key in this process, on the thread that asks.
///
/// Cheap to share as `Arc<LocalSigner>`; signing needs no lock. `Debug` shows no part of the private key.
pub struct LocalSigner {
    algorithm: Algorithm,
    key_id: Option<String>,
    public_key: PublicKey,
    key: Key,
    random: SystemRandom,
}

enum Key {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl LocalSigner {
    /// A signer with the usual algorithm of the key: RS256, ES256, ES384 or EdDSA.
    ///
    /// # Errors
    /// `InvalidKey` if the numbers of an RSA key, or the two halves of an Ed25519 key, do not belong together.
    pub fn new(key: &PrivateKey) -> Result<Self, SignError> {
        let random = SystemRandom::new();
        let (key, public_key) = match key {
            PrivateKey::Rsa { pkcs1, .. } => {
                let pair = RsaKeyPair::from_der(pkcs1).map_err(rejected)?;
                let public_key = PublicKey::from_rsa_der(pair.public_key().as_ref());
                (Key::Rsa(pair), public_key)
            }
            PrivateKey::Ec {
                kind,
                scalar,
                point,
                ..
            } => {
                let algorithm = match kind {
                    KeyKind::P384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
                    _ => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                };
                let pair = EcdsaKeyPair::from_private_key_and_public_key(
                    algorithm, scalar, point, &random,
                )
                .map_err(rejected)?;
                (Key::Ec(pair), PublicKey::from_ec_point(*kind, point))
            }
            PrivateKey::Ed25519 { seed, public, .. } => {
                let pair = match public {
                    Some(public) => Ed25519KeyPair::from_seed_and_public_key(&seed[..], public),
                    None => Ed25519KeyPair::from_seed_unchecked(&seed[..]),
                }
                .map_err(rejected)?;
                let public_key = PublicKey::from_ed25519(pair.public_key().as_ref());
                (Key::Ed25519(pair), public_key)
            }
            key => {
                return Err(SignError::new(
                    SignErrorKind::InvalidKey,
                    format!("a {} key does not sign here", key.kind()),
                ));
            }
        };
        let public_key =
            public_key.map_err(|error| SignError::new(SignErrorKind::InvalidKey, error))?;
        let algorithm = public_key.kind().algorithms()[0];
        Ok(Self {
            algorithm,
            key_id: None,
            public_key,
            key,
            random,
        })
    }

    /// A signer for the private key in a PEM text, read as [`PrivateKey::read`] does.
    ///
    /// # Errors
    /// `InvalidKey` if the text is no usable private key, `InteractionRequired` if it is encrypted; the source tells
    /// what it is and what to do.
    pub fn from_pem(pem: &str) -> Result<Self, SignError> {
        Self::read(pem, None)
    }

    /// The same for an encrypted key. Takes up to seconds.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem), and `AccessDenied` if the passphrase is wrong.
    pub fn from_encrypted_pem(pem: &str, passphrase: &[u8]) -> Result<Self, SignError> {
        Self::read(pem, Some(passphrase))
    }

    fn read(pem: &str, passphrase: Option<&[u8]>) -> Result<Self, SignError> {
        Self::new(&PrivateKey::read(pem.as_bytes(), passphrase).map_err(unreadable)?)
    }

    /// Signs with this algorithm instead of the usual one.
    ///
    /// # Errors
    /// `UnsupportedAlgorithm` if the key cannot sign with it; the source names those that it can.
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Result<Self, SignError> {
        let kind = self.public_key.kind();
        let fitting = kind.algorithms();
        if !fitting.contains(&algorithm) {
            let names: Vec<_> = fitting.iter().map(|algorithm| algorithm.name()).collect();
            let text = format!(
                "{algorithm} does not fit the key, which is {kind} and signs with {}",
                names.join(", ")
            );
            return Err(SignError::new(SignErrorKind::UnsupportedAlgorithm, text));
        }
        self.algorithm = algorithm;
        Ok(self)
    }

    /// The key id that the server knows the key by.
    #[must_use]
    pub fn with_key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// Signs the message on this thread: [`Signer::sign`] without the future.
    ///
    /// No I/O, and no allocation but those of `ring`. Takes some 20 microseconds for P-256 and Ed25519, and half a
    /// millisecond or more for P-384 and RSA.
    ///
    /// # Errors
    /// `Other` if the system's random numbers fail, or if the RSA key turns out to be inconsistent.
    pub fn sign_now(&self, signing_input: &[u8]) -> Result<Signature, SignError> {
        let failed = |_| {
            SignError::new(
                SignErrorKind::Other,
                "ring could not sign: the key is inconsistent, or the system gave no random numbers",
            )
        };
        let signature = match &self.key {
            Key::Rsa(pair) => {
                let mut octets = [0; MAX_LEN];
                let octets = &mut octets[..pair.public().modulus_len()];
                let encoding = rsa_encoding(self.algorithm);
                pair.sign(encoding, &self.random, signing_input, octets)
                    .map_err(failed)?;
                Signature::from_jose(self.algorithm, octets)
            }
            Key::Ec(pair) => {
                let signature = pair.sign(&self.random, signing_input).map_err(failed)?;
                Signature::from_jose(self.algorithm, signature.as_ref())
            }
            Key::Ed25519(pair) => {
                Signature::from_jose(self.algorithm, pair.sign(signing_input).as_ref())
            }
        };
        signature.map_err(|error| SignError::new(SignErrorKind::Other, error))
    }
}

#[async_trait]
impl Signer for LocalSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    async fn sign(&self, signing_input: &[u8]) -> Result<Signature, SignError> {
        self.sign_now(signing_input)
    }
}

impl fmt::Debug for LocalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSigner")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .field("public_key", &self.public_key)
            .finish_non_exhaustive()
    }
}

fn rsa_encoding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
        _ => &signature::RSA_PKCS1_SHA256,
    }
}

/// All that ring could say more clearly was refused when the key was read.
fn rejected(error: KeyRejected) -> SignError {
    let text = format!(
        "the parts of the key do not belong together ({error}); take a fresh copy of its file"
    );
    SignError::new(SignErrorKind::InvalidKey, text)
}

fn unreadable(error: KeyFileError) -> SignError {
    let kind = match error.kind() {
        KeyFileErrorKind::PassphraseNeeded => SignErrorKind::InteractionRequired,
        KeyFileErrorKind::WrongPassphrase => SignErrorKind::AccessDenied,
        _ => SignErrorKind::InvalidKey,
    };
    SignError::new(kind, error)
}
