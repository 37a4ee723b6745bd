//! No secret is in the `Debug` or `Display` of anything that holds one.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::error::Error;
use std::fmt::{Debug, Display};
use std::sync::Arc;

use async_trait::async_trait;
use jwt_bearer::assertion::{Assertion, Claims, Clock, Header, SystemClock, Unsigned};
use jwt_bearer::exchange::{
    AccessToken, HttpTransport, Reply, Request, Transport, TransportError, TransportErrorKind,
};
use jwt_bearer::keyfile::PrivateKey;
use jwt_bearer::secrecy::ExposeSecret;
use jwt_bearer::signer::Signer;
use jwt_bearer::{BoxConfig, Client, LocalSigner, Profile, Subject, TokenRequest, TokenResponse};
use serde_json::json;

use hidden::shows_nothing_of;
use keys::{key, signer};

#[path = "support/hidden.rs"]
mod hidden;
#[path = "support/keys.rs"]
mod keys;

/// Every secret of these tests has this in it.
const MARK: &str = "TOPSECRET";

fn secret(name: &str) -> String {
    format!("{MARK}-{name}")
}

#[track_caller]
fn debug_hides(value: &(impl Debug + ?Sized)) -> String {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!text.contains(MARK), "{text}");
        assert!(!text.is_empty());
    }
    format!("{value:?}")
}

/// The same for an error with all its sources, by both ways of writing.
#[track_caller]
fn error_hides(error: &(dyn Error + 'static)) {
    let mut next = Some(error);
    while let Some(error) = next {
        debug_hides(error);
        display_hides(error);
        next = error.source();
    }
}

#[track_caller]
fn display_hides(value: &(impl Display + ?Sized)) {
    let text = value.to_string();
    assert!(!text.contains(MARK), "{text}");
}

fn request() -> TokenRequest {
    Profile::GENERIC
        .request("client-id")
        .client_id("client-id")
        .client_secret(secret("client").into())
        .form("password", secret("form"))
        .token_endpoint("https://as.example/token")
        .build()
        .unwrap()
}

#[tokio::test]
async fn requests() {
    let builder = Profile::BOX
        .request("client-id")
        .subject(Subject::User("1".into()))
        .client_secret(secret("client").into())
        .form("password", secret("form"));
    assert!(debug_hides(&builder).contains("client-id"));
    let box_request = builder.build().unwrap();
    assert!(debug_hides(&box_request).contains("https://api.box.com/oauth2/token"));
    debug_hides(box_request.assertion_request());

    let request = request();
    debug_hides(&request);
    let assertion = request
        .assertion(&signer("p256.pem"), SystemClock.now())
        .await
        .unwrap();
    let parameters = request.parameters(&assertion);
    let marked = parameters.iter().filter(|(_, value)| value.contains(MARK));
    assert_eq!(marked.count(), 2, "the secrets are sent: {parameters:?}");
}

#[test]
fn refused_requests() {
    let builder = || {
        Profile::SALESFORCE
            .request("key")
            .subject(Subject::Name("ann".into()))
    };
    let refused = [
        builder().client_secret(secret("client").into()),
        builder().form("client_secret", secret("form")),
        builder()
            .form("password", secret("form"))
            .form("password", secret("form")),
        builder().token_endpoint(format!("https://ann:{}@as.example/token", secret("url"))),
        builder().host(format!("ann:{}@as.example", secret("url"))),
    ];
    for builder in refused {
        debug_hides(&builder);
        let error = builder.build().unwrap_err();
        error_hides(&error);
    }
}

#[test]
fn the_configuration_file_of_box() {
    let file = json!({
        "boxAppSettings": {
            "clientID": "client-id",
            "clientSecret": secret("client"),
            "appAuth": {
                "publicKeyID": "key1",
                "privateKey": secret("key"),
                "passphrase": secret("passphrase"),
            },
        },
        "enterpriseID": "12345",
    });
    let config = BoxConfig::from_json(&file.to_string()).unwrap();
    assert!(debug_hides(&config).contains("client-id"));
    debug_hides(&config.request());
    let (key, passphrase) = (config.private_key().unwrap(), config.passphrase().unwrap());
    debug_hides(key);
    debug_hides(passphrase);
    assert!(key.expose_secret().contains(MARK) && passphrase.expose_secret().contains(MARK));

    for spoil in [
        |text: &str| text.replace("12345\"", "12345"),
        |text: &str| text.replace("clientID", "other"),
        |text: &str| text.replace(&format!("\"{MARK}-client\""), &format!("[\"{MARK}\"]")),
        |text: &str| text[..text.len() - 3].to_owned(),
        |text: &str| text.replace("boxAppSettings", MARK),
        |text: &str| text.replace('"', ""),
    ] {
        let spoilt = spoil(&file.to_string());
        error_hides(&BoxConfig::from_json(&spoilt).unwrap_err());
    }
}

#[tokio::test]
async fn assertions() {
    let key = key("p256.pem");
    let signer = LocalSigner::new(&key).unwrap();
    let now = SystemClock.now();
    let claims = Claims::new("client-id").audience("https://as.example");
    let unsigned = Unsigned::for_signer(&Header::new(), &claims, &signer, now).unwrap();
    let signing_input = String::from_utf8(unsigned.signing_input().into()).unwrap();
    assert!(!format!("{unsigned:?}").contains(&signing_input[30..]));

    let assertion = Assertion::sign(&Header::new(), &claims, &signer, now)
        .await
        .unwrap();
    let signature = assertion.as_str().rsplit_once('.').unwrap().1;
    let decoded = Assertion::decode(assertion.as_str()).unwrap();
    for text in [format!("{assertion:?}"), format!("{decoded:#?}")] {
        assert!(!text.contains(signature), "{text}");
        shows_nothing_of(&text, decoded.signature());
    }
    let signature = signer.sign_now(b"message").unwrap();
    shows_nothing_of(&format!("{signature:?}"), signature.as_bytes());
}

#[test]
fn keys() {
    for name in ["rsa.pem", "p256.pem", "p384.pem", "ed25519.pem"] {
        let key = key(name);
        let private = match &key {
            PrivateKey::Rsa { pkcs1, .. } => &pkcs1[300..],
            PrivateKey::Ec { scalar, .. } => scalar,
            PrivateKey::Ed25519 { seed, .. } => &seed[..],
            key => panic!("{key:?}"),
        };
        let signer = Arc::new(LocalSigner::new(&key).unwrap());
        let held: Arc<dyn Signer> = Arc::<LocalSigner>::clone(&signer);
        let texts = [
            format!("{key:?} {key:#?}"),
            format!("{signer:?} {signer:#?}"),
            format!("{held:?}"),
        ];
        for text in texts {
            shows_nothing_of(&text, private);
        }
    }
}

/// Whatever is wrong with a key's file, its octets are not in the error.
#[test]
fn damaged_keys() {
    let pem = key("p256.pem").to_pkcs8_pem().unwrap();
    let base64 = pem.lines().nth(1).unwrap();
    let spoilt = [
        pem.replace("-----END", "-----BEGIN"),
        pem.replace("PRIVATE KEY", "PRIVATE CAY"),
        pem.replace(base64, &base64[1..]),
        pem.replace(base64, &format!("!{base64}")),
        base64.to_owned(),
        format!("{}{}", *pem, *pem),
    ];
    for text in spoilt {
        let error = match PrivateKey::read(text.as_bytes(), Some(MARK.as_bytes())) {
            Err(error) => error,
            Ok(key) => panic!("{key:?} was read out of {text}"),
        };
        error_hides(&error);
        let shown = format!("{error:?} {error}");
        for part in base64.as_bytes().chunks(12) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(!shown.contains(part), "{shown}");
        }
    }
    let encrypted = std::fs::read(format!(
        "{}/../crates/keyfile/testdata/p256-aes256.pem",
        env!("CARGO_MANIFEST_DIR")
    ))
    .unwrap();
    error_hides(&PrivateKey::read(&encrypted, Some(MARK.as_bytes())).unwrap_err());
    let encrypted = String::from_utf8(encrypted).unwrap();
    error_hides(&LocalSigner::from_encrypted_pem(&encrypted, MARK.as_bytes()).unwrap_err());
}

/// A transport that answers, or fails, with something secret in it where that is allowed.
#[derive(Clone, Debug)]
struct Answer(Result<Reply, TransportErrorKind>);

#[async_trait]
impl Transport for Answer {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        assert!(request.body().contains(MARK));
        debug_hides(&request);
        self.0
            .clone()
            .map_err(|kind| TransportError::new(kind, "by the test"))
    }
}

async fn token(answer: Answer) -> Result<TokenResponse, jwt_bearer::ExchangeError> {
    let client = Client::new().transport(answer);
    debug_hides(&client);
    client.token(&request(), &signer("p256.pem")).await
}

fn reply(status: u16, body: &str) -> Answer {
    let headers = vec![
        ("x-session".into(), secret("client")),
        ("set-cookie".into(), secret("cookie")),
    ];
    let reply = Reply::new(status, headers, body.into());
    debug_hides(&reply);
    Answer(Ok(reply))
}

#[tokio::test]
async fn tokens() {
    let body = json!({
        "access_token": secret("access"),
        "refresh_token": secret("refresh"),
        "id_token": secret("id"),
        "scope": "api",
    });
    let token = token(reply(200, &body.to_string())).await.unwrap();
    assert!(debug_hides(&token).contains("refresh_token"));
    let access_token: &AccessToken = token.access_token();
    debug_hides(access_token);
    assert_eq!(access_token.expose(), secret("access"));
    assert_eq!(token.to_json(), body);

    let get = Request::get("https://as.example/me".parse().unwrap(), access_token);
    assert!(debug_hides(&get).contains("https://as.example/me"));
    assert_eq!(get.headers[1].1, format!("Bearer {}", secret("access")));
}

#[tokio::test]
async fn errors_and_attempts() {
    let token_of_wrong_type = json!({ "access_token": [secret("access")] }).to_string();
    let echo = json!({ "error": "invalid_client", "error_description": secret("client") });
    let answers = [
        reply(200, &token_of_wrong_type),
        reply(200, &secret("access")),
        reply(201, &format!("<{}>", secret("access"))),
        reply(400, &echo.to_string()),
        reply(500, &format!("no {}", secret("client"))),
        Answer(Err(TransportErrorKind::Interrupted)),
        Answer(Err(TransportErrorKind::TooLarge)),
    ];
    for answer in answers {
        let error = token(answer).await.unwrap_err();
        error_hides(&error);
        let attempt = error.attempt().unwrap();
        debug_hides(attempt);
        display_hides(attempt.body());
        assert_eq!(attempt.header("set-cookie"), None);
        debug_hides(attempt.assertion().unwrap());
    }
}

#[test]
fn transports() {
    let pem = format!("-----BEGIN CERTIFICATE-----\n{MARK}\n-----END CERTIFICATE-----\n");
    error_hides(&HttpTransport::new().trust(pem.as_bytes()).unwrap_err());
    debug_hides(&HttpTransport::new());
    debug_hides(&Client::new());
}

/// A mark that is there is seen.
#[test]
fn a_leak_is_seen() {
    let leak = secret("leak");
    assert!(std::panic::catch_unwind(|| debug_hides(&leak)).is_err());
    assert!(std::panic::catch_unwind(|| display_hides(&leak)).is_err());
    let error: Box<dyn Error> = secret("leak").into();
    let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| error_hides(&*error)));
    assert!(seen.is_err());
}
