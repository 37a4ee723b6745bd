//! Requests without a fault of their own, to servers in every state. What the resource says is in
//! `conditions_resource`.

use std::error::Error;

use jwt_bearer_sandbox::{Condition, Dialect, Running, Sandbox, SandboxErrorKind, Wording, texts};
use jwt_bearer_signer::Algorithm;

use crate::client::*;

pub(crate) struct Case {
    pub(crate) dialect: Dialect,
    conditions: &'static [Condition],
    change: fn(&mut Draft),
    entry: Option<&'static str>,
    pub(crate) status: u16,
    pub(crate) body: &'static str,
}

const fn case(
    dialect: Dialect,
    conditions: &'static [Condition],
    change: fn(&mut Draft),
    entry: &'static str,
    body: &'static str,
) -> Case {
    Case {
        dialect,
        conditions,
        change,
        entry: Some(entry),
        status: 400,
        body,
    }
}

const NO_USER_TOKEN: &str = r#"{"error":"invalid_request","error_description":"Cannot obtain user token based on the enterprise configuration for your app"}"#;
const OTHER_TYPE: &str = r#"{"error":"invalid_request","error_description":"The grant type is unauthorized for this client_id"}"#;
const CCG: &str =
    r#"{"error":"invalid_grant","error_description":"Grant credentials are invalid"}"#;

pub(crate) const CASES: [Case; 19] = {
    use Condition::*;
    use Dialect::{Box, Generic, Salesforce};
    [
        case(
            Box,
            &[Unauthorized],
            |_| {},
            "B1",
            r#"{"error":"unauthorized_client","error_description":"This app is not authorized by the enterprise admin"}"#,
        ),
        case(Box, &[OauthApp], |_| {}, "B3", OTHER_TYPE),
        case(Box, &[CcgApp], |_| {}, "B3", OTHER_TYPE),
        case(
            Box,
            &[WrongHost],
            |_| {},
            "B4",
            r#"{"error":"invalid_request","error_description":"Invalid grant_type parameter or parameter missing"}"#,
        ),
        case(Box, &[NoUserTokens], user, "B5", NO_USER_TOKEN),
        case(Box, &[ForeignUsers], user, "B5", NO_USER_TOKEN),
        case(
            Box,
            &[TermsNotAccepted],
            user,
            "B17",
            r#"{"error":"terms_of_service_required"}"#,
        ),
        case(Box, &[CcgApp, Unauthorized], credentials, "B16", CCG),
        case(
            Box,
            &[CcgApp, NoUserTokens],
            |d| {
                credentials(d);
                d.set("box_subject_type", "user");
                d.set("box_subject_id", USER);
            },
            "B16",
            CCG,
        ),
        case(
            Box,
            &[CcgApp],
            |d| {
                credentials(d);
                d.set("box_subject_id", "1");
            },
            "B16",
            CCG,
        ),
        case(
            Box,
            &[CcgApp],
            |d| {
                credentials(d);
                d.set("box_subject_type", "");
            },
            "B16",
            CCG,
        ),
        case(
            Salesforce,
            &[Unauthorized],
            |_| {},
            "S1",
            r#"{"error":"invalid_grant","error_description":"user hasn't approved this consumer"}"#,
        ),
        case(
            Salesforce,
            &[ExternalClientApp],
            |_| {},
            "S5",
            r#"{"error":"app_not_found","error_description":"External client app is not installed in this org"}"#,
        ),
        case(
            Salesforce,
            &[NotAssigned],
            |_| {},
            "S8",
            r#"{"error":"invalid_app_access","error_description":"user is not admin approved to access this app"}"#,
        ),
        case(
            Salesforce,
            &[UserInactive],
            |_| {},
            "S10",
            r#"{"error":"invalid_grant","error_description":"inactive user"}"#,
        ),
        case(
            Salesforce,
            &[UserLocked],
            |_| {},
            "S10",
            r#"{"error":"invalid_grant","error_description":"user is locked"}"#,
        ),
        case(
            Salesforce,
            &[LoginPolicy],
            |_| {},
            "S11",
            r#"{"error":"invalid_grant","error_description":"authentication failure"}"#,
        ),
        case(
            Generic,
            &[DpopRequired],
            |_| {},
            "O13",
            r#"{"error":"invalid_dpop_proof"}"#,
        ),
        Case {
            entry: None,
            ..case(
                Generic,
                &[Unauthorized],
                |_| {},
                "",
                r#"{"error":"unauthorized_client","error_description":"the client is not authorized yet"}"#,
            )
        },
    ]
};
/// What tests of their own meet.
pub(crate) const OTHERS: [(u16, &str); 2] = [(400, RATE), (400, NONCE)];
const RATE: &str = r#"{"error":"LOGIN_RATE_EXCEEDED"}"#;
const NONCE: &str = r#"{"error":"use_dpop_nonce"}"#;

fn user(draft: &mut Draft) {
    draft.claims["box_sub_type"] = "user".into();
    draft.claims["sub"] = USER.into();
}

/// Box's client credentials, for the enterprise.
fn credentials(draft: &mut Draft) {
    draft.set("grant_type", "client_credentials");
    draft.set("box_subject_type", "enterprise");
    draft.set("box_subject_id", ENTERPRISE);
}

async fn post_changed(server: &Running, dialect: Dialect, change: fn(&mut Draft)) -> Answer {
    let mut draft = Draft::good(dialect, server);
    change(&mut draft);
    draft.post(server).await
}

#[tokio::test]
async fn each_condition_refuses_in_the_words_of_the_real_server() {
    for case in &CASES {
        let sandbox = case
            .conditions
            .iter()
            .copied()
            .fold(sandbox(case.dialect), Sandbox::condition);
        let server = start(sandbox).await;
        let conditions = case.conditions;
        let answer = post_changed(&server, case.dialect, case.change).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (case.status, case.body),
            "{conditions:?}"
        );
        let text = texts(case.dialect)
            .find(|text| text.body() == answer.body && text.status() == answer.status)
            .unwrap_or_else(|| panic!("{conditions:?}: not listed"));
        assert_eq!(text.entry(), case.entry, "{conditions:?}");
        assert_eq!(text.is_known(), case.entry.is_some(), "{conditions:?}");
        assert!(!text.is_at_resource(), "{conditions:?}");
        let refusal = server.requests()[0].refusal().unwrap().to_owned();
        assert!(refusal.starts_with(text.error()), "{refusal}");
        // Out of the state, nothing else keeps the same request away.
        let is_of_ccg = conditions[0] == Condition::CcgApp;
        if !is_of_ccg {
            server.set(conditions[0], false);
            let answer = post_changed(&server, case.dialect, case.change).await;
            answer.access_token();
        }
    }
}

#[tokio::test]
async fn an_app_that_changed_since_keeps_the_tokens_that_it_had() {
    let server = start(sandbox(Dialect::Box)).await;
    let answer = Draft::good(Dialect::Box, &server).post(&server).await;
    let bearer = format!("authorization: Bearer {}\r\n", answer.access_token());
    server.set(Condition::Unauthorized, true);
    let answer = Draft::good(Dialect::Box, &server).post(&server).await;
    assert_eq!(answer.json()["error"], "unauthorized_client");
    let answer = get(&server, &server.resource(), &bearer).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn conditions_of_users_leave_the_enterprise_alone() {
    for condition in [
        Condition::NoUserTokens,
        Condition::ForeignUsers,
        Condition::TermsNotAccepted,
    ] {
        let server = start(sandbox(Dialect::Box).condition(condition)).await;
        let draft = Draft::good(Dialect::Box, &server);
        draft.post(&server).await.access_token();
    }
}

#[tokio::test]
async fn an_app_for_client_credentials_gets_tokens_with_them_alone() {
    let server = start(sandbox(Dialect::Box)).await;
    let answer = post_changed(&server, Dialect::Box, credentials).await;
    assert_eq!(answer.body, OTHER_TYPE);
    server.set(Condition::CcgApp, true);
    let answer = post_changed(&server, Dialect::Box, credentials).await;
    let bearer = format!("authorization: Bearer {}\r\n", answer.access_token());
    let whoami = get(&server, &server.resource(), &bearer).await;
    assert_eq!(whoami.json()["id"], ENTERPRISE);
    let answer = post_changed(&server, Dialect::Box, |d| {
        credentials(d);
        d.set("client_secret", "x");
    })
    .await;
    assert_eq!(answer.json()["error"], "invalid_client");
}

#[tokio::test]
async fn another_key_than_the_registered_one_is_refused() {
    for (dialect, kid, expected) in [
        (Dialect::Box, Some("key1"), "Signature verification error."),
        (Dialect::Salesforce, None, "invalid assertion"),
    ] {
        let sandbox = Sandbox::new(dialect)
            .client(CLIENT_ID, Some(SECRET))
            .register(kid, ec_public())
            .user(USER);
        let server = start(sandbox).await;
        let answer = Draft::good(dialect, &server).post(&server).await;
        let description = answer.json()["error_description"].to_string();
        assert!(description.contains(expected), "{description}");
    }
}

#[tokio::test]
async fn salesforce_can_tell_both_audiences() {
    let server = start(sandbox(Dialect::Salesforce).condition(Condition::AudienceTold)).await;
    let mut draft = Draft::good(Dialect::Salesforce, &server);
    draft.post(&server).await.access_token();
    draft.claims["aud"] = "http://login.salesforce.com".into();
    assert_eq!(
        draft.post(&server).await.body,
        r#"{"error":"invalid_grant","error_description":"audience is invalid [audience=http://login.salesforce.com login=https://login.salesforce.com]"}"#
    );
}

#[tokio::test]
async fn an_external_client_app_answers_at_the_my_domain_only() {
    let sandbox = sandbox(Dialect::Salesforce)
        .audience("https://test.salesforce.com")
        .audience("https://my.example");
    let server = start(sandbox.condition(Condition::ExternalClientApp)).await;
    let error = async |audience: &str| {
        let mut draft = Draft::good(Dialect::Salesforce, &server);
        draft.claims["aud"] = audience.into();
        draft.post(&server).await.json()["error"].clone()
    };
    assert_eq!(error("https://login.salesforce.com").await, "app_not_found");
    assert_eq!(error("https://test.salesforce.com").await, "app_not_found");
    assert_eq!(error("https://other.example").await, "invalid_grant");
    assert_eq!(error("https://my.example").await, serde_json::Value::Null);
    // Whatever the audience says, the request came to the wrong host.
    server.set(Condition::LoginHost, true);
    assert_eq!(error("https://my.example").await, "app_not_found");
}

#[tokio::test]
async fn logins_of_a_user_are_counted_by_the_hour() {
    let other = "other@example.com";
    let server = start(sandbox(Dialect::Salesforce).user(other).login_limit(2)).await;
    let post = async |subject: &str, skew: i64| {
        server.set_skew(skew);
        let mut draft = Draft::good(Dialect::Salesforce, &server);
        draft.claims["sub"] = subject.into();
        draft.claims["exp"] = (now() + skew + 60).into();
        draft.post(&server).await
    };
    post(USER, 0).await.access_token();
    post(USER, 0).await.access_token();
    let answer = post(USER, 0).await;
    assert_eq!((answer.status, &*answer.body), (400, RATE));
    post(other, 0).await.access_token();
    assert_eq!(post(USER, 3000).await.body, RATE);
    post(USER, 3700).await.access_token();
}

#[tokio::test]
async fn a_proof_of_possession_is_asked_for_and_then_its_nonce() {
    let server = start(sandbox(Dialect::Generic).condition(Condition::DpopRequired)).await;
    let body = Draft::good(Dialect::Generic, &server).body();
    let request = post_text(FORM, &body, "/token");
    let request = request.replacen("host: x\r\n", "host: x\r\ndpop: x\r\n", 1);
    let answer = send(&server, &request).await.whole();
    assert_eq!((answer.status, &*answer.body), (400, NONCE));
    assert_eq!(answer.header("dpop-nonce").unwrap().len(), 48);
}

#[tokio::test]
async fn algorithms_can_be_fewer() {
    let server = start(sandbox(Dialect::Box).algorithm(Algorithm::Rs384)).await;
    let answer = Draft::good(Dialect::Box, &server).post(&server).await;
    assert_eq!(answer.json()["error_description"], "Algorithm not allowed");
    let server = start(sandbox(Dialect::Generic).algorithm(Algorithm::Rs384)).await;
    let answer = Draft::good(Dialect::Generic, &server).post(&server).await;
    assert_eq!(
        answer.json()["error_description"],
        "the header's 'alg' is missing or not allowed: give one of RS384"
    );
}

#[tokio::test]
async fn what_the_dialect_cannot_be_is_refused() {
    let box_user_locked = sandbox(Dialect::Box).condition(Condition::UserLocked);
    let cases = [
        (box_user_locked, "box cannot be user-locked"),
        (
            sandbox(Dialect::Generic).condition(Condition::CcgApp),
            "generic cannot be ccg-app",
        ),
        (
            sandbox(Dialect::Box).enterprise("0"),
            "a Box account with the enterprise id 0 has no enterprise; give a user",
        ),
        (
            sandbox(Dialect::Salesforce).algorithm(Algorithm::Es256),
            "salesforce takes no ES256",
        ),
        (
            sandbox(Dialect::Generic).login_limit(1),
            "generic counts no logins",
        ),
        (
            sandbox(Dialect::Box).wording(Wording::Google),
            "box has words of its own; only generic takes others",
        ),
    ];
    for (sandbox, expected) in cases {
        let start = sandbox.start(([127, 0, 0, 1], 0).into());
        let error = start.await.unwrap_err();
        assert_eq!(error.kind(), SandboxErrorKind::Config);
        assert_eq!(error.source().unwrap().to_string(), expected);
    }
    // Nor can it get there later.
    let server = start(sandbox(Dialect::Box)).await;
    server.set(Condition::UserLocked, true);
    let answer = post_changed(&server, Dialect::Box, user).await;
    answer.access_token();
}
