//! Many tasks that sign on one runtime: how many signatures they get, and what happens to a bystander who only wants to
//! talk over a socket.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark is a program of its own"
)]

#[expect(dead_code, reason = "no bare key is compared here")]
mod keys;

use std::error::Error;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use jwt_bearer::keyfile::PrivateKey;
use jwt_bearer::{LocalSigner, Signer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::keys::Key;

/// As long as the signing input of a usual assertion.
const MESSAGE: [u8; 300] = [b'a'; 300];

const TWO: NonZeroUsize = NonZeroUsize::new(2).expect("two is not nothing");

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    for (name, kind) in [("RS256", "RSA-2048"), ("ES256", "P-256")] {
        let key = keys::make(kind)?;
        for workers in [1, 2] {
            let runtime = runtime(workers)?;
            let inline: Arc<dyn Signer> = Arc::new(signer(&key)?);
            let threads: Arc<dyn Signer> = Arc::new(signer(&key)?.threads(TWO)?);
            let mut group =
                criterion.benchmark_group(format!("concurrency/{name}, {workers} workers"));
            for tasks in [1, 4, 16, 64] {
                group.throughput(Throughput::Elements(tasks));
                for (how, signer) in [("inline", &inline), ("2 threads", &threads)] {
                    group.bench_function(format!("{how}, {tasks} tasks"), |bencher| {
                        bencher.iter_custom(|count| sign_at_once(&runtime, signer, tasks, count));
                    });
                }
            }
            group.finish();
        }
    }
    criterion.final_summary();
    // Criterion knows no tails. In its short mode of one run for each, a moment is enough.
    let is_test = std::env::args().any(|argument| argument == "--test");
    tails(Duration::from_millis(if is_test { 20 } else { 1_000 }))?;
    bystanders(Duration::from_millis(if is_test { 50 } else { 5_000 }))
}

/// How long so many tasks take that each sign so often.
fn sign_at_once(runtime: &Runtime, signer: &Arc<dyn Signer>, tasks: u64, count: u64) -> Duration {
    runtime.block_on(async {
        let start = Instant::now();
        let mut signing = JoinSet::new();
        for _ in 0..tasks {
            let signer = Arc::clone(signer);
            signing.spawn(async move {
                for _ in 0..count {
                    signer.sign(&MESSAGE).await.expect("a signature");
                    tokio::task::yield_now().await;
                }
            });
        }
        signing.join_all().await;
        start.elapsed()
    })
}

/// How long a signature takes where so many tasks sign as fast as they can.
fn tails(time: Duration) -> Result<(), Box<dyn Error>> {
    println!("\nRS256, from asking to having:");
    let key = keys::make("RSA-2048")?;
    for workers in [1, 2] {
        let runtime = runtime(workers)?;
        let inline: Arc<dyn Signer> = Arc::new(signer(&key)?);
        let threads: Arc<dyn Signer> = Arc::new(signer(&key)?.threads(TWO)?);
        for tasks in [1, 4, 16, 64] {
            for (how, signer) in [("inline", &inline), ("threads(2)", &threads)] {
                let start = Instant::now();
                let mut taken = runtime.block_on(sign_for(signer, tasks, time));
                let rate = taken.len() as f64 / start.elapsed().as_secs_f64();
                taken.sort_unstable();
                println!(
                    "{workers} workers, {tasks:2} tasks, {how:10} {rate:5.0}/s, {}",
                    quantiles(&taken),
                );
            }
        }
    }
    Ok(())
}

/// What each signature took of so many tasks that sign for so long: from when its task asks the runtime for a turn, as a
/// task does that has just been woken, to when it has the signature.
async fn sign_for(signer: &Arc<dyn Signer>, tasks: u64, time: Duration) -> Vec<Duration> {
    let end = Instant::now() + time;
    let mut signing = JoinSet::new();
    for _ in 0..tasks {
        let signer = Arc::clone(signer);
        signing.spawn(async move {
            let mut taken = Vec::new();
            loop {
                let start = Instant::now();
                tokio::task::yield_now().await;
                signer.sign(&MESSAGE).await.expect("a signature");
                taken.push(start.elapsed());
                if Instant::now() >= end {
                    return taken;
                }
            }
        });
    }
    signing.join_all().await.concat()
}

/// Of what is sorted; zeros of nothing.
fn quantiles(sorted: &[Duration]) -> String {
    let at = |part: f64| {
        let index = (sorted.len().saturating_sub(1) as f64 * part) as usize;
        sorted.get(index).map_or(0, Duration::as_micros)
    };
    format!(
        "p50 {} us, p99 {} us, p99.9 {} us",
        at(0.5),
        at(0.99),
        at(0.999)
    )
}

/// Sixteen tasks sign with RSA as fast as they can, while four connections play ping-pong on the same two workers.
fn bystanders(time: Duration) -> Result<(), Box<dyn Error>> {
    println!("\nRS256 by 16 tasks on 2 workers, beside 4 connections that ping each 2 ms:");
    let key = keys::make("RSA-2048")?;
    let signer = || signer(&key);
    // Before and after all others, since a machine may get slower or faster meanwhile.
    let before = on_plain_threads(&signer()?, time);
    let nothing = beside_signing(None, 4, time)?;
    let inline = beside_signing(Some(Arc::new(signer()?)), 4, time)?;
    let threads: Arc<dyn Signer> = Arc::new(signer()?.threads(TWO)?);
    let both = beside_signing(Some(Arc::clone(&threads)), 4, time)?;
    // Pings take time of the same two cores.
    let alone = beside_signing(Some(threads), 0, time)?;
    let after = on_plain_threads(&signer()?, time);
    println!("plain threads: {before:.0} signatures/s before, {after:.0} after");
    for (how, (rate, mut pings)) in [
        ("nothing", nothing),
        ("inline", inline),
        ("threads(2)", both),
        ("without pings", alone),
    ] {
        pings.sort_unstable();
        println!(
            "{how:14} {rate:7.0} signatures/s ({:.2} of plain threads), {} pings: {}",
            rate / before.max(after),
            pings.len(),
            quantiles(&pings),
        );
    }
    Ok(())
}

/// Signatures per second of two threads that do nothing else.
fn on_plain_threads(signer: &LocalSigner, time: Duration) -> f64 {
    let start = Instant::now();
    let sign = || {
        let mut signed = 0_u32;
        while start.elapsed() < time {
            signer.sign_now(&MESSAGE).expect("a signature");
            signed += 1;
        }
        signed
    };
    let signed = thread::scope(|scope| {
        let other = scope.spawn(sign);
        sign() + other.join().expect("no signer panics")
    });
    f64::from(signed) / start.elapsed().as_secs_f64()
}

/// Signatures per second of sixteen tasks, and the pings of so many connections beside them.
fn beside_signing(
    signer: Option<Arc<dyn Signer>>,
    connections: usize,
    time: Duration,
) -> std::io::Result<(f64, Vec<Duration>)> {
    let signed = Arc::new(AtomicU64::new(0));
    runtime(2)?.block_on(async {
        let start = Instant::now();
        for signer in std::iter::repeat_n(signer, 16).flatten() {
            let signed = Arc::clone(&signed);
            tokio::spawn(async move {
                loop {
                    signer.sign(&MESSAGE).await.expect("a signature");
                    signed.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            });
        }
        let (pings, ()) = tokio::join!(ping(connections, time), tokio::time::sleep(time));
        let signed = signed.load(Ordering::Relaxed) as f64;
        Ok((signed / start.elapsed().as_secs_f64(), pings?))
    })
}

/// The round trips of so many connections over loopback, for so long.
async fn ping(connections: usize, time: Duration) -> std::io::Result<Vec<Duration>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut byte = [0];
                while stream.read_exact(&mut byte).await.is_ok() {
                    stream.write_all(&byte).await.expect("the connection holds");
                }
            });
        }
    });
    let mut pinging = JoinSet::new();
    for _ in 0..connections {
        pinging.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let (mut trips, mut byte) = (Vec::new(), [0]);
            let end = Instant::now() + time;
            while Instant::now() < end {
                tokio::time::sleep(Duration::from_millis(2)).await;
                let start = Instant::now();
                stream.write_all(&byte).await?;
                stream.read_exact(&mut byte).await?;
                trips.push(start.elapsed());
            }
            Ok::<_, std::io::Error>(trips)
        });
    }
    let mut trips = Vec::new();
    for each in pinging.join_all().await {
        trips.extend(each?);
    }
    Ok(trips)
}

fn signer(key: &PrivateKey) -> Result<LocalSigner, Box<dyn Error>> {
    Ok(Key::new(key, None)?.signer)
}

fn runtime(workers: usize) -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
}
