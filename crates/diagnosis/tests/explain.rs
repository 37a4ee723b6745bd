//! What is read out of pasted text, and what is never shown.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use jwt_bearer_diagnosis::{
    Certainty, MAX_PASTE, Paste, masked, masked_host, scrubbed, without_names,
};
use proptest::prelude::*;

fn first(text: &str) -> (String, Certainty) {
    let report = Paste::read(text).diagnose();
    let finding = report
        .findings()
        .first()
        .unwrap_or_else(|| panic!("nothing found:\n{report}"));
    (finding.id().to_owned(), finding.certainty())
}

#[test]
fn errors_in_the_forms_that_servers_have() {
    for text in [
        r#"{"error":"invalid_app_access","error_description":"user is not admin approved to access this app"}"#,
        r#"{ "error_description" : "user is not admin approved to access this app", "error" : "invalid_app_access" }"#,
        "error=invalid_app_access&error_description=user+is+not+admin+approved+to+access+this+app",
        "<OAuth><error>invalid_app_access</error><error_description>user is not admin approved</error_description></OAuth>",
        "\u{1b}[31mERROR\u{1b}[0m running org:login:jwt: invalid_app_access: user is not admin approved to access this app",
        "HTTP/1.1 400 Bad Request\r\nDate: Wed, 15 Nov 2023 00:00:00 GMT\r\n\r\n{\"error\":\"invalid_app_access\"}",
    ] {
        assert_eq!(
            first(text),
            ("salesforce-app-access".into(), Certainty::Likely),
            "{text}"
        );
    }
}

#[test]
fn exceptions_of_programs() {
    for (text, id) in [
        (
            "FAILURE: user hasn't approved this consumer",
            "salesforce-not-preauthorized",
        ),
        (
            "simple_salesforce.exceptions.SalesforceAuthenticationFailed: invalid_grant: <b>user hasn&#39;t approved\nthis consumer</b>",
            "salesforce-not-preauthorized",
        ),
        (
            "Error: Expired Auth: Auth code or refresh token has expired.",
            "box-sdk-expired-auth",
        ),
        (
            "google.auth.exceptions.RefreshError: ('invalid_grant: Invalid JWT Signature.', {})",
            "google-key-deleted",
        ),
        (
            "[{\"message\":\"Session expired or invalid\",\"errorCode\":\"INVALID_SESSION_ID\"}]",
            "salesforce-instance-url",
        ),
        (
            "An error occurred (AccessDeniedException) when calling the Sign operation: not authorized to perform: kms:Sign",
            "kms-access",
        ),
        (
            "error:1E08010C:DECODER routines::unsupported, error:0906D06C:PEM routines:PEM_read_bio:no start line",
            "key-lost-line-ends",
        ),
        ("curl: (6) Could not resolve host: api.boxx.com", "dns"),
        (
            "curl: (60) SSL certificate problem: self-signed certificate in certificate chain",
            "tls",
        ),
    ] {
        let report = Paste::read(text).diagnose();
        let ids: Vec<_> = report
            .findings()
            .iter()
            .map(|finding| finding.id())
            .collect();
        assert!(ids.contains(&id), "{text}: {ids:?}\n{report}");
    }
}

#[test]
fn claims_as_plain_json() {
    let text = r#"
        $header = {"alg":"RS256"}
        $claims = {"iss":"abc","sub":12345,"box_sub_type":"enterprise","aud":"https://api.box.com/oauth2/token","jti":"0123456789abcdef","exp":1700000000}
        -> {"error":"invalid_grant","error_description":"Please check the 'sub' claim. The 'sub' specified is invalid."}"#;
    assert_eq!(first(text), ("sub-not-text".into(), Certainty::Certain));
}

#[test]
fn the_same_jti_in_two_assertions() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let jwt = |exp: u64| {
        let claims = format!(
            r#"{{"iss":"abc","sub":"12345","box_sub_type":"enterprise","aud":"https://api.box.com/oauth2/token","jti":"0123456789abcdef","exp":{exp}}}"#
        );
        format!(
            "{}.{}.{}",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"k"}"#),
            URL_SAFE_NO_PAD.encode(claims),
            URL_SAFE_NO_PAD.encode([1; 256])
        )
    };
    let text = format!(
        "first {} then {} Please check the 'jti' claim. A unique 'jti' value is required.",
        jwt(1_700_000_000),
        jwt(1_700_000_100)
    );
    assert_eq!(first(&text), ("jti-reused".into(), Certainty::Certain));
}

/// The certificate proves that the signature is another key's.
#[test]
fn a_certificate_beside_the_assertion() {
    let certificate = include_str!("../../keyfile/testdata/rsa-certificate.pem");
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let jwt = format!(
        "{}.{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#),
        URL_SAFE_NO_PAD.encode(
            r#"{"iss":"3MVG9","sub":"a@b.c","aud":"https://login.salesforce.com","exp":1700000000}"#
        ),
        URL_SAFE_NO_PAD.encode([1; 256])
    );
    let text = format!(
        "{certificate}\nassertion={jwt}\n{{\"error\":\"invalid_grant\",\"error_description\":\"invalid assertion\"}}"
    );
    assert_eq!(
        first(&text),
        ("signature-mismatch".into(), Certainty::Certain)
    );
}

#[test]
fn keys_and_secrets_are_warned_of_and_never_repeated() {
    let key = include_str!("../../keyfile/testdata/rsa.pem");
    let body = key.lines().nth(3).unwrap();
    let text = format!(
        "{key}\ncurl https://api.box.com/oauth2/token -d client_secret=s3cr3tS3cr3tS3cr3t -d grant_type=x\n\
         {{\"access_token\":\"T0kenT0kenT0kenT0ken0\"}} the server said s0meth1ngUnkn0wnT0kenLike1234 to ann@example.com"
    );
    let paste = Paste::read(&text);
    let report = paste.diagnose();
    assert_eq!(paste.notes().len(), 2, "{report}");
    let all = format!(
        "{paste:?} {report:?} {report} {}",
        serde_json::to_string(&report).unwrap()
    );
    for secret in [
        body,
        "s3cr3tS3cr3tS3cr3t",
        "T0kenT0kenT0kenT0ken0",
        "s0meth1ngUnkn0wn",
        "ann@example.com",
    ] {
        assert!(!all.contains(secret), "{secret} is in {all}");
    }
}

/// Short ones, letters alone, upper case, camel case, on a command line: none is repeated, and each is warned of.
#[test]
fn no_secret_that_has_a_name_is_repeated() {
    for (text, secrets) in [
        (
            r#"{"boxAppSettings":{"clientID":"abcdefghij0123456789","clientSecret":"topsecretvalue","appAuth":{"publicKeyID":"qwertz12","privateKey":"x","passphrase":"hunter2"}},"enterpriseID":"7654321"}"#,
            &[
                "topsecretvalue",
                "hunter2",
                "abcdefghij0123456789",
                "qwertz12",
                "7654321",
            ][..],
        ),
        ("SF_PASSWORD=hunter2", &["hunter2"]),
        ("export BOX_CLIENT_SECRET=correcthorse", &["correcthorse"]),
        ("passphrase: open sesame", &["open", "sesame"]),
        (
            "curl -u myclient:sekretpass https://as.example/token",
            &["sekretpass", "myclient"],
        ),
        (
            "curl --user 'my:sekret pass' https://as.example/token",
            &["sekret pass"],
        ),
        ("tool --client-secret sekretpass run", &["sekretpass"]),
        (
            r#"{"access_token":"1a2b3c4d5e6f","refresh_token":"zz99yy88"}"#,
            &["1a2b3c4d5e6f", "zz99yy88"],
        ),
        ("Authorization: Bearer abcdef123", &["abcdef123"]),
        ("Authorization: Basic bXk6cHc=", &["bXk6cHc"]),
        ("password=hunter2secret", &["hunter2secret"]),
        (r#""{\"client_secret\":\"quiet\"}""#, &["quiet"]),
        (
            "HTTPS_PROXY=http://bob:quietly@proxy.acme.com:3128",
            &["quietly", "acme"],
        ),
        (
            r#"{"error":"invalid_client","error_description":"wrong client_secret=quiet for password: loud"}"#,
            &["quiet", "loud"],
        ),
    ] {
        let paste = Paste::read(text);
        let report = paste.diagnose();
        assert_eq!(report.notes().len(), 1, "{text}\n{report}");
        let json = serde_json::to_string(&report).unwrap();
        let all = format!("{paste:?} {report:?} {report} {json}");
        for secret in secrets {
            assert!(!all.contains(secret), "{secret} of {text} is in {all}");
        }
    }
}

/// What says nothing is not warned of, and a token's name in a sentence takes nothing away.
#[test]
fn names_without_a_secret() {
    for text in [
        "client_secret=$SECRET",
        "client_secret=***",
        "\"client_secret\": \"<yours>\"",
        "error getting token: invalid_grant: user hasn't approved this consumer",
        "WWW-Authenticate: Bearer realm=\"Service\"",
        "{\"error\":\"invalid_token\",\"error_description\":\"the Bearer token has expired\"}",
    ] {
        let paste = Paste::read(text);
        assert!(paste.notes().is_empty(), "{text}: {:?}", paste.notes());
    }
}

#[test]
fn names_ids_and_addresses_in_a_text_are_masked() {
    for (text, own) in [
        ("cannot read /home/alice/key.pem", "alice"),
        (r"cannot read C:\Users\alice\key.pem", "alice"),
        (
            "User arn:aws:iam::123456789012:user/alice.smith is not allowed",
            "alice",
        ),
        (
            "arn:aws:kms:eu-central-1:123456789012:alias/acme-prod",
            "acme",
        ),
        ("enterprise 54321 is unknown", "54321"),
        ("enterprise 7654321098 is unknown", "7654321098"),
        ("connection to 10.1.2.3 failed", "10.1.2.3"),
        ("see https://vault.internal.acme-corp.com/x", "acme-corp"),
        ("see https://vault.internal.acme-corp.com/x", "internal"),
        ("see acme.my.salesforce.com for it", "acme"),
    ] {
        let shown = scrubbed(text);
        assert!(!shown.contains(own), "{shown}");
    }
    assert_eq!(
        scrubbed("AADSTS700027: see RFC 7523, the 'exp' claim, application/x-www-form-urlencoded"),
        "AADSTS700027: see RFC 7523, the 'exp' claim, application/x-www-form-urlencoded"
    );
    assert_eq!(
        masked_host("https://acme.my.salesforce.com"),
        "https://ac….my.salesforce.com"
    );
    assert_eq!(masked_host("10.0.0.7:8443"), "[address]");
}

#[test]
fn addresses_of_machines_and_people_and_their_folders_are_masked() {
    for (text, own) in [
        ("connect to 2001:db8::17 port 443 failed", "db8"),
        ("connect to [2001:db8::17]:443 failed", "db8"),
        ("no route to fe80::1ff:fe23:4567:890a%eth0.", "fe23"),
        ("no route to 2001:db8:0:0:0:0:0:17: refused", "db8"),
        ("api.box.com/10.1.2.3:443 refused", "10.1"),
        ("ip=10.1.2.3;", "10.1"),
        ("sent to ann.smith@example.com, who", "ann"),
        ("sent to <ann@example.com>", "ann"),
        ("sub=ann%40example.com", "ann"),
        (r"open C:\Users\ann\key.pem: no such file", "ann"),
        (r#"open "C:\\Users\\ann\\key.pem""#, "ann"),
        (
            r"open C:\Users\Ann Marie Smith\keys\key.pem: no such file",
            "Marie",
        ),
        ("open /Users/ann/key.pem: no such file", "ann"),
        ("open '/Users/Ann Marie Smith/key.pem'", "Marie"),
        ("open file:///Users/ann/key.pem", "ann"),
        ("at Object.<anonymous> (/home/ann/app/index.js:10:5)", "ann"),
    ] {
        let shown = scrubbed(text);
        assert!(!shown.contains(own), "{text}: {shown}");
    }
    for text in [
        "at 12:34:56 the std::string of Foo::Bar, ::1 and 127.0.0.1",
        "Current date/time MUST be before the expiration date/time listed in the 'exp' claim",
    ] {
        assert_eq!(scrubbed(text), text);
    }
}

/// Names that are words leave the sentence as it is.
#[test]
fn names_that_are_known_are_masked_as_values() {
    for (text, names, expected) in [
        (
            "the client is unknown to the server",
            &["client", "the"][..],
            "the client is unknown to the server",
        ),
        (
            "client 'client' is unknown",
            &["client"],
            "client 'c… (6 characters)' is unknown",
        ),
        (
            "client_id=client&x",
            &["client"],
            "client_id=c… (6 characters)&x",
        ),
        (
            "user ann: an answer to ann",
            &["ann"],
            "user a… (3 characters): an answer to ann",
        ),
        (
            "no such user: Alice-42.",
            &["Alice-42"],
            "no such user: A… (8 characters).",
        ),
        (
            "acme and acme.eu, acmes",
            &["acme", "acme.eu"],
            "a… (4 characters) and a… (7 characters), acmes",
        ),
        ("nothing", &["", "x"], "nothing"),
    ] {
        assert_eq!(without_names(text, names), expected, "{names:?}");
    }
}

#[test]
fn names_are_masked_in_the_middle() {
    assert_eq!(masked("abcdefghijkl"), "abc…kl (12 characters)");
    assert_eq!(masked("1234567"), "1… (7 characters)");
    assert_eq!(masked(""), "");
    assert_eq!(masked("a\u{1b}[2Jbcdefghij").matches('\u{1b}').count(), 0);
}

#[test]
fn a_long_text_is_cut() {
    let report = Paste::read(&"é{[<>&eyJ.".repeat(MAX_PASTE / 8)).diagnose();
    assert!(report.notes()[0].contains("1 MiB"));
}

proptest! {
    /// Whatever is pasted: no panic, and no control character on the terminal.
    #[test]
    fn any_text_is_read(text in any::<String>()) {
        let page = Paste::read(&text).diagnose().to_string();
        prop_assert!(!page.contains(|c: char| c.is_control() && c != '\n'));
    }

    #[test]
    fn any_mixture_of_pieces_is_read(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        let report = Paste::read(&pieces.concat()).diagnose();
        let page = report.to_string();
        prop_assert!(!page.contains(|c: char| c.is_control() && c != '\n'));
        prop_assert!(!page.contains("p4ssw0rdp4ssw0rd"));
    }
}

const PIECES: &[&str] = &[
    "\n",
    " ",
    "> ",
    "< ",
    "* ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    "'",
    "\\",
    "%",
    "=",
    "&",
    "é",
    "\u{202e}",
    "\u{7}",
    "POST /oauth2/token HTTP/1.1\n",
    "HTTP/1.1 400\n",
    "Date: Wed, 15 Nov 2023 00:00:00 GMT\n",
    "Host: api.box.com\n",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "-----BEGIN CERTIFICATE-----",
    "-----END CERTIFICATE-----",
    "eyJhbGciOiJSUzI1NiJ9",
    ".eyJpc3MiOiJhIiwiZXhwIjoxZTMwMH0",
    ".c2ln",
    "client_secret=p4ssw0rdp4ssw0rd",
    "{\"error\":\"invalid_grant\"}",
    "{\"iss\":\"a\",\"exp\":1e308,\"iat\":-5}",
    "{\"boxAppSettings\":{}}",
    "{\"alg\":\"RS256\"}",
    "curl -d ",
    "https://x@y/z?grant_type=a",
    "grant_type=",
    "<error>",
    "</error>",
    "<html>",
    "invalid assertion",
    "exp",
    "{\"iss\":\"a\",\"aud\":\"b\",\"exp\":9223372036854775807,\"iat\":-9223372036854775808,\"nbf\":18446744073709551615}",
];
