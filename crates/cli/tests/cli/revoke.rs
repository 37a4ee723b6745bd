//! `jwt-bearer revoke`: the end of a token.

use jwt_bearer_sandbox::Running;

use crate::bad_input::first_error;
use crate::server::{BOX, SECRET, boxed, call, start};
use crate::support::{Command, Folder};

const NO_TOKEN: &str = "what came on standard input is no access token: one line of visible ASCII characters was expected";

fn folder() -> Folder {
    let folder = Folder::with_keys(["rsa.pem"]);
    folder.write("secret.txt", SECRET);
    folder.write("wrong.txt", "7f3aQ-wrong");
    folder
}

fn token(folder: &Folder, server: &Running) -> String {
    let endpoint = server.token_endpoint();
    folder
        .run(&format!("{BOX} --user 7654321 --token-endpoint {endpoint}"))
        .token()
}

fn revoke(folder: &Folder, server: &Running, flags: &str) -> Command {
    let arguments = BOX.replacen("token", "revoke", 1);
    let endpoint = server.token_endpoint();
    folder.command(&format!(
        "{arguments} --user 7654321 --token-endpoint {endpoint} {flags}"
    ))
}

#[test]
fn the_resource_refuses_the_token_afterwards() {
    let (folder, server) = (folder(), start(boxed()));
    let (ended, other) = (token(&folder, &server), token(&folder, &server));
    // The key is not needed.
    std::fs::remove_file(folder.path("rsa.pem")).unwrap();
    for token in [format!("{ended}\n"), format!("  {other}\r\n\n")] {
        assert!(call(&server, token.trim()).starts_with("HTTP/1.1 200 "));
        let run = revoke(&folder, &server, "").stdin(&token).run();
        assert_eq!(
            run.stderr,
            format!(
                "{}/oauth2/revoke accepted it; it does not tell whether it knew the token\n",
                server.url()
            )
        );
        assert_eq!(run.success(), "");
        assert!(call(&server, token.trim()).starts_with("HTTP/1.1 401 "));
    }
}

/// Neither key nor user goes along.
#[test]
fn the_server_and_the_client_are_enough() {
    let (folder, server) = (folder(), start(boxed()));
    let ended = token(&folder, &server);
    let endpoint = server.token_endpoint();
    let run = |flags: &str| {
        let run = folder.command(&format!("revoke --token-endpoint {endpoint} {flags}"));
        run.stdin(&ended).run()
    };
    let stderr = run("--provider box").failure(2);
    assert_eq!(
        first_error(&stderr),
        "the issuer is missing (`issuer`): Box's client id"
    );
    let flags = "--provider box --issuer app --client-secret-file secret.txt";
    assert_eq!(run(flags).success(), "");
    assert!(call(&server, &ended).starts_with("HTTP/1.1 401 "));
    let server = start(crate::server::salesforce());
    let endpoint = server.token_endpoint();
    let run = folder.command(&format!(
        "revoke --provider salesforce --token-endpoint {endpoint} -v"
    ));
    let run = run.stdin(&ended).run();
    assert!(!run.stderr.contains("client_id"), "{run:?}");
    assert!(!run.stderr.contains("nobody"), "{run:?}");
    assert_eq!(run.success(), "");
}

#[test]
fn a_token_that_nobody_knows_is_no_failure() {
    let (folder, server) = (folder(), start(boxed()));
    let run = revoke(&folder, &server, "")
        .stdin("nobody-knows-this")
        .run();
    assert_eq!(run.success(), "");
}

#[test]
fn what_is_no_token_is_not_sent() {
    let (folder, server) = (folder(), start(boxed()));
    let long = "a".repeat(100_000);
    for text in [
        "",
        "\n \n",
        "two words",
        "7f3aQ\nsecond",
        "t\u{f6}ken",
        "a\u{7}b",
        "Authorization: Bearer 7f3aQ",
        &long,
    ] {
        let stderr = revoke(&folder, &server, "-v").stdin(text).run().failure(2);
        assert_eq!(first_error(&stderr), NO_TOKEN, "{text}");
        assert!(stderr.contains("give the token alone"), "{stderr}");
        assert!(!stderr.contains("7f3aQ"), "{stderr}");
    }
}

#[test]
fn bytes_that_are_no_text_are_told() {
    let (folder, server) = (folder(), start(boxed()));
    folder.write("bytes", b"7f3aQ\xff\xfe");
    let file = std::fs::File::open(folder.path("bytes")).unwrap();
    let arguments = BOX.replacen("token", "revoke", 1);
    let endpoint = server.token_endpoint();
    let output = folder
        .process(&format!(
            "{arguments} --user 7654321 --token-endpoint {endpoint}"
        ))
        .stdin(file)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        first_error(&stderr),
        "standard input cannot be read: stream did not contain valid UTF-8"
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_endpoint_that_is_beside_none_to_revoke_at_is_refused() {
    let folder = folder();
    let run = folder
        .command(
            "revoke --provider generic --issuer app --token-endpoint http://127.0.0.1:9/oauth2/v1",
        )
        .stdin("a-token-7f3aQ")
        .run();
    let stderr = run.failure(2);
    assert_eq!(
        first_error(&stderr),
        "the token endpoint http://127.0.0.1:9/oauth2/v1 does not end with /token, so that none is known to revoke at"
    );
    assert!(!stderr.contains("7f3aQ"), "{stderr}");
}

#[test]
fn refusals_and_silence_are_told() {
    let (folder, server) = (folder(), start(boxed()));
    let token = token(&folder, &server);
    let arguments = BOX
        .replacen("token", "revoke", 1)
        .replace("secret.txt", "wrong.txt");
    let endpoint = server.token_endpoint();
    let run = |flags: &str| {
        folder
            .command(&format!("{arguments} --user 7654321 {flags}"))
            .stdin(&token)
            .run()
    };
    let stderr = run(&format!("--token-endpoint {endpoint}")).failure(4);
    assert_eq!(
        first_error(&stderr),
        "the server refused: invalid_client: The client credentials are invalid"
    );
    assert!(!stderr.contains("7f3aQ"), "{stderr}");
    assert!(call(&server, &token).starts_with("HTTP/1.1 200 "));
    drop(server);
    let stderr = run(&format!("--token-endpoint {endpoint}")).failure(5);
    assert!(
        first_error(&stderr).contains("could not be reached: no connection: "),
        "{stderr}"
    );
}

#[test]
fn verbose_shows_no_secret() {
    let (folder, server) = (folder(), start(boxed()));
    let token = token(&folder, &server);
    let run = revoke(&folder, &server, "-v").stdin(&token).run();
    let lines: Vec<_> = run.stderr.lines().collect();
    assert_eq!(lines[0], format!("> POST {}/oauth2/revoke", server.url()));
    let masked = |name: &str, value: &str| format!(">   {name} = [{} characters]", value.len());
    for expected in [
        masked("token", &token),
        masked("client_secret", SECRET),
        ">   client_id = app".into(),
        "< 200".into(),
    ] {
        assert!(lines.contains(&&*expected), "{expected}: {}", run.stderr);
    }
    for secret in [SECRET, &token] {
        assert!(
            secret.len() > 10 && !run.stderr.contains(secret),
            "{}",
            run.stderr
        );
    }
    assert_eq!(run.success(), "");
}
