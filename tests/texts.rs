//! The catalogue of causes knows every refusal that the sandbox can make in the words of a real server.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use jwt_bearer::Profile;
use jwt_bearer::provider::{Cause, ErrorResponse};
use jwt_bearer_sandbox::{Dialect, texts};
use serde_json::json;

fn cause(profile: Profile, error: &str, description: &str) -> Option<&'static Cause> {
    let body = json!({ "error": error, "error_description": description }).to_string();
    let response = ErrorResponse::from_json(body.as_bytes())
        .unwrap_or_else(|| panic!("{body} is not read as an error"));
    profile.cause(&response)
}

/// Every refusal has a cause with something to do, and no two refusals share one.
fn every_text_has_a_cause(profile: Profile, dialect: Dialect, least: usize) {
    let mut seen: Vec<&Cause> = Vec::new();
    let mut count = 0;
    for (error, description) in texts(dialect) {
        let cause = cause(profile, error, description)
            .unwrap_or_else(|| panic!("{dialect}: no cause for {error}: {description}"));
        assert_eq!(cause.error, error);
        assert!(!cause.cause.is_empty() && !cause.remedy.is_empty());
        assert!(
            !seen.contains(&cause),
            "{dialect}: {error}: {description} gets the cause of another text: {cause:?}"
        );
        seen.push(cause);
        count += 1;
    }
    assert!(count >= least, "{dialect}: only {count} texts");
}

#[test]
fn box_texts_have_causes_of_their_own() {
    every_text_has_a_cause(Profile::BOX, Dialect::Box, 14);
}

#[test]
fn salesforce_texts_have_causes_of_their_own() {
    every_text_has_a_cause(Profile::SALESFORCE, Dialect::Salesforce, 8);
}

#[test]
fn case_does_not_matter() {
    let mut count = 0;
    for (profile, dialect) in [
        (Profile::BOX, Dialect::Box),
        (Profile::SALESFORCE, Dialect::Salesforce),
    ] {
        for (error, description) in texts(dialect) {
            let usual = cause(profile, error, description);
            assert_eq!(cause(profile, error, &description.to_uppercase()), usual);
            assert_eq!(cause(profile, error, &description.to_lowercase()), usual);
            count += 1;
        }
    }
    assert!(count >= 22, "{count}");
}

#[test]
fn an_unknown_text_has_no_cause() {
    for profile in [Profile::BOX, Profile::SALESFORCE] {
        assert_eq!(cause(profile, "invalid_grant", "the moon is full"), None);
        assert_eq!(cause(profile, "moon", ""), None);
    }
}

/// Nothing in a list of causes stands where an earlier one takes every text that it could match.
#[test]
fn every_cause_can_be_found() {
    for &profile in Profile::ALL {
        assert!(!profile.causes.is_empty());
        for expected in profile.causes {
            let found = cause(profile, expected.error, expected.description);
            assert_eq!(found, Some(expected), "{}", profile.name);
        }
    }
}
