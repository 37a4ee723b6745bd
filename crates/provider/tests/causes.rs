//! What refusals mean, by their texts.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use jwt_bearer_provider::{ErrorResponse, Profile};

fn response(json: &str) -> ErrorResponse {
    ErrorResponse::from_json(json.as_bytes()).unwrap()
}

#[test]
fn the_case_of_a_description_does_not_matter() {
    for description in [
        "Please check the 'jti' claim.",
        "PLEASE CHECK THE 'JTI' CLAIM.",
        "see: please check the 'JTI' claim",
    ] {
        let json = format!(r#"{{"error":"invalid_grant","error_description":"{description}"}}"#);
        let cause = Profile::BOX.cause(&response(&json)).unwrap();
        assert!(cause.cause.starts_with("the `jti` was used before"));
    }
}

#[test]
fn the_error_code_must_be_the_same() {
    for json in [
        r#"{"error":"invalid_request","error_description":"Please check the 'jti' claim."}"#,
        r#"{"error":"INVALID_GRANT","error_description":"Please check the 'jti' claim."}"#,
        r#"{"error":"invalid_grant"}"#,
        r#"{"error":"invalid_grant","error_description":"something else"}"#,
    ] {
        assert_eq!(Profile::BOX.cause(&response(json)), None, "{json}");
    }
}

/// Where the code says it all, the description may be anything, or not there.
#[test]
fn a_code_alone_can_be_enough() {
    for json in [
        r#"{"error":"invalid_app_access"}"#,
        r#"{"error":"invalid_app_access","error_description":"user is not admin approved to access this app"}"#,
    ] {
        let cause = Profile::SALESFORCE.cause(&response(json)).unwrap();
        assert!(cause.remedy.starts_with("assign the user's profile"));
    }
}

#[test]
fn error_responses_are_read_as_they_come() {
    let response = response(
        r#"{"error":"invalid_grant","error_uri":"https://as.example/e","trace":"T1","codes":[7]}"#,
    );
    assert_eq!(response.error(), "invalid_grant");
    assert_eq!(response.description(), None);
    assert_eq!(response.uri(), Some("https://as.example/e"));
    assert_eq!(response.extra()["trace"], "T1");
    assert_eq!(response.extra()["codes"][0], 7);
    for body in [
        &b""[..],
        b"[]",
        b"{}",
        br#"{"error":7}"#,
        br#"{"error":null}"#,
        br#"{"Error":"invalid_grant"}"#,
        b"\xff",
        br#"{"error":"a"} trailing"#,
    ] {
        assert_eq!(ErrorResponse::from_json(body), None);
    }
}
