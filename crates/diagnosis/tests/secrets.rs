//! What is a secret in a paste and what is the error itself, and what a server's words are shown as.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use jwt_bearer_diagnosis::{Certainty, Paste, Report, Request, diagnose};
use jwt_bearer_provider::Profile;

const APPROVED: &str = "user hasn't approved this consumer";
const KID: &str = "kid invalid, unable to lookup correct key";

fn refused(text: &str) -> String {
    serde_json::json!({"error": "invalid_grant", "error_description": text}).to_string()
}

fn everything(text: &str) -> String {
    let paste = Paste::read(text);
    let report = paste.diagnose();
    let json = serde_json::to_string(&report).unwrap();
    format!("{paste:?} {report:?} {report} {json}")
}

/// Names of errors and calls that have "token" in them, and sentences about tokens: no alarm, and the error stays whole.
#[test]
fn an_error_is_no_secret() {
    for (before, body, said) in [
        (
            "JsonWebTokenError: invalid signature\n    at verify\n",
            refused("invalid assertion"),
            "invalid_grant: invalid assertion",
        ),
        ("JSONWebTokenError: invalid algorithm\n", refused(KID), KID),
        ("TokenError: invalid_grant\n", refused(KID), KID),
        ("log: RefreshToken: invalid_grant\n", refused(KID), KID),
        (" token=invalid_grant\n", refused(KID), KID),
        ("fetch_token: error 400 ", refused(KID), KID),
        (
            "Error: getAccessToken: invalid_grant\n",
            refused(APPROVED),
            APPROVED,
        ),
        (
            "com.google.api.client.auth.oauth2.TokenResponseException: 400 Bad Request\n",
            refused("Invalid JWT Signature."),
            "Invalid JWT Signature.",
        ),
        (
            "client_secret: invalid? I have reset it twice\n",
            refused("invalid assertion"),
            "invalid_grant: invalid assertion",
        ),
        (
            "com.acme.TokenException: invalid_client_id client identifier invalid",
            String::new(),
            "… invalid_client_id …",
        ),
        (
            "SalesforceTokenProvider: user hasn't approved this consumer",
            String::new(),
            APPROVED,
        ),
        (
            "OAuthTokenError: Please check the 'aud' claim. The 'aud' specified is invalid. api.box.com",
            String::new(),
            "'aud' claim",
        ),
        (
            "Failed to get access_token: invalid_grant: user hasn't approved this consumer",
            String::new(),
            APPROVED,
        ),
        (
            "error getting token: AADSTS700024: Client assertion is not within its valid time range",
            String::new(),
            "aadsts700024",
        ),
        (
            "cannot get the access token: HTTP/1.1 400, https://login.salesforce.com: audience is invalid",
            String::new(),
            "audience is invalid",
        ),
        (
            "token: https://login.salesforce.com/services/oauth2/token refused: audience is invalid",
            String::new(),
            "audience is invalid",
        ),
        (
            "fetching the token: TypeError: audience is invalid (salesforce)",
            String::new(),
            "audience is invalid",
        ),
        (
            "get_token: invalid_grant: audience is invalid",
            String::new(),
            "audience is invalid",
        ),
        (
            "refresh_token: expired access/refresh token\nsalesforce invalid_grant: audience is invalid",
            String::new(),
            "audience is invalid",
        ),
        (
            "password authentication failed: token: Please check the 'aud' claim, api.box.com",
            String::new(),
            "'aud' claim",
        ),
    ] {
        let text = format!("{before}{body}");
        let paste = Paste::read(&text);
        let report = paste.diagnose();
        assert!(paste.notes().is_empty(), "{text}: {:?}", paste.notes());
        let reply = report.reply().unwrap_or_default();
        assert!(reply.contains(said), "{text}: {reply}");
        assert!(!reply.contains("[masked]"), "{text}: {reply}");
        assert!(report.reply_is_known(), "{text}: {report}");
    }
}

/// The same names with a secret behind them, and secrets that stand elsewhere too.
#[test]
fn a_secret_stays_one() {
    for (text, secret) in [
        ("RefreshToken: 5Aep861TSESvWeug", "5Aep861TSESvWeug"),
        ("getToken() accessToken='quietly'", "quietly"),
        ("oauth_token=abcdefghij", "abcdefghij"),
        ("tokenSecret: hunter2", "hunter2"),
        ("AWS_SECRET_ACCESS_KEY=hunter2", "hunter2"),
        ("dbPassword2=hunter2", "hunter2"),
        ("x-api-key: hunter2", "hunter2"),
        (r#"{"clientSecret":"invalid"}"#, r#""invalid""#),
        ("client_secret: correcthorse", "correcthorse"),
    ] {
        let paste = Paste::read(text);
        assert_eq!(paste.notes().len(), 1, "{text}");
        let all = everything(&format!("{text}\n{}", refused("refused")));
        assert!(!all.contains(secret), "{secret} of {text} is in {all}");
    }
    for (text, secret) in [
        ("so hunter2 is wrong", "hunter2"),
        ("first line\nhunter2 is wrong", "hunter2"),
        ("key-hunter2 is wrong", "hunter2"),
    ] {
        let all = everything(&format!("client_secret=hunter2\n{}", refused(text)));
        assert!(!all.contains(secret), "{all}");
    }
}

/// A secret that is a word takes that word out of no sentence.
#[test]
fn a_word_stays_where_it_is_no_secret() {
    for (secret, text) in [
        ("invalid", "invalid assertion"),
        ("assertion", "invalid assertion"),
        ("approve", APPROVED),
        (
            "correct",
            "Signature verification error. The public key identified by \"kid\" must correspond",
        ),
    ] {
        let text = format!("client_secret={secret}\n{}", refused(text));
        let report = Paste::read(&text).diagnose();
        assert!(report.reply_is_known(), "{text}: {report}");
        let reply = report.reply().unwrap_or_default();
        assert!(!reply.contains("[masked]"), "{text}: {reply}");
    }
}

/// The private members of a JWK, wherever they stand again.
#[test]
fn private_members_are_never_repeated() {
    const D: &str = "SECRETDDDDDDDDDDDDDDDDDDDD";
    let echo = refused(&format!("invalid assertion {D}"));
    for key in [
        format!(r#"{{"kty":"RSA","n":"abc","e":"AQAB","d":"{D}","p":"PPP"}}"#),
        format!(r#"{{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"{D}\"}}"#),
        format!("{{'kty': 'oct', 'k': '{D}'}}"),
        format!(r#"{{"keys":[{{"kty":"RSA","n":"abc","qi":"{D}"}}]}}"#),
        // Cut in the middle.
        format!(r#"{{"d":"{D}","kty":"RSA","n":"ab"#),
    ] {
        let text = format!("my key {key} and\n{echo}");
        let all = everything(&text);
        assert!(!all.contains("SECRETD"), "{key}: {all}");
        let notes = Paste::read(&text).notes().to_vec();
        assert_eq!(notes.len(), 1, "{key}: {notes:?}");
        assert!(notes[0].starts_with("A private key"), "{key}: {notes:?}");
    }
    // A public one is no secret.
    let notes = Paste::read(r#"{"kty":"RSA","n":"abc","e":"AQAB"}"#);
    assert!(notes.notes().is_empty(), "{notes:?}");
}

/// Where the name of a secret was cut off, its value can stand in the parameter before it.
#[test]
fn a_grant_type_with_more_in_it_is_masked() {
    let text = "> POST /oauth2/token HTTP/1.1\n> Host: api.box.com\n>\n\
                grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-ecret=geheimnis&assertion=x\n< HTTP/1.1 400 Bad\n<\n";
    let page = format!(
        "{}",
        Paste::read(&format!("{text}{}", refused("refused"))).diagnose()
    );
    assert!(page.contains("[grant-type-wrong]"), "{page}");
    assert!(!page.contains("geheimnis"), "{page}");
}

/// The server's own words are shown: the page does not say that nothing secret can be in them.
#[test]
fn no_promise_is_made_of_what_a_server_says() {
    let text = refused("No mapping; key 'Zq7' secret hunter2 rejected");
    let page = format!("{}", Paste::read(&text).diagnose());
    assert!(page.contains("own words can hold others"), "{page}");
    assert!(!page.contains("No key, secret, token"), "{page}");
}

/// An option's value is no server, and Windows' curl is curl.
#[test]
fn the_token_endpoint_of_a_command_line() {
    let form = "-d 'grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&client_id=abcdefghijklmnop0123'";
    let url = "https://api.box.com/oauth2/token";
    for command in [
        format!("curl {url} -x http://proxy.corp.example:3128 {form}"),
        format!("curl -x http://proxy.corp.example:3128 {url} {form}"),
        format!("curl {url} --proxy http://proxy.corp.example:3128 {form}"),
        format!("curl -sSx http://proxy.corp.example:3128 {url} {form}"),
        format!("curl {url} -e https://app.example/page {form}"),
        format!("curl {url} --referer https://app.example/page {form}"),
        format!("curl {url} -A https://app.example {form}"),
        format!("curl {form} --url {url} -u https://a.example:b"),
        format!("curl.exe -x http://proxy.corp.example:3128 {url} {form}"),
        format!(r#"& "C:\Windows\System32\curl.exe" {url} {form}"#),
    ] {
        let report = Paste::read(&format!("{command}\n{}", refused("some new text"))).diagnose();
        assert_eq!(report.provider(), "box", "{command}: {report}");
    }
}

#[track_caller]
fn first(report: &Report) -> (&'static str, Certainty, String) {
    let first = &report.findings()[0];
    (first.id(), first.certainty(), first.evidence().join(" "))
}

/// What is quoted is what was said.
#[test]
fn the_part_that_was_said_is_quoted() {
    let wrapped = Paste::read(
        "jwt.exceptions.AuthenticationError: token endpoint https://login.salesforce.com/services/oauth2/token said audience is invalid",
    )
    .diagnose();
    assert_eq!(wrapped.reply(), Some("… audience is invalid …"));
    let page = format!("{wrapped}");
    assert!(!page.contains("yubikey"), "{page}");
    let text = "snowflake.connector.errors.DatabaseError: JWT token is invalid. [0ce9eb56-821d-4ca9-a774-04ae89a0cf5a]";
    let page = format!("{}", Paste::read(text).diagnose());
    assert!(page.contains("“jwt token is invalid.”"), "{page}");
    assert!(!page.contains("390144"), "{page}");
}

/// Entra ID says both times itself.
#[test]
fn the_times_that_a_server_tells_are_compared() {
    for (now, expected) in [
        ("2025-11-22T04:40:00Z", "clock-ahead"),
        ("2025-11-22T05:10:00Z", "expired"),
        ("some time", "clock-behind"),
    ] {
        let text = format!(
            "AADSTS700024: Client assertion is not within its valid time range. Current time: {now}, \
             assertion valid from 2025-11-22T04:50:00Z, expiry time of assertion 2025-11-22T05:00:00Z."
        );
        for text in [refused(&text), text] {
            let (id, certainty, evidence) = first(&Paste::read(&text).diagnose());
            assert_eq!((id, certainty), (expected, Certainty::Likely), "{evidence}");
            let is_told = evidence.contains("the server says");
            assert_eq!(is_told, expected != "clock-behind", "{evidence}");
        }
    }
}

#[test]
fn a_method_is_shown_and_what_is_none_is_masked() {
    for (method, shown) in [
        ("GET", "the method is GET"),
        ("PATCH", "the method is PATCH"),
        ("hunter2hunter2", "the method is hun…r2 (14 characters)"),
    ] {
        let request = Request::new()
            .method(method)
            .url("https://api.box.com/oauth2/token");
        let evidence = jwt_bearer_diagnosis::Evidence::new()
            .profile(Profile::BOX)
            .request(request);
        let (id, _, evidence) = first(&diagnose(&evidence));
        assert_eq!((id, evidence.as_str()), ("method-not-post", shown));
    }
}

/// Every reply of every server sets some; of what a client sends, a session is a secret.
#[test]
fn a_cookie_that_a_reply_sets_is_no_alarm() {
    let reply = refused("invalid assertion");
    for (line, is_alarm) in [
        ("< Set-Cookie: box_visitor_id=7f3aQcookie; path=/", false),
        ("set-cookie: BrowserId=7f3aQcookie", false),
        ("\"Set-Cookie\": \"sid=7f3aQcookie\"", false),
        ("> Cookie: sid=7f3aQcookie", true),
    ] {
        let text = format!("< HTTP/1.1 400 Bad Request\n{line}\n<\n{reply}");
        assert!(!everything(&text).contains("7f3aQ"), "{line}");
        let is_told = !Paste::read(&text).notes().is_empty();
        assert_eq!(is_told, is_alarm, "{line}");
    }
}
