//! The keys that are measured, each in a signer and bare.

use std::error::Error;

use jwt_bearer::keyfile::PrivateKey;
use jwt_bearer::signer::KeyKind;
use jwt_bearer::{Algorithm, LocalSigner, Signer};
use ring::error::{KeyRejected, Unspecified};
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding,
};

/// The octets of any signature here.
pub(crate) type Octets = [u8; 512];

/// Makes a key on the spot.
pub(crate) fn make(kind: &str) -> Result<PrivateKey, Box<dyn Error>> {
    Ok(match kind {
        "RSA-2048" => PrivateKey::generate_rsa(2048)?,
        "RSA-3072" => PrivateKey::generate_rsa(3072)?,
        "RSA-4096" => PrivateKey::generate_rsa(4096)?,
        "P-256" => PrivateKey::generate_ec(KeyKind::P256)?,
        "P-384" => PrivateKey::generate_ec(KeyKind::P384)?,
        "Ed25519" => PrivateKey::generate_ed25519()?,
        other => return Err(format!("`{other}` is no kind of key here").into()),
    })
}

/// One key, twice.
pub(crate) struct Key {
    pub(crate) signer: LocalSigner,
    pub(crate) bare: Bare,
}

impl Key {
    /// With this algorithm, or the usual one of the key.
    pub(crate) fn new(
        key: &PrivateKey,
        algorithm: Option<Algorithm>,
    ) -> Result<Self, Box<dyn Error>> {
        let mut signer = LocalSigner::new(key)?;
        if let Some(algorithm) = algorithm {
            signer = signer.with_algorithm(algorithm)?;
        }
        let bare = Bare::new(key, signer.algorithm())?;

        // Unlike measurements would be compared in silence.
        let mut octets = [0; 512];
        let len = bare.sign(b"message", &mut octets)?;
        let (algorithm, octets) = (signer.algorithm(), &octets[..len]);
        signer.public_key().verify(algorithm, b"message", octets)?;
        Ok(Self { signer, bare })
    }
}

/// A key of `ring`.
pub(crate) struct Bare {
    pair: Pair,
    encoding: &'static dyn RsaEncoding,
    random: SystemRandom,
}

enum Pair {
    Rsa(rsa::KeyPair),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Bare {
    fn new(key: &PrivateKey, algorithm: Algorithm) -> Result<Self, Box<dyn Error>> {
        let random = SystemRandom::new();
        let pair = match key {
            PrivateKey::Rsa { pkcs1, .. } => rsa::KeyPair::from_der(pkcs1).map(Pair::Rsa),
            PrivateKey::Ec {
                kind,
                scalar,
                point,
                ..
            } => {
                let algorithm = match kind {
                    KeyKind::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
                    _ => &ECDSA_P256_SHA256_FIXED_SIGNING,
                };
                EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, point, &random)
                    .map(Pair::Ec)
            }
            PrivateKey::Ed25519 { seed, .. } => {
                Ed25519KeyPair::from_seed_unchecked(&seed[..]).map(Pair::Ed25519)
            }
            _ => return Err("a kind of key that is not measured".into()),
        };
        let pair = pair.map_err(|error: KeyRejected| error.to_string())?;
        let encoding: &dyn RsaEncoding = match algorithm {
            Algorithm::Rs384 => &RSA_PKCS1_SHA384,
            Algorithm::Rs512 => &RSA_PKCS1_SHA512,
            Algorithm::Ps256 => &RSA_PSS_SHA256,
            Algorithm::Ps384 => &RSA_PSS_SHA384,
            Algorithm::Ps512 => &RSA_PSS_SHA512,
            _ => &RSA_PKCS1_SHA256,
        };
        Ok(Self {
            pair,
            encoding,
            random,
        })
    }

    /// Signs, and says how many octets the signature has.
    pub(crate) fn sign(&self, message: &[u8], octets: &mut Octets) -> Result<usize, Unspecified> {
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let len = pair.public().modulus_len();
                pair.sign(self.encoding, &self.random, message, &mut octets[..len])?;
                return Ok(len);
            }
            Pair::Ec(pair) => pair.sign(&self.random, message)?,
            Pair::Ed25519(pair) => pair.sign(message),
        };
        let len = signature.as_ref().len();
        octets[..len].copy_from_slice(signature.as_ref());
        Ok(len)
    }
}
