//! What stands around the evidence in what people paste, and what must not be called certain for it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_bearer_assertion::Assertion;
use jwt_bearer_diagnosis::{
    Certainty, Evidence, Paste, Probe, Reply, Report, Request, Variation, diagnose,
};
use jwt_bearer_provider::{Entry, Profile};
use serde_json::{Value, json};

fn certain(report: &Report) -> Vec<&'static str> {
    let findings = report.findings().iter();
    let certain = findings.filter(|finding| finding.certainty() == Certainty::Certain);
    certain.map(|finding| finding.id()).collect()
}

fn explained(text: &str) -> Report {
    Paste::read(text).diagnose()
}

fn jwt(header: &Value, claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signature = URL_SAFE_NO_PAD.encode([7; 256]);
    format!("{}.{}.{signature}", part(header), part(claims))
}

fn claims() -> Value {
    json!({"iss": "client-0123456789", "sub": "ann", "aud": "https://as.example/token",
        "jti": "0123456789abcdef-x", "exp": 1_700_000_000})
}

/// The text of another provider's entry is nothing to a host that is known.
#[test]
fn no_foreign_entry_for_a_known_host() {
    for error in ["consent_required", "insufficient_scope", "use_dpop_nonce"] {
        let report = explained(&format!(
            "> POST /token HTTP/1.1\n> Host: keycloak.example.com\n>\n< HTTP/1.1 400 Bad\n<\n{{\"error\":\"{error}\"}}"
        ));
        let mut entries = report.findings().iter().map(|finding| finding.entry());
        assert!(
            entries.all(|entry| entry.is_none_or(|id| id.starts_with("oauth-"))),
            "{error}: {report}"
        );
    }
}

/// Others say that a JWT is invalid too; an id in brackets, or the connector's number, is Snowflake's.
#[test]
fn an_invalid_jwt_is_not_snowflakes_alone() {
    let body = r#"{"error":"invalid_grant","error_description":"JWT token is invalid."}"#;
    let reply = || Reply::new().status(400).body(body);
    for evidence in [
        Evidence::new().reply(reply()),
        Evidence::new().reply(reply()).profile(Profile::GENERIC),
        Evidence::new()
            .reply(reply())
            .request(Request::new().url("https://as.example.com/token")),
        Evidence::new().message("JWT token is invalid."),
    ] {
        let report = diagnose(&evidence);
        assert_eq!(report.provider(), "generic", "{report}");
        assert!(!report.reply_is_known(), "{report}");
    }
    for text in [
        "250001 (08001): JWT token is invalid.",
        "net.snowflake.client: JWT token is invalid.",
        "JWT token is invalid. [0ce9eb56-821d-4ca9-a774-04ae89a0cf5a]",
    ] {
        let report = diagnose(&Evidence::new().message(text));
        assert_eq!(report.provider(), "snowflake", "{text}: {report}");
    }
}

/// What one provider's text proves, it proves at its own host alone, and not within a longer word.
#[test]
fn a_text_proves_at_home_alone() {
    let for_all = ["generic", "aws-kms", "keys", "yubikey"];
    for entry in Entry::all().filter(|entry| entry.proves) {
        let text = entry.texts.first().copied().unwrap_or_default();
        let body = |text: &str| {
            json!({"error": entry.error.unwrap_or("refused"), "error_description": text})
                .to_string()
        };
        if !for_all.contains(&entry.provider) {
            let evidence = Evidence::new()
                .request(Request::new().url("https://keycloak.example.com/token"))
                .reply(Reply::new().status(400).body(body(text)));
            let report = diagnose(&evidence);
            assert!(
                !certain(&report).contains(&entry.id),
                "{}: {report}",
                entry.id
            );
        }
        if !text.is_empty() {
            let within = format!("kms snowflake x{text}x");
            let report = diagnose(&Evidence::new().reply(Reply::new().body(body(&within))));
            assert!(
                !certain(&report).contains(&entry.id),
                "{}: {report}",
                entry.id
            );
            let report = diagnose(&Evidence::new().message(within));
            assert!(
                !certain(&report).contains(&entry.id),
                "{}: {report}",
                entry.id
            );
        }
    }
}

#[test]
fn a_proxy_that_wants_a_login() {
    let report = explained(
        "> CONNECT api.box.com:443 HTTP/1.1\n> Host: api.box.com:443\n>\n\
         < HTTP/1.1 407 Proxy Authentication Required\n<\n<html>no</html>",
    );
    assert_eq!(certain(&report), ["proxy-login"], "{report}");
}

/// The call of the API came after the token; the token request that was refused is what counts.
#[test]
fn of_several_requests_the_refused_one() {
    let report = explained(
        "> POST /oauth2/token HTTP/1.1\n> Host: api.box.com\n>\n< HTTP/1.1 400 Bad\n<\n\
         {\"error\":\"unauthorized_client\",\"error_description\":\"not authorized by the enterprise admin\"}\n\
         > GET /2.0/users/me HTTP/1.1\n> Host: api.box.com\n>\n< HTTP/1.1 401 Unauthorized\n<\n",
    );
    assert_eq!(certain(&report), ["box-not-authorized"], "{report}");
}

fn tried(variation: Variation, accepted: bool) -> Report {
    let jwt = jwt(&json!({"alg": "RS256", "kid": "k"}), &claims());
    let reply = json!({"error": "invalid_grant", "error_description": "unknown kid"}).to_string();
    let evidence = Evidence::new()
        .profile(Profile::GENERIC)
        .request(Request::new().url("https://as.example/token"))
        .assertion(Assertion::decode(&jwt).unwrap().without_signature())
        .probe(Probe::Clock {
            ahead: 30,
            uncertainty: 1,
        })
        .probe(Probe::Varied {
            variation,
            accepted,
        })
        .reply(Reply::new().status(400).body(reply));
    diagnose(&evidence)
}

#[test]
fn what_was_tried_counts() {
    let report = tried(Variation::WithoutKeyId, true);
    let first = &report.findings()[0];
    assert_eq!(first.id(), "kid-differs", "{report}");
    assert_eq!(first.certainty(), Certainty::Certain);
    assert!(first.explains_reply());

    let report = tried(Variation::AudienceEndpoint, false);
    let mut passed = report.passed().iter();
    assert!(
        passed.any(|passed| passed.ids().contains(&"aud-login")),
        "{report}"
    );
}

/// A clock that is wrong is told, and is not called the cause when the right time was refused too.
#[test]
fn a_wrong_clock_that_is_not_the_cause() {
    let report = tried(Variation::ServerTime, false);
    let clock = report
        .findings()
        .iter()
        .find(|finding| finding.id() == "clock-ahead");
    assert!(!clock.unwrap().explains_reply(), "{report}");
    assert_eq!(report.class(), None, "{report}");
    assert!(
        report
            .findings()
            .iter()
            .any(|finding| finding.id() == "kid-differs"),
        "{report}"
    );
}

#[test]
fn an_unknown_server_is_not_asked_what_box_asks() {
    let report = diagnose(
        &Evidence::new()
            .request(Request::new().url("https://as.example/token"))
            .reply(Reply::new().status(400).body(
                r#"{"error":"invalid_grant","error_description":"the subject is not known here"}"#,
            )),
    );
    let ids: Vec<_> = report
        .findings()
        .iter()
        .map(|finding| finding.id())
        .collect();
    assert!(!ids.is_empty(), "{report}");
    assert!(
        ids.iter()
            .all(|id| !id.starts_with("sub-type") && *id != "sub-zero" && *id != "sub-form"),
        "{report}"
    );
}

#[test]
fn json_behind_much_noise_and_within_strings() {
    let log = "[2023-11-15] [info] {starting} [x]\n".repeat(200);
    let error = r#"{"error":"invalid_grant","error_description":"unknown"}"#;
    for text in [
        format!("{log}{error}"),
        r#"body: "{\"error\":\"invalid_grant\",\"error_description\":\"unknown\"}""#.to_owned(),
    ] {
        let report = explained(&text);
        assert_eq!(report.reply(), Some("invalid_grant: unknown"), "{report}");
    }
}
