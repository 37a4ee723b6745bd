//! A key that lives somewhere else: four methods make a signer of it.
//!
//! For a real one, change three lines: (1) asks your service or device, with the message or with its digest, which is
//! `Algorithm::digest`; (2) holds the way to it and its public key; (3) has the URL of your server's token endpoint.
#![expect(clippy::print_stdout, reason = "an example shows what it got")]

use jwt_bearer::signer::{KeyKind, PublicKey, SignError, SignErrorKind, Signature};
use jwt_bearer::{Algorithm, Client, Profile, Signer, Subject};
use jwt_bearer_sandbox::{Dialect, Sandbox};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING as P256, EcdsaKeyPair, KeyPair};

#[derive(Debug)]
struct Device(EcdsaKeyPair, PublicKey);

#[async_trait::async_trait]
impl Signer for Device {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Es256
    }
    fn key_id(&self) -> Option<&str> {
        Some("key-1")
    }
    fn public_key(&self) -> &PublicKey {
        &self.1
    }
    async fn sign(&self, signing_input: &[u8]) -> Result<Signature, SignError> {
        let answer = self.0.sign(&SystemRandom::new(), signing_input); // (1)
        let der = answer.map_err(|error| SignError::new(SignErrorKind::Unavailable, error))?;
        // Devices answer DER; a JWT has the two numbers side by side, and this turns one into the other.
        Signature::from_ecdsa_der(Algorithm::Es256, der.as_ref())
            .map_err(|error| SignError::new(SignErrorKind::Other, error))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&P256, &SystemRandom::new())?;
    let key = EcdsaKeyPair::from_pkcs8(&P256, pkcs8.as_ref(), &SystemRandom::new())?;
    let public_key = PublicKey::from_ec_point(KeyKind::P256, key.public_key().as_ref())?;
    let signer = Device(key, public_key); // (2)
    let server = Sandbox::new(Dialect::Generic)
        .client("demo-app", None)
        .register(signer.key_id(), signer.public_key().clone())
        .user("ann");
    let server = server.start(([127, 0, 0, 1], 0).into()).await?;
    let request = Profile::GENERIC
        .request("demo-app")
        .subject(Subject::Name("ann".into()))
        .token_endpoint(server.token_endpoint()) // (3)
        .build()?;
    Client::new().token(&request, &signer).await?;
    println!(
        "a token for an assertion signed with {}",
        signer.algorithm()
    );
    Ok(())
}
