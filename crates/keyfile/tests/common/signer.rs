use async_trait::async_trait;
use jwt_bearer_keyfile::PrivateKey;
use jwt_bearer_signer::{
    Algorithm, KeyKind, PublicKey, SignError, SignErrorKind, Signature, Signer,
};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair as RsaKeyPair;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair};

/// A signer for the tests: the crate for local ones depends on this one.
#[derive(Debug)]
pub(crate) struct TestSigner {
    key: PrivateKey,
    public_key: PublicKey,
    algorithm: Algorithm,
}

impl TestSigner {
    pub(crate) fn new(name: &str) -> Self {
        let path = format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"));
        let key = PrivateKey::read(&std::fs::read(path).unwrap(), None).unwrap();
        let public_key = key.public_key().unwrap();
        let algorithm = public_key.kind().algorithms()[0];
        Self {
            key,
            public_key,
            algorithm,
        }
    }

    pub(crate) fn with_algorithm(self, algorithm: Algorithm) -> Self {
        Self { algorithm, ..self }
    }
}

#[async_trait]
impl Signer for TestSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn key_id(&self) -> Option<&str> {
        None
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    async fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let random = SystemRandom::new();
        let octets = match &self.key {
            PrivateKey::Rsa { pkcs1, .. } => {
                let encoding: &dyn signature::RsaEncoding = match self.algorithm {
                    Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
                    Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let pair = RsaKeyPair::from_der(pkcs1).unwrap();
                let mut octets = vec![0; pair.public().modulus_len()];
                pair.sign(encoding, &random, message, &mut octets).unwrap();
                octets
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
                );
                pair.unwrap()
                    .sign(&random, message)
                    .unwrap()
                    .as_ref()
                    .to_vec()
            }
            PrivateKey::Ed25519 { seed, .. } => {
                let pair = Ed25519KeyPair::from_seed_unchecked(&seed[..]).unwrap();
                pair.sign(message).as_ref().to_vec()
            }
            _ => {
                return Err(SignError::new(
                    SignErrorKind::InvalidKey,
                    "a new kind of key",
                ));
            }
        };
        Ok(Signature::from_jose(self.algorithm, &octets).unwrap())
    }
}
