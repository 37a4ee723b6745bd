//! A token for a Box enterprise, that is for the app's service account in it.
//!
//! For the real Box, put your app's values into the constants and change three lines: (1) reads your key, with
//! `LocalSigner::from_pem` or `from_encrypted_pem`; (2) and (3) go, and with them the function `sandbox`.
#![expect(clippy::print_stdout, reason = "an example shows what it got")]

use std::error::Error;

use jwt_bearer::assertion::Header;
use jwt_bearer::keyfile::PrivateKey;
use jwt_bearer::signer::PublicKey;
use jwt_bearer::{Client, LocalSigner, Profile, Signer, Subject};
use jwt_bearer_sandbox::{Dialect, Running, Sandbox, SandboxError};

const CLIENT_ID: &str = "demo-app";
const CLIENT_SECRET: &str = "demo-secret";
const KEY_ID: &str = "abcdefgh";
const ENTERPRISE: &str = "1234567";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let signer = LocalSigner::new(&PrivateKey::generate_rsa(2048)?)?; // (1)
    let server = sandbox(signer.public_key().clone()).await?; // (2)

    let request = Profile::BOX
        .request(CLIENT_ID)
        .client_secret(CLIENT_SECRET.into())
        .header(Header::new().key_id(KEY_ID))
        .subject(Subject::Enterprise(ENTERPRISE.into()))
        .token_endpoint(server.token_endpoint()) // (3)
        .build()?;
    let token = Client::new().token(&request, &signer).await?;

    let length = token.access_token().expose().len();
    let lifetime = token.expires_in().ok_or("the token has no lifetime")?;
    println!(
        "a token of {length} characters for the enterprise {ENTERPRISE}, good for {lifetime:?}"
    );
    Ok(())
}

/// A server as strict as Box, on this machine, with the app, its public key and its enterprise.
async fn sandbox(public_key: PublicKey) -> Result<Running, SandboxError> {
    Sandbox::new(Dialect::Box)
        .client(CLIENT_ID, Some(CLIENT_SECRET))
        .register(Some(KEY_ID), public_key)
        .enterprise(ENTERPRISE)
        .start(([127, 0, 0, 1], 0).into())
        .await
}
