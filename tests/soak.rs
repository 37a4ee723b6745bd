//! Many callers at full speed while everything goes wrong at random: ten seconds, or `JWT_BEARER_SOAK_SECONDS`.
//!
//! The seed is printed; `JWT_BEARER_SOAK_SEED` takes one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test fails by panicking, spawns callers, reads its settings, and prints its seed"
)]

#[path = "support/keys.rs"]
mod keys;
#[path = "support/watching.rs"]
mod watching;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jwt_bearer::assertion::Header;
use jwt_bearer::exchange::{
    AccessToken, Answer, HttpTransport, Request, Retry, TokenSources, Transport, TransportError,
};
use jwt_bearer::{Client, ExchangeError, Profile, Signer, Subject};
use jwt_bearer_sandbox::{Dialect, Fault, Running, Sandbox};
use tokio::task::JoinSet;
use url::Url;

use keys::signer;
use watching::Watching;

const SUBJECTS: u64 = 50;
const CALLERS: u64 = 16;
/// Beyond the budget of the retries: who waits so long has no answer.
const BOUND: Duration = Duration::from_secs(60);

fn setting(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().unwrap())
}

/// A small generator of numbers that a seed determines (xorshift64*).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) % bound
    }

    fn fault(&mut self) -> Fault {
        let millis = Duration::from_millis(self.below(100));
        let fault = match self.below(14) {
            0 => Fault::reset(),
            1 => Fault::reset_mid(),
            2 => Fault::truncate(),
            3 => Fault::html(),
            4 => Fault::empty(),
            5 => Fault::hang(),
            6 => Fault::drip(Duration::from_millis(1)),
            7 | 8 => Fault::delay(millis),
            9 => Fault::oversize(),
            10 => Fault::status(429).retry_after(Duration::from_secs(1)),
            11 => Fault::status(500),
            12 => Fault::status(503),
            _ => Fault::status(408),
        };
        let times = u32::try_from(1 + self.below(3)).unwrap();
        fault.times(times)
    }
}

/// What this process holds in memory, in octets.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

async fn start(address: SocketAddr) -> Running {
    let mut sandbox = Sandbox::new(Dialect::Generic)
        .client("client-7f3a", None)
        .register(Some("key1"), signer("p256.pem").public_key().clone())
        // Tokens that end all the time.
        .token_lifetime(Duration::from_secs(3));
    for number in 0..SUBJECTS {
        sandbox = sandbox.user(number.to_string());
    }
    sandbox.start(address).await.unwrap()
}

/// What can go wrong with a call.
#[derive(Debug)]
enum Failure {
    Token(#[expect(dead_code, reason = "for its Debug")] ExchangeError),
    Resource(#[expect(dead_code, reason = "for its Debug")] TransportError),
}

impl From<ExchangeError> for Failure {
    fn from(error: ExchangeError) -> Self {
        Self::Token(error)
    }
}

/// What the callers counted.
#[derive(Default)]
struct Counts {
    calls: AtomicUsize,
    accepted: AtomicUsize,
    unauthorized: AtomicUsize,
    failed: AtomicUsize,
    given_up: AtomicUsize,
}

fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

struct Soak {
    sources: TokenSources<u64>,
    resource: Url,
    http: HttpTransport,
    counts: Counts,
    is_over: AtomicBool,
}

impl Soak {
    /// One request with a token, as a program makes it.
    async fn call(&self, subject: u64) -> Result<u16, Failure> {
        let source = self.sources.source(&subject).unwrap();
        let get = async |token: &AccessToken| {
            let request = Request::get(self.resource.clone(), token);
            let reply = self.http.send(request).await.map_err(Failure::Resource)?;
            Ok(Answer::new(reply.status, reply.status == 401))
        };
        let get = &get;
        source
            .call(|token| async move { get(token.access_token()).await })
            .await
    }

    /// A program that was told of a failure takes a breath.
    async fn failed(&self) {
        count(&self.counts.failed);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    async fn caller(&self, mut random: Random) {
        while !self.is_over.load(Ordering::Relaxed) {
            let subject = random.below(SUBJECTS);
            count(&self.counts.calls);
            match random.below(20) {
                // Somebody who goes away soon.
                0 => {
                    let patience = Duration::from_millis(random.below(30));
                    let source = self.sources.source(&subject).unwrap();
                    if tokio::time::timeout(patience, source.token())
                        .await
                        .is_err()
                    {
                        count(&self.counts.given_up);
                    }
                }
                1..=3 => {
                    let result = tokio::time::timeout(BOUND, self.call(subject))
                        .await
                        .expect("a caller has no answer");
                    match result {
                        Ok(200) => count(&self.counts.accepted),
                        Ok(_) => count(&self.counts.unauthorized),
                        Err(_) => self.failed().await,
                    }
                }
                _ => {
                    let source = self.sources.source(&subject).unwrap();
                    if source.current().is_some() {
                        tokio::task::yield_now().await;
                        continue;
                    }
                    let result = tokio::time::timeout(BOUND, source.token())
                        .await
                        .expect("a caller has no answer");
                    match result {
                        Ok(_) => count(&self.counts.accepted),
                        Err(_) => self.failed().await,
                    }
                }
            }
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_everything_goes_wrong() {
    let length = Duration::from_secs(setting("JWT_BEARER_SOAK_SECONDS").unwrap_or(10));
    let seed = setting("JWT_BEARER_SOAK_SEED").unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        u64::from(now.unwrap().subsec_nanos()) | 1
    });
    println!("JWT_BEARER_SOAK_SEED={seed}");
    let mut random = Random(seed);

    let mut server = start(([127, 0, 0, 1], 0).into()).await;
    let (url, address) = (server.token_endpoint(), server.address());
    let watching = Watching::new(Duration::from_millis(500), false);
    let endpoint = url.clone();
    let sources = TokenSources::new(
        Client::new().transport(watching.clone()),
        Arc::new(signer("p256.pem")),
        move |subject: &u64| {
            Profile::GENERIC
                .request("client-7f3a")
                .subject(Subject::Name(subject.to_string()))
                .header(Header::new().key_id("key1"))
                .token_endpoint(&endpoint)
                .build()
        },
    )
    .retry(Retry::new().backoff(Duration::from_millis(50), Duration::from_secs(1)));
    let soak = Arc::new(Soak {
        sources,
        resource: Url::parse(&server.resource()).unwrap(),
        http: HttpTransport::new().timeout(Duration::from_secs(5)),
        counts: Counts::default(),
        is_over: AtomicBool::new(false),
    });
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (soak, random) = (Arc::clone(&soak), Random(random.below(u64::MAX) | 1));
        callers.spawn(async move { soak.caller(random).await });
    }

    let begin = Instant::now();
    let (mut troubles, mut restarts, mut early) = (0, 0, None);
    while begin.elapsed() < length {
        tokio::time::sleep(Duration::from_millis(random.below(200))).await;
        troubles += 1;
        match random.below(40) {
            0 => server.revoke_all_tokens(),
            1 => server.set_skew(i64::try_from(random.below(241)).unwrap() - 120),
            // The server forgets its tokens, and what it recorded.
            2 => {
                restarts += 1;
                server.shutdown().await;
                tokio::time::sleep(Duration::from_millis(random.below(200))).await;
                server = start(address).await;
            }
            3 => server.clear_faults(),
            _ => server.inject(random.fault()),
        }
        if early.is_none() && begin.elapsed() > length / 3 {
            early = Some(resident());
        }
    }
    soak.is_over.store(true, Ordering::Relaxed);
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    server.shutdown().await;
    let grown = resident().saturating_sub(early.unwrap());

    // When all is well again, everybody gets a token that is accepted.
    let server = start(address).await;
    for subject in 0..SUBJECTS {
        let mut tries = 0;
        loop {
            let result = tokio::time::timeout(BOUND, soak.call(subject))
                .await
                .expect("a caller has no answer");
            match result {
                Ok(200) => break,
                other => assert!(tries < 10, "subject {subject}: {other:?}"),
            }
            tries += 1;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
    drop(server);

    let counts = &soak.counts;
    let number = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let posts = watching.posts(&url);
    println!(
        "{:?}: {} calls ({} accepted, {} unauthorized, {} failed, {} given up), {posts} posts, {troubles} troubles, \
         {restarts} restarts, memory grew by {} KiB after the first third",
        begin.elapsed(),
        number(&counts.calls),
        number(&counts.accepted),
        number(&counts.unauthorized),
        number(&counts.failed),
        number(&counts.given_up),
        grown / 1024,
    );
    assert!(number(&counts.accepted) > 0 && posts > 50 && troubles > 20);
    assert!(grown < 64 << 20, "memory grew by {grown} octets");
}
