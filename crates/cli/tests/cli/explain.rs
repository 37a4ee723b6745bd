//! `jwt-bearer explain`: how the text comes in, and what comes out.

use serde_json::Value;

use crate::doctor::folder;
use crate::support::{Folder, Run};

const REFUSED: &str = r#"{"error":"invalid_grant","error_description":"invalid assertion"}"#;

/// Runs the command on a text, and nothing that looks like a secret may be shown.
#[track_caller]
pub(crate) fn explain(folder: &Folder, flags: &str, text: &str) -> Run {
    let run = folder
        .command(&format!("explain {flags}"))
        .stdin(text)
        .run();
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.stderr, "");
    run.assert_masked(&["7f3aQ"]);
    run
}

/// The first finding: its id and how sure it is.
#[track_caller]
pub(crate) fn first(folder: &Folder, flags: &str, text: &str) -> (String, String) {
    let run = explain(folder, &format!("{flags} --output json"), text);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    let finding = |name: &str| {
        json["findings"][0][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    (finding("id"), finding("certainty"))
}

#[test]
fn a_page_for_an_error_alone() {
    let page = explain(
        &Folder::new(),
        "",
        r#"{"error":"unauthorized_client","error_description":"This app is not authorized by the enterprise admin"}"#,
    );
    assert_eq!(
        page.stdout,
        "\
What was said
  unauthorized_client: This app is not authorized by the enterprise admin

The likely cause
  ✗ an administrator never authorised the app, or the app changed since (likely)
    seen  the text “not authorized by the enterprise admin” means this
    next  in the Admin Console under Platform > Platform Apps > Server
          Authentication Apps, authorise the client id; do so again after each
          change of scopes or access level
    see   https://github.com/box/boxcli/issues/154
          https://github.com/box/box-java-sdk/issues/799
          https://docs.box.com/en/box-platform/box-platform-for-administrators/platform-apps
          [box-not-authorized]

Ruled out: 3 other causes (--output json lists them).

More would be known with
  - the assertion that was sent; its signature can be left out
  - the header `Date` of the reply, which tells the server's time

Keys, secrets, tokens, ids and addresses that can be told by their form or their
name are masked. What a server says in its own words can hold others: read the
page before you paste it elsewhere. Never show others what you pasted here.
"
    );
}

#[test]
fn a_text_comes_from_a_file_or_from_standard_input() {
    let folder = Folder::new();
    folder.write("error.txt", REFUSED);
    // As PowerShell writes it.
    let wide: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(REFUSED.bytes().flat_map(|byte| [byte, 0]))
        .collect();
    folder.write("wide.txt", wide);
    let expected = explain(&folder, "", REFUSED).stdout;
    for flags in ["-", "error.txt", "wide.txt"] {
        assert_eq!(explain(&folder, flags, REFUSED).stdout, expected, "{flags}");
    }
}

#[test]
fn a_certificate_makes_it_certain() {
    let folder = folder();
    let rsa = std::fs::read_to_string(folder.path("rsa.pem")).unwrap();
    folder.write("key.pem", rsa);
    let jwt = folder
        .run("assertion --provider salesforce --issuer consumer --subject ann@example.com --key key.pem")
        .success();
    let text = format!("{jwt}\n{REFUSED}");
    assert_eq!(
        first(&folder, "", &text),
        ("key-mismatch".into(), "likely".into())
    );
    let certain = ("signature-mismatch".to_owned(), "certain".to_owned());
    assert_eq!(
        first(&folder, "--certificate p256-certificate.pem", &text).1,
        "certain"
    );
    folder.write(
        "other.pem",
        std::fs::read(folder.path("rsa-3072.pem")).unwrap(),
    );
    let other = folder.run("key public --key other.pem").success();
    folder.write("other-public.pem", other);
    assert_eq!(
        first(&folder, "--registered other-public.pem", &text),
        certain
    );
}

#[test]
fn the_provider_can_be_named() {
    let folder = Folder::new();
    let text = r#"{"error":"invalid_grant","error_description":"Please check the 'iss' claim"}"#;
    let run = explain(&folder, "--provider box --output json", text);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["provider"], "box");
}

#[test]
fn an_unknown_text_is_no_guess() {
    let page = explain(&Folder::new(), "", "hello world").stdout;
    assert!(
        page.contains("The catalogue does not know this text."),
        "{page}"
    );
    assert!(page.contains("the cause is unknown"), "{page}");
    assert!(!page.contains('✗'), "{page}");
}

#[test]
fn what_should_not_have_been_pasted_is_not_repeated() {
    let folder = folder();
    let key = std::fs::read_to_string(folder.path("rsa.pem")).unwrap();
    let text = format!(
        "curl https://api.box.com/oauth2/token -d client_id=7f3aQclientid0123456789 -d client_secret=7f3aQ-client-secret\n\
         {key}\n{{\"access_token\":\"7f3aQaccesstoken0123456789\"}}"
    );
    let page = explain(&folder, "", &text).stdout;
    assert!(page.starts_with("! "), "{page}");
    assert!(
        page.contains("A private key is in what was pasted."),
        "{page}"
    );
    assert!(
        page.contains("A client secret or a token is in what was pasted."),
        "{page}"
    );
    let line = key.lines().nth(1).unwrap();
    assert!(!page.contains(line), "{page}");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let text =
        "{\"error\":\"invalid_grant\",\"error_description\":\"\\u001b[2Jgone \\u202e back\"}";
    let page = explain(&Folder::new(), "", text).stdout;
    assert!(!page.contains(['\u{1b}', '\u{202e}']), "{page:?}");
}

#[test]
fn of_a_very_long_text_the_beginning_counts() {
    let text = format!("{REFUSED}\n{}", "x ".repeat(700_000));
    let page = explain(&Folder::new(), "--provider salesforce", &text).stdout;
    assert!(page.contains("longer than 1 MiB"), "{page}");
    assert!(page.contains("[key-mismatch]"), "{page}");
}

#[test]
fn any_bytes_are_explained_or_refused_in_time() {
    let folder = Folder::new();
    folder.write("latin1.txt", b"caf\xe9 invalid_grant");
    explain(&folder, "latin1.txt", "");
    for text in [
        "{".repeat(100_000),
        "[".repeat(100_000),
        "eyJ.".repeat(20_000),
        "-----BEGIN ".repeat(5_000),
    ] {
        explain(&folder, "", &text);
    }
}

#[test]
fn an_assertion_alone_is_said_to_have_been_read() {
    let folder = folder();
    let jwt = folder
        .run("assertion --provider salesforce --issuer consumer --subject ann@example.com --key rsa.pem --lifetime 1")
        .success();
    let page = explain(&folder, "", &jwt).stdout;
    let words: Vec<_> = page.split_whitespace().collect();
    let words = words.join(" ");
    assert!(
        words.starts_with("! The assertion was read: `exp` is 20"),
        "{page}"
    );
    assert!(
        words.contains("`jwt-bearer inspect` shows all of it."),
        "{page}"
    );
    // A word above it is no reply, though it can be anything.
    let page = explain(&folder, "", &format!("assertion:\n{jwt}")).stdout;
    assert!(page.contains("The assertion was read"), "{page}");
    // Beside a reply, that is what counts.
    let page = explain(&folder, "", &format!("{jwt}\n{REFUSED}")).stdout;
    assert!(!page.contains("was read"), "{page}");
}

/// RFC 7519 §2 allows it.
#[test]
fn a_time_with_a_fraction_is_a_time() {
    // {"alg":"RS256"}, {"iss":"app","aud":"https://as.example","exp":1700000000.5}
    let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhcHAiLCJhdWQiOiJodHRwczovL2FzLmV4YW1wbGUiLCJleHAiOjE3MDAwMDAwMDAuNX0.c2ln";
    let page = explain(&Folder::new(), "", jwt).stdout;
    assert!(
        page.starts_with("! The assertion was read: `exp` is 2023-11-14 22:13:20 UTC, "),
        "{page}"
    );
    assert!(!page.contains("Box"), "{page}");
}

#[test]
fn a_private_key_is_nothing_that_is_registered() {
    let folder = folder();
    let keys = folder.path("config.pem");
    let both = ["rsa.pem", "rsa-certificate.pem"].map(|file| folder.path(file));
    let both = both.map(|path| std::fs::read_to_string(path).unwrap());
    std::fs::write(keys, both.concat()).unwrap();
    for (file, code) in [
        ("rsa.pem", 2),
        ("rsa-aes256.pem", 2),
        ("rsa-public.pem", 0),
        ("rsa-certificate.pem", 0),
        ("config.pem", 0),
    ] {
        let run = folder.command(&format!("explain - --certificate {file}"));
        let run = run.stdin(REFUSED).run();
        assert_eq!(run.code, Some(code), "{file}: {run:?}");
        let is_told = run
            .stderr
            .contains(" holds a private key; --certificate takes ");
        assert_eq!(is_told, code == 2, "{file}: {run:?}");
    }
}

#[test]
fn causes_that_are_as_likely_have_one_heading() {
    let text = r#"claims = {"iss": "abc", "sub": "123", "exp": 1700000000, "aud": "https://as.example.com/token"}
        header = {"alg": "RS256"}
        {"error":"bad_thing","error_description":"check the 'kid' and the 'jti' of it"}"#;
    let page = explain(&Folder::new(), "", text).stdout;
    let (_, causes) = page.split_once("\nThe likely causes\n").unwrap();
    for id in ["[kid-missing]", "[jti-missing]"] {
        assert!(causes.contains(id), "{page}");
    }
    assert!(!page.contains("It can also be"), "{page}");
}

/// With the names that the README tries it out with.
#[test]
fn a_rehearsal_with_another_key_is_certain() {
    let folder = folder();
    let jwt = folder
        .run("assertion --provider box --issuer app --enterprise 1234567 --key rsa-3072.pem --key-id key-1")
        .success();
    let text = format!(
        "{jwt}\n{}",
        r#"{"error":"invalid_grant","error_description":"Signature verification error. The public key identified by \"kid\""}"#
    );
    let page = explain(&folder, "--certificate rsa-public.pem", &text).stdout;
    let (_, cause) = page.split_once("\nThe cause\n").unwrap();
    assert!(cause.contains("[signature-mismatch]"), "{page}");
    assert!(!page.contains("left out"), "{page}");
}

#[test]
fn a_token_has_a_verdict() {
    let page = explain(
        &Folder::new(),
        "",
        "HTTP/1.1 200 OK\nDate: Wed, 15 Nov 2023 00:00:00 GMT\n\n{\"access_token\":\"7f3aQ-abc\",\"token_type\":\"bearer\"}",
    )
    .stdout;
    assert!(
        page.contains("\nThe server gave a token: there is no refusal to explain.\n"),
        "{page}"
    );
    assert!(
        !page.contains("Ruled out") && !page.contains("can be one"),
        "{page}"
    );
}

/// What is likely stands under no heading of what is only possible, and before it.
#[test]
fn what_is_likely_is_not_said_to_be_one_of_several() {
    let text = r#"header = {"alg": "RS256", "kid": "k3y1d000"}
        claims = {"iss": "abcdefghijklmnop0123", "sub": "1234567", "box_sub_type": "enterprise", "exp": 1700000000,
            "aud": "https://api.box.com/oauth2/token/", "jti": "Zm9vYmFyYmF6cXV4cXV1eA"}
        {"error":"invalid_grant","error_description":"Please check the 'sub' claim. The 'sub' specified is invalid."}"#;
    let page = explain(&Folder::new(), "", text).stdout;
    let (_, findings) = page.split_once("\nTo be mended\n").unwrap();
    let (likely, possible) = findings.split_once("\nIt can be one of these\n").unwrap();
    assert!(likely.contains("[aud-trailing]"), "{page}");
    assert!(
        possible.contains("[box-subject-kind]") && !possible.contains("(likely)"),
        "{page}"
    );
    // Of an unknown text, all of them can be the cause.
    let page = explain(&Folder::new(), "", &text.replace("'sub'", "moon")).stdout;
    assert!(!page.contains("can be one of these"), "{page}");
}
