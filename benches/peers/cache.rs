//! A token that is there, and ten thousand callers where there is none: by `TokenSource`, and by what programs use
//! where they have none.

use std::error::Error;
use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jwt_bearer::exchange::{Reply, Request, TokenSource, Transport, TransportError};
use jwt_bearer::{Client, LocalSigner, Profile, Subject};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

const CALLERS: u32 = 10_000;

/// How long the one exchange takes.
const EXCHANGE: Duration = Duration::from_millis(20);

const LIFE: Duration = Duration::from_secs(3_600);

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let runtime = Builder::new_current_thread().enable_time().build()?;

    let source = source()?;
    runtime.block_on(source.token())?;
    let bare = ArcSwap::from_pointee(String::from("T"));
    let sync = moka::sync::Cache::builder().time_to_live(LIFE).build();
    sync.insert("ann", Arc::new(String::from("T")));
    for threads in [1, 2] {
        let mut group = criterion.benchmark_group(format!("cache/{threads} reading"));
        group.throughput(Throughput::Elements(1));
        read(&mut group, "arc-swap", threads, || {
            drop(black_box(bare.load()))
        });
        read(&mut group, "jwt-bearer", threads, || {
            drop(black_box(source.current()))
        });
        read(&mut group, "moka", threads, || {
            drop(black_box(sync.get("ann")))
        });
        group.finish();
    }

    let mut group = criterion.benchmark_group("cache/10000 callers, beyond the exchange");
    group
        .throughput(Throughput::Elements(CALLERS.into()))
        .sample_size(20);
    ask(&mut group, "futures::Shared", &runtime, || {
        let shared = exchange().boxed().shared();
        Arc::new(move || shared.clone().boxed())
    });
    ask(&mut group, "jwt-bearer", &runtime, || {
        let source = self::source().expect("the request is whole");
        Arc::new(move || {
            let source = source.clone();
            async move { drop(source.token().await.expect("a token")) }.boxed()
        })
    });
    ask(&mut group, "moka", &runtime, || {
        let cache = moka::future::Cache::builder().time_to_live(LIFE).build();
        Arc::new(move || {
            let cache = cache.clone();
            async move { cache.get_with("ann", exchange()).await }.boxed()
        })
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}

async fn exchange() {
    tokio::time::sleep(EXCHANGE).await;
}

/// Measures so many threads that each read as often as is asked for, from when all are there until the last is done.
fn read(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    threads: usize,
    read: impl Fn() + Sync,
) {
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
                let others = others
                    .into_iter()
                    .map(|other| other.join().expect("no reader panics"));
                others.fold(own, Duration::max)
            })
        });
    });
}

type Caller = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// Measures so many tasks that each want a token of a cache that was made for them and is empty.
fn ask(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    runtime: &Runtime,
    cold: impl Fn() -> Caller,
) {
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|count| {
            let rounds = (0..count).map(|_| {
                // A sleep takes up to a millisecond more than is asked for.
                let start = Instant::now();
                runtime.block_on(exchange());
                let alone = start.elapsed();

                let caller = cold();
                let start = Instant::now();
                runtime.block_on(async {
                    let mut asking = JoinSet::new();
                    for _ in 0..CALLERS {
                        asking.spawn(caller());
                    }
                    asking.join_all().await;
                });
                start.elapsed().saturating_sub(alone)
            });
            rounds.sum()
        });
    });
}

fn source() -> Result<TokenSource, Box<dyn Error>> {
    let key = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../crates/keyfile/testdata/p256.pem"
    );
    let signer = LocalSigner::from_pem(&std::fs::read_to_string(key)?)?;
    let request = Profile::GENERIC
        .request("client")
        .subject(Subject::Name("ann".into()))
        .token_endpoint("https://as.example/token")
        .build()?;
    Ok(TokenSource::new(
        Client::new().transport(Answering),
        request,
        Arc::new(signer),
    ))
}

/// Answers each request with a token.
#[derive(Debug)]
struct Answering;

#[async_trait]
impl Transport for Answering {
    async fn send(&self, _: Request) -> Result<Reply, TransportError> {
        exchange().await;
        let body = br#"{"access_token":"T","token_type":"Bearer","expires_in":3600}"#;
        Ok(Reply::new(200, Vec::new(), body.to_vec()))
    }
}
