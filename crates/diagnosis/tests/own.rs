//! What a setting of our own proves, and what is known of what is not there.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_bearer_diagnosis::{
    Certainty, Evidence, Probe, Reply, Report, Request, Variation, diagnose,
};
use jwt_bearer_provider::{Check, Class, Profile};
use serde_json::{Value, json};

const CONFIG: &str = r#"{"boxAppSettings":{"clientID":"abcdefghijklmnop0123","clientSecret":"","appAuth":{"publicKeyID":"k3y1d000","privateKey":"","passphrase":""}},"enterpriseID":"1234567"}"#;

fn jwt(header: &Value, claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signature = URL_SAFE_NO_PAD.encode([7; 256]);
    format!("{}.{}.{signature}", part(header), part(claims))
}

fn sent(header: &Value, text: &str) -> Evidence {
    let claims = json!({"iss": "abcdefghijklmnop0123", "sub": "1234567", "box_sub_type": "enterprise",
        "aud": "https://api.box.com/oauth2/token", "jti": "Zm9vYmFyYmF6cXV4cXV1eA", "exp": 1_700_000_040});
    let body = json!({"error": "invalid_grant", "error_description": text}).to_string();
    Evidence::new()
        .profile(Profile::BOX)
        .assertion_text(&jwt(header, &claims))
        .reply(Reply::new().status(400).body(body))
}

fn ids(report: &Report) -> Vec<&'static str> {
    report
        .findings()
        .iter()
        .map(|finding| finding.id())
        .collect()
}

fn passed(report: &Report) -> Vec<&'static str> {
    let passed = report.passed().iter();
    passed
        .flat_map(|passed| passed.ids().iter().copied())
        .collect()
}

/// The `kid` and the `iss` that were set are those that were sent; the registered ones can be others.
#[test]
fn a_setting_is_no_proof_of_itself() {
    let header = json!({"alg": "RS256", "kid": "k3y1d000"});
    for (text, id) in [
        ("kid invalid, unable to lookup correct key", "kid-differs"),
        ("Please check the 'iss' claim", "iss-differs"),
    ] {
        let evidence = sent(&header, text)
            .box_config(CONFIG)
            .client_id("abcdefghijklmnop0123")
            .key_id("k3y1d000");
        let report = diagnose(&evidence);
        let first = &report.findings()[0];
        assert_eq!(
            (first.id(), first.certainty()),
            (id, Certainty::Likely),
            "{report}"
        );
        assert!(!passed(&report).contains(&id), "{report}");
    }
}

/// Without a `kid` it is no other one, and without a file the file is not to blame.
#[test]
fn what_is_excluded_is_not_listed() {
    let evidence = sent(
        &json!({"alg": "RS256"}),
        "kid invalid, unable to lookup correct key",
    );
    let report = diagnose(&evidence.without_box_config());
    assert_eq!(ids(&report), ["kid-missing"], "{report}");
}

/// The change that helped is told with its value.
#[test]
fn a_variation_that_helped_says_what_it_sent() {
    for (variation, value) in [
        (Variation::AudienceIssuer, "https://login.salesforce.com"),
        (Variation::AudienceEndpoint, "/services/oauth2/token"),
    ] {
        let body = json!({"error": "invalid_grant", "error_description": "audience is invalid"});
        let evidence = Evidence::new()
            .profile(Profile::SALESFORCE)
            .request(Request::new().url("https://acme.my.salesforce.com/services/oauth2/token"))
            .reply(Reply::new().status(400).body(body.to_string()))
            .probe(Probe::Metadata {
                issuer: Some("https://login.salesforce.com".into()),
                token_endpoint: None,
                algorithms: Vec::new(),
            })
            .probe(Probe::Varied {
                variation,
                accepted: true,
            });
        let report = diagnose(&evidence);
        let first = &report.findings()[0];
        assert_eq!(first.id(), "aud-wrong", "{report}");
        let line = first.evidence().join(" ");
        assert!(
            line.contains(value) && line.contains("gave a token"),
            "{line}"
        );
    }
}

/// What to do is what the very provider wants, which a text can tell too.
#[test]
fn remedies_are_those_of_the_provider() {
    let next = |evidence: Evidence, id: &str| {
        let report = diagnose(&evidence);
        let finding = report.findings().iter().find(|finding| finding.id() == id);
        let finding = finding.unwrap_or_else(|| panic!("no {id}: {report}"));
        (finding.next().to_owned(), finding.sources().join(" "))
    };
    let refused = |url: &str, text: &str| {
        let body = json!({"error": "invalid_grant", "error_description": text}).to_string();
        let reply = Reply::new().status(400).body(body);
        let request = Request::new().url(url);
        Evidence::new().request(request).reply(reply)
    };
    let url = "https://login.salesforce.com/services/oauth2/token";
    let (salesforce, sources) = next(refused(url, "invalid assertion"), "key-mismatch");
    assert!(salesforce.contains("`jwt-bearer key certificate`"));
    assert!(sources.contains("salesforce"));
    let text = "Signature verification error. The public key identified by \"kid\" must correspond";
    let url = "https://api.box.com/oauth2/token";
    let (boxed, sources) = next(refused(url, text), "key-mismatch");
    assert!(boxed.contains("`jwt-bearer key public`"));
    assert!(!sources.contains("salesforce"));
    // The text alone tells whose it is.
    let message = "invalid_grant: Please check the 'jti' claim. A unique 'jti' value is required.";
    let (_, sources) = next(Evidence::new().message(message), "jti-reused");
    assert!(sources.contains("github.com/box/"), "{sources}");
}

/// What the caller saw fail is a finding like any other.
#[test]
fn what_the_caller_saw_is_told() {
    for check in [
        Check::NoReply,
        Check::ConnectionBroken,
        Check::NotHttp,
        Check::ReplyTooLarge,
        Check::NoToken,
        Check::LoginUnknown,
        Check::UsersUnreadable,
    ] {
        let report = diagnose(&Evidence::new().failed(check, "it took 7 s"));
        let first = report
            .findings()
            .first()
            .unwrap_or_else(|| panic!("{report}"));
        assert_eq!(first.id(), check.id());
        assert_eq!(first.certainty(), Certainty::Certain);
        assert!(first.explains_reply());
        assert_eq!(first.evidence(), ["it took 7 s"]);
        let report = report.next_of(check.id(), "rest");
        assert_eq!(report.findings()[0].next(), "rest");
    }
    let secret = "/home/ann/keys/box.pem has eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl";
    let report = diagnose(&Evidence::new().failed(Check::KeyUnusable, secret));
    let page = report.to_string();
    assert!(!page.contains("home") && !page.contains("eyJ"), "{page}");
    // Of this program's own matters nothing is written elsewhere.
    assert!(page.contains("     id:    [key-unusable]\n"), "{page}");
    assert!(!page.contains("see:"), "{page}");
    // A success is no token by itself.
    let reply = Reply::new().status(200);
    let report = diagnose(
        &Evidence::new()
            .reply(reply)
            .failed(Check::NoToken, "JSON without one"),
    );
    let first = &report.findings()[0];
    assert_eq!(
        (first.id(), first.certainty()),
        ("no-token", Certainty::Certain)
    );
    assert!(first.explains_reply() && report.reply_is_known());
}

/// It decides what has to be mended, and is no more than likely.
#[test]
fn what_the_caller_suspects_is_likely() {
    let evidence = Evidence::new()
        .profile(Profile::BOX)
        .reply(Reply::new().status(200).body(r#"{"access_token":"…"}"#))
        .without_reply()
        .suspected(Check::UsersDenied, "refused with status 403");
    let report = diagnose(&evidence);
    let first = &report.findings()[0];
    assert_eq!(
        (first.id(), first.certainty()),
        ("users-denied", Certainty::Likely)
    );
    assert!(first.explains_reply());
    assert_eq!(report.class(), Some(Class::Account));
    assert_eq!(report.reply(), None);
    assert!(report.wanted().is_empty(), "{report}");
}

/// RFC 7519 allows fractions; of a server that nobody knows, it is not said what Box does.
#[test]
fn a_time_with_a_fraction_is_wrong_at_box_alone() {
    let claims = json!({"iss": "app", "sub": "ann", "aud": "https://as.example/token", "jti": "0123456789abcdef-x",
        "exp": 1_700_000_000.5});
    let assertion = jwt(&json!({"alg": "RS256", "kid": "k"}), &claims);
    for (profile, certainty, is_box) in [
        (Profile::GENERIC, Certainty::Possible, false),
        (Profile::BOX, Certainty::Certain, true),
    ] {
        let report = diagnose(&Evidence::new().profile(profile).assertion_text(&assertion));
        let mut findings = report.findings().iter();
        let finding = findings.find(|finding| finding.id() == "exp-fraction");
        let finding = finding.unwrap_or_else(|| panic!("{report}"));
        assert_eq!(finding.certainty(), certainty, "{report}");
        assert_eq!(finding.evidence()[0].contains("Box"), is_box, "{report}");
    }
}
