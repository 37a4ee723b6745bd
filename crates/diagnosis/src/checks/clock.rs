//! This machine's clock against the server's.

use jwt_bearer_provider::Check;

use super::Case;
use super::times::seconds;
use crate::Probe;
use crate::observed::Observed;

/// By how much this machine is ahead of the server: two bounds in seconds, since a `Date` is cut to the second and the
/// way takes its time.
#[derive(Clone, Copy)]
pub(super) struct Ahead {
    pub(super) least: i64,
    pub(super) most: i64,
}

impl Ahead {
    pub(super) const fn is_ahead(self) -> bool {
        self.least > 1
    }

    pub(super) const fn is_behind(self) -> bool {
        self.most < -1
    }

    /// As far as it can matter.
    pub(super) const fn is_right(self) -> bool {
        self.least >= -5 && self.most <= 5
    }
}

/// By how much this machine is ahead, if that is known; what is wrong is noted.
pub(super) fn check(case: &Case<'_>, seen: &mut Observed) -> Option<Ahead> {
    let ahead = offset(case)?;
    compare(ahead, seen);
    Some(ahead)
}

/// From the reply's `Date` and the times of sending and receiving, or from a probe.
fn offset(case: &Case<'_>) -> Option<Ahead> {
    let evidence = case.evidence;
    let measured = || {
        let date = evidence.reply.as_ref()?.date()?;
        let sent = seconds(evidence.sent_at?)?;
        let received = seconds(evidence.received_at.or(evidence.sent_at)?)?;
        Some(Ahead {
            least: sent.checked_sub(date)?.checked_sub(1)?,
            most: received.checked_sub(date)?.checked_add(1)?,
        })
    };
    let probed = || {
        evidence.probes.iter().find_map(|probe| match probe {
            Probe::Clock { ahead, uncertainty } => {
                let uncertainty = i64::try_from(*uncertainty).ok()?;
                Some(Ahead {
                    least: ahead.checked_sub(uncertainty)?,
                    most: ahead.checked_add(uncertainty)?,
                })
            }
            _ => None,
        })
    };
    measured().or_else(probed)
}

fn compare(ahead: Ahead, seen: &mut Observed) {
    if ahead.is_ahead() {
        let line = format!(
            "this machine is at least {} s ahead of the server's `Date`",
            ahead.least
        );
        seen.proven(Check::ClockAhead, line);
    } else if ahead.is_behind() {
        let line = format!(
            "this machine is at least {} s behind the server's `Date`",
            -ahead.most
        );
        seen.proven(Check::ClockBehind, line);
    }
    if ahead.is_right() {
        let line = "this machine's clock agrees with the server's `Date`";
        seen.passed(&[Check::ClockAhead, Check::ClockBehind], line);
    }
}
