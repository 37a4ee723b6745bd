//! A token for a Box user, by the configuration file that Box's developer console gives out.
//!
//! For the real Box, put the user's id into the constant and change three lines: (1) reads your file, with
//! `std::fs::read_to_string`; (2) and (3) go, and with them the functions `config_file` and `sandbox`.
#![expect(clippy::print_stdout, reason = "an example shows what it got")]

use std::error::Error;

use jwt_bearer::keyfile::{KeyFileError, PrivateKey};
use jwt_bearer::secrecy::ExposeSecret;
use jwt_bearer::signer::PublicKey;
use jwt_bearer::{BoxConfig, Client, LocalSigner, Signer, Subject};
use jwt_bearer_sandbox::{Dialect, Running, Sandbox, SandboxError};

const USER: &str = "7654321";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = BoxConfig::from_json(&config_file()?)?; // (1)
    let key = config.private_key().ok_or("the file has no private key")?;
    let passphrase = config.passphrase().ok_or("the file has no passphrase")?;
    let passphrase = passphrase.expose_secret().as_bytes();
    let signer = LocalSigner::from_encrypted_pem(key.expose_secret(), passphrase)?;
    let server = sandbox(signer.public_key().clone()).await?; // (2)

    let request = config
        .request()
        .subject(Subject::User(USER.into())) // in place of the file's enterprise
        .token_endpoint(server.token_endpoint()) // (3)
        .build()?;
    let token = Client::new().token(&request, &signer).await?;

    let lifetime = token.expires_in().ok_or("the token has no lifetime")?;
    println!("a token for the user {USER}, good for {lifetime:?}");
    Ok(())
}

/// The file as it comes from Box, but that there the key is encrypted.
fn config_file() -> Result<String, KeyFileError> {
    let key = PrivateKey::generate_rsa(2048)?.to_pkcs8_pem()?;
    let auth = serde_json::json!({ "publicKeyID": "abcdefgh", "privateKey": *key, "passphrase": "secret" });
    let app = serde_json::json!({ "clientID": "demo-app", "clientSecret": "demo-secret", "appAuth": auth });
    Ok(serde_json::json!({ "boxAppSettings": app, "enterpriseID": "1234567" }).to_string())
}

/// A server as strict as Box, on this machine, with the app, its public key and the user.
async fn sandbox(public_key: PublicKey) -> Result<Running, SandboxError> {
    Sandbox::new(Dialect::Box)
        .client("demo-app", Some("demo-secret"))
        .register(Some("abcdefgh"), public_key)
        .user(USER)
        .start(([127, 0, 0, 1], 0).into())
        .await
}
