//! Pastes of which a wrong cause was called certain.

use jwt_bearer_diagnosis::{Certainty, Report};
use serde_json::json;

use crate::{
    DATE, GRANT, NOW, box_claims, certain, exchange, explained, jwt, refused, salesforce_claims,
    signed, with,
};

const SIGNATURE: &str =
    "Signature verification error. The public key identified by \"kid\" must correspond";
const BOX: &str = "https://api.box.com/oauth2/token";
const SALESFORCE: &str = "https://login.salesforce.com/services/oauth2/token";

fn first(report: &Report) -> Option<(&'static str, Certainty)> {
    let finding = report.findings().first()?;
    Some((finding.id(), finding.certainty()))
}

#[track_caller]
fn nothing_is_certain(text: &str) -> Report {
    let report = explained(text);
    assert_eq!(certain(&report), [""; 0], "{text}\n{report}");
    report
}

/// Of a log with a refusal in it, what other machines did is nothing; without one, it is at most possible.
#[test]
fn connections_of_others() {
    for (text, id) in [
        (
            "DatabaseError: 250001 (08001): Failed to connect to DB: xy.snowflakecomputing.com:443. JWT token is invalid. [0ce9eb56]",
            "snowflake-invalid",
        ),
        (
            "WARN pool: Failed to connect to db-1.acme.example:5432\nERROR token: 400 invalid_grant user hasn't approved this consumer",
            "salesforce-not-preauthorized",
        ),
        (
            "12:00 ERROR redis connect ECONNREFUSED 127.0.0.1:6379\nBoxOAuthException: Message: Please check the 'sub' claim. Status: 400 URL: https://api.box.com/oauth2/token",
            "box-sub",
        ),
        (
            "ERROR cannot reach smtp: Connection refused\nSalesforceAuthenticationFailed: invalid_grant: user is locked",
            "salesforce-locked",
        ),
        (
            "JDBC driver encountered communication error. Message: Connection timed out. Earlier: JWT token is invalid. [0ce9eb56] snowflake",
            "snowflake-invalid",
        ),
    ] {
        let report = nothing_is_certain(text);
        assert_eq!(first(&report).map(|it| it.0), Some(id), "{report}");
        let is_of_way = |id| ["unreachable", "dns", "tls"].contains(&id);
        assert!(
            !report.findings().iter().any(|it| is_of_way(it.id())),
            "{report}"
        );
    }
    for text in [
        "DatabaseError: 250001 (08001): None: Failed to connect to DB: xy.snowflakecomputing.com:443. JWT_TOKEN_INVALID_PUBLIC_KEY_FINGERPRINT_MISMATCH",
        "DatabaseError: 250001 (08001): None: Failed to connect to DB: xy.snowflakecomputing.com:443. Incorrect username or password was specified.",
    ] {
        assert!(explained(text).findings().is_empty(), "{text}");
    }
    for (text, found) in [
        (
            "redis connect ECONNREFUSED 127.0.0.1:6379",
            ("unreachable", Certainty::Possible),
        ),
        (
            "dial tcp: lookup db-1: no such host",
            ("dns", Certainty::Possible),
        ),
        (
            "getaddrinfo ENOTFOUND upload.box.com",
            ("dns", Certainty::Possible),
        ),
        (
            "getaddrinfo ENOTFOUND api.box.com",
            ("dns", Certainty::Certain),
        ),
        (
            "connect to login.salesforce.com:443: Connection timed out",
            ("unreachable", Certainty::Certain),
        ),
        (
            "curl: (60) SSL certificate problem: self-signed certificate",
            ("tls", Certainty::Certain),
        ),
    ] {
        let report = explained(text);
        assert_eq!(first(&report), Some(found), "{text}\n{report}");
    }
    let report = explained(
        "curl https://as.acme.example/token -d @x\ndial tcp: lookup as.acme.example: no such host",
    );
    assert_eq!(
        first(&report),
        Some(("dns", Certainty::Certain)),
        "{report}"
    );
}

/// What is said of a grant without a JWT is not said of an assertion; the note tells the grant.
#[test]
fn grants_of_others() {
    let access = jwt(&with(
        box_claims(),
        json!({"aud": "api://default", "sub": "0oa1"}),
    ));
    for (url, form, error, text, grant) in [
        (SALESFORCE, "grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer&assertion=PHNhbWw6QXNzZXJ0aW9uIHhtbG5zOnNhbWw9InVybjpvYXNpczpuYW1lczp0YzpTQU1MOjIuMDphc3NlcnRpb24iPg==".to_owned(), "invalid_grant", "invalid assertion", "saml2-bearer"),
        (SALESFORCE, format!("grant_type=urn:ietf:params:oauth:grant-type:token-exchange&client_id=3MVG9a&subject_token={access}"), "invalid_grant", "invalid assertion", "token-exchange"),
        (BOX, format!("grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token={access}"), "invalid_grant", "expired", "token-exchange"),
        (BOX, "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=abc123def456".to_owned(), "invalid_grant", "The subject token is invalid or expired", "token-exchange"),
        (SALESFORCE, "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=3MVG9&code=abc".to_owned(), "authorization_pending", "still waiting", "device_code"),
        (SALESFORCE, "grant_type=device&client_id=3MVG9&code=abc".to_owned(), "invalid_grant", "invalid grant type", "device"),
        (SALESFORCE, "grant_type=hybrid_refresh&client_id=3MVG9&refresh_token=5Aep".to_owned(), "invalid_grant", "expired access/refresh token", "hybrid_refresh"),
    ] {
        let report = nothing_is_certain(&format!(
            "curl -v -d '{form}' {url}\n{}",
            refused(error, text)
        ));
        assert!(report.notes().iter().any(|note| note.contains(grant)), "{report}");
        let likely = report.findings().iter().filter(|it| it.certainty() > Certainty::Possible);
        assert_eq!(likely.count(), 0, "{report}");
    }
    // A client assertion beside a refresh token: `sub` is the client.
    let own = with(
        salesforce_claims(),
        json!({"sub": "3MVG9abcdefghijklmnop0123456789"}),
    );
    let report = nothing_is_certain(&format!(
        "curl -d 'grant_type=refresh_token&refresh_token=5Aep861&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion={}' {SALESFORCE}\n{}",
        jwt(&own),
        refused("invalid_client", "invalid client credentials")
    ));
    assert!(
        report.findings().iter().all(|it| it.id() != "sub-form"),
        "{report}"
    );
    // The login of a person.
    let report = nothing_is_certain(&format!(
        "> GET /services/oauth2/authorize?response_type=code&client_id=3MVG9abc HTTP/1.1\n> Host: login.salesforce.com\n>\n\
         < HTTP/1.1 400 Bad Request\n< {DATE}\n<\n{}",
        refused("invalid_client_id", "client identifier invalid")
    ));
    assert!(
        report
            .findings()
            .iter()
            .all(|it| it.id() != "method-not-post"),
        "{report}"
    );
}

/// `iat` may be set back; by the server's clock it does not live too long.
#[test]
fn a_life_from_the_servers_clock() {
    let aud = "https://dev-1.okta.com/oauth2/v1/token";
    let claims = json!({"iss": "0oa1", "sub": "0oa1", "aud": aud, "jti": "Zm9vYmFyYmF6cXV4cXV1eA",
        "iat": NOW - 300, "exp": NOW + 3500});
    let form = "grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for (claims, error, text) in [
        (
            claims,
            "invalid_client",
            "The client_assertion signature is invalid.",
        ),
        (
            with(box_claims(), json!({"iat": NOW - 300})),
            "invalid_grant",
            SIGNATURE,
        ),
        (
            with(box_claims(), json!({"iat": NOW - 300})),
            "invalid_grant",
            "Please check the 'exp' claim",
        ),
    ] {
        let url = if text.contains("client_assertion") {
            aud
        } else {
            BOX
        };
        let form = if url == BOX {
            format!("{GRANT}&client_id=abcdefghijklmnop0123&assertion=")
        } else {
            format!("{form}&client_assertion=")
        };
        let report = nothing_is_certain(&format!(
            "curl -d '{form}{}' {url}\nHTTP/1.1 400 Bad\n{DATE}\n\n{}",
            jwt(&claims),
            refused(error, text)
        ));
        let is_long = |id| id == "life-too-long";
        assert!(
            !report
                .findings()
                .iter()
                .any(|it| is_long(it.id()) && it.certainty() > Certainty::Possible),
            "{report}"
        );
    }
}

/// A mail or a terminal breaks it into lines; together they are the assertion.
#[test]
fn an_assertion_on_several_lines() {
    let whole = jwt(&box_claims());
    for (width, end) in [(76, "\n"), (80, "\n"), (75, "=\n"), (64, "\n  ")] {
        let lines: Vec<_> = whole
            .as_bytes()
            .chunks(width)
            .map(|line| str::from_utf8(line).unwrap())
            .collect();
        let text = format!(
            "{}\n{}",
            lines.join(end),
            refused("invalid_grant", SIGNATURE)
        );
        let report = nothing_is_certain(&text);
        assert_eq!(
            first(&report),
            Some(("key-mismatch", Certainty::Likely)),
            "{report}"
        );
        let is_of_form = |it: &str| it.starts_with("jwt-") || it == "signature-length";
        assert!(
            !report.findings().iter().any(|it| is_of_form(it.id())),
            "{report}"
        );
    }
}

/// Other things are JWT too, and stand in the same log.
#[test]
fn another_jwt_is_not_the_assertion() {
    let other =
        json!({"iss": "https://cognito.example", "sub": "u", "exp": NOW + 1, "aud": "client"});
    let other = signed(&json!({"alg": "ES256", "kid": "z"}), &other, 64);
    let access = json!({"iss": "https://acme.auth0.example/", "sub": "auth0|1", "exp": NOW + 1, "aud": "https://api.acme.example"});
    let access = signed(&json!({"alg": "HS256"}), &access, 32);
    let sample = json!({"sub": "1234567890", "name": "John Doe", "iat": 1_516_239_022});
    let sample = signed(&json!({"alg": "HS256", "typ": "JWT"}), &sample, 32);
    for text in [
        format!("X-Amzn-Oidc-Data: {other}\ncurl -v -d @b.txt {BOX}"),
        format!("X-Amzn-Oidc-Data: {access}\ncurl -v -d @b.txt {BOX}"),
        format!("Here is my user's JWT that I want to exchange: {other}\nand {BOX} said"),
        format!("curl {BOX} -d '{GRANT}&client_id=abcdefghijklmnop0123&assertion={sample}'"),
        format!("id_token={access}\ncurl -v -d @b.txt {BOX}"),
        format!("> Authorization: Bearer {access}\ncurl -v -d @b.txt {BOX}"),
    ] {
        let body = refused("invalid_grant", "kid invalid, unable to lookup correct key");
        let report = nothing_is_certain(&format!("{text}\n{body}"));
        let is_of_jwt = |id| {
            [
                "alg-not-allowed",
                "sub-form",
                "sub-type-missing",
                "aud-wrong",
                "jti-missing",
            ]
            .contains(&id)
        };
        assert!(
            !report.findings().iter().any(|it| is_of_jwt(it.id())),
            "{text}\n{report}"
        );
    }
}

/// Words in place of values, which no list has all of.
#[test]
fn words_are_no_values() {
    for (claims, text) in [
        (json!({"jti": "blah"}), SIGNATURE),
        (json!({"sub": "myid", "jti": "random-string"}), SIGNATURE),
        (
            json!({"sub": "my_enterprise_id", "jti": "unique-id"}),
            "Please check the 'sub' claim. The 'sub' specified is invalid.",
        ),
        (
            json!({"iss": "_", "sub": "-", "jti": "?"}),
            "Please check the 'jti' claim. A unique 'jti' value is required.",
        ),
        (
            json!({"iss": "client", "sub": "secret", "jti": "removed for privacy"}),
            "Please check the 'sub' claim. The 'sub' specified is invalid.",
        ),
        (
            json!({"aud": "box url", "jti": "jti_value"}),
            "Please check the 'jti' claim. A unique 'jti' value is required.",
        ),
        (json!({"aud": "box url"}), "Please check the 'aud' claim"),
        (
            json!({"aud": "https://host.example.com/token"}),
            "Please check the 'aud' claim",
        ),
        (
            json!({"sub": "entId", "jti": "uuid4()"}),
            "Please check the 'jti' claim. A unique 'jti' value is required.",
        ),
        (
            json!({"box_sub_type": "type"}),
            "Please check the 'sub' claim. The 'sub' specified is invalid.",
        ),
        (
            json!({"exp": "in a minute"}),
            "Please check the 'exp' claim. Should be an integer",
        ),
        (
            json!({"iss": "foo", "jti": "foo"}),
            "Please check the 'jti' claim. A unique 'jti' value is required.",
        ),
    ] {
        nothing_is_certain(&format!(
            "{}\n{}",
            with(box_claims(), claims),
            refused("invalid_grant", text)
        ));
    }
    nothing_is_certain(&format!(
        "{}\n{} login.salesforce.com",
        with(salesforce_claims(), json!({"sub": "me at acme dot com"})),
        refused("invalid_grant", "user is invalid")
    ));
}

/// What is wrong in a paste, and the server did not speak of, is likely at most; of values that were shown, what it did
/// speak of is certain.
#[test]
fn the_servers_words_have_to_agree() {
    let wrong = json!({"sub": "12345x", "aud": "https://api.box.com/token"});
    for (text, expected) in [
        (
            "Please check the 'sub' claim. The 'sub' specified is invalid.",
            vec!["sub-form"],
        ),
        ("Please check the 'aud' claim", vec!["aud-wrong"]),
        (SIGNATURE, vec![]),
        ("some text that nobody knows, of sub and aud", vec![]),
    ] {
        let text = exchange(
            "api.box.com",
            "/oauth2/token",
            &jwt(&with(box_claims(), wrong.clone())),
            "400 Bad",
            &refused("invalid_grant", text),
        );
        let report = explained(&text);
        assert_eq!(certain(&report), expected, "{report}");
    }
}
