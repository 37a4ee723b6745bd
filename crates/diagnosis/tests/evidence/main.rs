//! Pastes from which more was concluded than they tell, or less.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod certainty;
mod newcomers;
mod programs;
mod replies;
mod values;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_bearer_diagnosis::{Certainty, Paste, Report};
use serde_json::{Value, json};

pub(crate) const DATE: &str = "Date: Wed, 15 Nov 2023 00:00:00 GMT";
/// That time.
pub(crate) const NOW: i64 = 1_700_006_400;
pub(crate) const GRANT: &str = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer";

pub(crate) fn explained(text: &str) -> Report {
    Paste::read(text).diagnose()
}

pub(crate) fn certain(report: &Report) -> Vec<&'static str> {
    let findings = report.findings().iter();
    let certain = findings.filter(|finding| finding.certainty() == Certainty::Certain);
    certain.map(|finding| finding.id()).collect()
}

pub(crate) fn first(text: &str) -> (&'static str, Certainty) {
    let report = explained(text);
    let finding = report.findings().first();
    let finding = finding.unwrap_or_else(|| panic!("nothing is found in {text}\n{report}"));
    (finding.id(), finding.certainty())
}

pub(crate) fn signed(header: &Value, claims: &Value, octets: usize) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signature = URL_SAFE_NO_PAD.encode(vec![7; octets]);
    format!("{}.{}.{signature}", part(header), part(claims))
}

pub(crate) fn jwt(claims: &Value) -> String {
    signed(&json!({"alg": "RS256", "kid": "k3y1d000"}), claims, 256)
}

pub(crate) fn box_claims() -> Value {
    json!({"iss": "abcdefghijklmnop0123", "sub": "1234567", "box_sub_type": "enterprise",
        "aud": "https://api.box.com/oauth2/token", "jti": "Zm9vYmFyYmF6cXV4cXV1eA", "exp": NOW + 40})
}

pub(crate) fn salesforce_claims() -> Value {
    json!({"iss": "3MVG9abcdefghijklmnop0123456789", "sub": "ann@example.com",
        "aud": "https://login.salesforce.com", "exp": NOW + 170})
}

pub(crate) fn with(mut claims: Value, changed: Value) -> Value {
    let changed = changed.as_object().unwrap().clone();
    claims.as_object_mut().unwrap().extend(changed);
    claims
}

pub(crate) fn refused(error: &str, text: &str) -> String {
    json!({"error": error, "error_description": text}).to_string()
}

/// A request as curl shows it, and the reply.
pub(crate) fn exchange(host: &str, path: &str, jwt: &str, status: &str, body: &str) -> String {
    let client_id = if host == "api.box.com" {
        "&client_id=abcdefghijklmnop0123"
    } else {
        ""
    };
    format!(
        "curl -v -d '{GRANT}{client_id}&assertion={jwt}' https://{host}{path}\n> POST {path} HTTP/1.1\n> Host: {host}\n\
         > Content-Type: application/x-www-form-urlencoded\n>\n< HTTP/1.1 {status}\n< {DATE}\n<\n{body}\n"
    )
}
