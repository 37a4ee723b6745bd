use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use indicatif::ProgressBar;
use jwt_bearer::Signer;
use tokio::runtime::Handle;
use tokio::sync::{Barrier, watch};
use tokio::task::JoinSet;

use super::MESSAGE;
use crate::error::chain;

/// How long after its end a round waits for the signatures that are under way.
const GRACE: Duration = Duration::from_secs(10);

/// What ends a round: so many signatures, or so much time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) count: u64,
    pub(super) time: Duration,
}

/// What was measured with so many signatures at once.
pub(super) struct Round {
    pub(super) concurrency: usize,
    pub(super) took: Duration,
    /// Nanoseconds.
    pub(super) latency: Histogram<u64>,
    /// How often signing failed, by what the error said.
    pub(super) errors: BTreeMap<String, u64>,
}

impl Round {
    /// Signs on so many threads. The runtime of the caller does the I/O.
    pub(super) async fn measure(
        signer: &Arc<dyn Signer>,
        concurrency: usize,
        bounds: Bounds,
        stopped: &watch::Receiver<bool>,
        progress: &ProgressBar,
    ) -> Self {
        let left = Arc::new(AtomicU64::new(bounds.count));
        let all_are_there = Arc::new(Barrier::new(concurrency));
        let mut workers = JoinSet::new();
        for _ in 0..concurrency {
            let worker = Worker {
                signer: Arc::clone(signer),
                left: Arc::clone(&left),
                stopped: stopped.clone(),
                time: bounds.time,
                progress: progress.clone(),
            };
            let (runtime, all_are_there) = (Handle::current(), Arc::clone(&all_are_there));
            workers.spawn_blocking(move || {
                runtime.block_on(async {
                    all_are_there.wait().await;
                    worker.work().await
                })
            });
        }
        let worked = workers.join_all().await;
        // From the first that began to the last that ended; those who came too late to sign do not count.
        let first = worked.iter().filter_map(|work| Some(work.span?.0)).min();
        let last = worked.iter().filter_map(|work| Some(work.span?.1)).max();
        let mut round = Self {
            concurrency,
            took: last
                .zip(first)
                .map_or(Duration::ZERO, |(last, first)| last - first),
            latency: empty(),
            errors: BTreeMap::new(),
        };
        for work in worked {
            // Both have the same bounds, so that one takes what the other has.
            let _ = round.latency.add(work.latency);
            for (error, count) in work.errors {
                *round.errors.entry(error).or_default() += count;
            }
        }
        round
    }

    pub(super) fn signatures(&self) -> u64 {
        self.latency.len()
    }

    pub(super) fn failures(&self) -> u64 {
        self.errors.values().sum()
    }

    pub(super) fn per_second(&self) -> f64 {
        match self.signatures() {
            0 => 0.0,
            signatures => signatures as f64 / self.took.as_secs_f64(),
        }
    }

    /// The time that so many hundredths of the signatures took at most.
    pub(super) fn percentile(&self, hundredths: f64) -> Duration {
        Duration::from_nanos(self.latency.value_at_percentile(hundredths))
    }

    pub(super) fn max(&self) -> Duration {
        Duration::from_nanos(self.latency.max())
    }
}

struct Worker {
    signer: Arc<dyn Signer>,
    /// How many signatures nobody has begun.
    left: Arc<AtomicU64>,
    stopped: watch::Receiver<bool>,
    time: Duration,
    progress: ProgressBar,
}

/// What a worker did.
struct Worked {
    /// When its first signature began and its last one was there; nothing if it made none.
    span: Option<(Instant, Instant)>,
    latency: Histogram<u64>,
    errors: BTreeMap<String, u64>,
}

impl Worker {
    async fn work(mut self) -> Worked {
        let mut latency = empty();
        let mut errors = BTreeMap::<String, u64>::new();
        let mut fail = |text: String| *errors.entry(text).or_default() += 1;
        let mut span = None;
        let begin = Instant::now();
        let end = begin + self.time;
        while Instant::now() < end && !*self.stopped.borrow() && self.is_another_left() {
            let start = Instant::now();
            let result = tokio::select! {
                biased;
                result = self.signer.sign(&MESSAGE) => result,
                _ = self.stopped.wait_for(|stopped| *stopped) => break,
                () = tokio::time::sleep_until((end + GRACE).into()) => {
                    fail(format!("no signature {} s after the end", GRACE.as_secs()));
                    break;
                }
            };
            let now = Instant::now();
            match result {
                Ok(_) => latency.saturating_record((now - start).as_nanos() as u64),
                Err(error) => fail(chain(&error)),
            }
            span = Some((begin, now));
            self.progress.inc(1);
        }
        Worked {
            span,
            latency,
            errors,
        }
    }

    fn is_another_left(&self) -> bool {
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            })
            .is_ok()
    }
}

/// Times up to an hour, to a hundredth.
#[expect(clippy::expect_used, reason = "these bounds are sound")]
fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 3_600_000_000_000, 2).expect("the bounds are sound")
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use jwt_bearer::Algorithm;
    use jwt_bearer::signer::{PublicKey, SignError, SignErrorKind, Signature};

    use super::*;

    /// Signs, is refused and signs again; or never answers.
    #[derive(Debug)]
    struct Remote {
        public_key: PublicKey,
        answers: bool,
        calls: AtomicU64,
    }

    impl Remote {
        fn shared(answers: bool) -> Arc<dyn Signer> {
            Arc::new(Self {
                public_key: PublicKey::from_ed25519(&[7; 32]).unwrap(),
                answers,
                calls: AtomicU64::new(0),
            })
        }
    }

    #[async_trait]
    impl Signer for Remote {
        fn algorithm(&self) -> Algorithm {
            Algorithm::EdDsa
        }

        fn key_id(&self) -> Option<&str> {
            None
        }

        fn public_key(&self) -> &PublicKey {
            &self.public_key
        }

        async fn sign(&self, _: &[u8]) -> Result<Signature, SignError> {
            if !self.answers {
                std::future::pending::<()>().await;
            }
            // As over a network.
            tokio::time::sleep(Duration::from_millis(1)).await;
            match self.calls.fetch_add(1, Ordering::Relaxed) % 2 {
                0 => Ok(Signature::from_jose(Algorithm::EdDsa, &[0; 64]).unwrap()),
                _ => Err(SignError::new(SignErrorKind::Unavailable, "too many calls")),
            }
        }
    }

    const BOUNDS: Bounds = Bounds {
        count: 10,
        time: Duration::from_secs(60),
    };

    #[tokio::test]
    async fn refusals_are_counted_and_the_round_goes_on() {
        let (_stop, stopped) = watch::channel(false);
        let bar = ProgressBar::hidden();
        let round = Round::measure(&Remote::shared(true), 2, BOUNDS, &stopped, &bar).await;
        assert_eq!((round.signatures(), round.failures()), (5, 5));
        assert_eq!(bar.position(), 10);
        let text = "the place where the key lives cannot be reached: too many calls";
        assert_eq!(round.errors, BTreeMap::from([(text.into(), 5)]));
    }

    #[tokio::test]
    async fn an_interruption_waits_for_nobody() {
        let (stop, stopped) = watch::channel(false);
        let signer = Remote::shared(false);
        let bar = ProgressBar::hidden();
        let round = Round::measure(&signer, 2, BOUNDS, &stopped, &bar);
        let interrupt = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            stop.send(true).unwrap();
        };
        let both = async { tokio::join!(round, interrupt).0 };
        let round = tokio::time::timeout(BOUNDS.time, both).await.unwrap();
        assert_eq!((round.signatures(), round.failures()), (0, 0));
    }
}
