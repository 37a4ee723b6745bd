use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use jwt_bearer::assertion::{Clock, SystemClock};
use jwt_bearer::exchange::{
    HttpTransport, Reply, Request, Transport, TransportError, TransportErrorKind,
};
use jwt_bearer::{Client, ExchangeErrorKind, Profile};
use jwt_bearer_sandbox::Dialect;

use crate::server::{bounded, good, key_of, sandbox, start};

/// This machine's clock, so much behind.
#[derive(Debug)]
struct Behind(Duration);

impl Clock for Behind {
    fn now(&self) -> SystemTime {
        SystemClock.now() - self.0
    }
}

#[tokio::test]
async fn the_time_in_claims_is_the_clocks() {
    let server = start(sandbox(Dialect::Box)).await;
    let request = good(Dialect::Box, &server).build().unwrap();
    let hour = Duration::from_secs(3600);
    let error = bounded(
        Client::new()
            .clock(Behind(hour))
            .token(&request, &key_of(Dialect::Box)),
    )
    .await
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server refused: invalid_grant: Current date/time MUST be before the expiration date/time listed in the \
         'exp' claim"
    );
    let cause = error.cause(&Profile::BOX).unwrap();
    assert!(cause.cause.contains("clock is behind"), "{}", cause.cause);
    let attempt = error.attempt().unwrap();
    assert!(attempt.sent_at() < SystemClock.now() - hour / 2);
    let expires = attempt.assertion().unwrap().time("exp").unwrap();
    let lifetime = expires.duration_since(attempt.sent_at()).unwrap();
    assert!((1..=45).contains(&lifetime.as_secs()), "{lifetime:?}");
}

/// A program's own transport: counts, and lets the usual one send.
#[derive(Debug, Default)]
struct Counting {
    inner: HttpTransport,
    count: Arc<AtomicUsize>,
}

#[async_trait]
impl Transport for Counting {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.inner.send(request).await
    }
}

#[tokio::test]
async fn a_transport_of_the_program_carries_the_request() {
    let server = start(sandbox(Dialect::Box)).await;
    let request = good(Dialect::Box, &server).build().unwrap();
    let transport = Counting::default();
    let count = Arc::clone(&transport.count);
    let client = Client::new().transport(transport);
    let token = bounded(client.token(&request, &key_of(Dialect::Box)))
        .await
        .unwrap();
    assert!(!token.access_token().expose().is_empty());
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

/// A transport that never has a connection.
#[derive(Debug)]
struct Broken(TransportErrorKind);

#[async_trait]
impl Transport for Broken {
    async fn send(&self, _: Request) -> Result<Reply, TransportError> {
        Err(TransportError::new(self.0, "by the test"))
    }
}

#[tokio::test]
async fn the_errors_of_a_transport_keep_their_kind() {
    let server = start(sandbox(Dialect::Generic)).await;
    let request = good(Dialect::Generic, &server).build().unwrap();
    let cases = [
        (
            TransportErrorKind::Configuration,
            ExchangeErrorKind::Transport,
            false,
        ),
        (
            TransportErrorKind::Connect,
            ExchangeErrorKind::Transport,
            true,
        ),
        (
            TransportErrorKind::Interrupted,
            ExchangeErrorKind::Transport,
            true,
        ),
        (
            TransportErrorKind::Timeout,
            ExchangeErrorKind::Timeout,
            true,
        ),
        (
            TransportErrorKind::TooLarge,
            ExchangeErrorKind::InvalidResponse,
            false,
        ),
    ];
    for (kind, expected, is_retryable) in cases {
        let error = Client::new()
            .transport(Broken(kind))
            .token(&request, &key_of(Dialect::Generic))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), expected, "{kind:?}");
        assert_eq!(error.is_retryable(), is_retryable, "{kind:?}");
        assert_eq!(error.clone().to_string(), error.to_string());
    }
    assert!(server.requests().is_empty());
}

/// `http` is for this machine: a proxy would see the assertion, and could not reach it anyway.
#[test]
fn a_proxy_of_the_environment_is_passed_by() {
    let exchange = |variable: &str| {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tokens::salesforce"])
            .env(variable, "http://127.0.0.1:1")
            .env_remove("NO_PROXY")
            .env_remove("no_proxy")
            .output()
            .unwrap()
    };
    for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        let output = exchange(variable);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{variable}: {text}");
        assert!(text.contains("1 passed"), "{text}");
    }
}
