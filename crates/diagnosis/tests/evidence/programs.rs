//! What programs print, as people paste it.

use jwt_bearer_diagnosis::{Certainty, Report};
use serde_json::json;

use crate::{box_claims, explained, jwt, signed, with};

#[track_caller]
fn is_first(report: &Report, id: &str, certainty: Certainty) {
    let finding = report.findings().first();
    let finding = finding.map(|finding| (finding.id(), finding.certainty()));
    assert_eq!(finding, Some((id, certainty)), "{report}");
}

macro_rules! pastes {
    ($(($file:literal, $id:literal, $certainty:ident)),+ $(,)?) => {
        [$((include_str!(concat!("../pastes/", $file, ".txt")), $id, Certainty::$certainty)),+]
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
        is_first(&report, id, certainty);
        let page = format!("{report}{}", serde_json::to_string(&report).unwrap());
        for own in ["ann", "acme", "geheimnis", "7xk2fdgq9p8s3mha", "74.112"] {
            assert!(!page.replace("cannot", "").contains(own), "{own}: {page}");
        }
    }
    assert_eq!(explained(include_str!("../pastes/go.txt")).notes(), [""; 0]);
}

/// The names of the assertion are known, and so are masked in what the server says; other machines too.
#[test]
fn a_server_that_repeats_names() {
    let claims = json!({"iss": "billing-svc", "sub": "jsmith", "exp": 1_700_000_000});
    let report = explained(&format!(
        "{}\n{}",
        signed(&json!({"alg": "RS256", "kid": "corpkey"}), &claims, 256),
        json!({"error": "invalid_grant",
            "error_description": "No user jsmith for client billing-svc at sso.acmecorp.example (key corpkey), ldap.corp.contoso.internal"}),
    ));
    let page = format!("{report}{}", serde_json::to_string(&report).unwrap());
    for own in ["jsmith", "billing-svc", "acmecorp", "corpkey", "contoso"] {
        assert!(!page.contains(own), "{own}: {page}");
    }
}

/// The file of the configuration can be old, so that its key id is no proof.
#[test]
fn a_key_id_that_was_deleted() {
    let config = r#"{"boxAppSettings":{"clientID":"abcdefghijklmnop0123","clientSecret":"x","appAuth":{"publicKeyID":"k3y1d000","privateKey":"x","passphrase":"x"}},"enterpriseID":"7654321"}"#;
    let jwt = jwt(&with(box_claims(), json!({"box_sub_type": "user"})));
    let error = r#"{"error":"invalid_grant","error_description":"kid invalid, unable to lookup correct key"}"#;
    let report = explained(&format!("{config}\n{jwt}\n{error}"));
    is_first(&report, "kid-differs", Certainty::Likely);
}

/// The address of a site is a login host of Salesforce too.
#[test]
fn a_site_of_salesforce() {
    let site = "https://acme.my.site.com";
    let claims =
        json!({"iss": "3MVG9abc", "sub": "ann@example.com", "aud": site, "exp": 1_700_000_000});
    let report = explained(&format!(
        "> POST /services/oauth2/token HTTP/1.1\n> Host: acme.my.site.com\n>\n{}\n< HTTP/1.1 400 Bad\n<\n{}",
        signed(&json!({"alg": "RS256"}), &claims, 256),
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
        signed(&json!({"alg": "RS256"}), &claims, 256)
    ));
    is_first(&report, "salesforce-not-preauthorized", Certainty::Likely);
}
