use std::fmt::Debug;
use std::time::SystemTime;

/// Where the time in claims comes from, so that tests and a corrected clock can set it.
pub trait Clock: Debug + Send + Sync {
    /// The time now.
    fn now(&self) -> SystemTime;
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a unit struct that is written as a value"
)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock"
    )]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
