//! What each profile claims, and the form that carries it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::error::Error;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use jwt_bearer_assertion::{Assertion, Audience, Header};
use jwt_bearer_provider::{Profile, RequestBuilder, Subject, TokenRequest};
use jwt_bearer_signer::{Algorithm, PublicKey, SignError, SignErrorKind, Signature, Signer};
use serde_json::{Value, json};

/// 2023-11-14, at 22:13:20 and a half.
const NOW: u64 = 1_700_000_000;

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(NOW * 1000 + 500)
}

/// Makes signatures of the right length that nobody accepts.
#[derive(Debug)]
struct Fake {
    algorithm: Algorithm,
    key: PublicKey,
}

impl Fake {
    fn new(algorithm: Algorithm) -> Self {
        let key = PublicKey::from_ed25519(&[7; 32]).unwrap();
        Self { algorithm, key }
    }
}

#[async_trait]
impl Signer for Fake {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn key_id(&self) -> Option<&str> {
        None
    }

    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    async fn sign(&self, _: &[u8]) -> Result<Signature, SignError> {
        let len = match self.algorithm {
            Algorithm::Es256 | Algorithm::Es256K | Algorithm::EdDsa => 64,
            Algorithm::Es384 => 96,
            Algorithm::Es512 => 132,
            _ => 256,
        };
        Ok(Signature::from_jose(self.algorithm, &vec![1; len]).unwrap())
    }
}

async fn assertion(request: &TokenRequest) -> Assertion {
    request
        .assertion(&Fake::new(Algorithm::Rs256), now())
        .await
        .unwrap()
}

/// Header and claims, without `jti`, which is checked.
async fn decoded(request: RequestBuilder) -> (Value, Value) {
    let assertion = assertion(&request.build().unwrap()).await;
    let decoded = Assertion::decode(assertion.as_str()).unwrap();
    assert_eq!(decoded.defects(), []);
    let mut claims = decoded.claims().clone();
    let jti = claims.remove("jti").unwrap();
    assert_eq!(jti.as_str().unwrap().len(), 22);
    (decoded.header().clone().into(), claims.into())
}

fn at_box() -> RequestBuilder {
    Profile::BOX
        .request("client-id")
        .client_secret("secret".into())
}

fn at_salesforce() -> RequestBuilder {
    Profile::SALESFORCE
        .request("consumer-key")
        .subject(Subject::Name("ann@example.com".into()))
}

fn own_name() -> RequestBuilder {
    Profile::GENERIC
        .client_authentication("client-id")
        .token_endpoint("https://AS.example:443/Token")
}

fn generic() -> RequestBuilder {
    Profile::GENERIC
        .request("client-id")
        .token_endpoint("https://AS.example:443/Token")
}

#[tokio::test]
async fn box_claims() {
    for (subject, id, kind) in [
        (
            Subject::Enterprise("1234567".into()),
            "1234567",
            "enterprise",
        ),
        (Subject::User("987".into()), "987", "user"),
    ] {
        let request = at_box()
            .subject(subject)
            .header(Header::new().key_id("abcdefgh"));
        let (header, claims) = decoded(request).await;
        assert_eq!(
            header,
            json!({ "alg": "RS256", "typ": "JWT", "kid": "abcdefgh" })
        );
        let expected = json!({
            "iss": "client-id", "sub": id, "box_sub_type": kind, "exp": NOW + 45,
            "aud": "https://api.box.com/oauth2/token",
        });
        assert_eq!(claims, expected);
    }
}

/// Box wants its own URL there even when the request goes elsewhere.
#[tokio::test]
async fn the_audience_of_box_is_a_constant() {
    let request = at_box()
        .subject(Subject::User("987".into()))
        .token_endpoint("http://127.0.0.1:1/oauth2/token");
    let (_, claims) = decoded(request).await;
    assert_eq!(claims["aud"], "https://api.box.com/oauth2/token");
}

#[tokio::test]
async fn salesforce_claims() {
    let (header, claims) = decoded(at_salesforce()).await;
    assert_eq!(header, json!({ "alg": "RS256", "typ": "JWT" }));
    let expected = json!({
        "iss": "consumer-key", "sub": "ann@example.com", "exp": NOW + 180,
        "aud": "https://login.salesforce.com",
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn salesforce_hosts() {
    for (host, origin) in [
        ("login", "https://login.salesforce.com"),
        ("login.salesforce.com", "https://login.salesforce.com"),
        ("test", "https://test.salesforce.com"),
        (
            "https://test.salesforce.com/",
            "https://test.salesforce.com",
        ),
        (
            "example.my.salesforce.com",
            "https://example.my.salesforce.com",
        ),
        (
            "example.my.salesforce.com/",
            "https://example.my.salesforce.com",
        ),
        (
            "https://example--dev.sandbox.my.salesforce.com",
            "https://example--dev.sandbox.my.salesforce.com",
        ),
        ("as.example:8443", "https://as.example:8443"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://127.0.0.1:1/", "http://127.0.0.1:1"),
        ("http://[::1]:2", "http://[::1]:2"),
        ("http://localhost:3", "http://localhost:3"),
        ("[::1]", "https://[::1]"),
    ] {
        let request = at_salesforce().host(host);
        let endpoint = request
            .clone()
            .build()
            .unwrap()
            .token_endpoint()
            .to_string();
        assert_eq!(
            endpoint,
            format!("{origin}/services/oauth2/token"),
            "{host}"
        );
        let (_, claims) = decoded(request).await;
        assert_eq!(claims["aud"], origin, "{host}");
    }
    // An endpoint that is given whole sets the audience too.
    let request = at_salesforce().token_endpoint("https://as.example/other/path");
    let (_, claims) = decoded(request).await;
    assert_eq!(claims["aud"], "https://as.example");
}

#[tokio::test]
async fn generic_claims() {
    let (header, claims) = decoded(generic()).await;
    assert_eq!(header, json!({ "alg": "RS256", "typ": "JWT" }));
    // The endpoint letter by letter, as servers compare it.
    let expected = json!({
        "iss": "client-id", "aud": "https://AS.example:443/Token", "iat": NOW, "exp": NOW + 60,
    });
    assert_eq!(claims, expected);

    let (_, claims) = decoded(generic().subject(Subject::Name("ann".into()))).await;
    assert_eq!(claims["sub"], "ann");
    let (_, claims) = decoded(own_name()).await;
    assert_eq!(claims["sub"], "client-id");
}

#[tokio::test]
async fn what_is_set_beats_the_profile() {
    let request = generic()
        .audience("https://as.example")
        .lifetime(Duration::from_millis(9_900))
        .claim("tenant", json!({ "id": 7 }));
    let (_, claims) = decoded(request).await;
    assert_eq!(claims["aud"], "https://as.example");
    assert_eq!(claims["exp"], NOW + 9);
    assert_eq!(claims["tenant"], json!({ "id": 7 }));
    let list = Audience::Array(vec!["a".into(), "b".into()]);
    let (_, claims) = decoded(generic().audience(list)).await;
    assert_eq!(claims["aud"], json!(["a", "b"]));
}

/// Without a token endpoint an assertion alone has no audience, where the profile would take it from there.
#[tokio::test]
async fn an_assertion_alone() {
    let request = Profile::GENERIC
        .request("client-id")
        .build_assertion()
        .unwrap();
    let assertion = request
        .sign(&Fake::new(Algorithm::EdDsa), now())
        .await
        .unwrap();
    let decoded = Assertion::decode(assertion.as_str()).unwrap();
    assert_eq!(decoded.claims()["iss"], "client-id");
    assert!(!decoded.claims().contains_key("aud"));
}

#[tokio::test]
async fn every_assertion_is_new() {
    let request = generic().build().unwrap();
    let (one, two) = (assertion(&request).await, assertion(&request).await);
    let jti = |assertion: &Assertion| {
        Assertion::decode(assertion.as_str()).unwrap().claims()["jti"].clone()
    };
    assert_ne!(jti(&one), jti(&two));
}

#[tokio::test]
async fn parameters() {
    let names = |parameters: &[(&str, &str)]| {
        parameters
            .iter()
            .map(|(name, value)| {
                format!("{name}={}", if value.len() > 100 { "JWT" } else { *value })
            })
            .collect::<Vec<_>>()
    };
    let grant = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer";
    let requests = [
        (
            at_box().subject(Subject::User("1".into())),
            vec![
                grant,
                "assertion=JWT",
                "client_id=client-id",
                "client_secret=secret",
            ],
        ),
        (
            at_box()
                .subject(Subject::User("1".into()))
                .client_id("another"),
            vec![
                grant,
                "assertion=JWT",
                "client_id=another",
                "client_secret=secret",
            ],
        ),
        (at_salesforce(), vec![grant, "assertion=JWT"]),
        (
            generic().scope("a b").form("resource", "urn:x"),
            vec![grant, "assertion=JWT", "scope=a b", "resource=urn:x"],
        ),
        (
            own_name(),
            vec![
                "grant_type=client_credentials",
                "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion=JWT",
            ],
        ),
    ];
    for (request, expected) in requests {
        let request = request.build().unwrap();
        let assertion = assertion(&request).await;
        assert_eq!(names(&request.parameters(&assertion)), expected);
    }
}

#[tokio::test]
async fn algorithms() {
    for (request, title, taken) in [
        (
            at_box().subject(Subject::User("1".into())),
            "Box",
            &["RS256", "RS384", "RS512"][..],
        ),
        (at_salesforce(), "Salesforce", &["RS256"]),
    ] {
        let request = request.build().unwrap();
        let mut count = 0;
        for &algorithm in Algorithm::ALL {
            let result = request.assertion(&Fake::new(algorithm), now()).await;
            if taken.contains(&algorithm.name()) {
                result.unwrap();
                count += 1;
                continue;
            }
            let error = result.unwrap_err();
            let sign_error = error.sign_error().unwrap();
            assert_eq!(sign_error.kind(), SignErrorKind::UnsupportedAlgorithm);
            assert_eq!(
                sign_error.source().unwrap().to_string(),
                format!(
                    "the key signs with {algorithm}, where {title} takes {}",
                    taken.join(", ")
                )
            );
        }
        assert_eq!(count, taken.len());
    }
    for &algorithm in Algorithm::ALL {
        let request = generic().build().unwrap();
        request
            .assertion(&Fake::new(algorithm), now())
            .await
            .unwrap();
    }
}

#[test]
fn profiles_have_names() {
    for profile in Profile::ALL {
        assert_eq!(Profile::named(profile.name).unwrap().title, profile.title);
        assert!(
            profile
                .max_lifetime
                .is_none_or(|max| profile.lifetime <= max)
        );
        assert!(!profile.algorithms.is_empty() && !profile.registration.is_empty());
    }
    for name in ["Box", "", "okta"] {
        assert!(Profile::named(name).is_none(), "{name}");
    }
}
