//! A program that has a TLS provider of its own is not disturbed by it, and does not disturb us.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use jwt_bearer::exchange::HttpTransport;
use jwt_bearer::{Client, Profile, Signer};
use jwt_bearer_sandbox::{Dialect, Sandbox};
use rustls::crypto::CryptoProvider;

use keys::signer;

#[path = "support/keys.rs"]
mod keys;

/// The program's provider is one that no connection could be made with.
#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test is the program that installs one"
)]
async fn the_default_provider_of_the_program_is_left_alone() {
    let useless = CryptoProvider {
        cipher_suites: Vec::new(),
        kx_groups: Vec::new(),
        ..rustls::crypto::ring::default_provider()
    };
    useless.install_default().unwrap();

    let certificate = rcgen::generate_simple_self_signed([String::from("127.0.0.1")]).unwrap();
    let signer = signer("p256.pem");
    let server = Sandbox::new(Dialect::Generic)
        .client("client-id", None)
        .register(None, signer.public_key().clone())
        .user("ann")
        .tls(
            certificate.cert.pem(),
            certificate.signing_key.serialize_pem(),
        )
        .start(([127, 0, 0, 1], 0).into())
        .await
        .unwrap();
    let request = Profile::GENERIC
        .request("client-id")
        .subject(jwt_bearer::Subject::Name("ann".into()))
        .token_endpoint(server.token_endpoint())
        .build()
        .unwrap();
    let transport = HttpTransport::new()
        .trust(certificate.cert.pem().as_bytes())
        .unwrap();
    Client::new()
        .transport(transport)
        .token(&request, &signer)
        .await
        .unwrap();
    let provider = CryptoProvider::get_default().unwrap();
    assert!(provider.cipher_suites.is_empty());
}
