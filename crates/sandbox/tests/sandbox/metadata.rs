use jwt_bearer_sandbox::{Condition, Dialect, Running};
use jwt_bearer_signer::Algorithm;
use serde_json::{Value, json};

use crate::client::{FORM, JWT_BEARER, SECRET, get, post_text, sandbox, send, start};

const PATH: &str = "/.well-known/oauth-authorization-server";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

async fn metadata(server: &Running, path: &str) -> (u16, Value) {
    let answer = get(server, &format!("{}{PATH}{path}", server.url()), "").await;
    (
        answer.status,
        serde_json::from_str(&answer.body).unwrap_or_default(),
    )
}

#[tokio::test]
async fn the_metadata_tells_what_the_server_really_does() {
    let server = start(sandbox(Dialect::Box)).await;
    let origin = server.url();
    let expected = json!({
        "issuer": origin,
        "token_endpoint": server.token_endpoint(),
        "revocation_endpoint": format!("{origin}/oauth2/revoke"),
        "grant_types_supported": [JWT_BEARER, EXCHANGE],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "RS384", "RS512"],
    });
    assert_eq!(metadata(&server, "").await, (200, expected));
    server.set(Condition::CcgApp, true);
    assert_eq!(
        metadata(&server, "").await.1["grant_types_supported"],
        json!(["client_credentials", EXCHANGE])
    );

    let server = start(sandbox(Dialect::Salesforce)).await;
    let (_, body) = metadata(&server, "").await;
    assert_eq!(
        body["revocation_endpoint"],
        format!("{}/services/oauth2/revoke", server.url())
    );
    assert_eq!(
        body["token_endpoint_auth_signing_alg_values_supported"],
        json!(["RS256"])
    );

    let generic = sandbox(Dialect::Generic)
        .algorithm(Algorithm::Es384)
        .condition(Condition::DpopRequired);
    let server = start(generic).await;
    let (_, body) = metadata(&server, "").await;
    assert_eq!(body.get("revocation_endpoint"), None);
    assert_eq!(
        body["token_endpoint_auth_signing_alg_values_supported"],
        json!(["ES384"])
    );
    assert_eq!(body["dpop_signing_alg_values_supported"], json!(["ES256"]));
    assert_eq!(
        body["token_endpoint_auth_methods_supported"],
        json!(["none", "private_key_jwt"])
    );
    let server = start(sandbox(Dialect::Generic).client("a", Some(SECRET))).await;
    assert_eq!(
        metadata(&server, "").await.1["token_endpoint_auth_methods_supported"],
        json!(["client_secret_post", "private_key_jwt"])
    );
}

#[tokio::test]
async fn the_path_of_an_issuer_stands_behind() {
    let server = start(sandbox(Dialect::Generic)).await;
    let (status, body) = metadata(&server, "/tenant/1").await;
    assert_eq!(status, 200);
    assert_eq!(body["issuer"], format!("{}/tenant/1", server.url()));
    assert_eq!(body["token_endpoint"], server.token_endpoint());
    assert_eq!(metadata(&server, "s").await.0, 404);
    let answer = send(&server, &post_text(FORM, "", PATH)).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET")));
}

#[tokio::test]
async fn it_can_be_missing_or_name_another_server() {
    for dialect in Dialect::ALL {
        let server = start(sandbox(dialect).condition(Condition::NoMetadata)).await;
        assert_eq!(metadata(&server, "").await.0, 404);
        assert_eq!(metadata(&server, "/tenant").await.0, 404);
        server.set(Condition::NoMetadata, false);
        server.set(Condition::ForeignMetadata, true);
        let (status, body) = metadata(&server, "").await;
        assert_eq!(status, 200);
        assert_eq!(body["issuer"], server.url());
        assert_eq!(body["token_endpoint"], "https://elsewhere.example/token");
    }
}
