//! Waits between tries, and their end.

use std::collections::HashSet;
use std::sync::Arc;

use jwt_bearer::exchange::{Retry, TokenSource, TransportErrorKind};
use jwt_bearer::{ExchangeErrorKind, Signer};
use tokio::time::Instant;

use crate::scripted::{Counting, Endpoint, broken, reply, request};
use crate::{ask, seconds, source};

#[tokio::test(start_paused = true)]
async fn each_try_has_an_assertion_of_its_own() {
    for script in [
        reply(408, ""),
        reply(429, ""),
        reply(500, ""),
        reply(503, ""),
        broken(TransportErrorKind::Connect),
        broken(TransportErrorKind::Interrupted),
        broken(TransportErrorKind::Timeout),
    ] {
        let endpoint = Endpoint::first(vec![script.clone(); 4]);
        assert_eq!(ask(&source(&endpoint)).await, "T4", "{script:?}");
        let assertions: HashSet<_> = endpoint.assertions().into_iter().collect();
        assert_eq!(assertions.len(), 5);
        let ids: HashSet<_> = endpoint
            .claims("jti")
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(ids.len(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn the_tries_come_to_an_end() {
    let endpoint = Endpoint::new(|_| reply(503, ""));
    let error = source(&endpoint).token().await.unwrap_err();
    assert_eq!(error.attempt().unwrap().status(), Some(503));
    assert_eq!(endpoint.posts(), 6);
}

/// Full jitter: each wait is a random part of a time that doubles.
#[tokio::test(start_paused = true)]
async fn waits_double_up_to_a_bound_and_are_random() {
    let mut gaps = vec![Vec::new(); 7];
    for _ in 0..200 {
        let endpoint = Endpoint::new(|_| reply(503, ""));
        let retry = Retry::new()
            .tries(8)
            .budget(seconds(1000))
            .backoff(seconds(1), seconds(10));
        source(&endpoint).retry(retry).token().await.unwrap_err();
        for (number, pair) in endpoint.times().windows(2).enumerate() {
            gaps[number].push((pair[1] - pair[0]).as_secs_f64() - 0.02);
        }
    }
    for (gaps, most) in gaps.iter().zip([1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0]) {
        assert_eq!(gaps.len(), 200);
        let largest = gaps.iter().copied().fold(0.0, f64::max);
        let mean = gaps.iter().sum::<f64>() / 200.0;
        assert!(largest <= most + 0.01, "{largest} of {most}");
        assert!((mean / most - 0.5).abs() < 0.15, "{mean} of {most}");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_in_seconds() {
    let endpoint = Endpoint::first([reply(429, "").header("retry-after", "7")]);
    let start = Instant::now();
    ask(&source(&endpoint)).await;
    assert!((7.0..8.0).contains(&start.elapsed().as_secs_f64()));
}

/// Those who were told the same second do not all come back in the same instant.
#[tokio::test(start_paused = true)]
async fn retry_after_is_spread() {
    let mut times = HashSet::new();
    for _ in 0..20 {
        let endpoint = Endpoint::first([reply(429, "").header("retry-after", "7")]);
        let start = Instant::now();
        ask(&source(&endpoint)).await;
        times.insert(start.elapsed().as_millis());
    }
    assert!(times.len() > 10, "{times:?}");
}

/// The date counts from the reply's own `Date`: that the server's clock is years off does not matter.
#[tokio::test(start_paused = true)]
async fn retry_after_as_a_date() {
    let endpoint = Endpoint::first([reply(503, "")
        .header("date", "Wed, 21 Oct 2015 07:28:00 GMT")
        .header("retry-after", "Wed, 21 Oct 2015 07:28:09 GMT")]);
    let start = Instant::now();
    ask(&source(&endpoint)).await;
    assert!((9.0..10.0).contains(&start.elapsed().as_secs_f64()));
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_that_says_nothing_is_passed_over() {
    for value in ["soon", "-1", "", "Wed, 21 Oct 2015 07:28:09 GMT"] {
        let endpoint = Endpoint::first([reply(503, "").header("retry-after", value)]);
        let start = Instant::now();
        ask(&source(&endpoint)).await;
        assert!(start.elapsed() < seconds(2), "{value}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_budget_holds_for_everything_together() {
    let start = Instant::now();
    let endpoint = Endpoint::new(|_| broken(TransportErrorKind::Timeout).after(seconds(30)));
    let error = source(&endpoint).token().await.unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Timeout);
    assert!(start.elapsed() <= seconds(60), "{:?}", start.elapsed());
    assert_eq!(endpoint.posts(), 2);

    let start = Instant::now();
    let endpoint = Endpoint::new(|_| reply(503, "").after(seconds(3600)));
    let retry = Retry::new().budget(seconds(10));
    let error = source(&endpoint).retry(retry).token().await.unwrap_err();
    assert_eq!(start.elapsed(), seconds(10));
    assert_eq!(error.kind(), ExchangeErrorKind::Timeout);
    assert!(error.is_retryable());
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "no reply in time"
    );
}

/// Many sources that share an allowance do not hammer a server that is down; one that is up again fills it.
#[tokio::test(start_paused = true)]
async fn the_allowance_is_shared() {
    let endpoint = Endpoint::new(|number| match number {
        0..120 => reply(503, ""),
        _ => crate::scripted::token(number, 3600),
    });
    let retry = Retry::new();
    let make = || {
        TokenSource::new(endpoint.client(), request("ann"), Arc::new(Counting::new()))
            .retry(retry.clone())
    };
    for _ in 0..100 {
        make().token().await.unwrap_err();
    }
    assert_eq!(endpoint.posts(), 120);
    make().token().await.unwrap();
    assert_eq!(endpoint.posts(), 121);
}

/// Retries without a source, for one token and for requests that are not signed.
#[tokio::test(start_paused = true)]
async fn an_operation_can_be_run_with_retries() {
    let endpoint = Endpoint::first([reply(503, ""), reply(503, "")]);
    let (client, request, signer) = (endpoint.client(), request("ann"), Counting::new());
    let signer: &dyn Signer = &signer;
    let token = Retry::new()
        .run(|| client.token(&request, signer))
        .await
        .unwrap();
    assert_eq!(token.access_token().expose(), "T2");
    assert_eq!(endpoint.posts(), 3);
}
