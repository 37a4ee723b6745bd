use std::time::Duration;

use tokio::time::Instant;

/// A time that stands for ever: about thirty years. Instants this far ahead can still be added to.
pub(crate) const EVER: Duration = Duration::from_secs(1 << 30);

/// An instant so much later; `EVER` later at most, for the addition panics where it overflows.
pub(crate) fn later(from: Instant, by: Duration) -> Instant {
    from + by.min(EVER)
}
