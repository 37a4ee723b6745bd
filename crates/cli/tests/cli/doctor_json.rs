//! What `jwt-bearer doctor --output json` tells where there is no refusal to explain.

use serde_json::{Value, json};

use crate::doctor::{BOX, boxed, first, folder, read};
use crate::server::start;

#[test]
fn machines_are_told_of_settings_that_cannot_be_used() {
    let folder = folder();
    for (flags, expected) in [
        ("doctor --provider box", "the issuer is missing"),
        ("doctor", "no provider is set"),
        (
            "doctor --provider box --issuer app --enterprise 0 --key rsa.pem",
            "the enterprise id is 0",
        ),
    ] {
        let run = folder.run(&format!("{flags} --output json"));
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(run.stderr.starts_with("error: "), "{run:?}");
        let json: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(json["outcome"], "settings");
        assert_eq!(json["token_requests"], 0);
        let step = &json["checked"][0];
        assert_eq!(step["state"], "failed");
        let text = step["text"].as_str().unwrap();
        assert!(text.contains(expected), "{text}");
        assert_eq!(first(&json), ("settings-unusable", "certain"), "{json:#}");
        // People read it once.
        folder.run(flags).failure(2);
    }
    let run = folder.run(&format!(
        "{} --no-probe --output json",
        BOX.replace("rsa.pem", "none.pem")
    ));
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["outcome"], "key", "{json:#}");
    assert_eq!(json["reply"], Value::Null, "no server spoke");
}

/// What cannot be read or is incomplete is a finding, of the provider that is set, wherever that is. The folders that
/// files lie in are for the user's own eyes.
#[test]
fn settings_that_cannot_be_used_are_a_finding() {
    let folder = folder();
    folder.write("secret-place/config.json", "{\"x\":");
    folder.write("secret-place/broken.toml", "{\"x\":");
    folder.write(
        "secret-place/misspelt.toml",
        "[profiles.prod]\nprovder = 'box'\n",
    );
    folder.write(
        "secret-place/ok.toml",
        "[profiles.prod]\nprovider = 'salesforce'\n[profiles.file]\nbox-config = 'none.json'\n",
    );
    let place = folder.path("secret-place");
    let place = place.display();
    let lists_all = "mend what is said of them; `jwt-bearer token --help`";
    let of_box = "it is the JSON file that Box's Developer Console gives out";
    for (flags, id, provider, next) in [
        (
            format!("--box-config {place}/config.json"),
            "config-unreadable",
            "box",
            "in the Developer Console",
        ),
        (
            format!("--box-config {place}/none.json"),
            "settings-unusable",
            "box",
            of_box,
        ),
        (
            format!("file --config {place}/ok.toml"),
            "settings-unusable",
            "box",
            of_box,
        ),
        (
            format!("prod --config {place}/ok.toml"),
            "settings-unusable",
            "salesforce",
            "--issuer sets it",
        ),
        (
            format!("nothere --config {place}/ok.toml"),
            "settings-unusable",
            "generic",
            lists_all,
        ),
        (
            format!("prod --config {place}/broken.toml"),
            "settings-unusable",
            "generic",
            "it is TOML",
        ),
        (
            format!("prod --config {place}/misspelt.toml"),
            "settings-unusable",
            "generic",
            lists_all,
        ),
    ] {
        let run = folder.run(&format!("doctor {flags} --output json"));
        assert_eq!(run.code, Some(2), "{run:?}");
        assert!(!run.stdout.contains("secret-place"), "{run:?}");
        assert!(run.stderr.contains(&place.to_string()), "{run:?}");
        let json: Value = serde_json::from_str(&run.stdout).unwrap();
        let finding = &json["findings"][0];
        assert_eq!(finding["id"], id, "{json:#}");
        assert_eq!(finding["class"], "configuration");
        assert_eq!(json["provider"], provider, "{flags}: {json:#}");
        assert_eq!(json["wanted"], json!([]));
        let found = finding["next"].as_str().unwrap();
        assert!(found.starts_with(next), "{flags}: {found}");
        // The error of a misspelt name, and of a profile, has its own remedy.
        let has_hint = run.stderr.contains("\n  hint: ");
        assert_eq!(has_hint, next != lists_all, "{run:?}");
    }
}

#[test]
fn a_success_wants_nothing_more() {
    let server = start(boxed());
    let (_, json) = read(&folder(), &server, &format!("{BOX} --key-id key-1"));
    assert_eq!(json["wanted"], json!([]), "{json:#}");
    assert_eq!(json["reply"], "status 200, a token was given");
}
