use jwt_bearer_sandbox::Dialect;
use serde_json::json;

use crate::checks::*;
use crate::client::*;

const FORCE_ASSERTION: &str = "invalid assertion";
const FORCE_AUDIENCE: &str = "audience is invalid";
const FORCE_USER: &str = "user is invalid";
const FORCE_GRANT_TYPE: &str = "grant type not supported";
const FORCE_ISS: &str = "client identifier invalid";

#[tokio::test]
async fn salesforce_refuses_each_fault_in_its_own_words() {
    let cases: [Case; 27] = [
        (
            "JSON",
            json_body,
            "unsupported_grant_type",
            FORCE_GRANT_TYPE,
        ),
        (
            "no grant type",
            |d| d.set("grant_type", ""),
            "unsupported_grant_type",
            FORCE_GRANT_TYPE,
        ),
        (
            "encoded twice",
            |d| {
                d.set(
                    "grant_type",
                    "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer",
                );
            },
            "unsupported_grant_type",
            FORCE_GRANT_TYPE,
        ),
        (
            "other grant type",
            |d| d.set("grant_type", "refresh_token"),
            "unsupported_grant_type",
            FORCE_GRANT_TYPE,
        ),
        (
            "parameter twice",
            |d| d.form.push(("grant_type".into(), "x".into())),
            "invalid_request",
            "parameter sent twice",
        ),
        (
            "other client id",
            |d| d.set("client_id", "x"),
            "invalid_client_id",
            FORCE_ISS,
        ),
        (
            "secret",
            |d| d.set("client_secret", SECRET),
            "invalid_client",
            "invalid client credentials",
        ),
        (
            "no assertion",
            |d| d.form.push(("assertion".into(), String::new())),
            "invalid_grant",
            FORCE_ASSERTION,
        ),
        (
            "two parts",
            |d| d.spoil = two_parts,
            "invalid_grant",
            FORCE_ASSERTION,
        ),
        (
            "padding",
            |d| d.spoil = |a| a + "==",
            "invalid_grant",
            FORCE_ASSERTION,
        ),
        (
            "alg RS512",
            |d| d.header["alg"] = "RS512".into(),
            "invalid_grant",
            FORCE_ASSERTION,
        ),
        (
            "alg ES256",
            |d| d.header["alg"] = "ES256".into(),
            "invalid_grant",
            FORCE_ASSERTION,
        ),
        (
            "alg none",
            |d| d.header["alg"] = "none".into(),
            "invalid_grant",
            FORCE_ASSERTION,
        ),
        (
            "crit",
            |d| d.header["crit"] = json!(["x"]),
            "invalid_grant",
            FORCE_ASSERTION,
        ),
        (
            "signature",
            |d| d.spoil = other_signature,
            "invalid_grant",
            FORCE_ASSERTION,
        ),
        (
            "other iss",
            |d| d.claims["iss"] = "x".into(),
            "invalid_client_id",
            FORCE_ISS,
        ),
        (
            "aud host only",
            |d| d.claims["aud"] = "login.salesforce.com".into(),
            "invalid_grant",
            FORCE_AUDIENCE,
        ),
        (
            "aud with slash",
            |d| d.claims["aud"] = "https://login.salesforce.com/".into(),
            "invalid_grant",
            FORCE_AUDIENCE,
        ),
        (
            "aud list",
            |d| d.claims["aud"] = json!(["https://login.salesforce.com"]),
            "invalid_grant",
            FORCE_AUDIENCE,
        ),
        (
            "no aud",
            |d| without(d, "aud"),
            "invalid_grant",
            FORCE_AUDIENCE,
        ),
        (
            "other sub",
            |d| d.claims["sub"] = "user@example.com.x".into(),
            "invalid_grant",
            FORCE_USER,
        ),
        ("no sub", |d| without(d, "sub"), "invalid_grant", FORCE_USER),
        (
            "prn wins",
            |d| d.claims["prn"] = "x".into(),
            "invalid_grant",
            FORCE_USER,
        ),
        (
            "exp past",
            |d| d.claims["exp"] = (now() - 1).into(),
            "invalid_grant",
            "expired authorization code",
        ),
        (
            "exp past, as a string",
            |d| d.claims["exp"] = (now() - 1).to_string().into(),
            "invalid_grant",
            "expired authorization code",
        ),
        (
            "exp a word",
            |d| d.claims["exp"] = "soon".into(),
            "invalid_grant",
            FORCE_ASSERTION,
        ),
        (
            "no exp",
            |d| without(d, "exp"),
            "invalid_grant",
            FORCE_ASSERTION,
        ),
    ];
    let server = start(sandbox(Dialect::Salesforce)).await;
    let seen = refusals(
        &server,
        || Draft::good(Dialect::Salesforce, &server),
        &cases,
    )
    .await;
    assert_all_met(Dialect::Salesforce, &seen);
}

#[tokio::test]
async fn salesforce_takes_what_its_own_clients_send() {
    let server = start(sandbox(Dialect::Salesforce)).await;
    let origin = server.url().to_owned();
    let cases: [fn(&mut Draft, &str); 6] = [
        |d, _| d.claims["exp"] = (now() + 180).to_string().into(),
        |d, _| d.claims["exp"] = ((now() + 180) * 1000).into(),
        |d, origin| d.claims["aud"] = origin.into(),
        |d, _| d.header["kid"] = "whatever".into(),
        |d, _| d.claims["prn"] = USER.into(),
        |d, _| d.set("client_id", CLIENT_ID),
    ];
    for (index, change) in cases.into_iter().enumerate() {
        let mut draft = Draft::good(Dialect::Salesforce, &server);
        change(&mut draft, &origin);
        let answer = draft.post(&server).await;
        assert_eq!(answer.status, 200, "case {index}: {}", answer.body);
        // The same assertion again is no replay here.
        draft.post(&server).await.access_token();
        let body = answer.json();
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["instance_url"], *origin);
        assert_eq!(body["scope"], "api web");
        assert_eq!(
            body["id"],
            format!("{origin}/id/00D000000000001EAA/005000000000001AAA")
        );
        assert!(
            body["access_token"]
                .as_str()
                .unwrap()
                .starts_with("00D000000000001!")
        );
        assert_eq!(body.as_object().unwrap().len(), 5);
    }
}
