//! Whom an error reaches, and for how long.

use jwt_bearer::exchange::{Retry, TransportErrorKind};
use jwt_bearer::{ExchangeError, ExchangeErrorKind};
use tokio::task::JoinSet;
use tokio::time::{Instant, advance};

use crate::scripted::{Endpoint, broken, refusal, reply};
use crate::{ask, seconds, source};

#[tokio::test(start_paused = true)]
async fn an_error_reaches_everyone_who_waits() {
    let endpoint = Endpoint::first([refusal("audience is invalid")]);
    let source = source(&endpoint);
    let mut callers = JoinSet::new();
    for _ in 0..1000 {
        let source = source.clone();
        callers.spawn(async move { source.token().await.unwrap_err() });
    }
    let errors: Vec<ExchangeError> = callers.join_all().await;
    assert_eq!(errors.len(), 1000);
    for error in errors {
        assert_eq!(error.kind(), ExchangeErrorKind::Server);
        assert_eq!(
            error.to_string(),
            "the server refused: invalid_grant: audience is invalid"
        );
    }
    assert_eq!(endpoint.posts(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_error_is_remembered_for_a_second() {
    let endpoint = Endpoint::first([refusal("audience is invalid")]);
    let source = source(&endpoint);
    source.token().await.unwrap_err();
    let start = Instant::now();
    for _ in 0..9 {
        advance(seconds(1) / 10).await;
        source.token().await.unwrap_err();
    }
    assert_eq!(start.elapsed(), seconds(9) / 10);
    assert_eq!(endpoint.posts(), 1);
    advance(seconds(1) / 10).await;
    assert_eq!(ask(&source).await, "T1");
}

#[tokio::test(start_paused = true)]
async fn an_error_is_remembered_for_its_retry_after() {
    let endpoint = Endpoint::first([reply(429, "").header("retry-after", "100")]);
    let source = source(&endpoint);
    // It is beyond the budget, so that nobody waits for it.
    let start = Instant::now();
    source.token().await.unwrap_err();
    advance(seconds(99)).await;
    source.token().await.unwrap_err();
    assert!(start.elapsed() < seconds(100));
    assert_eq!(endpoint.posts(), 1);
    advance(seconds(2)).await;
    assert_eq!(ask(&source).await, "T1");
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_of_years_is_not_believed() {
    let endpoint = Endpoint::first([reply(503, "").header("retry-after", "999999999999")]);
    let source = source(&endpoint);
    source.token().await.unwrap_err();
    advance(seconds(301)).await;
    assert_eq!(ask(&source).await, "T1");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_worth_a_retry_is_not_retried() {
    for script in [
        refusal("user hasn't approved this consumer"),
        reply(401, r#"{"error":"invalid_client"}"#),
        reply(307, "").header("location", "https://elsewhere.example/"),
        reply(200, "<html>"),
        reply(200, ""),
        broken(TransportErrorKind::Configuration),
        broken(TransportErrorKind::TooLarge),
    ] {
        let endpoint = Endpoint::first([script.clone()]);
        let error = source(&endpoint).token().await.unwrap_err();
        assert!(!error.is_retryable(), "{error}");
        assert_eq!(endpoint.posts(), 1, "{script:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_retries_the_first_error_counts() {
    let endpoint = Endpoint::first([reply(503, "")]);
    let source = source(&endpoint).retry(Retry::none());
    source.token().await.unwrap_err();
    assert_eq!(endpoint.posts(), 1);
}
