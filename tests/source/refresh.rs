//! When a token is replaced, and what happens if that fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jwt_bearer::exchange::TransportErrorKind;
use tokio::time::{Instant, advance, sleep};

use crate::scripted::{Endpoint, broken, reply, token};
use crate::{ask, seconds, source, text};

#[tokio::test(start_paused = true)]
async fn current_gives_what_there_is_and_fetches_nothing() {
    let endpoint = Endpoint::first([]);
    let source = source(&endpoint);
    assert!(source.current().is_none());
    assert_eq!(endpoint.posts(), 0);
    assert_eq!(ask(&source).await, "T0");
    assert_eq!(text(&source.current().unwrap()), "T0");
    advance(seconds(3590)).await;
    assert!(source.current().unwrap().is_valid());
    // Five seconds before its end it is no longer worth a request.
    advance(seconds(6)).await;
    assert!(source.current().is_none());
    assert_eq!(endpoint.posts(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_replaced_before_it_ends() {
    let endpoint = Endpoint::first([]);
    let source = source(&endpoint);
    assert_eq!(ask(&source).await, "T0");
    advance(seconds(3600 - 5 - 300 - 5)).await;
    assert_eq!(ask(&source).await, "T0");
    advance(seconds(160)).await;
    assert_eq!(ask(&source).await, "T1");
    assert_eq!(endpoint.posts(), 2);
}

/// Many sources that got their tokens together do not ask for new ones together.
#[tokio::test(start_paused = true)]
async fn the_time_ahead_is_drawn_at_random() {
    let endpoint = Endpoint::first([]);
    let sources: Vec<_> = (0..100).map(|_| source(&endpoint)).collect();
    for source in &sources {
        ask(source).await;
    }
    advance(seconds(3600 - 5 - 225)).await;
    for source in &sources {
        ask(source).await;
    }
    let replaced = endpoint.posts() - 100;
    assert!((10..=90).contains(&replaced), "{replaced}");
}

#[tokio::test(start_paused = true)]
async fn one_caller_refreshes_and_the_others_keep_the_old_token() {
    let endpoint = Endpoint::first([token(0, 3600), token(1, 3600).after(seconds(3))]);
    let source = source(&endpoint);
    ask(&source).await;
    advance(seconds(3500)).await;
    let refreshing = {
        let source = source.clone();
        tokio::spawn(async move { ask(&source).await })
    };
    sleep(seconds(1)).await;
    let start = Instant::now();
    for _ in 0..100 {
        assert_eq!(ask(&source).await, "T0");
    }
    assert_eq!(start.elapsed(), seconds(0));
    assert_eq!(refreshing.await.unwrap(), "T1");
    assert_eq!(ask(&source).await, "T1");
    assert_eq!(endpoint.posts(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_is_slow_is_not_waited_for_long() {
    let endpoint = Endpoint::first([token(0, 3600), token(1, 3600).after(seconds(8))]);
    let source = source(&endpoint);
    ask(&source).await;
    advance(seconds(3500)).await;
    let start = Instant::now();
    assert_eq!(ask(&source).await, "T0");
    assert_eq!(start.elapsed(), seconds(5));
    assert_eq!(ask(&source).await, "T0");
    assert_eq!(start.elapsed(), seconds(5));
    advance(seconds(4)).await;
    assert_eq!(ask(&source).await, "T1");
    assert_eq!(endpoint.posts(), 2);
}

/// A refresh that fails does not overwrite a valid token, and is not tried again at once.
#[tokio::test(start_paused = true)]
async fn a_failed_refresh_leaves_the_old_token() {
    let endpoint = Endpoint::new(|number| match number {
        0 => token(0, 3600),
        1..=20 => reply(400, r#"{"error":"invalid_client"}"#),
        _ => token(number, 3600),
    });
    let source = source(&endpoint);
    ask(&source).await;
    advance(seconds(3500)).await;
    for _ in 0..90 {
        assert_eq!(ask(&source).await, "T0");
        advance(seconds(1)).await;
    }
    assert!((2..=20).contains(&endpoint.posts()), "{endpoint:?}");
    // When it has ended, the failure is told.
    advance(seconds(10)).await;
    source.token().await.unwrap_err();
}

/// However long a server was down, the source is as good as new afterwards.
#[tokio::test(start_paused = true)]
async fn a_source_outlives_any_number_of_failures() {
    let endpoint = Endpoint::new(|number| match number {
        0..200 => broken(TransportErrorKind::Connect),
        _ => token(number, 3600),
    });
    let source = source(&endpoint);
    let start = Instant::now();
    while source.token().await.is_err() {
        sleep(seconds(1)).await;
        assert!(start.elapsed() < seconds(24 * 3600));
    }
    assert_eq!(endpoint.posts(), 201);
    assert_eq!(ask(&source).await, "T200");
}

#[tokio::test(start_paused = true)]
async fn short_lived_tokens_make_no_busy_loop() {
    for expires_in in [0, 1, 2] {
        let endpoint = Endpoint::new(move |number| token(number, expires_in));
        let source = source(&endpoint);
        let start = Instant::now();
        let mut asked = 0;
        while start.elapsed() < seconds(20) {
            asked += 1;
            source.token().await.unwrap();
            advance(seconds(1) / 100).await;
        }
        let posts = endpoint.posts();
        assert!((8..=21).contains(&posts), "{expires_in}: {posts}");
        // Nor is everybody held up until the next may begin.
        assert!(asked > 1500, "{expires_in}: {asked}");
        let times = endpoint.times();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= seconds(1)));
    }
}

#[tokio::test(start_paused = true)]
async fn without_expires_in_the_401_decides() {
    let endpoint = Endpoint::new(|number| token(number, None));
    let source = source(&endpoint);
    let first = source.token().await.unwrap();
    advance(seconds(365 * 24 * 3600)).await;
    assert_eq!(ask(&source).await, "T0");
    source.invalidate(&first);
    assert!(source.current().is_none());
    assert_eq!(ask(&source).await, "T1");
}

#[tokio::test(start_paused = true)]
async fn without_expires_in_a_lifetime_can_be_set() {
    let endpoint = Endpoint::new(|number| token(number, None));
    let source = source(&endpoint)
        .lifetime(seconds(7200))
        .refresh_ahead(seconds(0));
    ask(&source).await;
    advance(seconds(7190)).await;
    assert_eq!(ask(&source).await, "T0");
    advance(seconds(6)).await;
    assert_eq!(ask(&source).await, "T1");
}

#[tokio::test(start_paused = true)]
async fn a_late_401_does_not_throw_away_a_newer_token() {
    let endpoint = Endpoint::first([]);
    let source = source(&endpoint);
    let first = source.token().await.unwrap();
    sleep(seconds(2)).await;
    source.invalidate(&first);
    let second = source.token().await.unwrap();
    assert_eq!((text(&first), text(&second)), ("T0".into(), "T1".into()));
    for _ in 0..100 {
        source.invalidate(&first);
        assert_eq!(ask(&source).await, "T1");
    }
    source.invalidate(&source.current().unwrap());
    assert_eq!(ask(&source).await, "T2");
    assert_eq!(endpoint.posts(), 3);
}

/// A server that refuses every token is not asked for new ones without a pause.
#[tokio::test(start_paused = true)]
async fn invalidation_makes_no_busy_loop() {
    let endpoint = Endpoint::first([]);
    let source = source(&endpoint);
    for _ in 0..10 {
        source.invalidate(&source.token().await.unwrap());
    }
    let times = endpoint.times();
    assert_eq!(times.len(), 10);
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= seconds(1)));
}

#[tokio::test(start_paused = true)]
async fn the_refresher_replaces_tokens_without_a_caller() {
    let down = Arc::new(AtomicUsize::new(0));
    let endpoint = {
        let down = Arc::clone(&down);
        Endpoint::new(move |number| {
            if down.load(Ordering::SeqCst) > 0 {
                return broken(TransportErrorKind::Connect);
            }
            token(number, 3600)
        })
    };
    let source = source(&endpoint);
    let refresher = tokio::spawn(source.refresher());
    sleep(seconds(1)).await;
    for _ in 0..(4 * 3600 / 60) {
        assert!(source.current().is_some());
        sleep(seconds(60)).await;
    }
    assert!((4..=5).contains(&endpoint.posts()), "{endpoint:?}");

    down.store(1, Ordering::SeqCst);
    sleep(seconds(2 * 3600)).await;
    assert!(source.current().is_none());
    assert!(!refresher.is_finished());
    down.store(0, Ordering::SeqCst);
    sleep(seconds(120)).await;
    assert!(source.current().is_some());

    drop(source);
    sleep(seconds(61)).await;
    assert!(refresher.is_finished());
    refresher.await.unwrap();
}
