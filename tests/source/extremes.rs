//! Times so long that they overflow where they are added.

use std::sync::Arc;
use std::time::Duration;

use jwt_bearer::exchange::{HttpTransport, Request, Retry, TokenSources, Transport};
use tokio::time::{Instant, advance};

use crate::scripted::{Counting, Endpoint, reply, request, token};
use crate::{ask, seconds, source};

const MOST: &str = "18446744073709551615";

#[tokio::test(start_paused = true)]
async fn a_retry_after_for_ever() {
    for retry in [Retry::new(), Retry::new().budget(Duration::MAX)] {
        let endpoint = Endpoint::first([reply(503, "").header("retry-after", MOST)]);
        let source = source(&endpoint).retry(retry);
        let start = Instant::now();
        let error = source.token().await.unwrap_err();
        assert_eq!(error.retry_after(), Some(seconds(u64::MAX)));
        assert!(start.elapsed() < seconds(1));
        assert_eq!(endpoint.posts(), 1);
        advance(seconds(301)).await;
        assert_eq!(ask(&source).await, "T1");
    }
}

#[tokio::test(start_paused = true)]
async fn a_budget_and_a_backoff_without_end() {
    let endpoint = Endpoint::first([reply(503, ""), reply(503, "")]);
    let retry = Retry::new().budget(Duration::MAX);
    assert_eq!(ask(&source(&endpoint).retry(retry)).await, "T2");

    let endpoint = Endpoint::first([reply(503, "")]);
    let retry = Retry::new().backoff(Duration::MAX, Duration::MAX);
    source(&endpoint).retry(retry).token().await.unwrap_err();
    assert_eq!(endpoint.posts(), 1);
}

#[tokio::test(start_paused = true)]
async fn lives_without_end() {
    for expires_in in [None, Some(u64::MAX), Some(1 << 40)] {
        let endpoint = Endpoint::new(move |number| token(number, expires_in));
        let source = source(&endpoint)
            .lifetime(Duration::MAX)
            .refresh_ahead(Duration::MAX);
        assert_eq!(ask(&source).await, "T0");
        advance(seconds(86_400 * 365)).await;
        assert_eq!(ask(&source).await, "T0", "{expires_in:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_whose_sources_are_never_idle() {
    let endpoint = Endpoint::first([]);
    let sources = TokenSources::new(
        endpoint.client(),
        Arc::new(Counting::new()),
        |name: &String| Ok(request(name)),
    )
    .idle(Duration::MAX);
    for _ in 0..2 {
        sources.source(&"ann".into()).unwrap();
        advance(seconds(86_400 * 365)).await;
    }
    assert_eq!(sources.len(), 1);
}

/// Nobody listens at port 1; that it says so, and does not panic, is what counts.
#[tokio::test]
async fn a_transport_without_a_time_limit() {
    let transport = HttpTransport::new().timeout(Duration::MAX);
    let url = "http://127.0.0.1:1/".parse().unwrap();
    let error = transport
        .send(Request::post_form(url, String::new().into()))
        .await
        .unwrap_err();
    assert!(error.is_retryable(), "{error}");
}
