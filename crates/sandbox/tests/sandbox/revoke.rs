use jwt_bearer_sandbox::Dialect;

use crate::client::{Draft, FORM, get, post_text, sandbox, send, start};

const PATH: &str = "/services/oauth2/revoke";

#[tokio::test]
async fn salesforce_takes_the_token_alone_and_refuses_it_from_then_on() {
    let server = start(sandbox(Dialect::Salesforce)).await;
    let draft = Draft::good(Dialect::Salesforce, &server);
    let token = draft.post(&server).await.access_token();
    let bearer = format!("authorization: Bearer {token}\r\n");
    assert_eq!(get(&server, &server.resource(), &bearer).await.status, 200);
    let body = format!("token={}", token.replace('!', "%21"));
    for _ in 0..2 {
        let answer = send(&server, &post_text(FORM, &body, PATH)).await.whole();
        assert_eq!((answer.status, &*answer.body), (200, ""));
        let answer = get(&server, &server.resource(), &bearer).await;
        assert_eq!(answer.json()[0]["errorCode"], "INVALID_SESSION_ID");
    }
    let answer = send(&server, &post_text(FORM, "a=b", PATH)).await;
    assert_eq!(answer.json()["error"], "invalid_request");
    let answer = get(&server, &format!("{}{PATH}", server.url()), "").await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
}

#[tokio::test]
async fn generic_has_no_revocation() {
    let server = start(sandbox(Dialect::Generic)).await;
    let answer = send(&server, &post_text(FORM, "token=x", "/revoke")).await;
    assert_eq!(answer.status, 404);
}
