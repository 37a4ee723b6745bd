//! `jwt-bearer downscope`: tokens that can do less.

use jwt_bearer_sandbox::{Fault, Running};
use serde_json::{Value, json};

use crate::bad_input::first_error;
use crate::server::{BOX, SECRET, boxed, call, start};
use crate::support::{Command, Folder};

const FILE: &str = "https://api.box.com/2.0/files/12345";
/// Who has it has the file.
const LINK: &str = "https://app.box.com/s/7f3aQ-shared-link";

fn folder() -> Folder {
    let folder = Folder::with_keys(["rsa.pem"]);
    folder.write("secret.txt", SECRET);
    folder
}

/// The command with `--to`, which has white space in it.
fn downscope(folder: &Folder, server: &Running, flags: &str) -> Command {
    let arguments = BOX.replacen("token", "downscope", 1);
    let endpoint = server.token_endpoint();
    folder
        .command(&format!(
            "{arguments} --token-endpoint {endpoint} --enterprise 1234567 {flags}"
        ))
        .arg("--to=base_preview item_download")
}

/// What the sandbox's resource tells of a token.
#[track_caller]
fn resource(server: &Running, token: &str) -> Value {
    let reply = call(server, token);
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{reply}");
    serde_json::from_str(body).unwrap()
}

#[test]
fn the_token_is_restricted_to_what_is_named() {
    let (folder, server) = (folder(), start(boxed()));
    let file = json!({"type": "file", "id": "12345"});
    let link = json!({"type": "shared_link", "url": LINK});
    for (flags, object) in [
        (String::new(), Value::Null),
        (format!("--resource {FILE}"), file),
        (format!("--shared-link {LINK}"), link),
    ] {
        let token = downscope(&folder, &server, &flags).run().token();
        let scopes = ["base_preview", "item_download"].map(|scope| match &object {
            Value::Null => json!({"scope": scope}),
            object => json!({"scope": scope, "object": object}),
        });
        let found = resource(&server, &token);
        assert_eq!(found["restricted_to"], json!(scopes), "{flags}");
        assert_eq!(found["id"], "1234567");
        let requests = server.take_requests();
        assert_eq!(requests.len(), 2, "the token, and the narrow one");
        let wide = requests[1].parameter("subject_token").unwrap();
        assert_ne!(wide, token);
        assert_eq!(resource(&server, &wide)["restricted_to"], Value::Null);
    }
}

#[test]
fn each_output_has_its_form() {
    let (folder, server) = (folder(), start(boxed()));
    let output = |form: &str| {
        let run = downscope(&folder, &server, &format!("--output {form}")).run();
        assert_eq!(run.stderr, "");
        run.success()
    };
    let json: Value = serde_json::from_str(&output("json")).unwrap();
    assert_eq!(json["restricted_to"][0]["scope"], "base_preview");
    let header = output("header");
    let env = output("env");
    for token in [
        json["access_token"].as_str().unwrap(),
        header
            .strip_prefix("Authorization: Bearer ")
            .unwrap()
            .trim_end(),
        env.strip_prefix("export ACCESS_TOKEN='")
            .and_then(|rest| rest.strip_suffix("'\n"))
            .unwrap(),
    ] {
        assert!(resource(&server, token)["restricted_to"].is_array());
    }
}

#[test]
fn a_user_can_be_named_by_address() {
    let (folder, server) = (folder(), start(boxed().login("55", "ann@example.com")));
    let token = downscope(&folder, &server, "--login ann@example.com")
        .run()
        .token();
    let found = resource(&server, &token);
    assert_eq!(found["id"], "55");
    assert!(found["restricted_to"].is_array());
}

#[test]
fn what_is_missing_or_too_much_is_told_before_anything_is_sent() {
    let (folder, server) = (folder(), start(boxed()));
    let both = format!("--resource {FILE} --shared-link {LINK}");
    let stderr = downscope(&folder, &server, &both).run().failure(2);
    assert_eq!(
        first_error(&stderr),
        "the argument '--resource <URL>' cannot be used with '--shared-link <URL>'"
    );
    let stderr = folder
        .run(&BOX.replacen("token", "downscope", 1))
        .failure(2);
    assert_eq!(
        first_error(&stderr),
        "the following required arguments were not provided:"
    );
    assert!(stderr.contains("\n  --to <TEXT>\n"), "{stderr}");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn refusals_of_either_request_are_told() {
    let (folder, server) = (folder(), start(boxed()));
    let flags = "--resource https://api.box.com/2.0/users/1";
    let stderr = downscope(&folder, &server, flags).run().failure(4);
    assert_eq!(
        first_error(&stderr),
        "the server refused: invalid_resource: The resource is unknown"
    );
    server.inject(Fault::status(503));
    downscope(&folder, &server, "").run().failure(5);
}

#[test]
fn either_request_is_made_again() {
    let folder = folder();
    for (faults, statuses) in [
        (["status=503", "delay=0s"], [503, 200, 200]),
        (["delay=0s", "status=503"], [200, 503, 200]),
    ] {
        let server = start(boxed());
        for fault in faults {
            server.inject(fault.parse().unwrap());
        }
        let token = downscope(&folder, &server, "").with_retries().run().token();
        assert!(resource(&server, &token)["restricted_to"].is_array());
        let requests = server.requests();
        let found: Vec<_> = requests.iter().map(|request| request.status()).collect();
        assert_eq!(found, statuses.map(Some));
    }
}

#[test]
fn verbose_shows_no_secret() {
    let (folder, server) = (folder(), start(boxed()));
    for (flags, code) in [("-v", 0), ("-v --resource https://nothing.example", 4)] {
        let flags = format!("{flags} --client-id app");
        let run = downscope(&folder, &server, &flags).run();
        check_secrets(&server, &run.stderr, run.stdout.trim_end());
        assert_eq!(run.code, Some(code), "{}", run.stderr);
    }
    let run = downscope(&folder, &server, &format!("-v --shared-link {LINK}")).run();
    check_secrets(&server, &run.stderr, run.stdout.trim_end());
    assert!(
        run.stderr.contains(&format!(
            "\n>   box_shared_link = [{} characters]\n",
            LINK.len()
        )),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("7f3aQ"), "{}", run.stderr);
}

#[track_caller]
fn check_secrets(server: &Running, stderr: &str, token: &str) {
    let requests = server.take_requests();
    assert_eq!(requests.len(), 2, "{stderr}");
    let assertion = requests[0].parameter("assertion").unwrap();
    let wide = requests[1].parameter("subject_token").unwrap();
    let shown = format!("\n>   subject_token = [{} characters]\n", wide.len());
    assert!(stderr.contains(&shown), "{stderr}");
    for secret in [SECRET, &assertion, &wide, token] {
        if secret != token || !token.is_empty() {
            assert!(secret.len() > 10 && !stderr.contains(secret), "{stderr}");
        }
    }
}

#[test]
fn what_no_server_would_do_is_not_asked_for() {
    let (folder, server) = (folder(), start(boxed()));
    for flags in ["--resource 7f3aQ", "--shared-link 7f3aQ-link"] {
        let stderr = downscope(&folder, &server, flags).run().failure(2);
        assert!(
            first_error(&stderr).contains("is no URL; give a whole one"),
            "{stderr}"
        );
        assert!(!stderr.contains("7f3aQ"), "{stderr}");
    }
    let flags = "downscope --provider salesforce --issuer app --subject ann@example.com --key rsa.pem --to item_preview";
    let endpoint = server.token_endpoint();
    let stderr = folder
        .run(&format!("{flags} --token-endpoint {endpoint}"))
        .failure(2);
    assert_eq!(
        first_error(&stderr),
        "Salesforce does not exchange tokens for narrower ones; only Box can downscope"
    );
    assert_eq!(server.requests().len(), 0);
}
