//! Box: downscoped tokens, revocation, users by e-mail address.

use jwt_bearer_sandbox::{Dialect, Running};
use serde_json::json;
use url::form_urlencoded;

use crate::client::{
    Answer, CLIENT_ID, Draft, ENTERPRISE, FORM, SECRET, get, post, post_text, sandbox, send, start,
};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

type Parameters<'a> = &'a [(&'a str, &'a str)];

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

async fn token(server: &Running) -> String {
    Draft::good(Dialect::Box, server)
        .post(server)
        .await
        .access_token()
}

async fn exchange(server: &Running, token: &str, others: &[(&str, &str)]) -> Answer {
    let mut pairs = vec![
        ("grant_type", EXCHANGE),
        ("subject_token", token),
        ("subject_token_type", ACCESS_TOKEN),
    ];
    pairs.extend(others);
    post(server, FORM, &form(&pairs)).await.whole()
}

async fn whoami(server: &Running, token: &str) -> Answer {
    let bearer = format!("authorization: Bearer {token}\r\n");
    get(server, &server.resource(), &bearer).await.whole()
}

async fn revoke(server: &Running, pairs: &[(&str, &str)]) -> Answer {
    let text = post_text(FORM, &form(pairs), "/oauth2/revoke");
    send(server, &text).await.whole()
}

#[tokio::test]
async fn a_downscoped_token_says_to_what() {
    let server = start(sandbox(Dialect::Box)).await;
    let parent = token(&server).await;
    let file = ("resource", "https://api.box.com/2.0/files/42");
    let scope = ("scope", "item_preview item_download");
    let answer = exchange(&server, &parent, &[scope, file]).await;
    let body = answer.json();
    assert_eq!(body["issued_token_type"], ACCESS_TOKEN);
    let object = json!({ "type": "file", "id": "42" });
    let restricted_to = json!([
        { "scope": "item_preview", "object": object },
        { "scope": "item_download", "object": object },
    ]);
    assert_eq!(body["restricted_to"], restricted_to);
    let child = answer.access_token();
    assert_ne!(child, parent);
    let answer = whoami(&server, &child).await;
    assert_eq!(
        answer.json(),
        json!({ "type": "user", "id": ENTERPRISE, "restricted_to": restricted_to })
    );
    assert!(whoami(&server, &parent).await.json()["restricted_to"].is_null());

    let link = ("box_shared_link", "https://app.box.com/s/1");
    let body = exchange(&server, &parent, &[("scope", "item_preview"), link])
        .await
        .json();
    assert_eq!(
        body["restricted_to"][0]["object"]["url"],
        "https://app.box.com/s/1"
    );
    let body = exchange(&server, &parent, &[("scope", "base_explorer")])
        .await
        .json();
    assert_eq!(body["restricted_to"], json!([{ "scope": "base_explorer" }]));
}

#[tokio::test]
async fn what_cannot_be_downscoped_is_refused() {
    let server = start(sandbox(Dialect::Box)).await;
    let parent = token(&server).await;
    let scope = ("scope", "item_preview");
    let cases: [(&str, Parameters<'_>, &str); 7] = [
        ("unknown", &[scope], "invalid_grant"),
        ("", &[scope], "invalid_grant"),
        (&parent, &[], "invalid_scope"),
        (
            &parent,
            &[scope, ("resource", "https://api.box.com/2.0/cats/1")],
            "invalid_resource",
        ),
        (&parent, &[scope, ("resource", "42")], "invalid_resource"),
        (
            &parent,
            &[
                scope,
                ("resource", "https://api.box.com/2.0/files/1"),
                ("box_shared_link", "https://app.box.com/s/1"),
            ],
            "invalid_request",
        ),
        (&parent, &[scope, ("client_id", "x")], "invalid_client"),
    ];
    for (token, others, error) in cases {
        let answer = exchange(&server, token, others).await;
        assert_eq!(answer.json()["error"], error, "{others:?}");
        assert_ne!(answer.status, 200);
    }
    let body = form(&[("grant_type", EXCHANGE), ("subject_token", &parent), scope]);
    let answer = post(&server, FORM, &body).await.whole();
    assert_eq!(answer.json()["error"], "invalid_request");
}

#[tokio::test]
async fn other_dialects_exchange_no_tokens() {
    for dialect in [Dialect::Salesforce, Dialect::Generic] {
        let server = start(sandbox(dialect)).await;
        let answer = exchange(&server, "x", &[("scope", "y")]).await;
        assert_eq!(answer.json()["error"], "unsupported_grant_type");
        assert_eq!(revoke(&server, &[]).await.status, 404);
    }
}

#[tokio::test]
async fn a_revoked_token_is_refused() {
    let server = start(sandbox(Dialect::Box)).await;
    let (first, second) = (token(&server).await, token(&server).await);
    let client = [("client_id", CLIENT_ID), ("client_secret", SECRET)];
    for (pairs, status) in [
        (vec![("token", &*first)], 401),
        (
            vec![
                ("token", &*first),
                ("client_id", CLIENT_ID),
                ("client_secret", "x"),
            ],
            401,
        ),
        (client.to_vec(), 400),
    ] {
        assert_eq!(revoke(&server, &pairs).await.status, status, "{pairs:?}");
    }
    assert_eq!(whoami(&server, &first).await.status, 200);
    for _ in 0..2 {
        let answer = revoke(&server, &[&[("token", &*first)], &client[..]].concat()).await;
        assert_eq!((answer.status, &*answer.body), (200, ""));
    }
    assert_eq!(whoami(&server, &first).await.status, 401);
    assert_eq!(whoami(&server, &second).await.status, 200);
    let answer = get(&server, &format!("{}/oauth2/revoke", server.url()), "").await;
    assert_eq!(answer.whole().status, 405);
}

#[tokio::test]
async fn users_are_found_by_the_beginning_of_their_address() {
    let sandbox = sandbox(Dialect::Box)
        .login("21", "Ann@example.com")
        .login("22", "ann@example.com.au");
    let server = start(sandbox).await;
    let token = token(&server).await;
    let bearer = format!("authorization: Bearer {token}\r\n");
    let url = |term: &str| format!("{}/2.0/users?filter_term={term}", server.url());
    let found = async |term: &str| get(&server, &url(term), &bearer).await.whole().json();
    assert_eq!(found("ann%40example.com").await["total_count"], 2);
    let body = found("ANN@example.com.").await;
    assert_eq!(
        body["entries"],
        json!([{ "type": "user", "id": "22", "name": "ann@example.com.au", "login": "ann@example.com.au" }])
    );
    assert_eq!(found("bob").await["total_count"], 0);

    assert_eq!(get(&server, &url("ann"), "").await.whole().status, 401);
    let child = exchange(&server, &token, &[("scope", "item_preview")])
        .await
        .access_token();
    let bearer = format!("authorization: Bearer {child}\r\n");
    assert_eq!(get(&server, &url("ann"), &bearer).await.whole().status, 403);
}
