//! What is tried again, and whose clock is followed.

use std::collections::HashSet;

use jwt_bearer_sandbox::{Fault, Running};

use crate::bad_input::first_error;
use crate::server::{BOX, SECRET, boxed, call, start};
use crate::support::{Folder, Run};

fn folder() -> Folder {
    let folder = Folder::with_keys(["rsa.pem"]);
    folder.write("secret.txt", SECRET);
    folder.write("wrong.txt", "7f3aQ-wrong");
    folder
}

/// Runs the command with retries.
fn run(folder: &Folder, server: &Running, arguments: &str) -> Run {
    let endpoint = server.token_endpoint();
    folder
        .command(&format!(
            "{arguments} --user 7654321 --token-endpoint {endpoint}"
        ))
        .with_retries()
        .run()
}

/// The statuses of the token requests; no assertion was sent twice.
fn statuses(server: &Running) -> Vec<Option<u16>> {
    let requests = server.requests();
    let assertions: HashSet<_> = requests
        .iter()
        .map(|request| request.parameter("assertion").unwrap())
        .collect();
    assert_eq!(assertions.len(), requests.len());
    requests.iter().map(|request| request.status()).collect()
}

#[test]
fn what_may_pass_is_tried_again_with_a_new_assertion() {
    let folder = folder();
    for (fault, first) in [
        ("status=503", Some(503)),
        ("status=408", Some(408)),
        ("status=429,retry-after=1", Some(429)),
        // The server has used the `jti` up by then.
        ("reset", None),
        ("truncate", Some(200)),
    ] {
        let server = start(boxed());
        server.inject(fault.parse::<Fault>().unwrap());
        let token = run(&folder, &server, BOX).token();
        assert!(call(&server, &token).contains("\"7654321\""), "{fault}");
        assert_eq!(statuses(&server), [first, Some(200)], "{fault}");
    }
}

#[test]
fn what_does_not_pass_is_told_after_some_tries() {
    let (folder, server) = (folder(), start(boxed()));
    server.inject("status=503*".parse::<Fault>().unwrap());
    let stderr = run(&folder, &server, BOX).failure(5);
    let tries = statuses(&server).len();
    assert!(tries > 1);
    assert_eq!(
        stderr,
        format!(
            "error: the server refused: status 503\n  hint: {tries} tries failed; wait, and try again later\n"
        )
    );
}

#[test]
fn a_wait_beyond_the_time_limit_is_not_begun() {
    let (folder, server) = (folder(), start(boxed()));
    server.inject("status=429,retry-after=86400".parse::<Fault>().unwrap());
    let stderr = run(&folder, &server, BOX).failure(5);
    assert_eq!(
        stderr,
        "error: the server refused: status 429\n  hint: wait, and try again\n  retry-after: 86400\n"
    );
    assert_eq!(statuses(&server), [Some(429)]);
}

#[test]
fn the_time_limit_is_for_all_tries_together() {
    let (folder, server) = (folder(), start(boxed()));
    server.inject(Fault::hang().forever());
    let stderr = run(&folder, &server, &format!("{BOX} --timeout 2")).failure(5);
    assert!(
        first_error(&stderr).contains(" did not answer in time: "),
        "{stderr}"
    );
    assert!(!server.requests().is_empty());
}

#[test]
fn a_clock_that_is_wrong_is_followed_and_told() {
    let folder = folder();
    for (skew, direction) in [(90, "behind"), (-90, "ahead of")] {
        let server = start(boxed().skew(skew));
        let run = run(&folder, &server, BOX);
        assert_eq!(statuses(&server), [Some(400), Some(200)]);
        let by = run
            .stderr
            .strip_prefix("this machine's clock is 1 min ")
            .and_then(|rest| {
                rest.strip_suffix(" the server's, whose time was used; have it set by NTP\n")
            })
            .unwrap_or_else(|| panic!("{run:?}"));
        // `Date` has lost its parts of a second.
        let seconds = by.strip_suffix(&format!(" s {direction}")).unwrap();
        assert!((28..=32).contains(&seconds.parse::<u8>().unwrap()), "{by}");
        let token = run.success();
        assert!(call(&server, token.trim_end()).contains("\"7654321\""));
    }
}

#[test]
fn with_no_retry_there_is_one_request() {
    let folder = folder();
    for (server, code, status) in [
        (start(boxed().skew(90)), 4, 400),
        (start(boxed().skew(-90)), 4, 400),
        (start(boxed()), 5, 503),
    ] {
        if code == 5 {
            server.inject(Fault::status(503));
        }
        let stderr = run(&folder, &server, &format!("{BOX} --no-retry")).failure(code);
        assert_eq!(
            stderr.contains("\n  seen: this machine is at least "),
            code == 4,
            "{stderr}"
        );
        assert!(!stderr.contains("whose time was used"), "{stderr}");
        assert_eq!(statuses(&server), [Some(status)]);
    }
}

#[test]
fn a_profile_and_a_variable_can_ask_for_one_try() {
    let folder = folder();
    folder.write(
        "jwt-bearer.toml",
        "[profiles.once]\nno-retry = true\n\n[profiles.often]\nno-retry = false\n",
    );
    for (profile, variable, requests) in [
        ("once", "", 1),
        ("often", "", 2),
        ("often", "true", 1),
        ("often", "1", 1),
        ("often", "no", 2),
        ("once", "false", 2),
    ] {
        let server = start(boxed());
        server.inject(Fault::status(503));
        let arguments = BOX.replacen("token", &format!("token {profile}"), 1);
        let run = folder
            .command(&format!(
                "{arguments} --user 7654321 --token-endpoint {}",
                server.token_endpoint()
            ))
            .env("JWT_BEARER_NO_RETRY", variable)
            .run();
        assert_eq!(run.code, Some(if requests == 1 { 5 } else { 0 }), "{run:?}");
        assert_eq!(statuses(&server).len(), requests, "{profile} {variable}");
    }
}

#[test]
fn a_variable_that_is_neither_yes_nor_no_is_refused() {
    let run = folder()
        .command(&format!("{BOX} --user 7654321"))
        .env("JWT_BEARER_NO_RETRY", "perhaps")
        .run();
    assert_eq!(
        first_error(&run.failure(2)),
        "invalid value 'perhaps' for '--no-retry': value was not a boolean"
    );
}

#[test]
fn refusals_are_told_at_once() {
    let folder = folder();
    let unauthorized = boxed().unauthorized();
    for (server, arguments, error) in [
        (
            boxed(),
            BOX.replace("secret.txt", "wrong.txt"),
            "invalid_client: ",
        ),
        (boxed(), BOX.replace("key-1", "key-2"), "invalid_grant: "),
        (unauthorized, BOX.into(), "unauthorized_client: "),
    ] {
        let server = start(server);
        let stderr = run(&folder, &server, &arguments).failure(4);
        let found = first_error(&stderr);
        assert!(
            found.starts_with(&format!("the server refused: {error}")),
            "{stderr}"
        );
        assert_eq!(statuses(&server).len(), 1, "{arguments}");
    }
}

#[test]
fn verbose_shows_every_try_without_secrets() {
    let (folder, server) = (folder(), start(boxed()));
    server.inject(Fault::status(503));
    let run = run(&folder, &server, &format!("{BOX} -v"));
    let statuses: Vec<_> = run
        .stderr
        .lines()
        .filter(|line| ["< 503", "< 200"].contains(line))
        .collect();
    assert_eq!(statuses, ["< 503", "< 200"]);
    let mut secrets = vec![SECRET.to_owned(), run.stdout.trim_end().to_owned()];
    for request in server.requests() {
        let assertion = request.parameter("assertion").unwrap();
        secrets.push(assertion.rsplit('.').next().unwrap().into());
        secrets.push(assertion);
    }
    for secret in secrets {
        assert!(
            secret.len() > 10 && !run.stderr.contains(&secret),
            "{}",
            run.stderr
        );
    }
    assert_eq!(run.code, Some(0));
}
