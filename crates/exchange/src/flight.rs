use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use futures_util::FutureExt;
use futures_util::future::Shared;
use tokio::time::{Instant, timeout_at};

use crate::{ExchangeError, Token};

/// How long an error is answered without asking again, if the server names no time; also the least time between two
/// exchanges of a source.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest `Retry-After` that is believed.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// An exchange that nobody waited for so long is begun anew: its assertion may have expired unsent.
const STALE: Duration = Duration::from_secs(10);
/// How long a caller who has a valid token waits for a new one.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) type Outcome = Result<Arc<Token>, ExchangeError>;
type Fetch = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// What the clones of a source share.
pub(crate) struct State {
    /// Written under the lock of `slot` alone.
    pub(crate) current: ArcSwap<Token>,
    /// Held for moments; no event and no code that is not ours under it.
    slot: Mutex<Slot>,
}

struct Slot {
    flight: Option<Flight>,
    /// The last failure, and until when it is the answer.
    failure: Option<(ExchangeError, Instant)>,
    /// No exchange begins before.
    next: Instant,
    /// None begins before while the token is valid.
    next_ahead: Instant,
}

/// An exchange under way. It runs while somebody polls it.
#[derive(Clone)]
struct Flight {
    fetch: Shared<Fetch>,
    began: Instant,
    /// When somebody last stopped waiting for it.
    left: Instant,
}

impl Flight {
    /// Whether somebody waits for it.
    fn is_watched(&self) -> bool {
        self.fetch.strong_count().is_none_or(|count| count > 1)
    }
}

impl State {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            current: ArcSwap::from_pointee(Token::none()),
            slot: Mutex::new(Slot {
                flight: None,
                failure: None,
                next: now,
                next_ahead: now,
            }),
        }
    }

    /// A token: the one there is, or the outcome of the one exchange that all wait for, begun by `fetch` if need be.
    pub(crate) async fn token<F>(&self, fetch: impl FnOnce(Instant) -> F) -> Outcome
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let now = Instant::now();
        let flight = match self.join(now, fetch) {
            Step::Done(outcome) => return outcome,
            Step::Wait(flight) => flight,
        };
        let waiting = Waiting {
            state: self,
            flight,
        };
        let fetch = &waiting.flight.fetch;
        if self.still_serving().is_some() {
            let patience = waiting.flight.began + PATIENCE;
            if timeout_at(patience, fetch.clone()).await.is_err()
                && let Some(token) = self.still_serving()
            {
                // The exchange goes on when the next caller comes.
                return Ok(token);
            }
        }
        let outcome = fetch.clone().await;
        self.land(&waiting.flight, &outcome);
        outcome.or_else(|error| self.still_serving().ok_or(error))
    }

    fn still_serving(&self) -> Option<Arc<Token>> {
        let current = self.current.load_full();
        current.serves(Instant::now()).then_some(current)
    }

    fn join<F>(&self, now: Instant, fetch: impl FnOnce(Instant) -> F) -> Step
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut slot = self.slot();
        let current = self.current.load_full();
        let serves = current.serves(now);
        if serves && !current.is_due(now) {
            return Step::Done(Ok(current));
        }
        if let Some(flight) = &slot.flight {
            let is_watched = flight.is_watched();
            if serves && is_watched {
                return Step::Done(Ok(current));
            }
            if is_watched || now < flight.left + STALE {
                return Step::Wait(flight.clone());
            }
        }
        if serves && now < slot.next.max(slot.next_ahead) {
            return Step::Done(Ok(current));
        }
        if let Some((error, until)) = &slot.failure
            && now < *until
        {
            return Step::Done(Err(error.clone()));
        }
        let fetch: Fetch = Box::pin(fetch(slot.next));
        let flight = Flight {
            fetch: fetch.shared(),
            began: now,
            left: now,
        };
        let given_up = slot.flight.replace(flight.clone());
        drop(slot);
        // It holds futures of the signer and the transport, which drop outside the lock.
        drop(given_up);
        Step::Wait(flight)
    }

    /// Takes over an outcome, once.
    fn land(&self, flight: &Flight, outcome: &Outcome) {
        let mut slot = self.slot();
        if !slot
            .flight
            .as_ref()
            .is_some_and(|other| other.fetch.ptr_eq(&flight.fetch))
        {
            return;
        }
        let landed = slot.flight.take();
        let now = Instant::now();
        slot.next = now + PAUSE;
        match outcome {
            Ok(token) => {
                let failure = slot.failure.take();
                slot.next_ahead = now;
                self.current.store(Arc::clone(token));
                drop(slot);
                drop((landed, failure));
            }
            Err(error) => {
                let pause = error
                    .retry_after()
                    .map_or(PAUSE, |after| after.clamp(PAUSE, LONGEST_PAUSE));
                let left = self.current.load().ends().saturating_duration_since(now);
                slot.next_ahead = now + pause.max(left / 8);
                let failure = slot.failure.replace((error.clone(), now + pause));
                drop(slot);
                drop((landed, failure));
                tracing::warn!(%error, ?pause, token_is_valid_for = ?left, "no new token");
            }
        }
    }

    /// Throws a token away if it is the one there is.
    pub(crate) fn invalidate(&self, token: &Token) {
        let slot = self.slot();
        let is_current = std::ptr::eq(Arc::as_ptr(&self.current.load()), token);
        if is_current {
            self.current.store(Arc::new(Token::none()));
        }
        drop(slot);
        if is_current {
            tracing::debug!("the token is thrown away");
        }
    }

    /// When a refresh is next worth a try.
    pub(crate) fn next_refresh(&self) -> Instant {
        let slot = self.slot();
        let current = self.current.load();
        let failed = slot.failure.as_ref().map(|(_, until)| *until);
        if current.serves(Instant::now()) {
            current.due().max(slot.next_ahead).max(slot.next)
        } else {
            slot.next.max(failed.unwrap_or(slot.next))
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        // Every change is whole after each statement that can panic.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("current", &self.current.load())
            .finish_non_exhaustive()
    }
}

enum Step {
    Done(Outcome),
    Wait(Flight),
}

/// Somebody who waits for an exchange; notes when they leave.
struct Waiting<'a> {
    state: &'a State,
    flight: Flight,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut slot = self.state.slot();
        if let Some(flight) = &mut slot.flight
            && flight.fetch.ptr_eq(&self.flight.fetch)
        {
            flight.left = Instant::now();
        }
    }
}
