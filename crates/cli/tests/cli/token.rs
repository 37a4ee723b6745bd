//! Tokens from sandboxes, by flags alone.

use std::process::Stdio;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jwt_bearer_sandbox::{Dialect, Running, Sandbox};
use serde_json::{Value, json};

use crate::server::{BOX, SECRET, boxed, call, generic, public_key, salesforce, start};
use crate::support::Folder;

const SALESFORCE: &str =
    "token --provider salesforce --issuer consumer --subject ann@example.com --key rsa.pem";
const GENERIC: &str = "token --provider generic --issuer app --key rsa.pem --key-id key-1";

fn folder() -> Folder {
    let folder = Folder::with_keys(["rsa-aes256.pem", "rsa.der", "rsa.pem"]);
    folder.write("secret.txt", format!("{SECRET}\r\n"));
    folder.write("passphrase.txt", "secret\n");
    folder
}

/// Runs the command, takes its output for a token and nothing else, and calls the sandbox's resource with it.
#[track_caller]
fn subject(folder: &Folder, server: &Running, arguments: &str) -> Value {
    let endpoint = server.token_endpoint();
    let run = folder
        .command(&format!("{arguments} --token-endpoint {endpoint}"))
        .env("BOX_SECRET", SECRET)
        .env("PASSPHRASE", "secret")
        .run();
    let reply = call(server, &run.token());
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{reply}");
    serde_json::from_str(body).unwrap()
}

#[test]
fn box_gives_tokens_for_an_enterprise_and_for_users() {
    let (folder, server) = (folder(), start(boxed()));
    let enterprise = subject(&folder, &server, &format!("{BOX} --enterprise 1234567"));
    assert_eq!(enterprise["id"], "1234567");
    let user = subject(&folder, &server, &format!("{BOX} --user 7654321"));
    assert_eq!(user["id"], "7654321");
    let by_variable = BOX.replace("-file secret.txt", "-env BOX_SECRET");
    let user = subject(&folder, &server, &format!("{by_variable} --user 7654321"));
    assert_eq!(user["id"], "7654321");
}

#[test]
fn encrypted_keys_are_read_with_the_passphrase_that_is_named() {
    let (folder, server) = (folder(), start(boxed()));
    let arguments = BOX.replace("rsa.pem", "rsa-aes256.pem") + " --user 7654321";
    for reference in [
        "--passphrase-file passphrase.txt",
        "--passphrase-env PASSPHRASE",
    ] {
        let user = subject(&folder, &server, &format!("{arguments} {reference}"));
        assert_eq!(user["id"], "7654321");
    }
}

#[test]
fn every_algorithm_of_the_key_is_taken() {
    let (folder, server) = (folder(), start(generic()));
    for algorithm in ["RS256", "rs384", "RS512", "PS256", "ps384", "PS512"] {
        let arguments = format!("{GENERIC} --subject ann --algorithm {algorithm}");
        assert_eq!(subject(&folder, &server, &arguments)["sub"], "ann");
    }
}

#[test]
fn salesforce_takes_the_origin_as_audience_and_no_secret() {
    let (folder, server) = (folder(), start(salesforce()));
    let user = subject(&folder, &server, SALESFORCE);
    assert_eq!(user["preferred_username"], "ann@example.com");
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].parameter("client_id"), None);
    assert_eq!(requests[0].parameter("client_secret"), None);
}

#[test]
fn both_uses_of_rfc_7523_reach_the_server() {
    let (folder, server) = (folder(), start(generic()));
    let arguments =
        format!("{GENERIC} --subject ann --scope read --form resource=https://a.example/");
    assert_eq!(subject(&folder, &server, &arguments)["sub"], "ann");
    let arguments = format!("{GENERIC} --grant client-credentials --client-id app --scope read");
    assert_eq!(subject(&folder, &server, &arguments)["sub"], "app");
    let requests = server.requests();
    let form = |number: usize, name: &str| requests[number].parameter(name);
    assert_eq!(
        form(0, "grant_type").unwrap(),
        "urn:ietf:params:oauth:grant-type:jwt-bearer"
    );
    assert_eq!(form(0, "scope").unwrap(), "read");
    assert_eq!(form(0, "resource").unwrap(), "https://a.example/");
    assert_eq!(form(0, "client_id"), None);
    assert_eq!(form(1, "grant_type").unwrap(), "client_credentials");
    assert_eq!(form(1, "client_id").unwrap(), "app");
    assert_eq!(form(1, "assertion"), None);
    assert!(form(1, "client_assertion").is_some());
}

#[test]
fn a_key_may_come_from_a_variable() {
    let (folder, server) = (folder(), start(generic()));
    let pem = std::fs::read_to_string(folder.path("rsa.pem")).unwrap();
    let der = STANDARD.encode(std::fs::read(folder.path("rsa.der")).unwrap());
    for value in [pem.replace('\n', "\\n"), pem, der] {
        let arguments = GENERIC.replace("rsa.pem", "env:SIGNING_KEY");
        let endpoint = server.token_endpoint();
        let run = folder
            .command(&format!(
                "{arguments} --subject ann --token-endpoint {endpoint}"
            ))
            .env("SIGNING_KEY", &value)
            .run();
        assert!(call(&server, &run.token()).contains("\"ann\""));
    }
}

#[test]
fn each_output_has_its_form() {
    let (folder, server) = (folder(), start(salesforce()));
    let endpoint = server.token_endpoint();
    let output = |form: &str| {
        folder
            .run(&format!(
                "{SALESFORCE} --token-endpoint {endpoint} --output {form}"
            ))
            .success()
    };
    let token = |text: &str| {
        let reply = call(&server, text);
        assert!(reply.starts_with("HTTP/1.1 200 "), "{text}: {reply}");
    };
    token(output("token").strip_suffix('\n').unwrap());
    let header = output("header");
    token(
        header
            .strip_prefix("Authorization: Bearer ")
            .unwrap()
            .trim_end(),
    );
    assert_eq!(header.lines().count(), 1);

    let reply: Value = serde_json::from_str(&output("json")).unwrap();
    token(reply["access_token"].as_str().unwrap());
    assert_eq!(reply["token_type"], "Bearer");
    assert_eq!(reply["instance_url"], server.url());
    assert!(output("json").ends_with("}\n"));

    let lines = output("env");
    let (first, second) = lines.split_once('\n').unwrap();
    token(
        first
            .strip_prefix("export ACCESS_TOKEN='")
            .unwrap()
            .trim_end_matches('\''),
    );
    assert_eq!(second, format!("export INSTANCE_URL='{}'\n", server.url()));
}

#[test]
fn verbose_shows_what_was_sent_without_secrets() {
    let (folder, server) = (folder(), start(boxed()));
    let endpoint = server.token_endpoint();
    let run = folder.run(&format!(
        "{BOX} --enterprise 1234567 --token-endpoint {endpoint} --verbose"
    ));
    let request = server.requests().remove(0);
    let assertion = request.parameter("assertion").unwrap();
    let lines: Vec<_> = run.stderr.lines().collect();
    assert_eq!(lines[0], format!("> POST {endpoint}"));
    let header = json!({"alg": "RS256", "kid": "key-1", "typ": "JWT"});
    let shown = |start: &str| {
        let line = lines.iter().find_map(|line| line.strip_prefix(start));
        line.unwrap_or_else(|| panic!("{start}: {}", run.stderr))
            .to_owned()
    };
    let parsed = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    assert_eq!(parsed(shown(">     header ")), header);
    let claims = parsed(shown(">     claims "));
    assert_eq!(claims["iss"], "app");
    assert_eq!(claims["sub"], "1234567");
    assert_eq!(claims["box_sub_type"], "enterprise");
    assert_eq!(
        shown(">   assertion = "),
        format!("[{} characters]", assertion.len())
    );
    assert_eq!(
        shown(">   client_secret = "),
        format!("[{} characters]", SECRET.len())
    );
    assert_eq!(shown(">   client_id = "), "app");
    assert_eq!(shown("< "), "200");
    assert!(shown("<   content-type: ").starts_with("application/json"));

    let signature = assertion.rsplit('.').next().unwrap();
    let token = run.stdout.trim_end();
    for secret in [SECRET, &assertion, signature, token] {
        assert!(
            secret.len() > 10 && !run.stderr.contains(secret),
            "{}",
            run.stderr
        );
    }
    assert_eq!(run.code, Some(0));
}

#[test]
fn verbose_masks_parameters_that_it_does_not_know() {
    let (folder, server) = (folder(), start(generic()));
    let endpoint = server.token_endpoint();
    let run = folder
        .command(&format!(
            "{GENERIC} --subject ann --token-endpoint {endpoint} -v --form password=7f3aQ-word --form 7\u{9b}=7f3aQ"
        ))
        .arg("--form=resource=https://a.example/\u{202e}")
        .arg("--claim=note=\"\u{202e}\u{9b}\"")
        .arg("--scope=read write\u{7}\u{200f}")
        .run();
    assert_eq!(
        server.requests()[0].parameter("password").unwrap(),
        "7f3aQ-word"
    );
    let lines: Vec<_> = run.stderr.lines().collect();
    for expected in [
        ">   password = [10 characters]",
        r">   7\u{9b} = [5 characters]",
        r">   resource = https://a.example/\u{202e}",
        r">   scope = read write\u{7}\u{200f}",
        ">   grant_type = urn:ietf:params:oauth:grant-type:jwt-bearer",
    ] {
        assert!(lines.contains(&expected), "{expected}: {}", run.stderr);
    }
    assert!(
        run.stderr.contains(r#""note":"\u{202e}\u{9b}""#),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("7f3aQ"), "{}", run.stderr);
    assert!(
        !run.stderr
            .contains(['\u{7}', '\u{9b}', '\u{202e}', '\u{200f}'])
    );
}

#[test]
fn verbose_shows_a_refusal_without_secrets() {
    let (folder, server) = (folder(), start(boxed()));
    let endpoint = server.token_endpoint();
    let run = folder.run(&format!(
        "{BOX} --enterprise 7 --token-endpoint {endpoint} -v"
    ));
    let stderr = run.failure(4);
    let assertion = server.requests()[0].parameter("assertion").unwrap();
    assert!(stderr.contains("\n< 400\n"), "{stderr}");
    assert!(stderr.contains("\nerror: the server refused: "), "{stderr}");
    for secret in [SECRET, &assertion, assertion.rsplit('.').next().unwrap()] {
        assert!(!stderr.contains(secret), "{stderr}");
    }
}

#[test]
fn a_reader_that_has_left_is_no_failure() {
    let (folder, server) = (folder(), start(generic()));
    let endpoint = server.token_endpoint();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = folder
        .process(&format!(
            "{GENERIC} --subject ann --token-endpoint {endpoint} --timeout 20"
        ))
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(server.requests().len(), 1);
}

/// How a run ends whose messages nobody reads.
fn unheard(folder: &Folder, arguments: &str) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = folder
        .process(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(writer)
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[test]
fn messages_that_nobody_reads_change_nothing() {
    let (folder, server) = (folder(), start(generic()));
    let endpoint = server.token_endpoint();
    folder.write(
        "jwt-bearer.toml",
        "[profiles.prod]\nprovider = 'generic'\nissuer = 'app'\nkey = 'rsa.pem'\n",
    );
    let arguments = format!("{GENERIC} --token-endpoint {endpoint} --timeout 20 -v");
    let (code, token) = unheard(&folder, &format!("{arguments} --subject ann"));
    assert_eq!(code, Some(0));
    assert!(call(&server, token.trim_end()).contains("\"ann\""));
    let (code, jwt) = unheard(&folder, "assertion prod");
    assert_eq!((code, jwt.matches('.').count()), (Some(0), 2));
    for (arguments, expected) in [
        (format!("{arguments} --subject bob"), 4),
        ("token prod".into(), 2),
        ("token --nothing".into(), 2),
        ("assertion prod --key none.pem".into(), 3),
    ] {
        let (code, stdout) = unheard(&folder, &arguments);
        assert_eq!((code, stdout.as_str()), (Some(expected), ""), "{arguments}");
    }
}

#[test]
fn a_client_secret_goes_with_the_issuer_as_client_id() {
    let folder = folder();
    let server = start(
        Sandbox::new(Dialect::Generic)
            .client("app", Some(SECRET))
            .register(Some("key-1"), public_key())
            .user("ann"),
    );
    let arguments = format!("{GENERIC} --subject ann --client-secret-file secret.txt");
    assert_eq!(subject(&folder, &server, &arguments)["sub"], "ann");
    let arguments = format!("{arguments} --client-id app");
    assert_eq!(subject(&folder, &server, &arguments)["sub"], "ann");
    for request in server.requests() {
        assert_eq!(request.parameter("client_id").unwrap(), "app");
        assert_eq!(request.parameter("client_secret").unwrap(), SECRET);
    }
}

#[test]
fn assertion_is_printed_without_a_server() {
    let folder = folder();
    let stdout = folder
        .run("assertion --provider generic --issuer 12345 --lifetime 9m --key rsa.pem --claim a=1 --header b=null --header typ=null --audience me")
        .success();
    let jwt = stdout.strip_suffix('\n').unwrap();
    let decoded = jwt_bearer::assertion::Assertion::decode(jwt).unwrap();
    assert_eq!(decoded.defects(), []);
    assert_eq!(
        Value::from(decoded.header().clone()),
        json!({"alg": "RS256", "b": null})
    );
    let claims = decoded.claims();
    assert_eq!(
        (&claims["iss"], &claims["aud"], &claims["a"]),
        (&json!("12345"), &json!("me"), &json!(1))
    );
    let time = |name: &str| claims[name].as_i64().unwrap();
    assert_eq!(time("exp") - time("iat"), 540);
}
