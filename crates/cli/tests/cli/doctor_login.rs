//! `jwt-bearer doctor` with `--login`: the user is looked up, as `token` does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread;

use jwt_bearer_sandbox::{Condition, Sandbox};
use serde_json::{Value, json};

use crate::doctor::{BOX, boxed, examine, first, folder, read, steps};
use crate::server::start;
use crate::support::BOUND;

/// What is said where the first of the two tokens is all that was given.
const FOR_THE_ENTERPRISE: &str = "\nA token for the enterprise, but none for the user.\n";

const LOGIN: &str = "--key-id key-1 --login ann@example.com";

fn with_ann() -> Sandbox {
    boxed().login("56", "ann@example.com")
}

#[test]
fn a_user_who_is_found_gets_a_token_too() {
    let server = start(with_ann());
    let flags = format!("{BOX} {LOGIN}");
    let (code, json) = read(&folder(), &server, &flags);
    assert_eq!(code, Some(0), "{json:#}");
    assert_eq!(
        steps(&json)[5..],
        [("token", "ok"), ("login", "ok"), ("user token", "ok")]
    );
    assert_eq!(json["token_requests"], 2);
    assert_eq!(server.requests().len(), 2, "enterprise and user");
    let run = examine(&folder(), &server, &flags);
    assert!(run.stdout.contains("\nAll is well"), "{}", run.stdout);
    assert!(
        run.stderr
            .contains("looking the login up: one request to the API"),
        "{run:?}"
    );
}

#[test]
fn a_user_whom_nobody_knows_is_no_success() {
    let server = start(boxed());
    let flags = format!("{BOX} {LOGIN}");
    let (code, json) = read(&folder(), &server, &flags);
    assert_eq!(code, Some(2), "{json:#}");
    assert_eq!(first(&json), ("login-unknown", "certain"), "{json:#}");
    assert_eq!(json["outcome"], "cause-found");
    // As a username of Salesforce that nobody has.
    assert_eq!(json["findings"][0]["class"], "configuration");
    assert_eq!(json["reply"], Value::Null, "{json:#}");
    assert_eq!(steps(&json)[5..], [("token", "ok"), ("login", "failed")]);
    assert_eq!(server.requests().len(), 1, "nothing is asked for nobody");
    let page = examine(&folder(), &server, &flags).stdout;
    assert!(page.contains(FOR_THE_ENTERPRISE), "{page}");
    assert!(!page.contains("What was said"), "{page}");
    assert!(page.contains("\"Manage users\""), "{page}");
}

/// The user may be found and still get no token; and what the look-up itself is refused for is told.
#[test]
fn refusals_after_the_first_token_are_told() {
    let flags = format!("{BOX} {LOGIN}");
    let server = start(with_ann().condition(Condition::NoUserTokens));
    let (code, json) = read(&folder(), &server, &flags);
    assert_eq!(code, Some(6), "{json:#}");
    assert_eq!(
        steps(&json)[5..],
        [("token", "ok"), ("login", "ok"), ("user token", "failed")]
    );
    assert_eq!(json["findings"][0]["entry"], "box-user-token", "{json:#}");
    let page = examine(&folder(), &server, &flags).stdout;
    assert!(page.contains(FOR_THE_ENTERPRISE), "{page}");
}

#[test]
fn what_was_not_looked_up_is_no_success_in_words() {
    let server = start(boxed());
    let flags = format!("{BOX} {LOGIN} --no-probe");
    let (code, json) = read(&folder(), &server, &flags);
    assert_eq!(code, Some(0), "{json:#}");
    assert_eq!(steps(&json).last(), Some(&("login", "skipped")));
    let page = examine(&folder(), &server, &flags).stdout;
    assert!(!page.contains("All is well"), "{page}");
    assert!(page.contains("which was not looked up."), "{page}");
    // Without a token for the enterprise nobody can be looked up.
    let server = start(boxed().unauthorized());
    let (_, json) = read(&folder(), &server, &format!("{BOX} {LOGIN}"));
    assert!(steps(&json).contains(&("login", "skipped")), "{json:#}");
    assert_eq!(first(&json).0, "box-not-authorized");
}

/// Gives a token to whoever posts, and to GET no list of users.
fn serve(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            stream.set_read_timeout(Some(BOUND)).unwrap();
            let mut head = String::new();
            let mut reader = BufReader::new(&stream);
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap_or(0) > 0 {}
            let token = r#"{"access_token":"7f3aQ-token","token_type":"bearer","expires_in":3600}"#;
            let (status, body) = match head.split(' ').next() {
                Some("POST") => ("200 OK", token),
                _ => (status, body),
            };
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                let is_length = name.eq_ignore_ascii_case("content-length");
                is_length.then(|| value.parse::<u64>().unwrap())
            });
            let _ = reader
                .take(length.unwrap_or(0))
                .read_to_end(&mut Vec::new());
            let _ = write!(
                &stream,
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    format!("http://{address}/oauth2/token")
}

/// The token endpoint gave a token, so whatever the list is refused for is no matter of it.
#[test]
fn a_list_of_users_that_is_not_given_is_told() {
    let refusal = r#"{"code":"access_denied_insufficient_permissions","message":"Access denied"}"#;
    let unreadable = ("users-unreadable", "certain");
    for (status, body, code, expected, seen) in [
        (
            "403 Forbidden",
            refusal,
            6,
            ("users-denied", "likely"),
            "refused with status 403",
        ),
        (
            "503 Service Unavailable",
            "later",
            5,
            ("busy", "likely"),
            "status 503",
        ),
        (
            "200 OK",
            "{}",
            5,
            unreadable,
            "something that is no list of users",
        ),
        (
            "404 Not Found",
            "",
            5,
            unreadable,
            "refused with status 404",
        ),
        (
            "302 Found",
            "",
            5,
            unreadable,
            "a redirect to somewhere else",
        ),
        (
            "401 Unauthorized",
            "",
            5,
            unreadable,
            "refused with status 401",
        ),
    ] {
        let endpoint = serve(status, body);
        let arguments = format!("{BOX} {LOGIN} --token-endpoint {endpoint}");
        let folder = folder();
        let run = folder.run(&arguments);
        run.assert_masked(&["7f3aQ", "ann@example.com"]);
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(run.stdout.contains(FOR_THE_ENTERPRISE), "{run:?}");
        assert!(!run.stdout.contains("What was said"), "{run:?}");
        assert!(!run.stdout.contains("More would be known"), "{run:?}");
        let run = folder.run(&format!("{arguments} --output json"));
        let json: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(first(&json), expected, "{json:#}");
        let line = json["findings"][0]["evidence"][0].as_str().unwrap();
        assert!(line.contains(seen), "{json:#}");
        assert_eq!(json["findings"].as_array().unwrap().len(), 1, "{json:#}");
        assert_eq!(json["reply"], Value::Null, "{json:#}");
        assert_eq!(json["wanted"], json!([]), "{json:#}");
        assert!(steps(&json).contains(&("login", "failed")), "{json:#}");
    }
}
