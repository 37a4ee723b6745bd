//! What a reply, a text and a command line tell.

use jwt_bearer_diagnosis::{Certainty, Finding};
use serde_json::json;

use crate::{
    DATE, GRANT, box_claims, certain, exchange, explained, first, jwt, refused, salesforce_claims,
    with,
};

/// It did not judge the request, whatever its page looks like.
#[test]
fn a_busy_server() {
    for (status, body) in [
        ("429 Too Many Requests", ""),
        (
            "429 Too Many Requests",
            r#"{"error":"rate_limit_exceeded","error_description":"Request rate limit exceeded"}"#,
        ),
        (
            "503 Service Unavailable",
            "<html><head><title>503</title></head></html>",
        ),
        ("502 Bad Gateway", "Bad Gateway"),
        ("500 Internal Server Error", r#"{"error":"server_error"}"#),
    ] {
        let text = exchange(
            "api.box.com",
            "/oauth2/token",
            &jwt(&box_claims()),
            status,
            body,
        );
        let report = explained(&text);
        assert_eq!(first(&text), ("busy", Certainty::Likely), "{report}");
        assert!(!report.to_string().contains("does not know"), "{report}");
    }
    for reply in [
        "HTTP/1.1 429 Too Many Requests\nRetry-After: 5\n\n",
        "HTTP/1.1 429 Too Many Requests\n\n{\"error\":\"rate_limit_exceeded\"}",
        "HTTP/1.1 503 Service Unavailable\n\n<html>nginx</html>",
        "HTTP/1.1 502 Bad Gateway\n\n",
    ] {
        assert_eq!(first(reply), ("busy", Certainty::Likely), "{reply}");
        assert_eq!(certain(&explained(reply)), [""; 0], "{reply}");
    }
    let body = refused("invalid_client", "The client credentials are invalid");
    let text = exchange(
        "api.box.com",
        "/oauth2/token",
        &jwt(&box_claims()),
        "500 Error",
        &body,
    );
    assert_ne!(first(&text).0, "busy");
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
    // Neither a login host nor a bare one.
    let excluded = ["aud-login", "aud-no-scheme"];
    assert!(
        !report
            .findings()
            .iter()
            .any(|it| excluded.contains(&it.id())),
        "{report}"
    );
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
    // Without a reply nobody said that it is wrong.
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
        let is_likely = |it: &Finding| it.id() == id && it.certainty() == Certainty::Likely;
        assert!(
            report.findings().iter().any(is_likely),
            "{options}: {report}"
        );
        assert_eq!(certain(&report), [""; 0], "{options}: {report}");
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

/// A page that was saved by itself has no status.
#[test]
fn a_page_alone() {
    let report = explained("<!DOCTYPE html><html><title>Login</title></html>");
    let first = report.findings().first().unwrap();
    assert_eq!(first.id(), "reply-not-oauth");
    assert_eq!(first.evidence(), ["a page of HTML or XML"]);
}

#[test]
fn a_port_of_this_machine_where_nobody_listens() {
    for text in [
        "curl: (7) Failed to connect to 127.0.0.1 port 8443 after 0 ms: Connection refused",
        "curl: (7) Failed to connect to 127.0.0.1 port 8443 after 0 ms: Couldn't connect to server",
        "curl: (7) Failed to connect to localhost port 8443 after 0 ms: Could not connect to server",
        "* Uses proxy env variable https_proxy == 'http://127.0.0.1:8443'\n\
         curl: (7) Failed to connect to 127.0.0.1 port 8443 after 0 ms: Couldn't connect to server",
    ] {
        let report = explained(text);
        let first = report.findings().first().unwrap();
        assert_eq!(first.id(), "unreachable", "{text}");
        assert!(first.evidence()[0].ends_with(":8443: connection refused"));
        assert!(first.next().starts_with("nothing listens on that port"));
        // Whether a proxy was set, a paste need not tell.
        assert!(
            first
                .next()
                .contains("`jwt-bearer sandbox`), or a proxy of yours")
        );
    }
    for (text, seen) in [
        (
            "curl: (7) Failed to connect to as.example.com port 443 after 9 ms: Couldn't connect to server",
            "the token endpoint: no connection could be made",
        ),
        (
            "curl: (28) Failed to connect to 127.0.0.1 port 9 after 9 ms: Connection timed out",
            "127.0.0.1:9: connection timed out",
        ),
        (
            "curl: (7) Failed to connect to 127.0.0.1 port 443: No route to host",
            "127.0.0.1:443: no connection could be made",
        ),
        // An address elsewhere in the line, and names that begin as this machine's do.
        (
            "app[127.0.0.1:5000] curl: (7) Failed to connect to api.box.com port 443 after 9 ms: Connection refused",
            "the token endpoint: connection refused",
        ),
        (
            "curl: (7) Failed to connect to 127.0.0.11 port 443: No route to host",
            "the token endpoint: no connection could be made",
        ),
        (
            "curl: (7) Failed to connect to localhost.example.com port 443 after 9 ms: Couldn't connect to server",
            "the token endpoint: no connection could be made",
        ),
    ] {
        let report = explained(text);
        let first = report.findings().first().unwrap();
        assert_eq!(first.evidence(), [seen], "{text}");
        assert!(first.next().starts_with("check firewall and proxy"));
    }
}
