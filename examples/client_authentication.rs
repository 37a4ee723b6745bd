//! A token for the app itself: the assertion authenticates the client (RFC 7523 §2.2), in place of a client secret.
//!
//! For a real server, put your app's values into the constants and change three lines: (1) reads your key, with
//! `LocalSigner::from_pem`; (2) goes, and with it the function `sandbox`; (3) has the URL of your server's token endpoint.
#![expect(clippy::print_stdout, reason = "an example shows what it got")]

use std::error::Error;

use jwt_bearer::keyfile::PrivateKey;
use jwt_bearer::signer::PublicKey;
use jwt_bearer::{Client, LocalSigner, Profile, Signer};
use jwt_bearer_sandbox::{Dialect, Running, Sandbox, SandboxError};

const CLIENT_ID: &str = "demo-app";
const KEY_ID: &str = "key-1";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let signer = LocalSigner::new(&PrivateKey::generate_rsa(2048)?)?.with_key_id(KEY_ID); // (1)
    let server = sandbox(signer.public_key().clone()).await?; // (2)

    let request = Profile::GENERIC
        .client_authentication(CLIENT_ID)
        .scope("orders.read orders.write")
        .token_endpoint(server.token_endpoint()) // (3)
        .build()?;
    let token = Client::new().token(&request, &signer).await?;

    let scope = token.scope().ok_or("the reply has no scope")?;
    println!("a token for the client {CLIENT_ID} with {scope}");
    Ok(())
}

/// A strict server, on this machine, with the app and its public key. It knows no user: none is needed.
async fn sandbox(public_key: PublicKey) -> Result<Running, SandboxError> {
    Sandbox::new(Dialect::Generic)
        .client(CLIENT_ID, None)
        .register(Some(KEY_ID), public_key)
        .start(([127, 0, 0, 1], 0).into())
        .await
}
