use jwt_bearer_sandbox::Dialect;
use serde_json::json;

use crate::checks::*;
use crate::client::*;

const EXPIRY_TYPE: &str = "the claim 'exp' must be there and be an integer of seconds";
const NOT_YET: &str = "the claims 'iat' and 'nbf' must be integers and not in the future";
const AUDIENCE: &str = "the claim 'aud' must be this server";
const KEY_ID: &str = "the header's 'kid' names no registered key";
const CLIENT: &str = "the client is not authenticated";
const ALGORITHM: &str = "the header's 'alg' is missing or not allowed";
const SUBJECT: &str = "the claim 'sub' names nobody who may be a subject";
const JTI: &str = "the claim 'jti' must be there and be new";

#[tokio::test]
async fn generic_refuses_each_fault_and_says_which() {
    let cases: [Case; 32] = [
        (
            "JSON",
            json_body,
            "invalid_request",
            "the body must be a form, with the content type application/x-www-form-urlencoded",
        ),
        (
            "parameter twice",
            |d| d.form.push(("grant_type".into(), "x".into())),
            "invalid_request",
            "each parameter may be sent once",
        ),
        (
            "no grant type",
            |d| d.set("grant_type", ""),
            "unsupported_grant_type",
            "the grant_type is missing or not supported",
        ),
        (
            "other grant type",
            |d| d.set("grant_type", "authorization_code"),
            "unauthorized_client",
            "the client may not use this grant_type",
        ),
        (
            "other client id",
            |d| d.set("client_id", "x"),
            "invalid_client",
            CLIENT,
        ),
        (
            "secret",
            |d| d.set("client_secret", "x"),
            "invalid_client",
            CLIENT,
        ),
        (
            "client credentials without any",
            |d| d.set("grant_type", "client_credentials"),
            "invalid_client",
            CLIENT,
        ),
        (
            "assertion without its type",
            |d| d.set("client_assertion", "x"),
            "invalid_client",
            CLIENT,
        ),
        (
            "no assertion",
            |d| d.form.push(("assertion".into(), String::new())),
            "invalid_request",
            "the assertion is missing",
        ),
        (
            "two parts",
            |d| d.spoil = two_parts,
            "invalid_grant",
            "the assertion is not a compact JWS",
        ),
        (
            "padding",
            |d| d.spoil = |a| a + "==",
            "invalid_grant",
            "the assertion is not a compact JWS",
        ),
        (
            "alg none",
            |d| d.header["alg"] = "none".into(),
            "invalid_grant",
            ALGORITHM,
        ),
        (
            "alg ES512",
            |d| d.header["alg"] = "ES512".into(),
            "invalid_grant",
            ALGORITHM,
        ),
        (
            "crit",
            |d| d.header["crit"] = json!(["b64"]),
            "invalid_grant",
            "the header's 'crit' lists what is not supported",
        ),
        (
            "other kid",
            |d| d.header["kid"] = "x".into(),
            "invalid_grant",
            KEY_ID,
        ),
        (
            "no kid",
            |d| d.header = json!({ "alg": "ES256" }),
            "invalid_grant",
            KEY_ID,
        ),
        (
            "signature",
            |d| d.spoil = other_signature,
            "invalid_grant",
            "the signature is not that of the registered key",
        ),
        (
            "alg of another key",
            |d| d.header["alg"] = "RS256".into(),
            "invalid_grant",
            "the signature is not that of the registered key",
        ),
        (
            "other iss",
            |d| d.claims["iss"] = "x".into(),
            "invalid_grant",
            "the claim 'iss' must be the client id",
        ),
        (
            "other aud",
            |d| d.claims["aud"] = BOX_AUDIENCE.into(),
            "invalid_grant",
            AUDIENCE,
        ),
        (
            "aud list",
            |d| d.claims["aud"] = json!([d.claims["aud"], "x"]),
            "invalid_grant",
            AUDIENCE,
        ),
        (
            "other sub",
            |d| d.claims["sub"] = ENTERPRISE.into(),
            "invalid_grant",
            SUBJECT,
        ),
        (
            "exp a string",
            |d| d.claims["exp"] = "1".into(),
            "invalid_grant",
            EXPIRY_TYPE,
        ),
        (
            "no exp",
            |d| without(d, "exp"),
            "invalid_grant",
            EXPIRY_TYPE,
        ),
        (
            "exp past",
            |d| d.claims["exp"] = now().into(),
            "invalid_grant",
            "the claim 'exp' is not in the future",
        ),
        (
            "exp too far",
            |d| d.claims["exp"] = (now() + 4000).into(),
            "invalid_grant",
            "the claim 'exp' is more than an hour ahead",
        ),
        (
            "exp beyond all numbers",
            |d| d.claims["exp"] = u64::MAX.into(),
            "invalid_grant",
            "the claim 'exp' is more than an hour ahead",
        ),
        (
            "iat ahead",
            |d| d.claims["iat"] = (now() + 30).into(),
            "invalid_grant",
            NOT_YET,
        ),
        (
            "nbf ahead",
            |d| d.claims["nbf"] = (now() + 30).into(),
            "invalid_grant",
            NOT_YET,
        ),
        (
            "iat a float",
            |d| d.claims["iat"] = 1.5.into(),
            "invalid_grant",
            NOT_YET,
        ),
        ("no jti", |d| without(d, "jti"), "invalid_grant", JTI),
        (
            "empty jti",
            |d| d.claims["jti"] = "".into(),
            "invalid_grant",
            JTI,
        ),
    ];
    let server = start(sandbox(Dialect::Generic)).await;
    let seen = refusals(&server, || Draft::good(Dialect::Generic, &server), &cases).await;
    assert_all_met(Dialect::Generic, &seen);
}

#[tokio::test]
async fn generic_takes_a_scope_and_one_audience_in_a_list() {
    let server = start(sandbox(Dialect::Generic)).await;
    let mut draft = Draft::good(Dialect::Generic, &server);
    draft.claims["aud"] = json!([server.token_endpoint()]);
    draft.set("scope", "a b");
    let answer = draft.post(&server).await;
    let body = answer.json();
    assert_eq!(body["scope"], "a b");
    assert_eq!(body["expires_in"], 3600);
    assert_eq!(body["token_type"], "Bearer");
    answer.access_token();
}

#[tokio::test]
async fn client_authentication_by_assertion_answers_invalid_client() {
    let cases: [Case; 8] = [
        (
            "other type",
            |d| d.set("client_assertion_type", "x"),
            "invalid_client",
            CLIENT,
        ),
        (
            "no assertion",
            |d| d.form.push(("client_assertion".into(), String::new())),
            "invalid_client",
            CLIENT,
        ),
        (
            "a secret too",
            |d| d.set("client_secret", "x"),
            "invalid_client",
            CLIENT,
        ),
        (
            "other client id",
            |d| d.set("client_id", "x"),
            "invalid_client",
            CLIENT,
        ),
        (
            "signature",
            |d| d.spoil = other_signature,
            "invalid_client",
            "the signature is not that of the registered key",
        ),
        (
            "sub is not the client",
            |d| d.claims["sub"] = USER.into(),
            "invalid_client",
            SUBJECT,
        ),
        ("no jti", |d| without(d, "jti"), "invalid_client", JTI),
        (
            "exp past",
            |d| d.claims["exp"] = now().into(),
            "invalid_client",
            "the claim 'exp' is not in the future",
        ),
    ];
    let server = start(sandbox(Dialect::Generic)).await;
    let seen = refusals(&server, || Draft::client_authentication(&server), &cases).await;
    assert_eq!(seen.len(), 5);
}

#[tokio::test]
async fn generic_wants_the_secret_of_an_app_that_has_one() {
    let server = start(sandbox(Dialect::Generic).client(CLIENT_ID, Some(SECRET))).await;
    type Refused = (fn(&mut Draft), &'static str);
    let refused: [Refused; 3] = [
        (
            |_| {},
            "neither a client_secret nor a client_assertion was sent",
        ),
        (
            |d| d.set("client_secret", SECRET),
            "the client_id is missing",
        ),
        (
            |d| {
                d.set("client_id", CLIENT_ID);
                d.set("client_secret", "x");
            },
            "the client_secret is wrong",
        ),
    ];
    for (change, detail) in refused {
        let mut draft = Draft::good(Dialect::Generic, &server);
        change(&mut draft);
        let body = draft.post(&server).await.json();
        assert_eq!(body["error_description"], format!("{CLIENT}: {detail}"));
    }
    let mut draft = Draft::good(Dialect::Generic, &server);
    draft.set("client_id", CLIENT_ID);
    draft.set("client_secret", SECRET);
    draft.post(&server).await.access_token();
    draft.set("grant_type", "client_credentials");
    draft.post(&server).await.access_token();
    // A grant and a client assertion in one request.
    let mut draft = Draft::good(Dialect::Generic, &server);
    draft.set("assertion", &draft.assertion());
    let client = Draft::client_authentication(&server);
    draft.set("client_assertion_type", CLIENT_ASSERTION);
    draft.set("client_assertion", &client.assertion());
    draft.post(&server).await.access_token();
}
