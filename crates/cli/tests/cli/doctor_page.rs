//! The page of `jwt-bearer doctor` as a person sees it, and its twin for machines.

use jwt_bearer_sandbox::Fault;
use serde_json::{Value, json};

use crate::doctor::{BOX, CLIENT, SALESFORCE, boxed, examine, first, folder, read, salesforce};
use crate::server::{SECRET, start};

#[test]
fn a_page_with_a_certain_cause() {
    let server = start(salesforce());
    let flags = SALESFORCE.replace("rsa.pem", "rsa-3072.pem");
    let run = examine(
        &folder(),
        &server,
        &format!("{flags} --certificate rsa-certificate.pem"),
    );
    assert_eq!(run.code, Some(3), "{run:?}");
    let page = run
        .stdout
        .replace(&server.address().port().to_string(), "PORT");
    assert_eq!(
        page,
        "\
Salesforce: POST http://127.0.0.1:PORT/services/oauth2/token

  ✓ settings    complete, by the rules of Salesforce
  ✓ key         RSA-3072, thumbprint gmvT0SAS…, signs RS256
  ✓ connection  127.0.0.1:PORT accepts connections
  ✓ clock       this machine agrees with the server's `Date`
  ✓ metadata    it names the same token endpoint
  ✗ token       refused with status 400, invalid_grant

No token, and here is why.

What was said
  status 400, invalid_grant: invalid assertion

The cause
  ✗ the registered key or certificate is not that of the signing key (certain)
    seen  the signing key is RSA-3072 with the thumbprint gmvT0SAS…, the
          registered one RSA-2048 with HRrRKYON…
    next  upload a certificate of the key that signs: `jwt-bearer key
          certificate` makes it; or sign with the key whose certificate is
          uploaded
    see   https://github.com/frankkessler/salesforce-laravel-oauth2-rest/issues/68
          https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_jwt_flow.htm&language=en_US&type=5
          [key-mismatch]

The key, the secret and the assertion are not on this page; ids and names that
are set are masked. It can be pasted into a public issue, once you have read it:
what a server says in its own words may name somebody, or hold a secret.
"
    );
}

#[test]
fn lines_fit_into_80_columns_but_for_addresses() {
    let server = start(boxed());
    let flags = BOX.replace("rsa.pem", "rsa-3072.pem") + " --key-id key-1";
    let page = examine(&folder(), &server, &flags).stdout;
    let heading = "\nNo token; the likely cause is below.\n";
    assert!(page.contains(heading), "{page}");
    let (_, ruled_out) = page.split_once("\nRuled out: ").unwrap();
    let line = ruled_out.lines().next().unwrap();
    assert!(line.ends_with(" other causes (-v lists them)."), "{line}");
    assert!(page.contains("\nMore would be known with\n"), "{page}");
    for line in page.lines().filter(|line| !line.contains("://")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn what_was_ruled_out_is_listed_for_those_who_ask() {
    let server = start(boxed());
    let flags = BOX.replace("rsa.pem", "rsa-3072.pem") + " --key-id key-1";
    for verbose in ["-v", "--verbose"] {
        let page = examine(&folder(), &server, &format!("{flags} {verbose}")).stdout;
        let (_, list) = page.split_once("\nRuled out\n").unwrap();
        let (list, _) = list.split_once("\n\n").unwrap();
        assert!(list.contains("[iss-missing]"), "{page}");
        assert!(list.lines().count() > 5, "{page}");
        for line in list.lines() {
            assert!(
                line.starts_with("  ✓ ") || line.starts_with("    "),
                "{line}"
            );
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
    // A cause that is certain leaves nothing to ask, but for those who ask.
    let flags = format!("{flags} --certificate rsa-public.pem");
    let page = examine(&folder(), &server, &flags).stdout;
    assert!(!page.contains("Ruled out"), "{page}");
    let page = examine(&folder(), &server, &format!("{flags} -v")).stdout;
    assert!(page.contains("\nRuled out\n"), "{page}");
}

#[test]
fn names_that_a_server_repeats_are_masked_however_plain_they_are() {
    let sandbox = jwt_bearer_sandbox::Sandbox::new(jwt_bearer_sandbox::Dialect::Generic)
        .client("my-client-name", None)
        .register(Some("key-1"), crate::server::public_key())
        .user("alice");
    let server = start(sandbox);
    let fault = "error=server_says:client my-client-name subject alice key key-1 ends*";
    server.inject(fault.parse::<Fault>().unwrap());
    let flags = "doctor --provider generic --issuer my-client-name --subject alice --key rsa.pem --key-id key-1";
    for output in ["text", "json"] {
        let run = examine(&folder(), &server, &format!("{flags} --output {output}"));
        run.assert_masked(&["my-client-name", "alice", "key-1"]);
        assert!(run.stdout.contains("subject a…"), "{run:?}");
    }
}

#[test]
fn a_key_that_cannot_be_opened_is_the_cause_whatever_the_network_is() {
    let folder = folder();
    folder.write("wrong.txt", "wrong");
    for (key, error) in [
        ("missing.pem", "missing.pem"),
        ("rsa-aes256.pem --passphrase-file wrong.txt", "passphrase"),
    ] {
        let flags = BOX.replace("rsa.pem", key);
        let server = start(boxed());
        let endpoint = server.token_endpoint();
        drop(server);
        let run = folder.run(&format!("{flags} --token-endpoint {endpoint}"));
        assert_eq!(run.code, Some(3), "{run:?}");
        let (above, below) = run.stdout.split_once("\nTo be mended as well\n").unwrap();
        let (_, cause) = above.split_once("\nThe cause\n").unwrap();
        assert!(cause.contains(error), "{run:?}");
        assert!(!cause.contains("[unreachable]"), "{run:?}");
        assert!(below.contains("[unreachable]"), "{run:?}");
        assert!(!run.stdout.contains("Nothing wrong was found"), "{run:?}");
        assert!(
            !run.stdout.contains("What was said"),
            "no server spoke: {run:?}"
        );
    }
}

#[test]
fn colours_are_for_those_who_want_them() {
    let server = start(boxed());
    let arguments = format!(
        "{BOX} --key-id key-1 --token-endpoint {}",
        server.token_endpoint()
    );
    let plain = folder().run(&arguments).success();
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let coloured = folder()
        .command(&arguments)
        .env("CLICOLOR_FORCE", "1")
        .run()
        .success();
    assert!(coloured.contains("\u{1b}[1m\u{1b}[32m✓"), "{coloured:?}");
}

#[test]
fn machines_get_the_same() {
    let server = start(salesforce());
    let flags = SALESFORCE.replace("rsa.pem", "rsa-3072.pem");
    let (_, json) = read(
        &folder(),
        &server,
        &format!("{flags} --certificate rsa-certificate.pem"),
    );
    let names: Vec<_> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = vec![
        "checked",
        "findings",
        "notes",
        "outcome",
        "passed",
        "provider",
        "reply",
        "reply_is_known",
        "speaks_of",
        "token_requests",
        "wanted",
    ];
    expected.sort_by_key(|name| names.iter().position(|other| other == name));
    assert_eq!(names, expected);
    assert_eq!(json["outcome"], "cause-found");
    assert_eq!(json["provider"], "salesforce");
    assert_eq!(json["checked"][1]["name"], "key");
    assert_eq!(json["checked"][1]["state"], "ok");
    let finding = json["findings"][0].as_object().unwrap();
    let mut names: Vec<_> = finding.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "certainty",
            "class",
            "entry",
            "evidence",
            "explains_reply",
            "id",
            "next",
            "sources",
            "what"
        ]
    );
    assert_eq!(finding["class"], "key");
    assert_eq!(finding["explains_reply"], Value::Bool(true));
}

#[test]
fn a_folder_of_the_user_is_not_shown() {
    let folder = folder();
    let server = start(boxed());
    let path = folder.path("rsa-aes256.pem");
    folder.write("wrong.txt", "wrong");
    let parent = path.parent().unwrap().to_str().unwrap();
    for (name, shown) in [
        ("rsa-aes256.pem", "…/rsa-aes256.pem"),
        ("missing.pem", "…/missing.pem"),
        ("keystore.jceks", "found a Java keystore"),
    ] {
        let key = format!("{parent}/{name}");
        let flags = BOX.replace("rsa.pem", &key);
        let run = examine(
            &folder,
            &server,
            &format!("{flags} --passphrase-file wrong.txt"),
        );
        assert_eq!(run.code, Some(3), "{run:?}");
        assert!(!run.stdout.contains(parent), "{}", run.stdout);
        assert!(run.stdout.contains(shown), "{}", run.stdout);
    }
}

#[test]
fn what_a_server_repeats_is_masked() {
    let server = start(boxed());
    let flags = format!("{BOX} --key-id key-1");
    for text in [
        format!("the app {CLIENT} is gone"),
        format!("user of 1234567 at {CLIENT}: {SECRET}"),
        "ann@example.com (eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln) is unknown".to_owned(),
    ] {
        for (part, fault) in [
            ("text", format!("error=invalid_grant:{text}*")),
            ("code", format!("error={}:text*", text.replace(':', ""))),
        ] {
            server.clear_faults();
            server.inject(fault.parse::<Fault>().unwrap());
            let run = examine(&folder(), &server, &flags);
            assert_eq!(run.code, Some(4), "{part}: {run:?}");
            run.assert_masked(&["1234567"]);
            let (_, json) = read(&folder(), &server, &flags);
            assert!(json["reply"].is_string(), "{json:#}");
        }
    }
}

#[test]
fn the_configuration_file_of_box_is_looked_at_and_not_shown() {
    let folder = folder();
    let server = start(boxed());
    let key = std::fs::read_to_string(folder.path("rsa.pem")).unwrap();
    let config = json!({
        "boxAppSettings": {
            "clientID": CLIENT,
            "clientSecret": SECRET,
            "appAuth": { "publicKeyID": "key-1", "privateKey": key, "passphrase": "" },
        },
        "enterpriseID": "1234567",
    });
    folder.write("config.json", config.to_string());
    let run = examine(&folder, &server, "doctor --box-config config.json");
    let line = key.lines().nth(1).unwrap();
    run.assert_masked(&[line, "PRIVATE KEY", "1234567"]);
    assert!(run.success().contains("All is well"));
    let config = config.to_string().replace("1234567", "12345");
    folder.write("config.json", config);
    let fault = "error=server_says:enterprise 12345 ends*";
    server.inject(fault.parse::<Fault>().unwrap());
    let run = examine(&folder, &server, "doctor --box-config config.json");
    run.assert_masked(&["12345"]);
    assert!(
        run.stdout.contains("server_says: enterprise [masked] ends"),
        "{run:?}"
    );
}

#[test]
fn a_failure_that_may_pass_has_a_next_step_too() {
    let server = start(boxed());
    for (fault, id, expected) in [
        ("status=503,retry-after=7", "busy", "come back after 7 s"),
        ("status=429", "busy", "wait, by the header `Retry-After`"),
        (
            "reset",
            "connection-broken",
            "a proxy or a firewall between may break connections",
        ),
        ("hang", "no-reply", "with a longer time limit (`--timeout`)"),
    ] {
        server.clear_faults();
        server.inject(format!("{fault}*").parse::<Fault>().unwrap());
        let flags = format!("{BOX} --key-id key-1 --timeout 2");
        let run = examine(&folder(), &server, &flags);
        assert_eq!(run.code, Some(5), "{fault}: {run:?}");
        let (_, cause) = run.stdout.split_once("\nThe cause\n").unwrap();
        let words: Vec<_> = cause.split_whitespace().collect();
        assert!(words.join(" ").contains(expected), "{fault}: {run:?}");
        let (_, json) = read(&folder(), &server, &flags);
        assert_eq!(first(&json).0, id, "{json:#}");
        assert_eq!(json["findings"][0]["class"], "network");
        assert!(
            json["findings"][0].to_string().contains(expected),
            "{json:#}"
        );
    }
}

/// What is about the command itself is written nowhere else.
#[test]
fn a_finding_without_a_source_has_its_id_alone() {
    let flags = BOX.replace("rsa.pem", "missing.pem");
    let page = folder().run(&format!("{flags} --no-probe")).stdout;
    assert!(page.contains("\n    id    [key-not-found]\n"), "{page}");
    assert!(!page.contains("    see "), "{page}");
}

#[test]
fn a_reply_that_is_too_large_is_told_in_words() {
    let server = start(boxed());
    server.inject("oversize*".parse::<Fault>().unwrap());
    let page = examine(&folder(), &server, &format!("{BOX} --key-id key-1")).stdout;
    assert!(
        page.contains("    seen  the reply is too large: more than 1 MiB\n"),
        "{page}"
    );
    assert!(!page.contains("[masked]"), "{page}");
}

#[test]
fn an_encrypted_key_names_the_flags_for_its_passphrase() {
    let flags = BOX.replace("rsa.pem", "rsa-aes256.pem");
    let run = folder().run(&format!("{flags} --no-probe"));
    assert_eq!(run.code, Some(3), "{run:?}");
    let words: Vec<_> = run.stdout.split_whitespace().collect();
    let expected = "--passphrase-env NAME, --passphrase-file FILE or --passphrase-fd N";
    assert!(words.join(" ").contains(expected), "{run:?}");
}

/// Of an assertion that the command signed, its signature has the right form, whatever an unknown text speaks of.
#[test]
fn what_the_command_signs_has_a_signature() {
    let server = start(boxed());
    let fault = "error=server_says:the signature is not good*";
    server.inject(fault.parse::<Fault>().unwrap());
    let flags = format!("{BOX} --key-id key-1");
    let (_, json) = read(&folder(), &server, &flags);
    let findings = json["findings"].as_array().unwrap().iter();
    let ids: Vec<_> = findings.map(|finding| finding["id"].as_str()).collect();
    assert!(ids.contains(&Some("key-mismatch")), "{json:#}");
    let passed = json["passed"].to_string();
    for id in ["jwt-unsigned", "signature-length", "signature-mismatch"] {
        assert!(!ids.contains(&Some(id)), "{json:#}");
        assert!(passed.contains(id), "{passed}");
    }
}

#[test]
fn a_server_out_of_order_is_told_in_short() {
    let server = start(boxed());
    server.inject("status=503*".parse::<Fault>().unwrap());
    let page = examine(&folder(), &server, &format!("{BOX} --key-id key-1")).stdout;
    assert!(
        page.contains("\nThe cause\n  ✗ the server, or a gateway before it, is out of order"),
        "{page}"
    );
    assert!(!page.contains("What was said"), "{page}");
    assert!(!page.contains("does not know this text"), "{page}");
}

#[test]
fn a_status_alone_is_no_text_that_could_be_known() {
    let server = start(boxed());
    let flags = format!("{BOX} --key-id key-1");
    for (fault, is_said) in [
        ("redirect=https://login.example/token", false),
        ("empty", false),
        ("html", false),
        ("no-token", false),
        ("error=server_says:so", true),
    ] {
        server.clear_faults();
        server.inject(format!("{fault}*").parse::<Fault>().unwrap());
        let page = examine(&folder(), &server, &flags).stdout;
        let text = "The catalogue does not know this text";
        assert_eq!(page.contains(text), is_said, "{fault}: {page}");
    }
}
