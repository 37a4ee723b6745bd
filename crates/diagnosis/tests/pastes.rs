//! Pastes from which more was concluded than they tell, or less.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_bearer_diagnosis::{Certainty, Paste, Report};
use serde_json::{Value, json};

const DATE: &str = "Date: Wed, 15 Nov 2023 00:00:00 GMT";
/// That time.
const NOW: i64 = 1_700_006_400;
const GRANT: &str = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer";

fn explained(text: &str) -> Report {
    Paste::read(text).diagnose()
}

fn certain(report: &Report) -> Vec<&'static str> {
    let findings = report.findings().iter();
    let certain = findings.filter(|finding| finding.certainty() == Certainty::Certain);
    certain.map(|finding| finding.id()).collect()
}

fn first(text: &str) -> (&'static str, Certainty) {
    let report = explained(text);
    let finding = report.findings().first();
    let finding = finding.unwrap_or_else(|| panic!("nothing is found in {text}\n{report}"));
    (finding.id(), finding.certainty())
}

fn signed(header: &Value, claims: &Value, octets: usize) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signature = URL_SAFE_NO_PAD.encode(vec![7; octets]);
    format!("{}.{}.{signature}", part(header), part(claims))
}

fn jwt(claims: &Value) -> String {
    signed(&json!({"alg": "RS256", "kid": "k3y1d000"}), claims, 256)
}

fn box_claims() -> Value {
    json!({"iss": "abcdefghijklmnop0123", "sub": "1234567", "box_sub_type": "enterprise",
        "aud": "https://api.box.com/oauth2/token", "jti": "Zm9vYmFyYmF6cXV4cXV1eA", "exp": NOW + 40})
}

fn salesforce_claims() -> Value {
    json!({"iss": "3MVG9abcdefghijklmnop0123456789", "sub": "ann@example.com",
        "aud": "https://login.salesforce.com", "exp": NOW + 170})
}

fn with(mut claims: Value, changed: Value) -> Value {
    let changed = changed.as_object().unwrap().clone();
    claims.as_object_mut().unwrap().extend(changed);
    claims
}

fn refused(error: &str, text: &str) -> String {
    json!({"error": error, "error_description": text}).to_string()
}

/// A request as curl shows it, and the reply.
fn exchange(host: &str, path: &str, jwt: &str, status: &str, body: &str) -> String {
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

/// What is masked, is neither wrong nor missing; in plain claims, in an assertion put together anew, in the form.
#[test]
fn marks_are_no_values() {
    for (mark, text) in [
        (
            "<uuid>",
            "Please check the 'jti' claim. A unique 'jti' value is required.",
        ),
        (
            "ENTERPRISE_ID",
            "Please check the 'sub' claim. The 'sub' specified is invalid.",
        ),
        ("xxxx", "Please check the 'iss' claim"),
        ("***", "Please check the 'exp' claim. Should be an integer"),
        ("your-id", "Please check the 'aud' claim"),
    ] {
        let claims = json!({"iss": mark, "sub": mark, "box_sub_type": "enterprise", "jti": mark,
            "exp": mark, "aud": "https://api.box.com/oauth2/token"});
        let body = refused("invalid_grant", text);
        let plain = format!("{}\n{body}", with(box_claims(), claims.clone()));
        let sent = exchange(
            "api.box.com",
            "/oauth2/token",
            &jwt(&claims),
            "400 Bad",
            &body,
        );
        let form = format!(
            "curl -d '{GRANT}&client_id={mark}&assertion={}'",
            jwt(&box_claims())
        );
        for text in [
            plain,
            sent,
            format!("{form} https://api.box.com/oauth2/token\n{body}"),
        ] {
            let report = explained(&text);
            assert_eq!(certain(&report), Vec::<&str>::new(), "{text}\n{report}");
        }
    }
    for (claims, text, id) in [
        (
            json!({"iss": "CONSUMER_KEY", "sub": "username"}),
            "user is invalid",
            "salesforce-username",
        ),
        (
            json!({"aud": "https://MYDOMAIN.my.salesforce.com"}),
            "invalid assertion",
            "key-mismatch",
        ),
    ] {
        let claims = with(salesforce_claims(), claims);
        let text = format!("Claims {claims}\n{}", refused("invalid_grant", text));
        assert_eq!(
            first(&text),
            (id, Certainty::Likely),
            "{}",
            explained(&text)
        );
    }
    let config = r#"{"boxAppSettings":{"clientID":"***","clientSecret":"***","appAuth":{"publicKeyID":"***","privateKey":"***","passphrase":"***"}},"enterpriseID":"***"}"#;
    let body = refused("invalid_grant", "Please check the 'iss' claim");
    let report = explained(&format!("{config}\n{}\n{body}", jwt(&box_claims())));
    assert_eq!(certain(&report), Vec::<&str>::new(), "{report}");
}

/// An end that is left out, or has words in its place.
#[test]
fn a_cut_assertion_proves_nothing() {
    let whole = jwt(&box_claims());
    let (start, _) = whole.rsplit_once('.').unwrap();
    let header = json!({"alg": "RS256", "kid": "k3y1d000"});
    for (jwt, text) in [
        (
            signed(&header, &box_claims(), 54),
            "Signature verification error",
        ),
        (
            signed(&header, &box_claims(), 331),
            "Signature verification error",
        ),
        (
            format!("{start}.SIGNATUREREMOVEDFORPRIVACYREASONSSORRYXX"),
            "Signature verification error",
        ),
        (
            format!("{start}.SIGNATUREREMOVEDFORPRIVACYREASONSSORRYXXX_X"),
            "Signature verification error",
        ),
        (
            format!("{}...", &start[..start.len() - 21]),
            "kid invalid, unable to lookup correct key",
        ),
        (
            format!("{}…", &start[..start.len() - 21]),
            "kid invalid, unable to lookup correct key",
        ),
    ] {
        let text = format!("{jwt}\n{}", refused("invalid_grant", text));
        let report = explained(&text);
        assert_eq!(certain(&report), Vec::<&str>::new(), "{text}\n{report}");
    }
}

/// The help says that the signature can be left out.
#[test]
fn an_assertion_without_its_signature_is_not_taken_for_unsigned() {
    let whole = jwt(&salesforce_claims());
    let (start, _) = whole.rsplit_once('.').unwrap();
    let apart = format!(
        "Header: {{\"alg\":\"RS256\"}} Payload: {}",
        salesforce_claims()
    );
    for shown in [start.to_owned(), format!("{start}."), apart] {
        let text = format!("{shown}\n{}", refused("invalid_grant", "invalid assertion"));
        let report = explained(&text);
        assert_eq!(
            first(&text),
            ("key-mismatch", Certainty::Likely),
            "{report}"
        );
        let wanted = report.wanted().iter();
        assert!(
            wanted.clone().any(|wanted| wanted.contains("signature")),
            "{report}"
        );
    }
}

/// Client credentials, a refresh token, a code: what is said of them is not said of an assertion.
#[test]
fn other_grants() {
    let form = "client_id=xyz&client_secret=s&box_subject_type=enterprise&box_subject_id=123";
    let text = format!(
        "curl -d 'grant_type=client_credentials&{form}' https://api.box.com/oauth2/token\n{}",
        refused("invalid_grant", "Grant credentials are invalid")
    );
    let report = explained(&text);
    let ids: Vec<_> = report
        .findings()
        .iter()
        .map(|finding| finding.id())
        .collect();
    assert_eq!(
        ids,
        ["box-ccg-not-authorized", "box-ccg-subject"],
        "{report}"
    );
    for grant in [
        "refresh_token&refresh_token=abc123def",
        "authorization_code&code=aPrx123",
    ] {
        let text = format!(
            "curl -d 'grant_type={grant}&client_id=xyz&client_secret=s' https://login.salesforce.com/services/oauth2/token\n{}",
            refused("invalid_grant", "expired authorization code")
        );
        let report = explained(&text);
        assert!(report.findings().is_empty(), "{report}");
        assert!(
            report
                .notes()
                .iter()
                .any(|note| note.contains("has no assertion")),
            "{report}"
        );
    }
    // Where it is complained of, it is likely.
    let text = format!(
        "curl -d 'grant_type=client_credentials&client_id=x' https://login.salesforce.com/services/oauth2/token\n{}",
        refused("unsupported_grant_type", "grant type not supported")
    );
    assert_eq!(first(&text), ("grant-type-wrong", Certainty::Likely));
}

/// GitHub and Epic count from their own clock, and an app id of GitHub is a number.
#[test]
fn what_servers_take_is_not_wrong() {
    let github = |claims: Value| {
        format!(
            "curl -i -H \"Authorization: Bearer {}\" https://api.github.com/app\nHTTP/2 401\n{DATE}\n\n{}",
            signed(&json!({"alg": "RS256"}), &claims, 256),
            json!({"message": "A JSON web token could not be decoded"})
        )
    };
    let epic = json!({"iss": "a-b", "sub": "a-b", "jti": "c-d", "iat": NOW - 300, "nbf": NOW - 300,
        "exp": NOW + 240, "aud": "https://fhir.epic.com/x/oauth2/token"});
    let epic = format!(
        "curl -d 'grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion={}' \
         https://fhir.epic.com/x/oauth2/token\nHTTP/1.1 400 Bad\n{DATE}\n\n{}",
        signed(&json!({"alg": "RS384", "kid": "x"}), &epic, 256),
        json!({"error": "invalid_client", "error_description": null})
    );
    for (text, id) in [
        (
            github(json!({"iss": 123_456, "iat": NOW - 60, "exp": NOW + 540})),
            "github-key",
        ),
        (
            github(json!({"iss": "123456", "iat": NOW - 300, "exp": NOW + 540})),
            "github-key",
        ),
        (epic, "epic-not-spread"),
    ] {
        let report = explained(&text);
        assert_eq!(certain(&report), Vec::<&str>::new(), "{report}");
        assert_eq!(first(&text), (id, Certainty::Likely), "{report}");
    }
    let text = github(json!({"iss": "123456", "iat": NOW - 60, "exp": NOW + 1200}));
    assert!(certain(&explained(&text)).contains(&"life-too-long"));
    // Neither of them wants `kid`, `aud` or `jti`; nor does Snowflake, whose host can stand anywhere.
    let claims =
        json!({"iss": "ACME.JDOE.SHA256:abc=", "sub": "ACME.JDOE", "iat": NOW, "exp": NOW + 3600});
    let text = format!(
        "{}\n{} https://acme-corp1.snowflakecomputing.com",
        signed(&json!({"alg": "RS256"}), &claims, 256),
        json!({"code": "390144", "message": "JWT token is invalid. [0ce9eb56]"})
    );
    let report = explained(&text);
    let missing = |finding: &jwt_bearer_diagnosis::Finding| {
        ["kid-missing", "aud-missing", "jti-missing"].contains(&finding.id())
    };
    assert!(!report.findings().iter().any(missing), "{report}");
    assert_eq!(report.provider(), "snowflake");
}

/// It did not judge the request, whatever its page looks like.
#[test]
fn a_busy_server() {
    for (status, body, certainty) in [
        ("429 Too Many Requests", "", Certainty::Certain),
        (
            "429 Too Many Requests",
            r#"{"error":"rate_limit_exceeded","error_description":"Request rate limit exceeded"}"#,
            Certainty::Certain,
        ),
        (
            "503 Service Unavailable",
            "<html><head><title>503</title></head></html>",
            Certainty::Certain,
        ),
        ("502 Bad Gateway", "Bad Gateway", Certainty::Certain),
        (
            "500 Internal Server Error",
            r#"{"error":"server_error"}"#,
            Certainty::Likely,
        ),
    ] {
        let text = exchange(
            "api.box.com",
            "/oauth2/token",
            &jwt(&box_claims()),
            status,
            body,
        );
        assert_eq!(
            first(&text),
            ("server-busy", certainty),
            "{}",
            explained(&text)
        );
    }
    let body = refused("invalid_client", "The client credentials are invalid");
    let text = exchange(
        "api.box.com",
        "/oauth2/token",
        &jwt(&box_claims()),
        "500 Error",
        &body,
    );
    assert_ne!(first(&text).0, "server-busy");
}

/// The exception of Box's Python SDK: a short text, no code, and the URL.
#[test]
fn exceptions_with_an_address() {
    for (text, entry) in [
        (
            "Please check the 'sub' claim. The 'sub' specified is invalid.",
            "box-sub",
        ),
        (
            "Please check the 'jti' claim. A unique 'jti' value is required.",
            "box-jti",
        ),
        ("Please check the 'iss' claim", "box-iss"),
        ("Please check the 'aud' claim", "box-audience"),
        ("kid invalid, unable to lookup correct key", "box-kid"),
    ] {
        let text = format!(
            "boxsdk.exception.BoxOAuthException:\nMessage: {text}\nStatus: 400\nURL: https://api.box.com/oauth2/token\n\
             Method: POST\nHeaders: {{'Content-Type': 'application/json'}}"
        );
        let report = explained(&text);
        let entries: Vec<_> = report
            .findings()
            .iter()
            .filter_map(|it| it.entry())
            .collect();
        assert!(entries.contains(&entry), "{entries:?}\n{report}");
        assert_eq!(report.provider(), "box");
    }
    for (text, id) in [
        (
            "Restforce::AuthenticationError: invalid_app_access: user is not admin approved to access this app",
            "salesforce-app-access",
        ),
        (
            "jwt.exceptions.AuthenticationError: token endpoint https://login.salesforce.com/services/oauth2/token said audience is invalid",
            "aud-wrong",
        ),
        (
            "AuthenticationError: invalid_client_id client identifier invalid (jsforce)",
            "salesforce-consumer-key",
        ),
    ] {
        assert_eq!(first(text).0, id, "{}", explained(text));
    }
}

/// Hosts of an org's own, and those of its sites.
#[test]
fn an_unknown_host_with_a_known_text() {
    let approved = "user hasn't approved this consumer";
    for (host, path, text, aud, found, provider) in [
        (
            "login.acme.example",
            "/services/oauth2/token",
            approved,
            "https://login.acme.example",
            ("salesforce-not-preauthorized", Certainty::Likely),
            "salesforce",
        ),
        (
            "as.acme.example",
            "/token",
            approved,
            "https://as.acme.example/token",
            ("salesforce-not-preauthorized", Certainty::Possible),
            "salesforce",
        ),
        (
            "login.salesforce.com",
            "/services/oauth2/token",
            approved,
            "https://login.salesforce.com",
            ("salesforce-not-preauthorized", Certainty::Likely),
            "salesforce",
        ),
    ] {
        let jwt = jwt(&with(salesforce_claims(), json!({"aud": aud})));
        let text = exchange(host, path, &jwt, "400 Bad", &refused("invalid_grant", text));
        let report = explained(&text);
        assert_eq!(first(&text), found, "{report}");
        assert_eq!(report.provider(), provider, "{report}");
    }
    let site = jwt(&with(
        salesforce_claims(),
        json!({"aud": "https://acme.my.site.com/portal"}),
    ));
    let body = refused("invalid_grant", "audience is invalid");
    let text = exchange(
        "acme.my.site.com",
        "/services/oauth2/token",
        &site,
        "400 Bad",
        &body,
    );
    let report = explained(&text);
    assert_eq!(certain(&report), Vec::<&str>::new(), "{report}");
    let endpoint = |line: &String| line.contains("/services/oauth2/token is expected");
    let mut lines = report.findings().iter().flat_map(|it| it.evidence());
    assert!(!lines.any(endpoint), "{report}");
}

/// What is left over when all else is ruled out, is still no more than possible.
#[test]
fn what_is_left_over_is_possible() {
    let body = refused(
        "invalid_grant",
        "Current date/time MUST be before the expiration date/time listed in the 'exp' claim",
    );
    let text = exchange(
        "api.box.com",
        "/oauth2/token",
        &jwt(&box_claims()),
        "400 Bad",
        &body,
    );
    // By the reply's `Date` it had 40 s left.
    assert_eq!(
        first(&text),
        ("box-expired", Certainty::Possible),
        "{}",
        explained(&text)
    );
}

/// The second time with the same `jti`, because it is the same assertion.
#[test]
fn the_same_assertion_in_two_requests() {
    let body = refused(
        "invalid_grant",
        "Please check the 'jti' claim. A unique 'jti' value is required.",
    );
    let once = exchange(
        "api.box.com",
        "/oauth2/token",
        &jwt(&box_claims()),
        "400 Bad",
        &body,
    );
    assert_eq!(first(&once), ("jti-reused", Certainty::Likely));
    assert_eq!(
        first(&format!("{once}{once}")),
        ("jti-reused", Certainty::Certain)
    );
    let other = jwt(&with(box_claims(), json!({"jti": "0123456789abcdef"})));
    let other = exchange("api.box.com", "/oauth2/token", &other, "400 Bad", &body);
    assert_ne!(
        first(&format!("{once}{other}")),
        ("jti-reused", Certainty::Certain)
    );
}

/// What curl's options prove of the request.
#[test]
fn options_of_curl() {
    let salesforce = "https://login.salesforce.com/services/oauth2/token";
    let refused =
        r#"{"error":"unsupported_grant_type","error_description":"grant type not supported"}"#;
    for (command, id) in [
        (
            format!("curl -G {salesforce} -d {GRANT} -d assertion=x"),
            "parameters-in-query",
        ),
        (
            format!("curl --url {salesforce} -d{GRANT} -dassertion=x --get"),
            "parameters-in-query",
        ),
        (
            format!("curl -X GET {salesforce} -d {GRANT} -d assertion=x"),
            "method-not-post",
        ),
        (
            format!("curl -XPUT {salesforce} -d {GRANT} -d assertion=x"),
            "method-not-post",
        ),
        (
            format!("curl {salesforce} \\\n  --request GET \\\n  -d {GRANT}"),
            "method-not-post",
        ),
        (
            format!("curl -F {GRANT} -F assertion=@jwt.txt {salesforce}"),
            "body-not-form",
        ),
        (
            format!("curl --json '{{\"grant_type\":\"x\"}}' {salesforce}"),
            "body-not-form",
        ),
        (
            format!("curl -H'Content-Type: application/json' -d {GRANT} {salesforce}"),
            "body-not-form",
        ),
    ] {
        let report = explained(&format!("{command}\n{refused}"));
        assert!(certain(&report).contains(&id), "{command}\n{report}");
    }
}

/// Nothing was refused, or nobody was there to say anything.
#[test]
fn replies_without_a_text() {
    let token = r#"{"access_token":"Ab12Cd34Ef56","expires_in":3600}"#;
    let text = exchange(
        "api.box.com",
        "/oauth2/token",
        &jwt(&box_claims()),
        "200 OK",
        token,
    );
    let page = explained(&text).to_string();
    assert!(
        page.contains("a token was given") && !page.contains("unknown"),
        "{page}"
    );
    let text = "curl: (6) Could not resolve host: acme.my.salesforce.com";
    let report = explained(text);
    assert_eq!(first(text), ("dns", Certainty::Certain));
    assert_eq!(report.reply(), None, "{report}");
    let text = format!("HTTP/1.1 307 Temporary Redirect\nLocation: https://x.example/\n{DATE}\n\n");
    let page = explained(&text).to_string();
    assert!(!page.contains("does not know"), "{page}");
}

/// A call of an API at a login host, behind the request that got the token.
#[test]
fn an_api_at_the_login_host() {
    let token = r#"{"access_token":"00D-x","instance_url":"https://acme.my.salesforce.com"}"#;
    let host = "login.salesforce.com";
    let got = exchange(
        host,
        "/services/oauth2/token",
        &jwt(&salesforce_claims()),
        "200 OK",
        token,
    );
    let text = format!(
        "{got}> GET /services/data/v60.0/sobjects HTTP/1.1\n> Host: {host}\n>\n< HTTP/1.1 401 Unauthorized\n< {DATE}\n<\n\
         [{{\"message\":\"Session expired or invalid\",\"errorCode\":\"INVALID_SESSION_ID\"}}]"
    );
    let report = explained(&text);
    assert_eq!(
        first(&text),
        ("salesforce-instance-url", Certainty::Likely),
        "{report}"
    );
    assert!(
        !report.wanted().iter().any(|it| it.contains("assertion")),
        "{report}"
    );
}
