use std::io::ErrorKind;

use jwt_bearer_sandbox::{Dialect, Fault, Running};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::client::{Answer, Draft, FORM, bounded, post, post_text, sandbox, start};

async fn with_fault(spec: &str) -> (Running, Draft, Answer) {
    let server = start(sandbox(Dialect::Generic)).await;
    server.inject(spec.parse().unwrap());
    let draft = Draft::good(Dialect::Generic, &server);
    let answer = post(&server, FORM, &draft.body()).await;
    (server, draft, answer)
}

/// The same assertion again is refused, since the request was processed.
async fn assert_processed(server: &Running, draft: &Draft) {
    assert_eq!(draft.post(server).await.json()["error"], "invalid_grant");
    Draft::good(Dialect::Generic, server)
        .post(server)
        .await
        .access_token();
}

/// The same assertion again is taken, since the request was not processed.
async fn assert_not_processed(server: &Running, draft: &Draft) {
    draft.post(server).await.access_token();
}

#[tokio::test]
async fn status_with_and_without_retry_after() {
    let (server, draft, answer) = with_fault("status=503").await;
    assert_eq!(answer.whole().status, 503);
    assert_not_processed(&server, &draft).await;

    let (_server, _, answer) = with_fault("status=429,retry-after=7").await;
    let answer = answer.whole();
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("7"))
    );

    let (_server, _, answer) =
        with_fault("status=503,retry-after=Wed, 21 Oct 2026 07:28:00 GMT").await;
    assert_eq!(
        answer.whole().header("retry-after"),
        Some("Wed, 21 Oct 2026 07:28:00 GMT")
    );
}

#[tokio::test]
async fn delay_answers_normally_after_processing() {
    let (server, draft, answer) = with_fault("delay=5ms").await;
    answer.whole().access_token();
    assert_processed(&server, &draft).await;
}

#[tokio::test]
async fn a_delayed_request_is_processed_at_once() {
    let server = start(sandbox(Dialect::Generic)).await;
    server.inject("delay=86400s".parse().unwrap());
    let draft = Draft::good(Dialect::Generic, &server);
    let stream = unanswered(&server, &draft).await;
    assert_eq!(bounded(server.request(0)).await.status(), Some(200));
    assert_processed(&server, &draft).await;
    assert_eq!(
        stream.try_read(&mut [0]).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
}

#[tokio::test]
async fn hang_answers_nothing() {
    let server = start(sandbox(Dialect::Generic)).await;
    server.inject(Fault::hang());
    let draft = Draft::good(Dialect::Generic, &server);
    let stream = unanswered(&server, &draft).await;
    assert_eq!(bounded(server.request(0)).await.status(), None);
    assert_processed(&server, &draft).await;
    assert_eq!(
        stream.try_read(&mut [0]).unwrap_err().kind(),
        ErrorKind::WouldBlock
    );
}

/// Sends a request and leaves the connection open.
async fn unanswered(server: &Running, draft: &Draft) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream
        .write_all(post_text(FORM, &draft.body(), "/token").as_bytes())
        .await
        .unwrap();
    stream
}

#[tokio::test]
async fn reset_sends_nothing() {
    let (server, draft, answer) = with_fault("reset").await;
    assert_eq!(
        (answer.end, answer.status),
        (Err(ErrorKind::ConnectionReset), 0)
    );
    let recorded = &server.requests()[0];
    assert_eq!((recorded.status(), recorded.refusal()), (None, None));
    assert_processed(&server, &draft).await;
}

#[tokio::test]
async fn reset_mid_sends_half() {
    let (server, draft, answer) = with_fault("reset-mid").await;
    assert_eq!(
        (answer.end, answer.status),
        (Err(ErrorKind::ConnectionReset), 200)
    );
    let promised: usize = answer.header("content-length").unwrap().parse().unwrap();
    assert_eq!(answer.body.len(), promised / 2);
    assert_eq!(server.requests()[0].status(), Some(200));
    assert_processed(&server, &draft).await;
}

#[tokio::test]
async fn truncate_promises_more_than_it_sends() {
    let (server, draft, answer) = with_fault("truncate").await;
    let answer = answer.whole();
    let promised: usize = answer.header("content-length").unwrap().parse().unwrap();
    assert_eq!(answer.body.len() + 100, promised);
    answer.access_token();
    assert_processed(&server, &draft).await;
}

#[tokio::test]
async fn drip_sends_the_whole_reply() {
    let (server, draft, answer) = with_fault("drip=1ms").await;
    answer.whole().access_token();
    assert_processed(&server, &draft).await;
}

#[tokio::test]
async fn html_and_empty_and_no_token_have_status_200() {
    for (spec, content_type, body) in [
        ("html", Some("text/html;charset=UTF-8"), "<!DOCTYPE html>"),
        ("empty", None, ""),
        ("no-token", Some("application/json"), "{\"token_type\":"),
    ] {
        let (server, draft, answer) = with_fault(spec).await;
        let answer = answer.whole();
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, content_type),
            "{spec}"
        );
        assert!(answer.body.starts_with(body), "{spec}: {}", answer.body);
        assert_eq!(answer.body.is_empty(), body.is_empty(), "{spec}");
        assert!(!answer.body.contains("access_token"), "{spec}");
        assert_not_processed(&server, &draft).await;
    }
}

#[tokio::test]
async fn oversize_is_two_mebibytes_of_json() {
    let (server, draft, answer) = with_fault("oversize").await;
    let answer = answer.whole();
    assert_eq!(answer.body.len(), 2 * 1024 * 1024);
    answer.access_token();
    assert_not_processed(&server, &draft).await;
}

#[tokio::test]
async fn redirect_has_a_location() {
    let (server, draft, answer) = with_fault("redirect=http://127.0.0.1:9/x").await;
    let answer = answer.whole();
    assert_eq!(
        (answer.status, answer.header("location")),
        (307, Some("http://127.0.0.1:9/x"))
    );
    assert_not_processed(&server, &draft).await;
}

#[tokio::test]
async fn content_type_is_all_that_changes() {
    let (server, draft, answer) = with_fault("content-type=text/plain").await;
    let answer = answer.whole();
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    answer.access_token();
    assert_processed(&server, &draft).await;
}

#[tokio::test]
async fn faults_wait_in_a_queue() {
    let server = start(sandbox(Dialect::Salesforce)).await;
    server.inject(Fault::status(500).times(2));
    server.inject(Fault::status(501).times(0));
    server.inject(Fault::status(502));
    let draft = Draft::good(Dialect::Salesforce, &server);
    for status in [500, 500, 502, 200] {
        assert_eq!(draft.post(&server).await.status, status);
    }
    server.inject(Fault::status(503).forever());
    for _ in 0..5 {
        assert_eq!(draft.post(&server).await.status, 503);
    }
    server.clear_faults();
    assert_eq!(draft.post(&server).await.status, 200);
    let statuses: Vec<_> = server
        .requests()
        .iter()
        .filter_map(|request| request.status())
        .collect();
    assert_eq!(statuses, [500, 500, 502, 200, 503, 503, 503, 503, 503, 200]);
}

#[tokio::test]
async fn error_answers_with_exactly_this_text() {
    for (spec, status, body, refusal) in [
        (
            "error=invalid_grant:audience is invalid [audience=a login=b]",
            400,
            r#"{"error":"invalid_grant","error_description":"audience is invalid [audience=a login=b]"}"#,
            "invalid_grant: audience is invalid [audience=a login=b]",
        ),
        (
            "error=invalid_client",
            401,
            r#"{"error":"invalid_client"}"#,
            "invalid_client",
        ),
        (
            "error=403:public_key error:no \"kid\"",
            403,
            r#"{"error":"public_key error","error_description":"no \"kid\""}"#,
            "public_key error: no \"kid\"",
        ),
    ] {
        let (server, draft, answer) = with_fault(spec).await;
        let answer = answer.whole();
        assert_eq!((answer.status, &*answer.body), (status, body), "{spec}");
        assert_eq!(server.requests()[0].refusal(), Some(refusal));
        assert_not_processed(&server, &draft).await;
    }
}
