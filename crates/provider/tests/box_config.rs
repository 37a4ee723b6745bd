//! The configuration file of Box's developer console.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use jwt_bearer_provider::{BoxConfig, RequestErrorKind};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

fn file() -> Value {
    json!({
        "boxAppSettings": {
            "clientID": "client-id",
            "clientSecret": "SECRET-1",
            "appAuth": {
                "publicKeyID": "abcdefgh",
                "privateKey": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nSECRET-2\n-----END ENCRYPTED PRIVATE KEY-----\n",
                "passphrase": "SECRET-3",
            },
        },
        "enterpriseID": "1234567",
    })
}

fn read(file: &Value) -> BoxConfig {
    BoxConfig::from_json(&file.to_string()).unwrap()
}

/// What the request is for, as the claims in its `Debug` have it.
fn subject(config: &BoxConfig) -> String {
    let request = config.request().build().unwrap();
    let text = format!("{:?}", request.assertion_request());
    let kind = if text.contains("\"enterprise\"") {
        "enterprise"
    } else {
        "user"
    };
    let subject = text.split("subject: Some(\"").nth(1).unwrap();
    format!("{kind} {}", subject.split('"').next().unwrap())
}

#[test]
fn a_complete_file() {
    let config = read(&file());
    assert_eq!(config.client_id(), "client-id");
    assert_eq!(config.key_id(), Some("abcdefgh"));
    assert!(
        config
            .private_key()
            .unwrap()
            .expose_secret()
            .starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\nSECRET-2\n")
    );
    assert_eq!(config.passphrase().unwrap().expose_secret(), "SECRET-3");
    assert_eq!(subject(&config), "enterprise 1234567");
    let request = format!("{:?}", config.request().build().unwrap());
    assert!(request.contains("abcdefgh"), "{request}");
}

#[test]
fn debug_hides_the_secrets() {
    let config = read(&file());
    let text = format!("{config:?} {:?}", config.request());
    assert!(!text.contains("SECRET"), "{text}");
    assert!(text.contains("client-id") && text.contains("1234567"));
}

/// Who keeps the key elsewhere takes it out of the file.
#[test]
fn a_file_without_its_key() {
    let mut without = file();
    let auth = &mut without["boxAppSettings"]["appAuth"];
    *auth = json!({ "publicKeyID": "abcdefgh" });
    let config = read(&without);
    assert!(config.private_key().is_none() && config.passphrase().is_none());
    assert_eq!(config.key_id(), Some("abcdefgh"));

    for auth in [json!({}), Value::Null] {
        without["boxAppSettings"]["appAuth"] = auth;
        assert_eq!(read(&without).key_id(), None);
    }
    without["boxAppSettings"]
        .as_object_mut()
        .unwrap()
        .remove("appAuth");
    let config = read(&without);
    assert_eq!(config.key_id(), None);
    config.request().build().unwrap();
}

#[test]
fn empty_members_count_as_missing() {
    for empty in [json!(""), json!("  "), Value::Null] {
        let mut file = file();
        file["boxAppSettings"]["appAuth"] =
            json!({ "publicKeyID": empty, "privateKey": empty, "passphrase": empty });
        file["enterpriseID"] = empty;
        let config = read(&file);
        assert_eq!(config.key_id(), None);
        assert!(config.private_key().is_none() && config.passphrase().is_none());
        let error = config.request().build().unwrap_err();
        assert_eq!(error.kind(), RequestErrorKind::Missing);
    }
}

#[test]
fn the_subject_is_the_enterprise_or_else_the_user() {
    let mut file = file();
    file["userID"] = json!("987");
    assert_eq!(subject(&read(&file)), "enterprise 1234567");
    file["enterpriseID"] = json!("");
    assert_eq!(subject(&read(&file)), "user 987");
    file.as_object_mut().unwrap().remove("enterpriseID");
    assert_eq!(subject(&read(&file)), "user 987");
}

/// A free account's file has `0`, of which the error tells what to do.
#[test]
fn the_enterprise_of_a_free_account() {
    let mut file = file();
    file["enterpriseID"] = json!("0");
    assert_eq!(
        read(&file).request().build().unwrap_err().to_string(),
        "the enterprise id is 0: a free account has no enterprise; set a user id (`user`)"
    );
}

#[test]
fn a_byte_order_mark_and_unknown_members_are_passed_over() {
    let mut file = file();
    file["webhooks"] = json!({ "primaryKey": "", "secondaryKey": "" });
    file["boxAppSettings"]["new"] = json!(1);
    let config = BoxConfig::from_json(&format!("\u{feff}{file}")).unwrap();
    assert_eq!(config.client_id(), "client-id");
}

#[test]
fn what_is_not_this_file_is_named() {
    let without = |name: &str| {
        let mut file = file();
        file["boxAppSettings"].as_object_mut().unwrap().remove(name);
        file.to_string()
    };
    let another = "not Box's configuration file: `boxAppSettings` is missing; download it from the app's configuration \
                   page, under \"App Settings\"";
    let wrong_kind =
        "a member of Box's configuration file is missing or of the wrong kind (line 1 column ";
    for (json, text) in [
        (
            without("clientID"),
            "`boxAppSettings.clientID` is missing or empty in Box's configuration file",
        ),
        (
            without("clientSecret"),
            "`boxAppSettings.clientSecret` is missing or empty in Box's configuration file",
        ),
        ("{}".into(), another),
        (
            r#"{"type":"service_account","private_key":"SECRET"}"#.into(),
            another,
        ),
        (r#"{"boxAppSettings":null}"#.into(), another),
        (r#"{"boxAppSettings":"SECRET"}"#.into(), wrong_kind),
        (
            r#"{"boxAppSettings":{"clientID":["SECRET"]}}"#.into(),
            wrong_kind,
        ),
        ("\"SECRET\"".into(), wrong_kind),
        (
            String::new(),
            "not the JSON of Box's configuration file (line 1 column 0)",
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nSECRET".into(),
            "not the JSON of Box's configuration file (line 1 column 2)",
        ),
        (
            "{\n  \"SECRET\": ".into(),
            "not the JSON of Box's configuration file (line 2 column ",
        ),
    ] {
        let error = BoxConfig::from_json(&json).unwrap_err();
        let found = error.to_string();
        assert!(found.starts_with(text), "{json}: {found}");
        assert!(!format!("{found} {error:?}").contains("SECRET"), "{found}");
    }
}
