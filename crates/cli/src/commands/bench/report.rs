use std::fmt::Write;
use std::time::Duration;

use jwt_bearer::Signer;
use serde_json::{Value, json};

use super::round::Round;
use crate::write::harmless;

/// How many bars a histogram has.
const BARS: u32 = 8;

/// The fewest signatures that are worth one.
const LEAST: u64 = 10;

/// How long the longest of them is.
const WIDTH: u64 = 40;

pub(super) struct Report<'a> {
    pub(super) key: &'a str,
    pub(super) signer: &'a dyn Signer,
    pub(super) rounds: &'a [Round],
    pub(super) interrupted: bool,
}

impl Report<'_> {
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{} with {}, {}\n\n{:>7} {:>11} {:>10} {:>7} {:>9} {:>9} {:>9} {:>9}\n",
            self.signer.algorithm(),
            harmless(self.key),
            self.signer.public_key().kind(),
            "at once",
            "per second",
            "signatures",
            "failed",
            "p50",
            "p90",
            "p99",
            "max",
        );
        for round in self.rounds {
            // Where nothing was signed there are no times.
            let shown = |taken| match round.signatures() {
                0 => "-".into(),
                _ => time(taken),
            };
            let _ = writeln!(
                text,
                "{:>7} {:>11.1} {:>10} {:>7} {:>9} {:>9} {:>9} {:>9}",
                round.concurrency,
                round.per_second(),
                round.signatures(),
                round.failures(),
                shown(round.percentile(50.0)),
                shown(round.percentile(90.0)),
                shown(round.percentile(99.0)),
                shown(round.max()),
            );
        }
        let fastest = self
            .rounds
            .iter()
            .filter(|round| round.signatures() > 0)
            .max_by(|a, b| a.per_second().total_cmp(&b.per_second()));
        if let Some(fastest) = fastest {
            text += &histogram(fastest);
        }
        for round in self.rounds {
            for (error, count) in &round.errors {
                let _ = writeln!(
                    text,
                    "\n{} at once, {count} failed: {}",
                    round.concurrency,
                    harmless(error)
                );
            }
        }
        text
    }

    pub(super) fn json(&self) -> Value {
        let rounds: Vec<_> = self.rounds.iter().map(json).collect();
        json!({
            "key": self.key,
            "kind": self.signer.public_key().kind().to_string(),
            "algorithm": self.signer.algorithm().name(),
            "interrupted": self.interrupted,
            "rounds": rounds,
        })
    }
}

fn json(round: &Round) -> Value {
    let microseconds = |time: Duration| time.as_nanos() as f64 / 1000.0;
    json!({
        "concurrency": round.concurrency,
        "seconds": round.took.as_secs_f64(),
        "signatures": round.signatures(),
        "failures": round.failures(),
        "per_second": round.per_second(),
        "latency_us": {
            "p50": microseconds(round.percentile(50.0)),
            "p90": microseconds(round.percentile(90.0)),
            "p99": microseconds(round.percentile(99.0)),
            "max": microseconds(round.max()),
        },
        "histogram": bars(round)
            .into_iter()
            .map(|(to, count)| json!({ "up_to_us": microseconds(to), "signatures": count }))
            .collect::<Vec<_>>(),
        "errors": round.errors,
    })
}

/// How many signatures took how long: bars from the shortest to the longest time, each the same factor above the last.
/// Each has the longest time that is in it.
fn bars(round: &Round) -> Vec<(Duration, u64)> {
    if round.signatures() == 0 {
        return Vec::new();
    }
    let (low, high) = (round.latency.min() as f64, round.latency.max() as f64);
    let edge = |bar: u32| (low * (high / low).powf(f64::from(bar) / f64::from(BARS))) as u64;
    let bar = |bar: u32| {
        let from = if bar == 0 { 0 } else { edge(bar) + 1 };
        let to = if bar + 1 == BARS {
            u64::MAX
        } else {
            edge(bar + 1)
        };
        let count = round
            .latency
            .iter_recorded()
            .filter(|step| (from..=to).contains(&step.value_iterated_to()))
            .map(|step| step.count_at_value())
            .sum();
        (Duration::from_nanos(edge(bar + 1)), count)
    };
    (0..BARS).map(bar).collect()
}

/// The bars, where there are enough signatures for them to have a shape.
fn histogram(round: &Round) -> String {
    if round.signatures() < LEAST {
        return String::new();
    }
    let bars = bars(round);
    let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(1);
    let mut text = format!("\nhow long they took, {} at once\n", round.concurrency);
    for (to, count) in bars {
        let bar = "#".repeat((count * WIDTH).div_ceil(most.max(1)) as usize);
        let _ = writeln!(text, "up to {:>8} {bar:<40} {count}", time(to));
    }
    text
}

/// A time in three digits or so, with its unit.
pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let (value, unit) = match seconds {
        1.0.. => (seconds, "s"),
        0.001.. => (seconds * 1e3, "ms"),
        _ => (seconds * 1e6, "us"),
    };
    let digits = match value {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    format!("{value:.digits$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        for (nanoseconds, text) in [
            (0, "0.00 us"),
            (1_234, "1.23 us"),
            (21_700, "21.7 us"),
            (999_000, "999 us"),
            (1_000_000, "1.00 ms"),
            (123_456_789, "123 ms"),
            (3_600_000_000_000, "3600 s"),
        ] {
            assert_eq!(time(Duration::from_nanos(nanoseconds)), text);
        }
    }
}
