//! What a token source makes of every fault, against the sandbox over sockets. With `--nocapture` it prints the table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test fails by panicking, spawns callers, has the real time, and prints its table"
)]

#[path = "support/keys.rs"]
mod keys;
#[path = "support/watching.rs"]
mod watching;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use jwt_bearer::assertion::Header;
use jwt_bearer::exchange::{Retry, TokenSource};
use jwt_bearer::{Client, ExchangeErrorKind, Profile, Signer, Subject};
use jwt_bearer_sandbox::{Dialect, Fault, Running, Sandbox};
use tokio::task::JoinSet;

use keys::signer;
use watching::Watching;

const CLIENT_ID: &str = "client-7f3a";
const SECRET: &str = "SECRET-91c2";
/// Far beyond what any of them needs; what takes longer hangs.
const BOUND: Duration = Duration::from_secs(60);

/// What a caller gets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Token,
    Error(ExchangeErrorKind),
}
use Outcome::{Error, Token};

/// What goes wrong.
enum Trouble {
    Faults(Vec<Fault>),
    /// Status 429 with `Retry-After` as a date some seconds ahead.
    Date,
    /// The server's clock is so many seconds ahead.
    Skew(i64),
    /// The assertion arrives twice.
    Doubled,
    /// Nobody listens.
    Down,
    /// The server goes away with the request in its hands, and comes back.
    Restart,
    Unauthorized,
}

struct Row {
    name: &'static str,
    trouble: Trouble,
    outcome: Outcome,
    posts: RangeInclusive<usize>,
    /// The wait that the server asked for.
    at_least: Duration,
}

fn row(name: &'static str, trouble: Trouble, outcome: Outcome, posts: usize) -> Row {
    Row {
        name,
        trouble,
        outcome,
        posts: posts..=posts,
        at_least: Duration::ZERO,
    }
}

/// A fault that passes, and is overcome by a second try.
fn passing(name: &'static str, fault: Fault) -> Row {
    row(name, Trouble::Faults(vec![fault]), Token, 2)
}

/// A fault that stays, through all four tries.
fn lasting(name: &'static str, fault: Fault, kind: ExchangeErrorKind) -> Row {
    row(name, Trouble::Faults(vec![fault.forever()]), Error(kind), 4)
}

/// A fault that is not worth a second try, or none at all.
fn once(name: &'static str, fault: Fault, outcome: Outcome) -> Row {
    row(name, Trouble::Faults(vec![fault.forever()]), outcome, 1)
}

fn rows(elsewhere: &str) -> Vec<Row> {
    use ExchangeErrorKind::{InvalidResponse, Server, Timeout, Transport};
    let asking = |row: Row, seconds| Row {
        at_least: Duration::from_secs(seconds),
        ..row
    };
    vec![
        row("nobody listens", Trouble::Down, Error(Transport), 4),
        passing("reset before the reply", Fault::reset()),
        lasting(
            "reset before the reply, for ever",
            Fault::reset(),
            Transport,
        ),
        passing("reset in the middle of the reply", Fault::reset_mid()),
        lasting(
            "reset in the middle, for ever",
            Fault::reset_mid(),
            Transport,
        ),
        passing("silence", Fault::hang()),
        lasting("silence, for ever", Fault::hang(), Timeout),
        passing("slow drip", Fault::drip(Duration::from_millis(300))),
        once("quick drip", Fault::drip(Duration::from_millis(1)), Token),
        passing("truncated", Fault::truncate()),
        lasting("truncated, for ever", Fault::truncate(), Transport),
        once(
            "HTML with status 200",
            Fault::html(),
            Error(InvalidResponse),
        ),
        once(
            "nothing with status 200",
            Fault::empty(),
            Error(InvalidResponse),
        ),
        once(
            "JSON without a token",
            Fault::no_token(),
            Error(InvalidResponse),
        ),
        once("oversize", Fault::oversize(), Error(InvalidResponse)),
        once(
            "redirect to another host",
            Fault::redirect(elsewhere),
            Error(Server),
        ),
        once(
            "wrong content type",
            Fault::content_type("text/html"),
            Token,
        ),
        once("status 403", Fault::status(403), Error(Server)),
        passing("status 408", Fault::status(408)),
        passing("status 429", Fault::status(429)),
        asking(
            passing(
                "status 429, Retry-After: 1",
                Fault::status(429).retry_after(Duration::from_secs(1)),
            ),
            1,
        ),
        asking(
            row("status 429, Retry-After: a date", Trouble::Date, Token, 2),
            1,
        ),
        passing("status 500", Fault::status(500)),
        lasting("status 500, for ever", Fault::status(500), Server),
        passing("status 503", Fault::status(503)),
        lasting("status 503, for ever", Fault::status(503), Server),
        row(
            "status 503, a reset, silence",
            Trouble::Faults(vec![Fault::status(503), Fault::reset(), Fault::hang()]),
            Token,
            4,
        ),
        row(
            "the app is not authorized",
            Trouble::Unauthorized,
            Error(Server),
            1,
        ),
        row("clock 90 s behind", Trouble::Skew(90), Token, 2),
        row("clock 90 s ahead", Trouble::Skew(-90), Token, 2),
        row("clock a day behind", Trouble::Skew(86_400), Token, 2),
        row("clock a day ahead", Trouble::Skew(-86_400), Token, 2),
        row("the jti arrives twice", Trouble::Doubled, Token, 2),
        Row {
            posts: 2..=4,
            ..row(
                "restart in the middle of a burst",
                Trouble::Restart,
                Token,
                2,
            )
        },
    ]
}

fn sandbox() -> Sandbox {
    Sandbox::new(Dialect::Box)
        .client(CLIENT_ID, Some(SECRET))
        .register(Some("key1"), signer("rsa.pem").public_key().clone())
        .enterprise("12345")
}

async fn start(sandbox: Sandbox) -> Running {
    sandbox.start(([127, 0, 0, 1], 0).into()).await.unwrap()
}

/// What happened to a row, as it is printed.
struct Found {
    row: Row,
    outcomes: Vec<Outcome>,
    posts: usize,
    offset: Option<i64>,
    took: Duration,
}

async fn run(row: Row) -> Found {
    let server = match row.trouble {
        Trouble::Unauthorized => sandbox().unauthorized(),
        _ => sandbox(),
    };
    let mut server = Some(start(server).await);
    let running = server.as_ref().unwrap();
    let (url, address) = (running.token_endpoint(), running.address());
    let request = Profile::BOX
        .request(CLIENT_ID)
        .subject(Subject::Enterprise("12345".into()))
        .client_secret(SECRET.into())
        .header(Header::new().key_id("key1"))
        .token_endpoint(&url)
        .build()
        .unwrap();
    match &row.trouble {
        Trouble::Faults(faults) => faults
            .iter()
            .for_each(|fault| running.inject(fault.clone())),
        Trouble::Date => {
            let date = SystemTime::now() + Duration::from_secs(3);
            running.inject(Fault::status(429).retry_after_date(date));
        }
        Trouble::Skew(seconds) => running.set_skew(*seconds),
        Trouble::Restart => running.inject(Fault::hang()),
        Trouble::Down => server.take().unwrap().shutdown().await,
        Trouble::Doubled | Trouble::Unauthorized => {}
    }
    let is_doubled = matches!(row.trouble, Trouble::Doubled);
    let watching = Watching::new(Duration::from_secs(1), is_doubled);
    // The restart has to fall into the time of the tries.
    let backoff = match row.trouble {
        Trouble::Restart => Duration::from_secs(1),
        _ => Duration::from_millis(50),
    };
    let retry = Retry::new()
        .tries(4)
        .budget(Duration::from_secs(30))
        .backoff(backoff, backoff);
    let client = Client::new().transport(watching.clone());
    let source = TokenSource::new(client, request, Arc::new(signer("rsa.pem"))).retry(retry);

    let begin = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let source = source.clone();
        callers.spawn(async move {
            match source.token().await {
                Ok(_) => Token,
                Err(error) => Error(error.kind()),
            }
        });
    }
    if matches!(row.trouble, Trouble::Restart) {
        server.as_ref().unwrap().request(0).await;
        server.take().unwrap().shutdown().await;
        server = Some(sandbox().start(address).await.unwrap());
    }
    let outcomes = tokio::time::timeout(BOUND, callers.join_all())
        .await
        .unwrap_or_else(|_| panic!("{}: a caller has no answer", row.name));
    drop(server);
    Found {
        outcomes,
        posts: watching.posts(&url),
        offset: source.clock_offset(),
        took: begin.elapsed(),
        row,
    }
}

impl Found {
    fn print(&self) {
        let outcome = match self.outcomes[0] {
            Token => "a token".into(),
            Error(kind) => format!("error: {kind:?}"),
        };
        let clock = self
            .offset
            .map_or_else(String::new, |seconds| format!("{seconds:+} s"));
        println!(
            "| {:<34} | {outcome:<22} | {:>5} | {clock:>8} | {:>6.2} s |",
            self.row.name,
            self.posts,
            self.took.as_secs_f64(),
        );
    }

    fn check(&self) {
        let Row {
            name,
            outcome,
            posts,
            at_least,
            trouble,
        } = &self.row;
        assert_eq!(self.outcomes.len(), 50);
        for found in &self.outcomes {
            assert_eq!(found, outcome, "{name}");
        }
        assert!(posts.contains(&self.posts), "{name}: {} posts", self.posts);
        assert!(self.took >= *at_least, "{name}: {:?}", self.took);
        assert!(self.took < BOUND, "{name}: {:?}", self.took);
        let skew = match trouble {
            Trouble::Skew(seconds) => *seconds,
            _ => 0,
        };
        let off = self.offset.unwrap_or_default().abs_diff(skew);
        assert!(off <= 5, "{name}: {:?}", self.offset);
    }
}

/// Fifty callers at once for each; every assertion is new, and goes to the one URL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_has_its_outcome() {
    let elsewhere = start(sandbox()).await;
    let rows = rows(&elsewhere.token_endpoint());
    assert_eq!(rows.len(), 34);
    println!(
        "| fault                              | outcome                | posts | clock    | took     |"
    );
    println!(
        "| ---------------------------------- | ---------------------- | ----: | -------: | -------: |"
    );
    for rows in split(rows, 6) {
        let mut running = JoinSet::new();
        for (number, row) in rows.into_iter().enumerate() {
            running.spawn(async move { (number, run(row).await) });
        }
        let mut found = running.join_all().await;
        found.sort_by_key(|(number, _)| *number);
        for (_, found) in &found {
            found.print();
        }
        for (_, found) in &found {
            found.check();
        }
    }
    assert!(
        elsewhere.requests().is_empty(),
        "an assertion went elsewhere"
    );
}

/// A few at a time.
fn split(rows: Vec<Row>, count: usize) -> Vec<Vec<Row>> {
    let mut groups = Vec::new();
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        groups.push(rows.by_ref().take(count).collect());
    }
    groups
}
