use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::later::later;
use crate::random::part_of;
use crate::{ExchangeError, ExchangeErrorKind};

/// How many tries beyond the first there may be before a success is needed.
const BUCKET: u32 = 20;

/// When a failed request is made anew: what is [retryable](ExchangeError::is_retryable), after a wait.
///
/// The wait is `Retry-After` if the server names one, else a random part of a time that doubles with each try. Clones
/// share an allowance of 20 further tries; each takes one, each success gives one back, so that a sick server is not
/// kept busy by those who wait for it.
///
/// A failure to sign is retried once, for most signers try again by themselves.
///
/// It waits on tokio's clock, and so needs a runtime with time.
#[derive(Clone, Debug)]
pub struct Retry {
    tries: u32,
    budget: Duration,
    shortest: Duration,
    longest: Duration,
    bucket: Arc<Bucket>,
}

impl Retry {
    /// Up to six tries within 60 seconds, with waits that begin at half a second and end at 20 seconds.
    #[must_use]
    pub fn new() -> Self {
        Self {
            tries: 6,
            budget: Duration::from_secs(60),
            shortest: Duration::from_millis(500),
            longest: Duration::from_secs(20),
            bucket: Arc::new(Bucket(AtomicU32::new(BUCKET))),
        }
    }

    /// No further try after a failure; 60 seconds at most.
    ///
    /// A [`TokenSource`](crate::TokenSource) still posts again, at once, after a refusal that a new assertion mends: once
    /// by the server's clock, and once for a `jti` that was used before.
    #[must_use]
    pub fn none() -> Self {
        Self::new().tries(1)
    }

    /// Sets how many tries there are, the first included; 0 counts as 1.
    #[must_use]
    pub const fn tries(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// Sets the time for the whole operation: every try and every wait.
    ///
    /// A try that runs when it ends is cut off, and a wait that would go beyond it is not begun.
    #[must_use]
    pub const fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Sets the first wait and the longest; each is the upper bound of a random one.
    #[must_use]
    pub const fn backoff(mut self, shortest: Duration, longest: Duration) -> Self {
        self.shortest = shortest;
        self.longest = longest;
        self
    }

    /// Runs an operation, and again after a wait while that may help.
    ///
    /// The operation must make its request anew each time: `|| client.token(&request, &signer)` signs each time.
    ///
    /// # Errors
    /// The last one; `Timeout` if the budget ran out during the first try.
    pub async fn run<T, F>(&self, operation: impl FnMut() -> F) -> Result<T, ExchangeError>
    where
        F: Future<Output = Result<T, ExchangeError>>,
    {
        self.run_mending(operation, |_| false).await
    }

    /// As [`run`](Self::run), and at once again after an error that `mend` could do something about.
    pub(crate) async fn run_mending<T, F>(
        &self,
        mut operation: impl FnMut() -> F,
        mut mend: impl FnMut(&ExchangeError) -> bool,
    ) -> Result<T, ExchangeError>
    where
        F: Future<Output = Result<T, ExchangeError>>,
    {
        let deadline = later(Instant::now(), self.budget);
        let mut last = None;
        let mut tries = 0;
        let mut signing_failed = false;
        loop {
            let Ok(result) = timeout_at(deadline, operation()).await else {
                return Err(last.unwrap_or_else(|| ExchangeError::out_of_time(self.budget)));
            };
            let error = match result {
                Ok(value) => {
                    self.bucket.give();
                    return Ok(value);
                }
                Err(error) => error,
            };
            if !mend(&error) {
                tries += 1;
                if tries >= self.tries || !error.is_retryable() {
                    return Err(error.after(tries));
                }
                // The signer's own software tries again where that helps; tries within tries would multiply.
                if error.kind() == ExchangeErrorKind::Sign
                    && std::mem::replace(&mut signing_failed, true)
                {
                    return Err(error.after(tries));
                }
                let wait = self.wait(&error, tries);
                let left = deadline.saturating_duration_since(Instant::now());
                if wait >= left || !self.bucket.take() {
                    return Err(error.after(tries));
                }
                tracing::debug!(%error, tries, ?wait, "trying again");
                sleep(wait).await;
            }
            last = Some(error.after(tries.max(1)));
        }
    }

    /// How long to wait after this many tries have failed.
    fn wait(&self, error: &ExchangeError, tries: u32) -> Duration {
        if let Some(wait) = error.retry_after() {
            // Whoever was told the same second does not come back in the same instant.
            return wait.saturating_add(part_of(self.shortest));
        }
        let most = self
            .shortest
            .saturating_mul(1_u32.checked_shl(tries - 1).unwrap_or(u32::MAX));
        part_of(most.min(self.longest))
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::new()
    }
}

/// An allowance that all who share it draw upon.
#[derive(Debug)]
struct Bucket(AtomicU32);

impl Bucket {
    fn take(&self) -> bool {
        self.update(|left| left.checked_sub(1))
    }

    fn give(&self) {
        self.update(|left| (left < BUCKET).then_some(left + 1));
    }

    fn update(&self, change: impl FnMut(u32) -> Option<u32>) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, change)
            .is_ok()
    }
}
