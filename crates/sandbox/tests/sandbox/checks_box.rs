use jwt_bearer_sandbox::Dialect;
use serde_json::{Value, json};

use crate::checks::*;
use crate::client::*;

const BOX_GRANT_TYPE: &str = "Invalid grant_type parameter or parameter missing";
const BOX_CLIENT: &str = "The client credentials are invalid";
const BOX_FORM: &str = "The assertion is not a JWT";
const BOX_ALG: &str = "Algorithm not allowed";
const BOX_KID: &str = "kid invalid, unable to lookup correct key";
const BOX_SIGNATURE: &str = "Signature verification error. The public key identified by \"kid\" must correspond to the \
                             private key used for signing.";
const BOX_AUD: &str = "Please check the 'aud' claim";
const BOX_SUB: &str = "Please check the 'sub' claim. The 'sub' specified is invalid.";
const BOX_EXP: &str = "Please check the 'exp' claim. Should be an integer";
const BOX_EXPIRED: &str =
    "Current date/time MUST be before the expiration date/time listed in the 'exp' claim";
const BOX_LONG: &str = "Please check the 'exp' claim. The 'exp' value exceeds the maximum value of 60 seconds beyond the issue time.";
const BOX_NOT_YET: &str = "Current date/time MUST be after or equal to the not-before date/time listed in the 'nbf' or 'iat' claim";
const BOX_JTI: &str = "Please check the 'jti' claim. A unique 'jti' value is required.";

#[tokio::test]
async fn box_refuses_each_fault_in_its_own_words() {
    let cases: [Case; 40] = [
        ("JSON", json_body, "invalid_request", BOX_GRANT_TYPE),
        (
            "no grant type",
            |d| d.set("grant_type", ""),
            "invalid_request",
            BOX_GRANT_TYPE,
        ),
        (
            "misspelt grant type",
            |d| d.set("grant_type", "jwt-bearer"),
            "invalid_request",
            BOX_GRANT_TYPE,
        ),
        (
            "other grant type",
            |d| d.set("grant_type", "client_credentials"),
            "invalid_request",
            "The grant type is unauthorized for this client_id",
        ),
        (
            "parameter twice",
            |d| d.form.push(("client_id".into(), CLIENT_ID.into())),
            "invalid_request",
            "A parameter was sent twice",
        ),
        (
            "no client id",
            |d| d.set("client_id", ""),
            "invalid_client",
            BOX_CLIENT,
        ),
        (
            "other client id",
            |d| d.set("client_id", "x"),
            "invalid_client",
            BOX_CLIENT,
        ),
        (
            "no secret",
            |d| d.set("client_secret", ""),
            "invalid_client",
            BOX_CLIENT,
        ),
        (
            "other secret",
            |d| d.set("client_secret", "x"),
            "invalid_client",
            BOX_CLIENT,
        ),
        (
            "no assertion",
            |d| d.form.push(("assertion".into(), String::new())),
            "invalid_request",
            "The assertion parameter is missing",
        ),
        (
            "two parts",
            |d| d.spoil = two_parts,
            "invalid_grant",
            BOX_FORM,
        ),
        (
            "padding",
            |d| d.spoil = |a| a + "==",
            "invalid_grant",
            BOX_FORM,
        ),
        (
            "alg none",
            |d| d.header["alg"] = "none".into(),
            "invalid_grant",
            BOX_ALG,
        ),
        (
            "alg HS256",
            |d| d.header["alg"] = "HS256".into(),
            "invalid_grant",
            BOX_ALG,
        ),
        (
            "alg PS256",
            |d| d.header["alg"] = "PS256".into(),
            "invalid_grant",
            BOX_ALG,
        ),
        (
            "alg ES256",
            |d| d.header["alg"] = "ES256".into(),
            "invalid_grant",
            BOX_ALG,
        ),
        (
            "alg missing",
            |d| d.header["alg"] = Value::Null,
            "invalid_grant",
            BOX_ALG,
        ),
        (
            "crit",
            |d| d.header["crit"] = json!(["x"]),
            "invalid_grant",
            "The header parameter 'crit' is not supported",
        ),
        (
            "other kid",
            |d| d.header["kid"] = "key2".into(),
            "invalid_grant",
            BOX_KID,
        ),
        (
            "kid a number",
            |d| d.header["kid"] = 1.into(),
            "invalid_grant",
            BOX_KID,
        ),
        (
            "signature",
            |d| d.spoil = other_signature,
            "invalid_grant",
            BOX_SIGNATURE,
        ),
        (
            "other alg than signed",
            |d| d.header["alg"] = "RS512".into(),
            "invalid_grant",
            BOX_SIGNATURE,
        ),
        (
            "other iss",
            |d| d.claims["iss"] = "x".into(),
            "invalid_grant",
            "Please check the 'iss' claim",
        ),
        (
            "no iss",
            |d| without(d, "iss"),
            "invalid_grant",
            "Please check the 'iss' claim",
        ),
        (
            "aud with slash",
            |d| d.claims["aud"] = format!("{BOX_AUDIENCE}/").into(),
            "invalid_grant",
            BOX_AUD,
        ),
        (
            "aud list",
            |d| d.claims["aud"] = json!([BOX_AUDIENCE]),
            "invalid_grant",
            BOX_AUD,
        ),
        (
            "sub a number",
            |d| d.claims["sub"] = 12345.into(),
            "invalid_grant",
            BOX_SUB,
        ),
        (
            "other sub",
            |d| d.claims["sub"] = "0".into(),
            "invalid_grant",
            BOX_SUB,
        ),
        (
            "sub of the other kind",
            |d| d.claims["box_sub_type"] = "user".into(),
            "invalid_grant",
            BOX_SUB,
        ),
        (
            "no kind of sub",
            |d| without(d, "box_sub_type"),
            "invalid_grant",
            BOX_SUB,
        ),
        (
            "exp a string",
            |d| d.claims["exp"] = (now() + 30).to_string().into(),
            "invalid_grant",
            BOX_EXP,
        ),
        (
            "exp a float",
            |d| d.claims["exp"] = (now() as f64 + 30.5).into(),
            "invalid_grant",
            BOX_EXP,
        ),
        ("no exp", |d| without(d, "exp"), "invalid_grant", BOX_EXP),
        (
            "exp is now",
            |d| d.claims["exp"] = now().into(),
            "invalid_grant",
            BOX_EXPIRED,
        ),
        (
            "exp too far",
            |d| d.claims["exp"] = (now() + 90).into(),
            "invalid_grant",
            BOX_LONG,
        ),
        (
            "milliseconds",
            |d| d.claims["exp"] = ((now() + 30) * 1000).into(),
            "invalid_grant",
            BOX_LONG,
        ),
        (
            "iat ahead",
            |d| d.claims["iat"] = (now() + 30).into(),
            "invalid_grant",
            BOX_NOT_YET,
        ),
        (
            "nbf ahead",
            |d| d.claims["nbf"] = (now() + 30).into(),
            "invalid_grant",
            BOX_NOT_YET,
        ),
        (
            "short jti",
            |d| d.claims["jti"] = "123456789012345".into(),
            "invalid_grant",
            BOX_JTI,
        ),
        (
            "long jti",
            |d| d.claims["jti"] = "x".repeat(129).into(),
            "invalid_grant",
            BOX_JTI,
        ),
    ];
    let server = start(sandbox(Dialect::Box)).await;
    let seen = refusals(&server, || Draft::good(Dialect::Box, &server), &cases).await;
    assert_all_met(Dialect::Box, &seen);
}

#[tokio::test]
async fn box_takes_what_is_within_its_limits() {
    let server = start(sandbox(Dialect::Box)).await;
    let cases: [fn(&mut Draft); 7] = [
        |d| d.claims["exp"] = (now() + 60).into(),
        |d| d.claims["jti"] = "1234567890123456".into(),
        |d| d.claims["jti"] = "y".repeat(128).into(),
        |d| d.claims["iat"] = now().into(),
        |d| d.header = json!({ "alg": "RS256" }),
        |d| d.set("box_device_id", "0"),
        |d| {
            d.claims["sub"] = USER.into();
            d.claims["box_sub_type"] = "user".into();
        },
    ];
    for (index, change) in cases.into_iter().enumerate() {
        let mut draft = Draft::good(Dialect::Box, &server);
        change(&mut draft);
        let answer = draft.post(&server).await;
        assert_eq!(answer.status, 200, "case {index}: {}", answer.body);
        let body = answer.json();
        assert_eq!(body["token_type"], "bearer");
        assert_eq!(body["restricted_to"], json!([]));
        assert!((3600..=4200).contains(&body["expires_in"].as_u64().unwrap()));
        assert_eq!(body.as_object().unwrap().len(), 4);
    }
}

#[tokio::test]
async fn box_wants_a_kid_when_there_are_two_keys() {
    let server = start(sandbox(Dialect::Box).register(Some("key2"), ec_public())).await;
    let mut draft = Draft::good(Dialect::Box, &server);
    draft.header = json!({ "alg": "RS256" });
    assert_eq!(
        draft.post(&server).await.json()["error_description"],
        BOX_KID
    );
    Draft::good(Dialect::Box, &server)
        .post(&server)
        .await
        .access_token();
    // The key that the kid names does not sign with this algorithm.
    draft.header = json!({ "alg": "RS256", "kid": "key2" });
    assert_eq!(
        draft.post(&server).await.json()["error_description"],
        BOX_SIGNATURE
    );
}

#[tokio::test]
async fn a_server_without_keys_or_subjects_refuses_everybody() {
    let server =
        start(jwt_bearer_sandbox::Sandbox::new(Dialect::Box).client(CLIENT_ID, Some(SECRET))).await;
    assert_eq!(
        Draft::good(Dialect::Box, &server)
            .post(&server)
            .await
            .json()["error_description"],
        BOX_KID
    );
    let sandbox = jwt_bearer_sandbox::Sandbox::new(Dialect::Box).client(CLIENT_ID, Some(SECRET));
    let server = start(sandbox.register(Some("key1"), rsa_public())).await;
    assert_eq!(
        Draft::good(Dialect::Box, &server)
            .post(&server)
            .await
            .json()["error_description"],
        BOX_SUB
    );
}

#[tokio::test]
async fn audiences_can_be_replaced() {
    let server = start(
        sandbox(Dialect::Box)
            .audience("https://a.example")
            .audience("https://b.example"),
    )
    .await;
    for (audience, status) in [
        ("https://a.example", 200),
        ("https://b.example", 200),
        (BOX_AUDIENCE, 400),
    ] {
        let mut draft = Draft::good(Dialect::Box, &server);
        draft.claims["aud"] = audience.into();
        assert_eq!(draft.post(&server).await.status, status, "{audience}");
    }
}
