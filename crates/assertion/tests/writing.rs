//! What assertions look like on the wire.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jwt_bearer_assertion::{
    Assertion, AssertionErrorKind, Audience, Claims, Header, Jti, TimeClaim, Unsigned,
};
use jwt_bearer_signer::{Algorithm, PublicKey, SignError, SignErrorKind, Signature, Signer};
use serde_json::{Value, json};

const NOW: u64 = 1_800_000_000;

/// 999 ms after the second, to see that times are rounded down.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(NOW * 1000 + 999)
}

fn written(header: &Header, claims: &Claims) -> (Value, Value) {
    let unsigned = Unsigned::new(header, claims, Algorithm::Rs256, now()).unwrap();
    let text = std::str::from_utf8(unsigned.signing_input()).unwrap();
    let decoded = Assertion::decode(&format!("{text}.{}", "A".repeat(342))).unwrap();
    assert_eq!(decoded.defects(), []);
    (
        decoded.header().clone().into(),
        decoded.claims().clone().into(),
    )
}

fn refused(header: &Header, claims: &Claims) -> (AssertionErrorKind, String) {
    let error = Unsigned::new(header, claims, Algorithm::Rs256, now()).unwrap_err();
    assert!(!error.is_retryable());
    (error.kind(), error.source().unwrap().to_string())
}

#[test]
fn only_what_was_asked_is_written() {
    let (header, claims) = written(&Header::new(), &Claims::new("app").jti(Jti::Omitted));
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT"}));
    assert_eq!(claims, json!({"iss": "app", "exp": NOW + 45}));
}

#[test]
fn everything_that_was_asked_is_written() {
    let header = Header::new()
        .typ(Some("client-authentication+jwt"))
        .key_id("key-1")
        .x5t(&[0; 20])
        .x5t_s256(&[0xff; 32])
        .x5c([b"leaf", b"root"])
        .member("jku", "https://app.example/jwks.json");
    let claims = Claims::new("app")
        .subject("1234")
        .audience("https://as.example/token")
        .lifetime(Duration::from_millis(59_999))
        .issued_at(TimeClaim::Now)
        .not_before(TimeClaim::BackDated(Duration::from_secs(10)))
        .jti(Jti::Omitted)
        .claim("box_sub_type", "enterprise")
        .claim("nested", json!({"a": [1, null]}));
    let (header, claims) = written(&header, &claims);
    assert_eq!(
        header,
        json!({
            "alg": "RS256",
            "typ": "client-authentication+jwt",
            "kid": "key-1",
            "x5t": "A".repeat(27),
            "x5t#S256": format!("{}8", "_".repeat(42)),
            "x5c": ["bGVhZg==", "cm9vdA=="],
            "jku": "https://app.example/jwks.json",
        })
    );
    assert_eq!(
        claims,
        json!({
            "iss": "app",
            "sub": "1234",
            "aud": "https://as.example/token",
            "box_sub_type": "enterprise",
            "nested": {"a": [1, null]},
            "iat": NOW,
            "nbf": NOW - 10,
            "exp": NOW + 59,
        })
    );
}

#[test]
fn typ_can_be_left_out_and_aud_be_an_array() {
    let claims = Claims::new("app").audience(Audience::Array(vec!["a".into(), "b".into()]));
    let (header, claims) = written(&Header::new().typ(None::<String>), &claims);
    assert_eq!(header, json!({"alg": "RS256"}));
    assert_eq!(claims["aud"], json!(["a", "b"]));
}

#[test]
fn every_jti_is_new_and_of_the_form_asked_for() {
    let mut seen = HashSet::new();
    for (jti, len) in [
        (Jti::base64url(16), 22),
        (Jti::base64url(64), 86),
        (Jti::hex(16), 32),
        (Jti::hex(64), 128),
    ] {
        for _ in 0..100 {
            let (_, claims) = written(&Header::new(), &Claims::new("app").jti(jti));
            let text = claims["jti"].as_str().unwrap().to_owned();
            assert_eq!(text.len(), len);
            assert!(
                text.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)),
                "{text}"
            );
            assert!(seen.insert(text));
        }
    }
}

#[test]
fn what_makes_no_assertion_is_refused() {
    let header = Header::new();
    let claims = || Claims::new("app");
    let cases = [
        (
            refused(&header, &Claims::new("")),
            "the issuer (`iss`) is empty; it is the client id or consumer key of the app",
        ),
        (
            refused(&header, &claims().claim("exp", 1)),
            "the claim `exp` has a setting of its own, and cannot be set as an extra claim",
        ),
        (
            refused(&header, &claims().claim("jti", "x")),
            "the claim `jti` has a setting of its own, and cannot be set as an extra claim",
        ),
        (
            refused(&header, &claims().lifetime(Duration::from_millis(999))),
            "a lifetime of 999ms; an assertion lives at least a second",
        ),
        (
            refused(&header, &claims().lifetime(Duration::MAX)),
            "a lifetime of 18446744073709551615 seconds, which is more than time has",
        ),
        (
            refused(&header, &claims().jti(Jti::base64url(15))),
            "a `jti` of 15 octets; it has 16 to 64, so that it is unique",
        ),
        (
            refused(&header, &claims().jti(Jti::hex(65))),
            "a `jti` of 65 octets; it has 16 to 64, so that it is unique",
        ),
    ];
    for ((kind, text), expected) in cases {
        assert_eq!(
            (kind, text.as_str()),
            (AssertionErrorKind::Claims, expected)
        );
    }
    let cases = [
        (
            refused(&header.clone().member("alg", "none"), &claims()),
            "the header member `alg` is the signer's algorithm, and cannot be set",
        ),
        (
            refused(&header.clone().member("b64", false), &claims()),
            "the header member `b64` would change what the JWT means, and cannot be set",
        ),
        (
            refused(&header.member("kid", "x"), &claims()),
            "the header member `kid` has a setting of its own, and cannot be set as an extra one",
        ),
    ];
    for ((kind, text), expected) in cases {
        assert_eq!(
            (kind, text.as_str()),
            (AssertionErrorKind::Header, expected)
        );
    }
}

#[test]
fn a_clock_before_1970_does_not_panic() {
    let before = UNIX_EPOCH - Duration::from_secs(5);
    let claims = Claims::new("app").issued_at(TimeClaim::BackDated(Duration::from_secs(60)));
    let unsigned = Unsigned::new(&Header::new(), &claims, Algorithm::Rs256, before).unwrap();
    let decoded =
        Assertion::decode(std::str::from_utf8(unsigned.signing_input()).unwrap()).unwrap();
    assert_eq!(decoded.claims()["iat"], 0);
}

#[test]
fn a_signature_with_another_algorithm_is_not_attached() {
    let unsigned =
        Unsigned::new(&Header::new(), &Claims::new("app"), Algorithm::Es256, now()).unwrap();
    let signature = Signature::from_jose(Algorithm::EdDsa, &[0; 64]).unwrap();
    let error = unsigned.attach(&signature).unwrap_err();
    assert_eq!(error.kind(), AssertionErrorKind::Sign);
    let source = error.sign_error().unwrap().source().unwrap().to_string();
    assert_eq!(source, "a signature with EdDSA for a header with ES256");
}

/// Signs with zeros, or fails.
#[derive(Debug)]
struct Fake {
    public_key: PublicKey,
    error: Option<SignErrorKind>,
}

impl Fake {
    fn new(error: Option<SignErrorKind>) -> Self {
        Self {
            public_key: PublicKey::from_ed25519(&[7; 32]).unwrap(),
            error,
        }
    }
}

#[async_trait::async_trait]
impl Signer for Fake {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDsa
    }

    fn key_id(&self) -> Option<&str> {
        Some("signer's")
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    async fn sign(&self, _: &[u8]) -> Result<Signature, SignError> {
        match self.error {
            Some(kind) => Err(SignError::new(kind, "no")),
            None => Ok(Signature::from_jose(Algorithm::EdDsa, &[0; 64]).unwrap()),
        }
    }
}

#[tokio::test]
async fn the_headers_kid_beats_the_signers() {
    for (header, kid) in [
        (Header::new(), "signer's"),
        (Header::new().key_id("mine"), "mine"),
    ] {
        let assertion = Assertion::sign(&header, &Claims::new("app"), &Fake::new(None), now())
            .await
            .unwrap();
        let decoded = Assertion::decode(assertion.as_str()).unwrap();
        assert_eq!(decoded.key_id(), Some(kid));
        assert_eq!(decoded.algorithm(), Some(Algorithm::EdDsa));
    }
}

#[test]
fn one_pattern_serves_several_signers_and_can_be_changed_afterwards() {
    let (header, claims) = (Header::new(), Claims::new("app"));
    let read = |header: &Header, claims: &Claims, algorithm| {
        let unsigned = Unsigned::new(header, claims, algorithm, now()).unwrap();
        let text = std::str::from_utf8(unsigned.signing_input()).unwrap();
        Assertion::decode(&format!("{text}.AAAA")).unwrap()
    };
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Es256] {
        let decoded = read(&header, &claims, algorithm);
        assert_eq!(decoded.algorithm(), Some(algorithm));
        assert_eq!(decoded.key_id(), None);
    }
    let header = header.key_id("key-1").typ(None::<String>).member("m", 1);
    let header = header.x5t(&[0; 20]).x5t_s256(&[0; 32]).x5c([b"leaf"]);
    let claims = claims.subject("ann").audience("as").claim("c", 1);
    let decoded = read(&header, &claims, Algorithm::Es256);
    let names = |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(decoded.header()),
        ["alg", "kid", "m", "x5c", "x5t", "x5t#S256"]
    );
    assert_eq!(
        names(decoded.claims()),
        ["aud", "c", "exp", "iss", "jti", "sub"]
    );
}

#[tokio::test]
async fn the_signers_error_comes_through() {
    for (kind, retryable) in [
        (SignErrorKind::Timeout, true),
        (SignErrorKind::AccessDenied, false),
    ] {
        let signer = Fake::new(Some(kind));
        let error = Assertion::sign(&Header::new(), &Claims::new("app"), &signer, now())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), AssertionErrorKind::Sign);
        assert_eq!(error.sign_error().map(SignError::kind), Some(kind));
        assert_eq!(error.is_retryable(), retryable);
    }
}

#[tokio::test]
async fn debug_shows_no_credential() {
    let assertion = Assertion::sign(&Header::new(), &Claims::new("app"), &Fake::new(None), now())
        .await
        .unwrap();
    let decoded = Assertion::decode(assertion.as_str()).unwrap();
    let signature = assertion.as_str().rsplit('.').next().unwrap();
    for debug in [format!("{assertion:?}"), format!("{decoded:?}")] {
        assert!(
            !debug.contains(signature) && !debug.contains("signature"),
            "{debug}"
        );
    }
}
