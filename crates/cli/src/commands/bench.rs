//! How fast a key signs, wherever it lives.

mod report;
mod round;

use std::fmt;
use std::io::{IsTerminal, Write, stderr, stdin};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use jwt_bearer::KeyUri;
use jwt_bearer::Signer;
use jwt_bearer::signer::{KeyKind, VerifyError};
use tokio::sync::watch;

use crate::args::{BenchArgs, BenchOutput};
use crate::error::Failure;
use crate::settings::named_key;
use crate::write::{self, harmless, note};

use report::Report;
use round::{Bounds, Round};

/// As long as the signing input of a usual assertion.
const MESSAGE: [u8; 300] = [b'a'; 300];

const COUNT: u64 = 10_000;

/// Where each signature costs money.
const PAID_COUNT: u64 = 100;

/// How wide the bar of the progress is.
const BAR: usize = 40;

const LONGEST: Duration = Duration::from_secs(86_400);

pub(crate) async fn bench(args: &BenchArgs) -> Result<(), Failure> {
    let is_paid = matches!(args.key.key.parse(), Ok(KeyUri::AwsKms { .. }));
    let count = args
        .count
        .unwrap_or(if is_paid { PAID_COUNT } else { COUNT });
    let bounds = Bounds {
        count,
        time: args.seconds.duration(),
    };

    if bounds.time > LONGEST {
        return Err(Failure::usage(
            "a round of more than a day; set --seconds to less",
        ));
    }

    let signer = named_key(&args.key).await?;
    let most = count.saturating_mul(args.concurrency.len() as u64);
    note(&plan(args, bounds, most));
    if is_paid {
        note(&price(most.saturating_add(1), signer.public_key().kind()));
    }
    if args.dry_run {
        note("a dry run: nothing was signed");
        return Ok(());
    }
    if is_paid {
        confirm(args.yes)?;
    }
    try_once(&signer).await?;

    let (stop, stopped) = watch::channel(false);
    let measured = async {
        let mut rounds = Vec::new();
        for &concurrency in &args.concurrency {
            let progress = progress(bounds, concurrency);
            let round = Round::measure(&signer, concurrency, bounds, &stopped, &progress).await;
            progress.finish_and_clear();
            rounds.push(round);
            if *stopped.borrow() {
                break;
            }
        }
        rounds
    };
    let interrupt = async {
        // Without a handler for it, an interruption ends the program.
        if tokio::signal::ctrl_c().await.is_ok() {
            let _ = stop.send(true);
        }
        std::future::pending::<()>().await;
    };
    let rounds = tokio::select! {
        rounds = measured => rounds,
        () = interrupt => Vec::new(),
    };

    let report = Report {
        key: &args.key.key,
        signer: &*signer,
        rounds: &rounds,
        interrupted: *stopped.borrow(),
    };
    match args.output {
        BenchOutput::Text => write::result(&report.text())?,
        BenchOutput::Json => write::result(&format!("{:#}\n", report.json()))?,
    }
    if report.interrupted {
        note("interrupted; this is what was measured");
    }
    if !report.interrupted && rounds.iter().all(|round| round.signatures() == 0) {
        return Err(Failure::key("of all signatures none succeeded"));
    }
    Ok(())
}

/// Signs once and verifies it: whatever is wrong with the key shows here, and not ten thousand times.
async fn try_once(signer: &dyn Signer) -> Result<(), Failure> {
    let start = Instant::now();
    let signature = signer.sign(&MESSAGE).await?;
    let took = report::time(start.elapsed());
    let (algorithm, public_key) = (signer.algorithm(), signer.public_key());
    let verified = match public_key.verify(algorithm, &MESSAGE, signature.as_bytes()) {
        Ok(()) => "and verified",
        Err(VerifyError::Unsupported { .. }) => "which is not verified: nothing here can",
        Err(error) => {
            return Err(Failure::key(error.to_string()).hint("this key must not be used"));
        }
    };
    note(&format!(
        "one signature with {algorithm}, {}, in {took}, {verified}",
        public_key.kind()
    ));
    Ok(())
}

/// What is going to happen, at most.
fn plan(args: &BenchArgs, bounds: Bounds, most: u64) -> String {
    let levels: Vec<_> = args.concurrency.iter().map(ToString::to_string).collect();
    let seconds = bounds.time.as_secs() * args.concurrency.len() as u64;
    format!(
        "one signature to try the key, then rounds with {} at once, each with {} signatures or for {} s, whichever \
         ends first: at most {most} signatures in {seconds} s or so",
        levels.join(", "),
        bounds.count,
        bounds.time.as_secs(),
    )
}

fn price(calls: u64, kind: KeyKind) -> String {
    let cents = match kind {
        KeyKind::Rsa { bits: 2048, .. } => 3,
        _ => 15,
    };
    let dollars = match calls as f64 * f64::from(cents) / 1e6 {
        ..0.0001 => "less than 0.0001".into(),
        dollars => format!("about {dollars:.4}"),
    };
    format!(
        "each is a call to AWS KMS, which is paid for and counts against the quota of the account: {calls} calls \
         cost {dollars} dollars, at 0.{cents:02} dollars for 10000 with a key of {kind} (in most regions; retries \
         come on top)"
    )
}

fn confirm(yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Err(
            Failure::usage("these calls are paid for, and nobody is there to be asked")
                .hint("say --yes, and bound them with --count and --concurrency"),
        );
    }
    let mut stderr = anstream::stderr();
    let _ = write!(stderr, "Go on? [y/N] ").and_then(|()| stderr.flush());
    let mut answer = String::new();
    let read = stdin().read_line(&mut answer);
    let answer = answer.trim();
    if read.is_ok() && (answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes")) {
        return Ok(());
    }
    Err(Failure::other("nothing was measured"))
}

/// A bar on the terminal; nothing where there is none.
fn progress(bounds: Bounds, concurrency: usize) -> ProgressBar {
    let progress = ProgressBar::new(bounds.count);
    let template = "{prefix:>4} at once {done} {pos} {rate:>10}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        // Whichever ends the round first, time or count.
        let done = move |state: &ProgressState, out: &mut dyn fmt::Write| {
            let time = state.elapsed().as_secs_f32() / bounds.time.as_secs_f32();
            let filled = (state.fraction().max(time).min(1.0) * BAR as f32) as usize;
            let _ = write!(out, "{:-<BAR$}", "#".repeat(filled));
        };
        let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
            // A bar that cannot be drawn is no reason to stop.
            let _ = write!(out, "{:.0}/s", state.per_sec());
        };
        progress.set_style(style.with_key("done", done).with_key("rate", rate));
    }
    progress.set_prefix(harmless(&concurrency.to_string()));
    progress.enable_steady_tick(Duration::from_millis(100));
    progress
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_is_that_of_so_many_calls() {
        let rsa = jwt_bearer::keyfile::PrivateKey::generate_rsa(2048).unwrap();
        let rsa = rsa.public_key().unwrap().kind();
        for (kind, expected) in [
            (rsa, "0.0012 dollars, at 0.03"),
            (KeyKind::P256, "0.0060 dollars, at 0.15"),
            (KeyKind::P384, "0.0060 dollars, at 0.15"),
        ] {
            let text = price(400, kind);
            let expected = format!("400 calls cost about {expected}");
            assert!(text.contains(&expected), "{text}");
        }
    }
}
