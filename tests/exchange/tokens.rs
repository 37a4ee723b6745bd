use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jwt_bearer::assertion::Assertion;
use jwt_bearer::exchange::{HttpTransport, Request, Transport};
use jwt_bearer::provider::RequestBuilder;
use jwt_bearer::{Client, Profile, Subject, TokenResponse};
use jwt_bearer_sandbox::{Dialect, Recorded, Running, Sandbox};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use url::form_urlencoded;

use crate::server::{CLIENT_ID, ENTERPRISE, SECRET, USER, bounded, good, key_of, sandbox, start};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Asks for a token, checks that the resource takes it, and gives it with the request that the server saw.
async fn exchange(
    server: &Running,
    dialect: Dialect,
    request: RequestBuilder,
    subject: &Value,
) -> (TokenResponse, Recorded) {
    let request = request.build().unwrap();
    let token = bounded(Client::new().token(&request, &key_of(dialect)))
        .await
        .unwrap();
    let resource = Request::get(server.resource().parse().unwrap(), token.access_token());
    let reply = bounded(HttpTransport::new().send(resource)).await.unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(
        &serde_json::from_slice::<Value>(&reply.body).unwrap(),
        subject
    );
    let [recorded] = &server.requests()[..] else {
        panic!("{:?}", server.requests());
    };
    (token, recorded.clone())
}

/// The request is a form by POST with these headers and parameters and no other.
fn assert_sent(recorded: &Recorded, server: &Running, parameters: &[(&str, &str)]) {
    assert_eq!(recorded.method(), "POST");
    assert_eq!(
        format!("{}{}", server.url(), recorded.path()),
        server.token_endpoint()
    );
    let mut headers = recorded.headers().to_vec();
    headers.sort();
    let expected = [
        ("accept", "application/json".into()),
        ("content-length", recorded.body().len().to_string()),
        ("content-type", "application/x-www-form-urlencoded".into()),
        ("host", server.address().to_string()),
        (
            "user-agent",
            concat!("jwt-bearer/", env!("CARGO_PKG_VERSION")).into(),
        ),
    ];
    assert_eq!(headers, expected.map(|(name, value)| (name.into(), value)));

    let sent: Vec<_> = form_urlencoded::parse(recorded.body().as_bytes())
        .map(|(name, value)| {
            let is_jwt = name.ends_with("assertion");
            let value = if is_jwt { "JWT".into() } else { value };
            (name.into_owned(), value.into_owned())
        })
        .collect();
    let sent: Vec<_> = sent.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(sent, parameters);
}

/// Header and claims of the assertion in this parameter, the claims without `exp`, `iat` and `jti`, which are checked.
fn assertion(recorded: &Recorded, parameter: &str, life: u64) -> (Value, Value) {
    let decoded = Assertion::decode(&recorded.parameter(parameter).unwrap()).unwrap();
    assert_eq!(decoded.defects(), []);
    let mut claims = decoded.claims().clone();
    let expires = claims.remove("exp").unwrap().as_u64().unwrap();
    if let Some(issued) = claims.remove("iat") {
        assert_eq!(issued.as_u64().unwrap() + life, expires);
    }
    assert_eq!(claims.remove("jti").unwrap().as_str().unwrap().len(), 22);
    (decoded.header().clone().into(), claims.into())
}

#[tokio::test]
async fn box_for_an_enterprise_and_for_a_user() {
    for (subject, id, kind) in [
        (
            Subject::Enterprise(ENTERPRISE.into()),
            ENTERPRISE,
            "enterprise",
        ),
        (Subject::User(USER.into()), USER, "user"),
    ] {
        let server = start(sandbox(Dialect::Box)).await;
        let request = good(Dialect::Box, &server).subject(subject);
        let who = json!({ "type": "user", "id": id });
        let (token, recorded) = exchange(&server, Dialect::Box, request, &who).await;

        let expires_in = token.expires_in().unwrap().as_secs();
        assert!((3600..=4200).contains(&expires_in), "{expires_in}");
        assert_eq!(token.member("restricted_to"), Some(&json!([])));
        assert_sent(
            &recorded,
            &server,
            &[
                ("grant_type", JWT_BEARER),
                ("assertion", "JWT"),
                ("client_id", CLIENT_ID),
                ("client_secret", SECRET),
            ],
        );
        let (header, claims) = assertion(&recorded, "assertion", 45);
        assert_eq!(
            header,
            json!({ "alg": "RS256", "typ": "JWT", "kid": "key1" })
        );
        let expected = json!({
            "iss": CLIENT_ID, "sub": id, "box_sub_type": kind, "aud": "https://api.box.com/oauth2/token",
        });
        assert_eq!(claims, expected);
    }
}

#[tokio::test]
async fn salesforce() {
    let server = start(sandbox(Dialect::Salesforce)).await;
    let request = good(Dialect::Salesforce, &server);
    let who = json!({ "preferred_username": USER });
    let (token, recorded) = exchange(&server, Dialect::Salesforce, request, &who).await;

    assert_eq!(token.expires_in(), None);
    assert_eq!(token.instance_url(), Some(server.url()));
    assert_eq!(token.scope(), Some("api web"));
    assert_sent(
        &recorded,
        &server,
        &[("grant_type", JWT_BEARER), ("assertion", "JWT")],
    );
    let (header, claims) = assertion(&recorded, "assertion", 180);
    assert_eq!(header, json!({ "alg": "RS256", "typ": "JWT" }));
    assert_eq!(
        claims,
        json!({ "iss": CLIENT_ID, "sub": USER, "aud": server.url() })
    );
}

#[tokio::test]
async fn generic_as_authorization_grant() {
    let server = start(sandbox(Dialect::Generic)).await;
    let request = good(Dialect::Generic, &server)
        .client_id(CLIENT_ID)
        .scope("read write");
    let who = json!({ "sub": USER });
    let (token, recorded) = exchange(&server, Dialect::Generic, request, &who).await;

    assert_eq!(token.expires_in(), Some(Duration::from_secs(3600)));
    assert_eq!(token.scope(), Some("read write"));
    assert_sent(
        &recorded,
        &server,
        &[
            ("grant_type", JWT_BEARER),
            ("assertion", "JWT"),
            ("client_id", CLIENT_ID),
            ("scope", "read write"),
        ],
    );
    let (header, claims) = assertion(&recorded, "assertion", 60);
    assert_eq!(
        header,
        json!({ "alg": "ES256", "typ": "JWT", "kid": "key1" })
    );
    assert_eq!(
        claims,
        json!({ "iss": CLIENT_ID, "sub": USER, "aud": server.token_endpoint() })
    );
}

#[tokio::test]
async fn generic_as_client_authentication() {
    let key = key_of(Dialect::Generic);
    let sandbox = Sandbox::new(Dialect::Generic)
        .client(CLIENT_ID, None)
        .register(Some("key1"), jwt_bearer::Signer::public_key(&key).clone());
    let server = start(sandbox).await;
    let request = Profile::GENERIC
        .client_authentication(CLIENT_ID)
        .header(jwt_bearer::assertion::Header::new().key_id("key1"))
        .token_endpoint(server.token_endpoint());
    let who = json!({ "sub": CLIENT_ID });
    let (_, recorded) = exchange(&server, Dialect::Generic, request, &who).await;

    assert_sent(
        &recorded,
        &server,
        &[
            ("grant_type", "client_credentials"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", "JWT"),
        ],
    );
    let (_, claims) = assertion(&recorded, "client_assertion", 60);
    assert_eq!(
        claims,
        json!({ "iss": CLIENT_ID, "sub": CLIENT_ID, "aud": server.token_endpoint() })
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_at_once() {
    let server = start(sandbox(Dialect::Generic)).await;
    let request = Arc::new(good(Dialect::Generic, &server).build().unwrap());
    let signer = Arc::new(key_of(Dialect::Generic));
    let client = Client::new();
    let mut tasks = JoinSet::new();
    for _ in 0..200 {
        let (client, request) = (client.clone(), Arc::clone(&request));
        let signer = Arc::clone(&signer);
        tasks.spawn(async move { client.token(&request, &*signer).await.unwrap() });
    }
    let tokens: HashSet<_> = bounded(tasks.join_all())
        .await
        .iter()
        .map(|token| token.access_token().expose().to_owned())
        .collect();
    assert_eq!(tokens.len(), 200);

    let requests = server.requests();
    assert_eq!(requests.len(), 200);
    let ids: HashSet<_> = requests
        .iter()
        .map(|request| {
            let assertion = Assertion::decode(&request.parameter("assertion").unwrap()).unwrap();
            assertion.claims()["jti"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(ids.len(), 200);
}
