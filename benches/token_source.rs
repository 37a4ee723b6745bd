//! A token that is there, read by one thread and by two, beside a bare `ArcSwap`; ten thousand callers where there is
//! none; and one of ten thousand subjects.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a benchmark is a program of its own"
)]

#[expect(dead_code, reason = "no bare key is compared here")]
mod keys;

use std::error::Error;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use jwt_bearer::exchange::{Reply, Request, TokenSource, TokenSources, Transport, TransportError};
use jwt_bearer::provider::RequestError;
use jwt_bearer::{Client, Profile, Signer, Subject, TokenRequest};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::keys::Key;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let signer: Arc<dyn Signer> = Arc::new(Key::new(&keys::make("P-256")?, None)?.signer);
    let source = || source(Arc::clone(&signer));

    let warm = source()?;
    runtime.block_on(warm.token())?;
    let bare = ArcSwap::from_pointee(String::from("T"));
    for threads in [1, 2] {
        let name = format!("token_source/{threads} reading");
        let mut group = criterion.benchmark_group(name);
        read(&mut group, "arc-swap", threads, || {
            black_box(bare.load());
        });
        read(&mut group, "clock", threads, || {
            black_box(tokio::time::Instant::now());
        });
        read(&mut group, "current", threads, || {
            black_box(warm.current());
        });
        group.finish();
    }

    let mut group = criterion.benchmark_group("token_source/cold");
    for (name, callers) in [("1 caller", 1), ("10000 callers", 10_000)] {
        group.throughput(Throughput::Elements(callers.into()));
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || source().expect("the request is whole"),
                |source| ask_at_once(&runtime, &source, callers),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("token_source/subjects");
    group.throughput(Throughput::Elements(1));
    for (name, subjects) in [("1 subject", 1), ("10000 subjects", 10_000)] {
        let sources = sources(&signer);
        for subject in 0..subjects {
            runtime.block_on(sources.source(&subject)?.token())?;
        }
        let mut next = (0..subjects).cycle();
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let subject = next.next().unwrap_or_default();
                let source = sources.source(&subject).expect("the request is whole");
                source.current().expect("a token is there")
            });
        });
    }
    group.finish();

    // Last, since a paused clock makes every look at the clock of this process slow for good.
    let mut group = criterion.benchmark_group("token_source/2 reading, 1 writing");
    with_writer(
        || bare.store(Arc::new(String::from("T"))),
        || {
            read(&mut group, "arc-swap", 2, || {
                black_box(bare.load());
            });
        },
    );
    let writing = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    let churned = source()?;
    writing.block_on(churned.token())?;
    with_writer(
        || replace(&writing, &churned),
        || {
            read(&mut group, "current", 2, || {
                black_box(churned.current());
            });
        },
    );
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// Measures so many threads that each read as often as is asked for, from when all are there until the last is done.
fn read(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    threads: usize,
    read: impl Fn() + Sync,
) {
    group.throughput(Throughput::Elements(1));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|count| {
            let barrier = Barrier::new(threads);
            let run = || {
                barrier.wait();
                let start = Instant::now();
                for _ in 0..count {
                    read();
                }
                start.elapsed()
            };
            thread::scope(|scope| {
                let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
                let own = run();
                others
                    .into_iter()
                    .map(|other| other.join().expect("no reader panics"))
                    .fold(own, Duration::max)
            })
        });
    });
}

/// Runs the second while a thread does the first each millisecond.
fn with_writer(write: impl Fn() + Sync, measure: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                write();
                thread::sleep(Duration::from_millis(1));
            }
        });
        measure();
        is_over.store(true, Ordering::Relaxed);
    });
}

/// Throws the token away and has another one stored; a source makes one exchange a second at the most, so that
/// the runtime is one whose clock is paused, and jumps over the wait.
fn replace(runtime: &Runtime, source: &TokenSource) {
    runtime.block_on(async {
        let token = source.token().await.expect("the transport always answers");
        source.invalidate(&token);
        source.token().await.expect("the transport always answers");
    });
}

/// So many tasks that each want a token, and one exchange for them all.
fn ask_at_once(runtime: &Runtime, source: &TokenSource, callers: u32) {
    runtime.block_on(async {
        let mut asking = JoinSet::new();
        for _ in 0..callers {
            let source = source.clone();
            asking.spawn(async move { source.token().await.is_ok() });
        }
        let answers = asking.join_all().await;
        assert!(answers.into_iter().all(|is_ok| is_ok));
    });
}

fn source(signer: Arc<dyn Signer>) -> Result<TokenSource, Box<dyn Error>> {
    let client = Client::new().transport(Answering);
    Ok(TokenSource::new(client, request("ann")?, signer))
}

fn sources(signer: &Arc<dyn Signer>) -> TokenSources<u32> {
    let client = Client::new().transport(Answering);
    TokenSources::new(client, Arc::clone(signer), |subject: &u32| {
        request(&subject.to_string())
    })
}

fn request(subject: &str) -> Result<TokenRequest, RequestError> {
    Profile::GENERIC
        .request("client")
        .subject(Subject::Name(subject.into()))
        .token_endpoint("https://as.example/token")
        .build()
}

/// Answers each request with a token, after one turn of the runtime.
#[derive(Debug)]
struct Answering;

#[async_trait]
impl Transport for Answering {
    async fn send(&self, _: Request) -> Result<Reply, TransportError> {
        tokio::task::yield_now().await;
        let body = br#"{"access_token":"T","token_type":"Bearer","expires_in":3600}"#;
        Ok(Reply::new(200, Vec::new(), body.to_vec()))
    }
}
