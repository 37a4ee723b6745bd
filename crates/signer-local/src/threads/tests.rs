#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::error::Error;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::*;

const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// Generous: it only ends a test that would hang.
const TOO_LONG: Duration = Duration::from_secs(60);

fn signer() -> LocalSigner {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../keyfile/testdata/ed25519.pem"
    );
    LocalSigner::from_pem(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn some_signature() -> Signature {
    Signature::from_jose(Algorithm::EdDsa, &[7; 64]).unwrap()
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(TOO_LONG, future).await.unwrap()
}

/// Waits until nobody has it any more, which is when the threads have ended.
fn ends<T: ?Sized>(thing: &Weak<T>) {
    let start = Instant::now();
    while thing.strong_count() > 0 {
        assert!(start.elapsed() < TOO_LONG, "a thread goes on");
        thread::sleep(Duration::from_millis(1));
    }
}

#[tokio::test]
async fn many_callers_get_each_their_own_signature() {
    let signer = signer().with_key_id("key-1").threads(TWO).unwrap();
    assert_eq!(signer.key_id(), Some("key-1"));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200_u32 {
        let signer = signer.clone();
        tasks.spawn(async move {
            let message = number.to_be_bytes();
            let signature = signer.sign(&message).await.unwrap();
            signer
                .public_key()
                .verify(signer.algorithm(), &message, signature.as_bytes())
                .unwrap();
        });
    }
    assert_eq!(soon(tasks.join_all()).await.len(), 200);
}

/// No runtime is needed: only something that waits for a future.
#[test]
fn any_executor_will_do() {
    let signer = signer().threads(TWO).unwrap();
    let mut future = std::pin::pin!(signer.sign(b"message"));
    let start = Instant::now();
    let signature = loop {
        match future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(signature) => break signature.unwrap(),
            Poll::Pending => assert!(start.elapsed() < TOO_LONG, "no signature"),
        }
    };
    assert_eq!(
        signature.as_bytes(),
        signer.signer.sign_now(b"message").unwrap().as_bytes()
    );
}

#[test]
fn the_threads_end_with_the_last_clone() {
    let signer = signer().threads(TWO).unwrap();
    let (clone, alive) = (signer.clone(), Arc::downgrade(&signer.signer));
    drop(signer);
    thread::sleep(Duration::from_millis(20));
    // The clone, and the threads' own share.
    assert!(alive.strong_count() >= 2);
    drop(clone);
    ends(&alive);
}

/// Two threads that wait until they are let go, the jobs that wait for them, and one that waits for a place.
#[tokio::test]
async fn who_gives_up_before_the_turn_costs_no_signature() {
    let (begun, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(3)));
    let jobs = start(TWO, {
        let (begun, gate) = (Arc::clone(&begun), Arc::clone(&gate));
        move |_| {
            if begun.fetch_add(1, Ordering::SeqCst) < 2 {
                gate.wait();
            }
            Ok(some_signature())
        }
    })
    .unwrap();
    let ask = || {
        let jobs = jobs.clone();
        tokio::spawn(async move { request(&jobs, b"message").await })
    };
    let busy = [ask(), ask()];
    soon(async {
        while begun.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    let waiting: Vec<_> = (0..2 * QUEUED + 1).map(|_| ask()).collect();
    soon(async {
        while jobs.capacity() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    for task in waiting {
        task.abort();
        assert!(soon(task).await.unwrap_err().is_cancelled());
    }
    gate.wait();
    for task in busy {
        soon(task).await.unwrap().unwrap();
    }
    // What comes after those that gave up is signed, and they were not.
    soon(ask()).await.unwrap().unwrap();
    assert_eq!(begun.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_panic_is_an_error_and_the_threads_go_on() {
    let jobs = start(TWO, |message| match message {
        b"panic" => panic!("on purpose"),
        _ => Ok(some_signature()),
    })
    .unwrap();
    for _ in 0..10 {
        let error = soon(request(&jobs, b"panic")).await.unwrap_err();
        assert_eq!(error.kind(), SignErrorKind::Other);
        assert_eq!(
            error.source().unwrap().to_string(),
            "the thread that signs panicked"
        );
        soon(request(&jobs, b"message")).await.unwrap();
    }
}

#[test]
fn debug_shows_no_key() {
    let signer = signer();
    let expected = format!("ThreadedSigner({signer:?})");
    assert_eq!(format!("{:?}", signer.threads(TWO).unwrap()), expected);
}
