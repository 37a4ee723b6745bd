//! What programs print, as people paste it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_bearer_diagnosis::{Certainty, Paste, Report};
use serde_json::{Value, json};

fn explained(text: &str) -> Report {
    Paste::read(text).diagnose()
}

fn certain(report: &Report) -> Vec<&'static str> {
    let findings = report.findings().iter();
    let certain = findings.filter(|finding| finding.certainty() == Certainty::Certain);
    certain.map(|finding| finding.id()).collect()
}

#[track_caller]
fn first(report: &Report, id: &str, certainty: Certainty) {
    let finding = report.findings().first();
    let finding = finding.map(|finding| (finding.id(), finding.certainty()));
    assert_eq!(finding, Some((id, certainty)), "{report}");
}

macro_rules! pastes {
    ($(($file:literal, $id:literal, $certainty:ident)),+ $(,)?) => {
        [$((include_str!(concat!("pastes/", $file, ".txt")), $id, Certainty::$certainty)),+]
    };
}

#[test]
fn what_programs_print() {
    for (text, id, certainty) in pastes![
        ("node-box", "key-mismatch", Likely),
        ("java-box", "clock-behind", Likely),
        ("csharp-box", "box-sub", Possible),
        ("salesforce-cli", "salesforce-not-preauthorized", Likely),
        ("php-guzzle", "exp-milliseconds", Possible),
        ("apex", "aud-list", Certain),
        ("curl-http2", "jti-constant", Certain),
        ("postman", "jti-constant", Certain),
        ("html-page", "reply-not-oauth", Certain),
        ("windows-cmd", "clock-behind", Likely),
        ("json-in-a-log-line", "kid-differs", Likely),
        ("base64", "box-wrong-secret", Likely),
        ("chunked", "salesforce-not-preauthorized", Likely),
        ("python-box", "jti-reused", Likely),
        ("python-dict", "salesforce-not-preauthorized", Likely),
        ("ruby", "key-mismatch", Likely),
        ("powershell", "box-wrong-app-type", Likely),
        ("go", "clock-behind", Likely),
    ] {
        let report = explained(text);
        first(&report, id, certainty);
        let page = format!("{report}{}", serde_json::to_string(&report).unwrap());
        for own in ["ann", "acme", "geheimnis", "7xk2fdgq9p8s3mha", "74.112"] {
            assert!(!page.replace("cannot", "").contains(own), "{own}: {page}");
        }
    }
    assert_eq!(explained(include_str!("pastes/go.txt")).notes(), [""; 0]);
}

fn jwt(header: &Value, claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signature = URL_SAFE_NO_PAD.encode([7; 256]);
    format!("{}.{}.{signature}", part(header), part(claims))
}

fn claims() -> Value {
    json!({"iss": "abcdefghijklmnop0123", "sub": "1234567890123456", "box_sub_type": "user",
        "aud": "https://api.box.com/oauth2/token", "jti": "Zm9vYmFyYmF6cXV4cXV1eA", "exp": 1_700_006_440})
}

/// A mark in place of a value says nothing of the value.
#[test]
fn marks_are_no_values() {
    let header = json!({"alg": "RS256", "kid": "k3y1d000"});
    for (claim, mark) in [
        ("jti", "<uuid>"),
        ("jti", "xxxx"),
        ("sub", "<enterprise id>"),
        ("sub", "ENTERPRISE_ID"),
        ("sub", "***"),
        ("sub", "username"),
        ("iss", "xxxx"),
        ("iss", "your-client-id"),
        ("exp", "<now+45>"),
        ("box_sub_type", "…"),
    ] {
        for text in ["'sub' claim", "'jti' claim", "'iss' claim"] {
            let mut claims = claims();
            claims[claim] = mark.into();
            let form = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&client_id=abcdefghijklmnop0123&client_secret=x";
            let text = format!(
                "> POST /oauth2/token HTTP/1.1\n> Host: api.box.com\n>\n{form}&assertion={}\n< HTTP/1.1 400 Bad\n<\n{}\n",
                jwt(&header, &claims),
                json!({"error": "invalid_grant", "error_description": text}),
            );
            let report = explained(&text);
            assert_eq!(certain(&report), [""; 0], "{claim} {mark}: {report}");
        }
    }
    let config = r#"{"boxAppSettings":{"clientID":"***","clientSecret":"***","appAuth":{"publicKeyID":"***","privateKey":"***","passphrase":"***"}},"enterpriseID":"***"}"#;
    let report = explained(&format!("{config}\n{}", jwt(&header, &claims())));
    let of_marks = ["config-other-app", "kid-differs"];
    assert!(
        certain(&report).iter().all(|id| !of_marks.contains(id)),
        "{report}"
    );
}

/// What was cut by the reader is no defect of the assertion.
#[test]
fn a_cut_assertion_is_not_called_damaged() {
    let whole = jwt(&json!({"alg": "RS256", "kid": "k3y1d000"}), &claims());
    let error = r#"{"error":"invalid_grant","error_description":"Please check the 'sub' claim."}"#;
    let (input, signature) = whole.rsplit_once('.').unwrap();
    for cut in [
        format!("{input}.{}", &signature[..72]),
        format!("{}...", &input[..input.len() - 20]),
        format!("{}.AAAA", &input[..input.len() - 21]),
        input.to_owned(),
    ] {
        let report = explained(&format!("assertion={cut}\n{error}"));
        assert_eq!(certain(&report), [""; 0], "{cut}: {report}");
    }
    let report = explained(&format!(
        "{input}.\n{{\"error\":\"invalid_grant\",\"error_description\":\"invalid assertion\"}}"
    ));
    assert!(
        report
            .findings()
            .iter()
            .all(|it| it.id() != "jwt-unsigned" || it.certainty() == Certainty::Possible),
        "{report}"
    );
}

#[test]
fn other_grants_are_not_corrected() {
    for grant in ["client_credentials", "refresh_token", "authorization_code"] {
        let report = explained(&format!(
            "> POST /oauth2/token HTTP/1.1\n> Host: api.box.com\n>\ngrant_type={grant}&client_id=abcdefghijklmnop0123&client_secret=x\n\
             < HTTP/1.1 400 Bad\n<\n{{\"error\":\"invalid_grant\",\"error_description\":\"Grant credentials are invalid\"}}"
        ));
        assert_eq!(certain(&report), [""; 0], "{report}");
    }
}

/// Servers that count from their own clock, and let `iat` be set back.
#[test]
fn an_iat_that_was_set_back() {
    for (host, issuer, back, ahead) in [
        ("api.github.com", json!(12_345), 300, 540),
        ("fhir.epic.com", json!("abc-def"), 300, 240),
    ] {
        let now = 1_700_006_400;
        let claims = json!({"iss": issuer, "sub": "abc-def", "aud": format!("https://{host}/oauth2/token"),
            "jti": "Zm9vYmFyYmF6cXV4cXV1eA", "iat": now - back, "exp": now + ahead});
        let report = explained(&format!(
            "{}\nHTTP/1.1 401 Unauthorized\nDate: Wed, 15 Nov 2023 00:00:00 GMT\n\n{{\"error\":\"invalid_client\"}}",
            jwt(&json!({"alg": "RS256", "kid": "k"}), &claims)
        ));
        assert_eq!(certain(&report), [""; 0], "{report}");
    }
}

#[test]
fn a_busy_server_is_called_that() {
    for reply in [
        "HTTP/1.1 429 Too Many Requests\nRetry-After: 5\n\n",
        "HTTP/1.1 429 Too Many Requests\n\n{\"error\":\"rate_limit_exceeded\"}",
        "HTTP/1.1 503 Service Unavailable\n\n<html>nginx</html>",
        "HTTP/1.1 502 Bad Gateway\n\n",
    ] {
        let report = explained(reply);
        first(&report, "busy", Certainty::Likely);
        assert_eq!(certain(&report), [""; 0], "{report}");
    }
}

/// The names of the assertion are known, and so are masked in what the server says; other machines too.
#[test]
fn a_server_that_repeats_names() {
    let claims = json!({"iss": "billing-svc", "sub": "jsmith", "exp": 1_700_000_000});
    let report = explained(&format!(
        "{}\n{}",
        jwt(&json!({"alg": "RS256", "kid": "corpkey"}), &claims),
        json!({"error": "invalid_grant",
            "error_description": "No user jsmith for client billing-svc at sso.acmecorp.example (key corpkey), ldap.corp.contoso.internal"}),
    ));
    let page = format!("{report}{}", serde_json::to_string(&report).unwrap());
    for own in ["jsmith", "billing-svc", "acmecorp", "corpkey", "contoso"] {
        assert!(!page.contains(own), "{own}: {page}");
    }
}

#[test]
fn options_of_curl() {
    let url = "https://api.box.com/oauth2/token";
    for (options, id) in [
        ("-X GET -d grant_type=x", "method-not-post"),
        (
            "-G -d grant_type=x -d assertion=$JWT",
            "parameters-in-query",
        ),
        ("-F assertion=x", "body-not-form"),
        ("--json '{}'", "body-not-form"),
    ] {
        let report = explained(&format!("curl {url} {options}"));
        assert!(certain(&report).contains(&id), "{options}: {report}");
    }
    for options in [
        "-d @body.txt",
        "-d assertion=$JWT",
        "-d grant_type=$GRANT -d assertion=$JWT",
    ] {
        let report = explained(&format!("curl -X POST {url} {options}"));
        assert_eq!(certain(&report), [""; 0], "{options}: {report}");
    }
}

/// The file of the configuration can be old, so that its key id is no proof.
#[test]
fn a_key_id_that_was_deleted() {
    let config = r#"{"boxAppSettings":{"clientID":"abcdefghijklmnop0123","clientSecret":"x","appAuth":{"publicKeyID":"k3y1d000","privateKey":"x","passphrase":"x"}},"enterpriseID":"7654321"}"#;
    let jwt = jwt(&json!({"alg": "RS256", "kid": "k3y1d000"}), &claims());
    let error = r#"{"error":"invalid_grant","error_description":"kid invalid, unable to lookup correct key"}"#;
    let report = explained(&format!("{config}\n{jwt}\n{error}"));
    first(&report, "kid-differs", Certainty::Likely);
}

/// The address of a site is a login host of Salesforce too.
#[test]
fn a_site_of_salesforce() {
    let site = "https://acme.my.site.com";
    let claims =
        json!({"iss": "3MVG9abc", "sub": "ann@example.com", "aud": site, "exp": 1_700_000_000});
    let report = explained(&format!(
        "> POST /services/oauth2/token HTTP/1.1\n> Host: acme.my.site.com\n>\n{}\n< HTTP/1.1 400 Bad\n<\n{}",
        jwt(&json!({"alg": "RS256"}), &claims),
        json!({"error": "invalid_grant", "error_description": "audience is invalid"}),
    ));
    assert!(report.reply_is_known(), "{report}");
    assert_eq!(report.provider(), "salesforce");
}

/// A secret that was told by its name is taken out wherever else it stands.
#[test]
fn a_secret_that_is_repeated() {
    let report = explained(
        "curl https://as.example/token -u myid:mysecretpw -d client_secret=pwpwpw\n\
         {\"error\":\"invalid_client\",\"error_description\":\"bad pw mysecretpw and pwpwpw\"}",
    );
    let page = format!("{report}");
    assert!(
        !page.contains("mysecretpw") && !page.contains("pwpwpw"),
        "{page}"
    );
    let report = explained(r#"{"kty":"RSA","n":"AQAB","e":"AQAB","d":"geheimes-d"}"#);
    assert_eq!(report.notes().len(), 1, "{report}");
    assert!(!format!("{report}").contains("geheimes-d"));
}

/// An audience that most have, and most may have, is not told before the usual cause.
#[test]
fn the_usual_cause_comes_before_what_is_harmless() {
    let claims = json!({"iss": "3MVG9abc", "sub": "ann@example.com", "aud": "https://login.salesforce.com", "exp": 1_700_000_000});
    let report = explained(&format!(
        "{}\n{{\"error\":\"invalid_grant\",\"error_description\":\"user hasn't approved this consumer\"}}",
        jwt(&json!({"alg": "RS256"}), &claims)
    ));
    first(&report, "salesforce-not-preauthorized", Certainty::Likely);
}
