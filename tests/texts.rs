//! The catalogue of causes knows every refusal that the sandbox can make in the words of a real server.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use jwt_bearer::Profile;
use jwt_bearer::provider::{Cause, Entry, ErrorResponse};
use jwt_bearer_sandbox::{Dialect, Text, texts};
use serde_json::json;

/// What no token endpoint says, or none of the sandbox.
const WITHOUT_TEXT: [&str; 30] = [
    // AWS KMS.
    "kms-access",
    "kms-state",
    "kms-usage",
    "kms-not-found",
    "kms-disabled",
    // A wrapper of an SDK.
    "box-sdk-expired-auth",
    // The sandbox grants any scope.
    "oauth-scope",
    // A program, about the server's certificate.
    "java-truststore",
    // An API that takes the assertion itself.
    "github-decoded",
    "github-exp",
    "github-iat",
    // Programs, about a key file.
    "key-line-ends",
    "key-passphrase",
    "key-traditional",
    "key-ring",
    "key-other-form",
    "key-java-form",
    "key-openssl-3",
    "salesforce-cli-key",
    "salesforce-cli-empty",
    // A service that takes the assertion itself, and its log.
    "snowflake-invalid",
    "snowflake-issuer-unknown",
    "snowflake-times-missing",
    "snowflake-received-late",
    "snowflake-expired",
    "snowflake-fingerprint",
    "snowflake-algorithm",
    "snowflake-signature",
    "snowflake-account",
    // A token.
    "yubikey-authentication",
];

fn cause(profile: Profile, body: &str) -> Option<&'static Cause> {
    let response = ErrorResponse::from_json(body.as_bytes())
        .unwrap_or_else(|| panic!("{body} is not read as an error"));
    profile.cause(&response)
}

/// What the token endpoints of real servers are known to say.
fn known(dialect: Dialect) -> impl Iterator<Item = Text> {
    texts(dialect).filter(|text| text.is_known() && !text.is_at_resource())
}

/// Every refusal has a cause with something to do, and no two entries of the catalogue share one.
fn every_text_has_a_cause(profile: Profile, dialect: Dialect, least: usize) {
    let mut seen: Vec<(&Cause, Option<&str>)> = Vec::new();
    for text in known(dialect) {
        let cause = cause(profile, &text.body());
        let entry = text.entry();
        // A server that says all in the error code has no cause by error and text, but an entry of the catalogue.
        if cause.is_none() && text.description().is_empty() {
            let mut entries = Entry::all();
            let fits = |entry: &Entry| entry.fits(text.error(), "").is_some_and(|len| len > 0);
            assert!(entries.any(fits), "no entry for {text:?}");
            continue;
        }
        let cause = cause.unwrap_or_else(|| panic!("{dialect}: no cause for {text:?}"));
        assert_eq!(cause.error, text.error());
        assert!(!cause.cause.is_empty() && !cause.remedy.is_empty());
        let other = seen.iter().find(|(other, _)| *other == cause);
        assert!(
            other.is_none_or(|(_, other)| *other == entry),
            "{text:?} gets the cause of {other:?}"
        );
        seen.push((cause, entry));
    }
    assert!(seen.len() >= least, "{dialect}: only {} texts", seen.len());
}

#[test]
fn box_texts_have_causes_of_their_own() {
    every_text_has_a_cause(Profile::BOX, Dialect::Box, 16);
}

#[test]
fn salesforce_texts_have_causes_of_their_own() {
    every_text_has_a_cause(Profile::SALESFORCE, Dialect::Salesforce, 13);
}

/// Every cause of the catalogue is one that the sandbox can bring about.
#[test]
fn every_cause_is_that_of_a_text() {
    for (profile, dialect) in [
        (Profile::BOX, Dialect::Box),
        (Profile::SALESFORCE, Dialect::Salesforce),
    ] {
        let brought_about: Vec<_> = texts(dialect)
            .filter_map(|text| {
                let (error, description) = (text.error(), text.description());
                let body = json!({ "error": error, "error_description": description });
                cause(profile, &body.to_string())
            })
            .collect();
        for expected in profile.causes {
            assert!(
                brought_about
                    .iter()
                    .any(|cause| cause.cause == expected.cause),
                "{dialect}: no text of the sandbox has the cause {expected:?}"
            );
        }
    }
}

#[test]
fn every_entry_about_a_server_has_a_text() {
    for (dialect, letter, last, without) in [
        // What an SDK says.
        (Dialect::Box, "B", 20, &["B20"][..]),
        // What a command says of a key file, and of an empty reply.
        (Dialect::Salesforce, "S", 15, &["S14", "S15"]),
    ] {
        let expected: BTreeSet<_> = (1..=last)
            .map(|number| format!("{letter}{number}"))
            .filter(|entry| !without.contains(&&**entry))
            .collect();
        let found: BTreeSet<_> = texts(dialect)
            .filter_map(|text| text.entry())
            .map(str::to_owned)
            .collect();
        assert_eq!(found, expected);
    }
}

/// Every entry of the catalogue is met by a text that the sandbox can say, or is on a list of what no token endpoint
/// says.
#[test]
fn every_entry_can_be_brought_about_or_is_excepted() {
    let texts: Vec<_> = Dialect::ALL.into_iter().flat_map(texts).collect();
    let without: Vec<_> = Entry::all()
        .filter(|entry| {
            !texts.iter().any(|text| {
                entry
                    .fits(text.error(), text.description())
                    .is_some_and(|len| len > 0 || entry.texts.is_empty())
            })
        })
        .map(|entry| entry.id)
        .collect();
    assert_eq!(without, WITHOUT_TEXT);
}

#[test]
fn case_does_not_matter() {
    let mut count = 0;
    for (profile, dialect) in [
        (Profile::BOX, Dialect::Box),
        (Profile::SALESFORCE, Dialect::Salesforce),
    ] {
        for text in known(dialect) {
            let usual = cause(profile, &text.body());
            for description in [
                text.description().to_uppercase(),
                text.description().to_lowercase(),
            ] {
                let body = json!({ "error": text.error(), "error_description": description });
                assert_eq!(cause(profile, &body.to_string()), usual);
            }
            count += 1;
        }
    }
    assert!(count >= 31, "{count}");
}

#[test]
fn an_unknown_text_has_no_cause() {
    for profile in [Profile::BOX, Profile::SALESFORCE] {
        for body in [
            r#"{"error":"invalid_grant","error_description":"the moon is full"}"#,
            r#"{"error":"moon"}"#,
        ] {
            assert_eq!(cause(profile, body), None);
        }
    }
}

/// Nothing in a list of causes stands where an earlier one takes every text that it could match.
#[test]
fn every_cause_can_be_found() {
    for &profile in Profile::ALL {
        assert!(!profile.causes.is_empty());
        for expected in profile.causes {
            let body =
                json!({ "error": expected.error, "error_description": expected.description });
            let found = cause(profile, &body.to_string());
            assert_eq!(found, Some(expected), "{}", profile.name);
        }
    }
}
