//! A server that repeats what it was sent, as some do in their error texts.

use std::net::SocketAddr;

use jwt_bearer::exchange::Attempt;
use jwt_bearer::{Client, ExchangeError, Profile};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::form_urlencoded;

use crate::keys::signer;
use crate::server::bounded;

/// With the characters that forms and JSON write in another way.
const SECRET: &str = "s3cret/+&=\"\\ü 91c2";

/// What a server makes of a request's body: status, extra header, and body of the reply.
type Answer = fn(&str) -> (u16, String, String);

/// One exchange with a server that answers like this: the error, the assertion, and the body of the request.
async fn error(answer: Answer) -> (ExchangeError, String, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(listener, answer));
    let error = bounded(ask(address)).await;
    let body = bounded(tasks.join_next()).await.unwrap().unwrap();
    let assertion = parameter(&body, "assertion");
    (error, assertion, body)
}

async fn ask(address: SocketAddr) -> ExchangeError {
    let request = Profile::GENERIC
        .request("client-id")
        .client_id("client-id")
        .client_secret(SECRET.into())
        .token_endpoint(format!("http://{address}/token"))
        .build()
        .unwrap();
    Client::new()
        .token(&request, &signer("p256.pem"))
        .await
        .unwrap_err()
}

/// Serves one request and gives its body.
async fn serve(listener: TcpListener, answer: Answer) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut read = Vec::new();
    let body = loop {
        assert!(stream.read_buf(&mut read).await.unwrap() > 0);
        let text = String::from_utf8(read.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .unwrap();
        if body.len() == length.parse::<usize>().unwrap() {
            break body.to_owned();
        }
    };
    let (status, header, reply) = answer(&body);
    let length = reply.len();
    let reply = format!(
        "HTTP/1.1 {status} X\r\n{header}content-length: {length}\r\nconnection: close\r\n\r\n{reply}"
    );
    stream.write_all(reply.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    body
}

fn parameter(form: &str, name: &str) -> String {
    let mut parameters = form_urlencoded::parse(form.as_bytes());
    let (_, value) = parameters.find(|(other, _)| other == name).unwrap();
    value.into_owned()
}

/// Neither the assertion's signature nor the secret is anywhere in the error.
fn assert_hidden(error: &ExchangeError, assertion: &str) {
    let (_, signature) = assertion.rsplit_once('.').unwrap();
    let attempt = error.attempt().unwrap();
    let response = attempt.error_response();
    let shown = [
        error.to_string(),
        format!("{error:?}"),
        format!("{error:#?}"),
        format!("{attempt:?}"),
        attempt.body().to_owned(),
        format!("{:?}", attempt.headers()),
        format!("{response:?}"),
        response
            .and_then(|response| response.description())
            .unwrap_or_default()
            .to_owned(),
    ];
    for text in shown {
        assert!(!text.contains(signature), "the assertion is in {text}");
        assert!(
            !text.contains("s3cret") && !text.contains("91c2"),
            "the secret is in {text}"
        );
    }
}

fn json(description: &str) -> String {
    serde_json::json!({ "error": "invalid_grant", "error_description": description, "seen": [description] })
        .to_string()
}

#[tokio::test]
async fn in_a_json_error() {
    let (error, assertion, _) = error(|body| {
        let (assertion, secret) = (
            parameter(body, "assertion"),
            parameter(body, "client_secret"),
        );
        (
            400,
            String::new(),
            json(&format!("bad {assertion} of {secret}")),
        )
    })
    .await;
    assert_hidden(&error, &assertion);
    assert_eq!(
        error.to_string(),
        "the server refused: invalid_grant: bad [secret] of [secret]"
    );
}

/// As PHP writes JSON: a slash has a backslash before it, and what is not ASCII is a number.
#[tokio::test]
async fn in_json_with_more_escapes() {
    let (error, assertion, _) = error(|body| {
        let secret = parameter(body, "client_secret");
        let escaped = json(&format!("bad {secret}"))
            .replace('/', "\\/")
            .replace('ü', "\\u00fc");
        (400, String::new(), escaped)
    })
    .await;
    assert_hidden(&error, &assertion);
}

#[tokio::test]
async fn in_a_page() {
    let (error, assertion, _) = error(|body| {
        let (assertion, secret) = (
            parameter(body, "assertion"),
            parameter(body, "client_secret"),
        );
        (
            500,
            String::new(),
            format!("<p>{assertion}</p><p>{secret}</p>"),
        )
    })
    .await;
    assert_hidden(&error, &assertion);
    let attempt: &Attempt = error.attempt().unwrap();
    assert_eq!(attempt.body(), "<p>[secret]</p><p>[secret]</p>");
}

#[tokio::test]
async fn as_the_form_that_it_came_in() {
    let (error, assertion, _) = error(|body| (500, String::new(), body.to_owned())).await;
    assert_hidden(&error, &assertion);
}

#[tokio::test]
async fn in_a_header() {
    let (error, assertion, _) = error(|body| {
        let (assertion, form) = (parameter(body, "assertion"), body);
        let header = format!(
            "x-seen: {assertion}\r\nlocation: http://127.0.0.1:1/?{form}\r\nset-cookie: a=91c2\r\n"
        );
        (302, header, String::new())
    })
    .await;
    assert_hidden(&error, &assertion);
    let attempt = error.attempt().unwrap();
    assert_eq!(attempt.header("x-seen"), Some("[secret]"));
}

/// What came with a success may be a token, whatever is wrong with it.
#[tokio::test]
async fn in_a_success_that_is_none() {
    for answer in [
        (|_| (200, String::new(), r#"{"access_token":["91c2"]}"#.into())) as Answer,
        |_| (200, String::new(), r#"{"token":"91c2"}"#.into()),
        |_| (200, String::new(), "access_token=91c2".into()),
        |_| (200, String::new(), r#"{"access_token":"91c2"#.into()),
    ] {
        let (error, assertion, _) = error(answer).await;
        assert_hidden(&error, &assertion);
        assert_eq!(error.attempt().unwrap().body(), "");
    }
}
