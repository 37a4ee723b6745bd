//! The default transport, byte by byte.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::error::Error;
use std::time::Duration;

use jwt_bearer_exchange::{
    HttpTransport, Method, Reply, Request, Transport, TransportError, TransportErrorKind,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};

/// The most octets of a reply's body.
const MAX: usize = 1 << 20;

/// What one request comes to, and the octets that the server read; it answers with these and closes.
async fn exchange(
    reply: &[u8],
    request: impl FnOnce(url::Url) -> Request,
) -> (Result<Reply, TransportError>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}/token?a=b").parse().unwrap();
    let transport = HttpTransport::new();
    let client = transport.send(request(url));
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = Vec::new();
        while !is_whole(&read) {
            assert!(stream.read_buf(&mut read).await.unwrap() > 0, "{read:?}");
        }
        // The client may leave in the middle of what it does not want.
        let _ = stream.write_all(reply).await;
        let _ = stream.shutdown().await;
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(rest.is_empty(), "more than one request came");
        String::from_utf8(read).unwrap()
    };
    let both = async { tokio::join!(client, server) };
    tokio::time::timeout(Duration::from_secs(60), both)
        .await
        .expect("hangs")
}

/// Whether the head is there, and as much of a body as it promises.
fn is_whole(read: &[u8]) -> bool {
    let text = String::from_utf8_lossy(read);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    body.len() >= length
}

fn post(url: url::Url) -> Request {
    Request::post_form(url, "grant_type=x&assertion=a.b.c".into())
}

async fn answered(reply: &[u8]) -> Result<Reply, TransportError> {
    exchange(reply, post).await.0
}

#[tokio::test]
async fn a_post_is_sent_in_one_piece() {
    let (reply, request) = exchange(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", post).await;
    assert_eq!(reply.unwrap().status, 200);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "grant_type=x&assertion=a.b.c");
    let mut lines: Vec<_> = head
        .lines()
        .map(|line| line.split(": 127.").next().unwrap())
        .collect();
    assert_eq!(lines.remove(0), "POST /token?a=b HTTP/1.1");
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "accept: application/json",
            "content-length: 28",
            "content-type: application/x-www-form-urlencoded",
            "host",
            concat!("user-agent: jwt-bearer/", env!("CARGO_PKG_VERSION")),
        ]
    );
}

#[tokio::test]
async fn a_get_has_the_headers_given_and_no_body() {
    let (reply, request) = exchange(b"HTTP/1.1 204 No\r\n\r\n", |url| {
        let mut request = post(url);
        request.method = Method::Get;
        request.headers = vec![("authorization", "Bearer T".into())];
        request
    })
    .await;
    assert_eq!(reply.unwrap().status, 204);
    assert!(
        request.starts_with("GET /token?a=b HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("authorization: Bearer T\r\n"), "{request}");
}

#[tokio::test]
async fn headers_are_kept_as_they_came() {
    let reply = answered(
        b"HTTP/1.1 400 Bad\r\nX-Latin: caf\xe9\r\nDATE: d\r\nX-Two: 1\r\nx-two: 2\r\nX-Empty:\r\n\
          content-length: 2\r\n\r\nno",
    )
    .await
    .unwrap();
    assert_eq!((reply.status, &reply.body[..]), (400, &b"no"[..]));
    assert_eq!(reply.header("x-latin"), Some("caf\u{fffd}"));
    assert_eq!(reply.header("date"), Some("d"));
    assert_eq!(reply.header("x-two"), Some("1"));
    assert_eq!(reply.header("x-empty"), Some(""));
    assert_eq!(reply.header("X-Two"), None);
    let two = reply.headers.iter().filter(|(name, _)| name == "x-two");
    assert_eq!(two.count(), 2);
}

#[tokio::test]
async fn a_body_may_be_a_mebibyte_and_no_more() {
    let fits = [
        format!("HTTP/1.1 200 OK\r\ncontent-length: {MAX}\r\n\r\n").as_bytes(),
        &vec![b'a'; MAX],
    ]
    .concat();
    assert_eq!(answered(&fits).await.unwrap().body.len(), MAX);

    for reply in too_large(200) {
        let error = answered(&reply).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::TooLarge);
        assert!(!error.is_retryable());
        assert_eq!(error.source().unwrap().to_string(), "more than 1 MiB");
    }
}

/// The status of a refusal counts, however long its page is.
#[tokio::test]
async fn of_a_long_refusal_the_beginning_is_kept() {
    for reply in too_large(503) {
        let reply = answered(&reply).await.unwrap();
        assert_eq!(reply.status, 503);
        assert!((1..=MAX).contains(&reply.body.len()));
        assert!(reply.body.iter().all(|octet| *octet == b'a'));
    }
}

/// Replies with this status and more than a mebibyte: of a known length, in chunks, and until the connection closes.
fn too_large(status: u16) -> [Vec<u8>; 3] {
    let chunk = [b"10000\r\n".as_slice(), &[b'a'; 0x10000], b"\r\n"].concat();
    let reply = |head: String, body: &[u8]| [head.as_bytes(), body].concat();
    [
        reply(
            format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", MAX + 1),
            &vec![b'a'; MAX + 1],
        ),
        reply(
            format!("HTTP/1.1 {status} X\r\ntransfer-encoding: chunked\r\n\r\n"),
            &chunk.repeat(17),
        ),
        reply(format!("HTTP/1.0 {status} X\r\n\r\n"), &vec![b'a'; 3 * MAX]),
    ]
}

/// A length that no body has is no reason to take so much memory.
#[tokio::test]
async fn a_length_is_not_believed() {
    let error = answered(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n{}")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Interrupted);
}

#[tokio::test]
async fn what_ends_too_early_is_a_broken_connection() {
    for reply in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 99999 OK\r\n\r\n",
    ] {
        let error = answered(reply).await.unwrap_err();
        assert_eq!(
            error.kind(),
            TransportErrorKind::Interrupted,
            "{reply:?}: {error:?}"
        );
        assert_eq!(
            error.to_string(),
            "the connection broke before the whole reply was there"
        );
        assert!(error.is_retryable());
        let text = format!("{error:?}");
        assert!(!text.contains("127.0.0.1"), "the URL is in {text}");
    }
}

#[tokio::test]
async fn another_protocol_is_told_apart() {
    for reply in [
        &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
        b"\x15\x03\x01\x00\x02\x02\x28",
    ] {
        let error = answered(reply).await.unwrap_err();
        assert_eq!(
            error.kind(),
            TransportErrorKind::Protocol,
            "{reply:?}: {error:?}"
        );
        assert!(!error.is_retryable());
        let text = format!("{error:?}");
        assert!(!text.contains("127.0.0.1"), "the URL is in {text}");
    }
}

#[tokio::test]
async fn statuses_are_no_errors() {
    for status in [301, 307, 401, 429, 500, 599] {
        let reply = format!(
            "HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
        );
        assert_eq!(answered(reply.as_bytes()).await.unwrap().status, status);
    }
}

#[tokio::test]
async fn an_interim_reply_is_passed_over() {
    let reply =
        b"HTTP/1.1 103 Early\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let reply = answered(reply).await.unwrap();
    assert_eq!((reply.status, &reply.body[..]), (200, &b"ok"[..]));
}

#[tokio::test]
async fn a_port_that_nobody_listens_on() {
    // Bound without listening, so that nobody else gets the port.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("http://{}/", socket.local_addr().unwrap());
    let error = HttpTransport::new()
        .send(post(url.parse().unwrap()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Connect);
    assert!(error.is_retryable());
}

/// Who accepts and says nothing is left after the time that was set.
#[tokio::test]
async fn silence_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let transport = HttpTransport::new().timeout(Duration::from_millis(200));
    let sent = transport.send(post(url.parse().unwrap()));
    let error = tokio::time::timeout(Duration::from_secs(60), sent)
        .await
        .expect("hangs")
        .unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
    assert_eq!(error.to_string(), "no reply in time");
}
