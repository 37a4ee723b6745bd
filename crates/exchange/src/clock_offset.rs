use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jwt_bearer_provider::Rejection;

use crate::ExchangeError;

/// What two clocks may differ by before the difference counts, in milliseconds.
const LEEWAY: i64 = 5_000;

/// The most that the server's `Date` is believed, in milliseconds: two days. An assertion for a time years ahead would
/// be a credential for that time.
const FURTHEST: u64 = 2 * 86_400_000;

/// How many milliseconds the server's clock is ahead of ours, as far as is known.
#[derive(Debug, Default)]
pub(crate) struct ClockOffset(AtomicI64);

impl ClockOffset {
    pub(crate) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// In seconds, unless it is none.
    pub(crate) fn seconds(&self) -> Option<i64> {
        let seconds = self.get() / 1000;
        (seconds != 0).then_some(seconds)
    }

    /// Takes over the server's time if the refusal is about time and its `Date` disagrees with the offset `used`;
    /// says whether it does.
    pub(crate) fn repair(&self, error: &ExchangeError, used: i64) -> bool {
        let Some(offset) = disagreement(error, used) else {
            return false;
        };
        let known = self.0.swap(offset, Ordering::Relaxed);
        // Many subjects may find the same out at the same time.
        if known.abs_diff(offset) <= LEEWAY.unsigned_abs() {
            return true;
        }
        tracing::warn!(
            offset_seconds = offset / 1000,
            "the clocks of this machine and of the token endpoint disagree; \
             assertions now follow the server's; have this machine's clock set by NTP"
        );
        true
    }
}

/// The offset that the reply tells, if it is not the one that was used.
///
/// `Date` was written between sending and receiving and has lost its parts of a second, so that the offset lies
/// within bounds. The lower one is taken: by it our time is never ahead of the server's, and no assertion lives longer
/// than the provider allows.
fn disagreement(error: &ExchangeError, used: i64) -> Option<i64> {
    let attempt = error.attempt()?;
    if attempt.error_response()?.rejection() != Rejection::Time {
        return None;
    }
    let date = millis(attempt.date()?)?;
    let least = date.checked_sub(millis(attempt.received_at())?)?;
    let most = date
        .checked_add(1000)?
        .checked_sub(millis(attempt.sent_at())?)?;
    let bounds = least.saturating_sub(LEEWAY)..=most.saturating_add(LEEWAY);
    let is_news = !bounds.contains(&used);
    (is_news && least.unsigned_abs() <= FURTHEST).then_some(least)
}

/// A time so many milliseconds later, or earlier if negative; never before 1970.
pub(crate) fn shifted(time: SystemTime, by: i64) -> SystemTime {
    let distance = Duration::from_millis(by.unsigned_abs());
    let shifted = if by < 0 {
        time.checked_sub(distance)
    } else {
        time.checked_add(distance)
    };
    shifted.unwrap_or(time).max(UNIX_EPOCH)
}

fn millis(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}
