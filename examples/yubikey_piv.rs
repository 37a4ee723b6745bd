//! A Box token with an RSA key that never leaves a YubiKey. Name its slot: `-- 9c`, and the serial number behind it if
//! several are plugged in. The PIN is taken from the variable `YUBIKEY_PIN`.
//!
//! For the real Box, put your app's values into the constants and change two lines: (1) goes, with the function
//! `sandbox`; (2) goes too.
#![expect(clippy::print_stdout, reason = "an example shows what it got")]
#![expect(clippy::disallowed_methods, reason = "the PIN is in a variable")]

use std::error::Error;

use jwt_bearer::piv::PivKey;
use jwt_bearer::signer::PublicKey;
use jwt_bearer::{Client, Profile, Signer, Subject};
use jwt_bearer_sandbox::{Dialect, Running, Sandbox, SandboxError};

const CLIENT_ID: &str = "demo-app";
const CLIENT_SECRET: &str = "demo-secret";
const ENTERPRISE: &str = "1234567";
const KEY_ID: &str = "key-1";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let slot = arguments.next().ok_or("name a slot: -- 9c")?.parse()?;
    let mut key = PivKey::new(slot)
        .key_id(KEY_ID)
        .on_touch(|| println!("touch the YubiKey"));
    if let Some(serial) = arguments.next() {
        key = key.serial(serial.parse()?);
    }
    if let Ok(pin) = std::env::var("YUBIKEY_PIN") {
        key = key.pin(pin.into());
    }
    let signer = key.open().await?;
    let (serial, kind) = (signer.serial(), signer.public_key().kind());
    println!("the key in YubiKey {serial} is {kind}");
    let server = sandbox(signer.public_key().clone()).await?; // (1)

    let request = Profile::BOX
        .request(CLIENT_ID)
        .client_secret(CLIENT_SECRET.into())
        .subject(Subject::Enterprise(ENTERPRISE.into()))
        .token_endpoint(server.token_endpoint()) // (2)
        .build()?;
    let token = Client::new().token(&request, &signer).await?;
    let length = token.access_token().expose().len();
    println!("a token of {length} characters for the enterprise {ENTERPRISE}");
    Ok(())
}

/// A server as strict as Box, on this machine, with the app and its key.
async fn sandbox(public_key: PublicKey) -> Result<Running, SandboxError> {
    Sandbox::new(Dialect::Box)
        .client(CLIENT_ID, Some(CLIENT_SECRET))
        .register(Some(KEY_ID), public_key)
        .enterprise(ENTERPRISE)
        .start(([127, 0, 0, 1], 0).into())
        .await
}
