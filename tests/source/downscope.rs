//! Box, from a log-in e-mail address to a token for a page, against the sandbox over a socket.

use std::sync::Arc;

use jwt_bearer::assertion::Header;
use jwt_bearer::exchange::{
    AccessToken, BoxUser, HttpTransport, Request, Revocation, TokenExchange, TokenSource, Transport,
};
use jwt_bearer::provider::TokenEndpoint;
use jwt_bearer::{
    Client, ExchangeError, ExchangeErrorKind, Profile, Signer, Subject, TokenRequest,
};
use jwt_bearer_sandbox::{Dialect, Running, Sandbox};
use serde_json::{Value, json};
use url::Url;

use crate::keys::signer;
use crate::scripted::{Endpoint, request, token};

const CLIENT_ID: &str = "client-7f3a";
const SECRET: &str = "SECRET-91c2";

async fn start() -> Running {
    Sandbox::new(Dialect::Box)
        .client(CLIENT_ID, Some(SECRET))
        .register(Some("key1"), signer("rsa.pem").public_key().clone())
        .enterprise("12345")
        .login("21", "Ann@Example.com")
        .login("22", "ann@example.com.au")
        .start(([127, 0, 0, 1], 0).into())
        .await
        .unwrap()
}

fn source(server: &Running, subject: Subject) -> TokenSource {
    let request: TokenRequest = Profile::BOX
        .request(CLIENT_ID)
        .subject(subject)
        .client_secret(SECRET.into())
        .header(Header::new().key_id("key1"))
        .token_endpoint(server.token_endpoint())
        .build()
        .unwrap();
    TokenSource::new(Client::new(), request, Arc::new(signer("rsa.pem")))
}

/// What the API says to a token.
async fn whoami(server: &Running, token: &AccessToken) -> (u16, Value) {
    let url = Url::parse(&server.resource()).unwrap();
    let reply = HttpTransport::new()
        .send(Request::get(url, token))
        .await
        .unwrap();
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}

#[tokio::test]
async fn from_an_address_to_a_token_for_a_page() {
    let server = start().await;
    let client = Client::new();
    let endpoint = TokenEndpoint::new(&server.token_endpoint()).unwrap();
    let api = TokenEndpoint::new(server.url()).unwrap();

    let enterprise = source(&server, Subject::Enterprise("12345".into()))
        .token()
        .await
        .unwrap();
    let find = |login: &'static str| client.box_user(&api, enterprise.access_token(), login);
    let user: BoxUser = find("ann@example.COM").await.unwrap().unwrap();
    assert_eq!((&*user.id, &*user.login), ("21", "Ann@Example.com"));
    assert_eq!(find("ann@example").await.unwrap(), None);
    assert_eq!(find("a&b=c@example.com").await.unwrap(), None);

    let token = source(&server, Subject::User(user.id))
        .token()
        .await
        .unwrap();
    let exchange = TokenExchange::new(endpoint.clone(), token.access_token())
        .scope("item_preview")
        .resource("https://api.box.com/2.0/files/42");
    let page = client.exchange_token(&exchange).await.unwrap();
    let restricted_to =
        json!([{ "scope": "item_preview", "object": { "type": "file", "id": "42" } }]);
    assert_eq!(page.member("restricted_to"), Some(&restricted_to));
    assert_eq!(
        whoami(&server, page.access_token()).await,
        (
            200,
            json!({ "type": "user", "id": "21", "restricted_to": restricted_to })
        )
    );

    let revocation = Revocation::beside(&endpoint, page.access_token())
        .unwrap()
        .client(CLIENT_ID, Some(SECRET.into()));
    client.revoke(&revocation).await.unwrap();
    client.revoke(&revocation).await.unwrap();
    assert_eq!(whoami(&server, page.access_token()).await.0, 401);
    assert_eq!(whoami(&server, token.access_token()).await.0, 200);
}

fn tells_no_secret(error: &ExchangeError, secrets: &[&str]) {
    let text = format!("{error} {error:?} {:?}", error.attempt());
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[tokio::test]
async fn refusals_are_errors_without_secrets() {
    let server = start().await;
    let client = Client::new();
    let endpoint = TokenEndpoint::new(&server.token_endpoint()).unwrap();
    let stranger = AccessToken::new("T-STRANGER").unwrap();

    let exchange = TokenExchange::new(endpoint.clone(), &stranger)
        .scope("item_preview")
        .box_shared_link("https://app.box.com/s/LINK");
    let error = client.exchange_token(&exchange).await.unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Server);
    assert_eq!(
        error.to_string(),
        "the server refused: invalid_grant: Invalid subject_token"
    );
    assert!(error.attempt().unwrap().assertion().is_none());
    tells_no_secret(&error, &["STRANGER", "LINK"]);

    let revocation = Revocation::beside(&endpoint, &stranger)
        .unwrap()
        .client(CLIENT_ID, Some("SECRET-wrong".into()));
    let error = client.revoke(&revocation).await.unwrap_err();
    assert_eq!(error.attempt().unwrap().status(), Some(401));
    tells_no_secret(&error, &["STRANGER", "SECRET"]);

    let api = TokenEndpoint::new(server.url()).unwrap();
    let error = client.box_user(&api, &stranger, "ann@example.com").await;
    let error = error.unwrap_err();
    assert_eq!(error.attempt().unwrap().status(), Some(401));
    tells_no_secret(&error, &["STRANGER"]);

    let debug = format!("{exchange:?} {revocation:?} {stranger:?}");
    assert!(!debug.contains("STRANGER") && !debug.contains("SECRET") && !debug.contains("LINK"));
}

#[tokio::test(start_paused = true)]
async fn each_parameter_stands_once() {
    let endpoint = Endpoint::new(|number| token(number, 60));
    let exchange = TokenExchange::new(
        request("ann").token_endpoint().clone(),
        &AccessToken::new("T").unwrap(),
    )
    .scope("a")
    .scope("b c")
    .client(CLIENT_ID, None);
    endpoint.client().exchange_token(&exchange).await.unwrap();
    let form: Vec<_> = endpoint.forms().remove(0);
    let expected = [
        (
            "grant_type",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        ("subject_token", "T"),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:access_token",
        ),
        ("client_id", CLIENT_ID),
        ("scope", "b c"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(form, expected);
}

#[test]
fn where_tokens_are_revoked() {
    let token = AccessToken::new("T").unwrap();
    for (endpoint, revocation) in [
        (
            "https://api.box.com/oauth2/token",
            Some("https://api.box.com/oauth2/revoke"),
        ),
        (
            "https://x.my.salesforce.com/services/oauth2/token",
            Some("https://x.my.salesforce.com/services/oauth2/revoke"),
        ),
        (
            "https://as.example/token?a=b",
            Some("https://as.example/revoke"),
        ),
        ("https://as.example/oauth2/v2.0/access_token", None),
        ("https://as.example/", None),
    ] {
        let endpoint = TokenEndpoint::new(endpoint).unwrap();
        let found = Revocation::beside(&endpoint, &token);
        let found = found.map(|revocation| revocation.endpoint().to_string());
        assert_eq!(found.as_deref(), revocation);
    }
}

#[test]
fn what_no_header_can_carry_is_no_token() {
    for text in ["", " ", "a b", "a\r\nb", "ä"] {
        assert!(AccessToken::new(text).is_none(), "{text:?}");
    }
}
