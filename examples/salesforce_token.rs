//! A token for a Salesforce user, and a call with it.
//!
//! For the real Salesforce, put your app's values into the constants and change three lines: (1) reads your key, with
//! `LocalSigner::from_pem`; (2) goes; (3) becomes `.host("NAME.my.salesforce.com")`, your My Domain. The function
//! `sandbox` goes too.
#![expect(clippy::print_stdout, reason = "an example shows what it got")]

use std::error::Error;

use jwt_bearer::exchange::{HttpTransport, Request, Transport};
use jwt_bearer::keyfile::PrivateKey;
use jwt_bearer::signer::PublicKey;
use jwt_bearer::{Client, LocalSigner, Profile, Signer, Subject};
use jwt_bearer_sandbox::{Dialect, Running, Sandbox, SandboxError};

const CONSUMER_KEY: &str = "demo-consumer-key";
const USERNAME: &str = "ann@example.com";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let signer = LocalSigner::new(&PrivateKey::generate_rsa(2048)?)?; // (1)
    let server = sandbox(signer.public_key().clone()).await?; // (2)

    let request = Profile::SALESFORCE
        .request(CONSUMER_KEY)
        .subject(Subject::Name(USERNAME.into()))
        .token_endpoint(server.token_endpoint()) // (3)
        .build()?;
    let token = Client::new().token(&request, &signer).await?;
    let scope = token.scope().unwrap_or("no scope");
    println!("a token for {USERNAME} with {scope}");

    // Salesforce tells with each token where its API is.
    let instance = token.instance_url().ok_or("the reply has no instance")?;
    let url = format!("{instance}/services/oauth2/userinfo").parse()?;
    let call = Request::get(url, token.access_token());
    let reply = HttpTransport::new().send(call).await?;
    if reply.status != 200 {
        return Err(format!("the call was answered with status {}", reply.status).into());
    }
    println!("the call says: {}", String::from_utf8(reply.body)?);
    Ok(())
}

/// A server as strict as Salesforce, on this machine, with the app, its key and its user.
async fn sandbox(public_key: PublicKey) -> Result<Running, SandboxError> {
    Sandbox::new(Dialect::Salesforce)
        .client(CONSUMER_KEY, None)
        .register(None, public_key)
        .user(USERNAME)
        .start(([127, 0, 0, 1], 0).into())
        .await
}
