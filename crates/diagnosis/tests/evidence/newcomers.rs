//! What newcomers tried out, and what they were not told.

use jwt_bearer_diagnosis::{Certainty, Finding, Report, scrubbed};
use serde_json::{Value, json};

use crate::{
    DATE, GRANT, NOW, box_claims, certain, exchange, explained, first, jwt, refused,
    salesforce_claims, signed, with,
};

const CERTIFICATE: &str = include_str!("../../../keyfile/testdata/rsa-certificate.pem");
const SIGNATURE: &str =
    "Signature verification error. The public key identified by \"kid\" must correspond";
const TOO_FAR: &str = "Please check the 'exp' claim. The 'exp' value exceeds the maximum value of 60 seconds beyond the issue time.";
const SUB: &str = "Please check the 'sub' claim. The 'sub' specified is invalid.";

fn find<'a>(report: &'a Report, id: &str) -> Option<&'a Finding> {
    report.findings().iter().find(|finding| finding.id() == id)
}

fn at_box(jwt: &str, text: &str) -> String {
    let body = refused("invalid_grant", text);
    exchange("api.box.com", "/oauth2/token", jwt, "400 Bad", &body)
}

/// The names of the README's rehearsal: signature and key are whole, whatever the name.
#[test]
fn a_rehearsal_with_plain_names() {
    for issuer in ["app", "abcdefghijklmnop"] {
        let claims = with(box_claims(), json!({ "iss": issuer }));
        let body = refused("invalid_grant", SIGNATURE);
        let text = format!("{CERTIFICATE}\n{}\n{body}", jwt(&claims));
        assert_eq!(first(&text), ("signature-mismatch", Certainty::Certain));
    }
    // This one may stand in place of another.
    let claims = with(salesforce_claims(), json!({"iss": "CONSUMER_KEY"}));
    let body = refused("invalid_grant", "invalid assertion");
    let text = format!("{CERTIFICATE}\n{}\n{body}", jwt(&claims));
    assert_eq!(first(&text), ("signature-mismatch", Certainty::Likely));
    assert_eq!(certain(&explained(&text)), [""; 0]);
    let text = format!("{}\n{body}", jwt(&claims));
    let report = explained(&text);
    let wanted = report.wanted().join("; ");
    assert!(
        wanted.contains("registered") && !wanted.contains("left out"),
        "{report}"
    );
}

/// A signature that was there is not called left out; the mask is what keeps it from telling anything.
#[test]
fn a_mask_within_an_assertion_that_was_signed() {
    let claims = with(box_claims(), json!({"iss": "***"}));
    let body = refused("invalid_grant", SIGNATURE);
    let report = explained(&format!("{CERTIFICATE}\n{}\n{body}", jwt(&claims)));
    let wanted = report.wanted().join("; ");
    assert!(
        wanted.contains("with a value masked in it") && !wanted.contains("left out"),
        "{report}"
    );
    assert!(find(&report, "signature-mismatch").is_none(), "{report}");
}

#[test]
fn a_form_and_an_assertion_with_names_from_examples() {
    let text = |client_id: &str, issuer: &str| {
        let jwt = jwt(&with(box_claims(), json!({ "iss": issuer })));
        let body = refused("invalid_grant", "Please check the 'iss' claim");
        format!(
            "curl -d '{GRANT}&client_id={client_id}&client_secret=x&assertion={jwt}' https://api.box.com/oauth2/token\n{body}"
        )
    };
    for client_id in ["app", "CLIENT_ID"] {
        let text = text(client_id, "CONSUMER_KEY");
        assert_eq!(first(&text), ("client-id-differs", Certainty::Likely));
    }
    let report = explained(&text("CONSUMER_KEY", "CONSUMER_KEY"));
    assert!(find(&report, "client-id-differs").is_none(), "{report}");
    // In the form alone, it stands in place of what the assertion has.
    let report = explained(&text("CLIENT_ID", "abcdefghijklmnop0123"));
    let differs = find(&report, "client-id-differs");
    assert!(
        differs.is_none_or(|it| it.certainty() == Certainty::Possible),
        "{report}"
    );
}

/// Who adds an hour, wanted a life of an hour; who adds an hour and 45 seconds, is in another zone.
#[test]
fn a_life_of_an_hour_is_no_time_zone() {
    for (ahead, id, other) in [
        (3600, "life-too-long", "local-time"),
        (3598, "life-too-long", "local-time"),
        (1800, "life-too-long", "local-time"),
        (600, "life-too-long", "local-time"),
        (86_400, "life-too-long", "local-time"),
        (3645, "local-time", "life-too-long"),
        (3660, "local-time", "life-too-long"),
        (19_844, "local-time", "life-too-long"),
    ] {
        let jwt = jwt(&with(box_claims(), json!({"exp": NOW + ahead})));
        let report = explained(&at_box(&jwt, TOO_FAR));
        let finding = report.findings().first();
        let finding = finding.map(|finding| (finding.id(), finding.certainty()));
        assert_eq!(finding, Some((id, Certainty::Likely)), "{ahead}: {report}");
        let other = find(&report, other);
        assert!(
            other.is_none_or(|it| it.certainty() == Certainty::Possible),
            "{ahead}: {report}"
        );
    }
}

/// What was found, and what there is to choose from.
#[test]
fn an_algorithm_that_is_not_taken() {
    let at_box = |alg: &str| {
        let jwt = signed(&json!({"alg": alg, "kid": "k3y1d000"}), &box_claims(), 32);
        explained(&at_box(&jwt, "Algorithm not allowed"))
    };
    for alg in ["HS256", "ES256"] {
        let report = at_box(alg);
        let finding = find(&report, "alg-not-allowed").unwrap();
        let seen = finding.evidence().join(" ");
        assert!(
            seen.contains(alg) && seen.contains("Box takes RS256, RS384, RS512"),
            "{report}"
        );
        assert!(finding.next().contains("RS256, RS384, RS512"), "{report}");
    }
    // Of an unknown server nobody knows them.
    let claims = with(
        box_claims(),
        json!({"aud": "https://as.example.com/token", "box_sub_type": null}),
    );
    let report = explained(&signed(&json!({"alg": "HS256"}), &without_null(claims), 32));
    let finding = find(&report, "alg-not-allowed").unwrap();
    assert!(!finding.evidence().join(" ").contains("takes"), "{report}");
    assert!(finding.next().contains("`--algorithm`"), "{report}");
}

fn without_null(mut claims: Value) -> Value {
    let members = claims.as_object_mut().unwrap();
    members.retain(|_, value| !value.is_null());
    claims
}

/// What was seen comes before what a text can mean.
#[test]
fn a_defect_comes_before_what_is_only_possible() {
    let aud = "https://api.box.com/oauth2/token/";
    let jwt = jwt(&with(box_claims(), json!({ "aud": aud })));
    let report = explained(&at_box(&jwt, SUB));
    let finding = report.findings().first().unwrap();
    assert_eq!(finding.id(), "aud-trailing", "{report}");
    assert_eq!(finding.certainty(), Certainty::Likely, "{report}");
    assert!(!finding.explains_reply());
    let subject = find(&report, "box-subject-kind").unwrap();
    assert!(subject.what().starts_with("no such user or enterprise"));
    assert!(subject.next().contains("`--user` or `--enterprise`"));
}

/// With its status, and as it was copied alone.
#[test]
fn a_token_is_no_refusal() {
    let token = r#"{"access_token":"Ab12Cd34Ef56","expires_in":3600,"token_type":"bearer"}"#;
    let sent = exchange(
        "api.box.com",
        "/oauth2/token",
        &jwt(&box_claims()),
        "200 OK",
        token,
    );
    for text in [sent.as_str(), token] {
        let report = explained(text);
        assert!(report.is_token(), "{text}\n{report}");
        let page = report.to_string();
        assert!(page.contains("The server gave a token: there is no refusal to explain."));
        assert!(!page.contains("Ruled out"), "{page}");
        assert!(!page.contains("Ab12"), "{page}");
    }
    // Beside an exception it is another's.
    let text = format!("{token}\nFAILURE: user hasn't approved this consumer");
    assert_eq!(first(&text).0, "salesforce-not-preauthorized");
}

/// An `https` address where `http` is spoken, as curl and others tell it.
#[test]
fn tls_where_there_is_none() {
    for text in [
        "* Connected to 127.0.0.1 (127.0.0.1) port 8099 (#0)\n* OpenSSL/3.0.2: error:0A00010B:SSL routines::wrong version number\n\
         * Closing connection 0\ncurl: (35) OpenSSL/3.0.2: error:0A00010B:SSL routines::wrong version number",
        "curl: (35) error:1408F10B:SSL routines:ssl3_get_record:wrong version number",
        "curl: (35) gnutls_handshake() failed: An unexpected TLS packet was received.",
    ] {
        let report = explained(text);
        assert_eq!(first(text), ("not-http", Certainty::Certain), "{report}");
        let finding = report.findings().first().unwrap();
        assert!(finding.evidence()[0].ends_with("write http://"), "{report}");
        assert!(
            finding.explains_reply() && report.reply().is_none(),
            "{report}"
        );
    }
    // Whose connection that was, nobody knows.
    let text = "SSLError(1, '[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:992)')";
    assert_eq!(first(text), ("not-http", Certainty::Possible));
}

/// They are the same for everybody.
#[test]
fn names_of_algorithms_and_curves_are_not_masked() {
    for text in [
        "P-256 or P-384, or Ed25519: make a new key",
        "X25519, Curve25519 and ssh-ed25519.",
        "RSASSA_PKCS1_V1_5_SHA_256 and sha256WithRSAEncryption",
        "PBKDF2WithHmacSHA256, aes256-cbc, secp256k1, brainpoolP256r1",
    ] {
        assert_eq!(scrubbed(text), text);
    }
    assert_eq!(scrubbed("Ed25519-12345678"), "[masked]");
    assert_eq!(scrubbed("enterprise 25519"), "enterprise [masked]");
}

/// By the `Date` of the reply, whoever made it.
#[test]
fn a_page_says_how_far_ahead_the_end_is() {
    let jwt = jwt(&with(box_claims(), json!({"exp": NOW + 3600})));
    let body = refused("invalid_grant", TOO_FAR);
    let report = explained(&format!("{jwt}\nHTTP/1.1 400 Bad\n{DATE}\n\n{body}"));
    let life = find(&report, "life-too-long").unwrap();
    assert!(
        life.evidence()[0].starts_with("`exp` is 3600 s after the reply's `Date`"),
        "{report}"
    );
}
