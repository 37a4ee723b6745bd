//! A sandbox of each dialect, and the request that it answers with a token.

use std::time::Duration;

use jwt_bearer::assertion::Header;
use jwt_bearer::exchange::HttpTransport;
use jwt_bearer::provider::RequestBuilder;
use jwt_bearer::{Client, LocalSigner, Profile, Signer, Subject};
use jwt_bearer_sandbox::{Dialect, Running, Sandbox};

use crate::keys::signer;

pub(crate) const CLIENT_ID: &str = "client-7f3a";
pub(crate) const SECRET: &str = "SECRET-91c2/+";
pub(crate) const ENTERPRISE: &str = "12345";
pub(crate) const USER: &str = "ann@example.com";

/// Whatever takes this long hangs.
pub(crate) async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(120), future)
        .await
        .expect("hangs")
}

/// The signer whose public key is registered.
pub(crate) fn key_of(dialect: Dialect) -> LocalSigner {
    match dialect {
        Dialect::Generic => signer("p256.pem"),
        _ => signer("rsa.pem"),
    }
}

pub(crate) fn sandbox(dialect: Dialect) -> Sandbox {
    let key = key_of(dialect).public_key().clone();
    let sandbox = Sandbox::new(dialect).user(USER);
    match dialect {
        Dialect::Box => sandbox
            .client(CLIENT_ID, Some(SECRET))
            .register(Some("key1"), key)
            .enterprise(ENTERPRISE),
        Dialect::Salesforce => sandbox.client(CLIENT_ID, None).register(None, key),
        _ => sandbox.client(CLIENT_ID, None).register(Some("key1"), key),
    }
}

pub(crate) async fn start(sandbox: Sandbox) -> Running {
    sandbox.start(([127, 0, 0, 1], 0).into()).await.unwrap()
}

/// A request that the server answers with a token.
pub(crate) fn good(dialect: Dialect, server: &Running) -> RequestBuilder {
    match dialect {
        Dialect::Box => Profile::BOX
            .request(CLIENT_ID)
            .subject(Subject::Enterprise(ENTERPRISE.into()))
            .client_secret(SECRET.into())
            .header(Header::new().key_id("key1"))
            .token_endpoint(server.token_endpoint()),
        Dialect::Salesforce => Profile::SALESFORCE
            .request(CLIENT_ID)
            .subject(Subject::Name(USER.into()))
            .host(server.url()),
        _ => Profile::GENERIC
            .request(CLIENT_ID)
            .subject(Subject::Name(USER.into()))
            .header(Header::new().key_id("key1"))
            .token_endpoint(server.token_endpoint()),
    }
}

/// A client that gives up soon.
pub(crate) fn impatient() -> Client {
    Client::new().transport(HttpTransport::new().timeout(Duration::from_secs(2)))
}
