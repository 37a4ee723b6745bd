//! One exchange however many callers, and callers who go away.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use jwt_bearer::exchange::TokenSource;
use jwt_bearer::signer::{PublicKey, SignError, Signature};
use jwt_bearer::{Algorithm, ExchangeErrorKind, Signer};
use tokio::task::JoinSet;
use tokio::time::{advance, sleep, timeout};

use crate::scripted::{Counting, Endpoint, request, token};
use crate::{ask, seconds, source, text};

#[tokio::test(start_paused = true)]
async fn ten_thousand_callers_make_one_exchange() {
    let endpoint = Endpoint::first([]);
    let signer = Counting::new();
    let source = TokenSource::new(endpoint.client(), request("ann"), Arc::new(signer.clone()));
    let mut callers = JoinSet::new();
    for _ in 0..10_000 {
        let source = source.clone();
        callers.spawn(async move { ask(&source).await });
    }
    let tokens = callers.join_all().await;
    assert_eq!(tokens.len(), 10_000);
    assert!(tokens.iter().all(|token| token == "T0"));
    assert_eq!((signer.count(), endpoint.posts()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_on_many_threads_make_one_exchange() {
    let endpoint = Endpoint::new(|number| token(number, 3600).after(seconds(1) / 5));
    let source = source(&endpoint);
    let mut callers = JoinSet::new();
    for _ in 0..1000 {
        let source = source.clone();
        callers.spawn(async move { ask(&source).await });
    }
    assert!(callers.join_all().await.iter().all(|token| token == "T0"));
    assert_eq!(endpoint.posts(), 1);
}

/// The first caller drives the exchange; when it goes away, another does.
#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_away_loses_nobodys_exchange() {
    let endpoint = Endpoint::new(|number| token(number, 3600).after(seconds(2)));
    let source = source(&endpoint);
    let mut callers: Vec<_> = (0..10)
        .map(|_| {
            let source = source.clone();
            tokio::spawn(async move { ask(&source).await })
        })
        .collect();
    sleep(seconds(1)).await;
    for caller in callers.drain(..9) {
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
    }
    assert_eq!(callers.remove(0).await.unwrap(), "T0");
    assert_eq!(endpoint.posts(), 1);
}

#[tokio::test(start_paused = true)]
async fn if_all_go_away_the_next_goes_on() {
    let endpoint = Endpoint::new(|number| token(number, 3600).after(seconds(2)));
    let source = source(&endpoint);
    assert!(timeout(seconds(1), source.token()).await.is_err());
    advance(seconds(5)).await;
    assert_eq!(ask(&source).await, "T0");
    assert_eq!(endpoint.posts(), 1);
}

/// What counts is how long nobody waited, not how long ago it began.
#[tokio::test(start_paused = true)]
async fn an_exchange_that_was_waited_for_lately_goes_on() {
    let endpoint = Endpoint::new(|number| token(number, 3600).after(seconds(25)));
    let source = source(&endpoint);
    assert!(timeout(seconds(15), source.token()).await.is_err());
    advance(seconds(5)).await;
    assert_eq!(ask(&source).await, "T0");
    assert_eq!(endpoint.posts(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_exchange_left_alone_for_long_is_begun_anew() {
    let endpoint = Endpoint::new(|number| token(number, 3600).after(seconds(2)));
    let source = source(&endpoint);
    assert!(timeout(seconds(1), source.token()).await.is_err());
    advance(seconds(11)).await;
    assert_eq!(ask(&source).await, "T1");
    assert_eq!(endpoint.posts(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_never_polled_holds_nobody_up() {
    let endpoint = Endpoint::first([]);
    let source = source(&endpoint);
    let mut stuck = Box::pin(source.token());
    assert!(timeout(seconds(0), &mut stuck).await.is_err());
    assert_eq!(ask(&source).await, "T0");
    assert_eq!(text(&stuck.await.unwrap()), "T0");
    assert_eq!(endpoint.posts(), 1);
}

/// Panics or hangs while it is told to.
#[derive(Debug)]
struct Faulty {
    signer: Counting,
    panics: AtomicBool,
    hangs: AtomicBool,
}

#[async_trait]
impl Signer for Faulty {
    fn algorithm(&self) -> Algorithm {
        self.signer.algorithm()
    }

    fn key_id(&self) -> Option<&str> {
        None
    }

    fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    async fn sign(&self, signing_input: &[u8]) -> Result<Signature, SignError> {
        assert!(!self.panics.load(Ordering::SeqCst), "as it was told to");
        if self.hangs.load(Ordering::SeqCst) {
            pending::<()>().await;
        }
        self.signer.sign(signing_input).await
    }
}

fn faulty(panics: bool, hangs: bool) -> Arc<Faulty> {
    Arc::new(Faulty {
        signer: Counting::new(),
        panics: AtomicBool::new(panics),
        hangs: AtomicBool::new(hangs),
    })
}

#[tokio::test(start_paused = true)]
async fn a_signer_that_panics_poisons_nothing() {
    let endpoint = Endpoint::first([]);
    let signer = faulty(true, false);
    let source = TokenSource::new(endpoint.client(), request("ann"), Arc::clone(&signer) as _);
    let (first, second) = tokio::join!(source.token(), source.token());
    for result in [first, second] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::Panic);
        assert!(!error.is_retryable());
        assert_eq!(error.to_string(), "the signer or the transport panicked");
    }
    signer.panics.store(false, Ordering::SeqCst);
    sleep(seconds(1)).await;
    assert_eq!(ask(&source).await, "T0");
}

#[tokio::test(start_paused = true)]
async fn a_signer_that_hangs_is_given_up() {
    let endpoint = Endpoint::first([]);
    let signer = faulty(false, true);
    let source = TokenSource::new(endpoint.client(), request("ann"), Arc::clone(&signer) as _);
    let start = tokio::time::Instant::now();
    let error = source.token().await.unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Timeout);
    assert_eq!(start.elapsed().as_secs(), 60);
    signer.hangs.store(false, Ordering::SeqCst);
    sleep(seconds(1)).await;
    assert_eq!(ask(&source).await, "T0");
}

/// An exchange that was begun in a runtime which is gone holds up nobody in the next one.
#[test]
fn a_source_outlives_its_runtime() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let endpoint = Endpoint::new(|number| token(number, 3600).after(seconds(2)));
    let source = source(&endpoint);
    runtime().block_on(async {
        assert!(timeout(seconds(1), source.token()).await.is_err());
    });
    runtime().block_on(async {
        let mut tries = 0;
        while source.token().await.is_err() {
            tries += 1;
            assert!(tries < 3);
            sleep(seconds(1)).await;
        }
        assert!(source.current().is_some());
    });
}
