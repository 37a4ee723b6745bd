//! A signer of one's own: a key in this process again, but signed with aws-lc. All that it takes is the trait.

use std::error::Error;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
};
use jwt_bearer::keyfile::PrivateKey;
use jwt_bearer::signer::{PublicKey, SignError, SignErrorKind, Signature};
use jwt_bearer::{Algorithm, Signer};

/// Signs with RS256, ES256 or EdDSA, as its key says.
#[derive(Debug)]
pub(crate) struct AwsLcSigner {
    algorithm: Algorithm,
    public_key: PublicKey,
    key: Key,
}

#[derive(Debug)]
enum Key {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl AwsLcSigner {
    pub(crate) fn from_pem(pem: &str) -> Result<Self, Box<dyn Error>> {
        let key = PrivateKey::read(pem.as_bytes(), None)?;
        let public_key = key.public_key()?;
        let algorithm = public_key.kind().algorithms()[0];
        let der = key.to_pkcs8_der()?;
        let key = match algorithm {
            Algorithm::Rs256 => Key::Rsa(RsaKeyPair::from_pkcs8(&der)?),
            Algorithm::Es256 => Key::Ec(EcdsaKeyPair::from_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &der,
            )?),
            Algorithm::EdDsa => Key::Ed25519(Ed25519KeyPair::from_pkcs8(&der)?),
            other => return Err(format!("{other} is not shown here").into()),
        };
        Ok(Self {
            algorithm,
            public_key,
            key,
        })
    }

    pub(crate) fn sign_now(&self, signing_input: &[u8]) -> Result<Signature, SignError> {
        let failed = |_| SignError::new(SignErrorKind::Other, "aws-lc could not sign");
        let random = SystemRandom::new();
        let signature = match &self.key {
            Key::Rsa(pair) => {
                let mut octets = [0; 512];
                let octets = &mut octets[..pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, signing_input, octets)
                    .map_err(failed)?;
                Signature::from_jose(self.algorithm, octets)
            }
            Key::Ec(pair) => {
                let signature = pair.sign(&random, signing_input).map_err(failed)?;
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
impl Signer for AwsLcSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn key_id(&self) -> Option<&str> {
        None
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    async fn sign(&self, signing_input: &[u8]) -> Result<Signature, SignError> {
        self.sign_now(signing_input)
    }
}
