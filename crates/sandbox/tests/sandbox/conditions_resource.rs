//! What the resource says in each state.

use jwt_bearer_sandbox::{Condition, Dialect, Running, texts};

use crate::client::*;

const BAD_TOKEN: (u16, &str) = (
    401,
    r#"{"error":"invalid_token","error_description":"The access token is unknown, revoked or expired"}"#,
);
const BAD_SESSION: (u16, &str) = (
    401,
    r#"[{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}]"#,
);
const NO_SCOPE: (u16, &str) = (
    403,
    r#"{"code":"insufficient_scope","status":403,"type":"error"}"#,
);
const NO_PERMISSION: (u16, &str) = (
    403,
    r#"{"code":"access_denied_insufficient_permissions","status":403,"type":"error"}"#,
);
const TERMS: (u16, &str) = (
    403,
    r#"{"code":"terms_of_service_required","status":403,"type":"error"}"#,
);
pub(crate) const BODIES: [(u16, &str); 5] =
    [BAD_TOKEN, BAD_SESSION, NO_SCOPE, NO_PERMISSION, TERMS];

/// A token of the enterprise, or at Salesforce of the user.
async fn bearer(server: &Running, dialect: Dialect) -> String {
    let draft = Draft::good(dialect, server);
    let token = draft.post(server).await.access_token();
    format!("authorization: Bearer {token}\r\n")
}

async fn user_bearer(server: &Running) -> String {
    let mut draft = Draft::good(Dialect::Box, server);
    draft.claims["box_sub_type"] = "user".into();
    draft.claims["sub"] = USER.into();
    let token = draft.post(server).await.access_token();
    format!("authorization: Bearer {token}\r\n")
}

#[track_caller]
fn assert_refused(answer: &Answer, expected: (u16, &str), dialect: Dialect, entry: Option<&str>) {
    assert_eq!((answer.status, &*answer.body), expected);
    let text = texts(dialect)
        .find(|text| text.body() == answer.body)
        .unwrap();
    assert_eq!(text.entry(), entry);
    assert_eq!(text.status(), answer.status);
    assert!(text.is_at_resource());
}

#[tokio::test]
async fn a_token_that_is_not_valid() {
    for (dialect, expected, entry) in [
        (Dialect::Box, BAD_TOKEN, Some("B19")),
        (Dialect::Salesforce, BAD_SESSION, Some("S13")),
        (Dialect::Generic, BAD_TOKEN, None),
    ] {
        let server = start(sandbox(dialect)).await;
        let answer = get(&server, &server.resource(), "authorization: Bearer x\r\n").await;
        assert_refused(&answer, expected, dialect, entry);
    }
}

#[tokio::test]
async fn a_scope_that_the_app_lacks() {
    let server = start(sandbox(Dialect::Box).condition(Condition::ScopeMissing)).await;
    let bearer = bearer(&server, Dialect::Box).await;
    let answer = get(&server, &server.resource(), &bearer).await;
    assert_refused(&answer, NO_SCOPE, Dialect::Box, Some("B19"));
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Bearer error=\"insufficient_scope\"")
    );
    server.set(Condition::ScopeMissing, false);
    let answer = get(&server, &server.resource(), &bearer).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn acting_as_a_user() {
    let server = start(sandbox(Dialect::Box)).await;
    let enterprise = bearer(&server, Dialect::Box).await;
    let user = user_bearer(&server).await;
    let whoami = async |bearer: &str, id: &str| {
        let headers = format!("{bearer}as-user: {id}\r\n");
        get(&server, &server.resource(), &headers).await
    };
    assert_eq!(whoami(&enterprise, USER).await.json()["id"], USER);
    for (bearer, id) in [(&enterprise, "1"), (&user, USER)] {
        let answer = whoami(bearer, id).await;
        assert_refused(&answer, NO_PERMISSION, Dialect::Box, Some("B19"));
    }
    for condition in [Condition::NoAsUser, Condition::ForeignUsers] {
        server.set(condition, true);
        let answer = whoami(&enterprise, USER).await;
        assert_refused(&answer, NO_PERMISSION, Dialect::Box, Some("B19"));
        server.set(condition, false);
    }
}

#[tokio::test]
async fn terms_that_a_user_has_not_accepted() {
    let server = start(sandbox(Dialect::Box)).await;
    let (enterprise, user) = (
        bearer(&server, Dialect::Box).await,
        user_bearer(&server).await,
    );
    server.set(Condition::TermsNotAccepted, true);
    let answer = get(&server, &server.resource(), &user).await;
    assert_refused(&answer, TERMS, Dialect::Box, Some("B17"));
    let answer = get(&server, &server.resource(), &enterprise).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn users_of_another_enterprise_are_not_listed() {
    let server = start(sandbox(Dialect::Box).login("55", "ann@example.com")).await;
    let bearer = bearer(&server, Dialect::Box).await;
    let url = format!("{}/2.0/users?filter_term=ann", server.url());
    for (is_so, count) in [(false, 1), (true, 0)] {
        server.set(Condition::ForeignUsers, is_so);
        let answer = get(&server, &url, &bearer).await;
        assert_eq!(answer.json()["total_count"], count);
    }
}

#[tokio::test]
async fn the_login_host_has_no_sessions() {
    let server = start(sandbox(Dialect::Salesforce).condition(Condition::LoginHost)).await;
    let draft = Draft::good(Dialect::Salesforce, &server);
    let answer = draft.post(&server).await;
    let instance = format!("http://localhost:{}", server.address().port());
    assert_eq!(answer.json()["instance_url"], *instance);
    let bearer = format!("authorization: Bearer {}\r\n", answer.access_token());
    let answer = get(&server, &server.resource(), &bearer).await;
    assert_refused(&answer, BAD_SESSION, Dialect::Salesforce, Some("S13"));
    let host = instance.strip_prefix("http://").unwrap();
    let request = format!(
        "GET /services/oauth2/userinfo HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{bearer}\r\n"
    );
    let answer = send(&server, &request).await;
    assert_eq!(answer.json()["preferred_username"], USER);
}
