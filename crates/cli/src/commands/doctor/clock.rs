//! This machine's clock against the server's.

use std::time::{SystemTime, UNIX_EPOCH};

use jwt_bearer_diagnosis::Probe;

use super::case::Case;
use crate::page::State;
use crate::{diagnosed, times};

/// What a reply's `Date` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// By how many seconds this machine is ahead; behind if negative.
    ahead: i64,
    /// By how many seconds that can be wrong.
    uncertainty: u64,
}

impl Reading {
    /// `Date` was written between sending and receiving, and has lost its parts of a second. Why there is none, else.
    pub(super) fn of(
        headers: &[(String, String)],
        sent_at: SystemTime,
        received_at: SystemTime,
    ) -> Result<Self, &'static str> {
        if diagnosed::is_kept(headers) {
            return Err("the reply comes from a cache, so that its `Date` tells nothing");
        }
        let date = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("date"))
            .and_then(|(_, value)| httpdate::parse_http_date(value).ok());
        let bounds = || {
            let date = millis(date?)?;
            let least = millis(sent_at)?.checked_sub(date)?.checked_sub(1000)?;
            let most = millis(received_at)?.checked_sub(date)?;
            let ahead = least.midpoint(most).checked_add(500)?.div_euclid(1000);
            let uncertainty = (most.abs_diff(least) / 2).div_ceil(1000).max(1);
            Some(Self { ahead, uncertainty })
        };
        bounds().ok_or("the server tells no time")
    }

    pub(super) const fn probe(self) -> Probe {
        Probe::Clock {
            ahead: self.ahead,
            uncertainty: self.uncertainty,
        }
    }

    /// By how many seconds this machine is ahead, if by enough to matter.
    pub(super) fn difference(self) -> Option<i64> {
        (self.ahead.unsigned_abs() > self.uncertainty + 1).then_some(self.ahead)
    }

    /// Tells it, in place of what an earlier reply told.
    pub(super) fn tell(self, case: &mut Case) {
        let Some(ahead) = self.difference() else {
            let text = "this machine agrees with the server's `Date`";
            return case.step_again("clock", State::Ok, text);
        };
        let side = if ahead > 0 { "ahead of" } else { "behind" };
        let by = times::length(ahead.unsigned_abs());
        let text = format!("this machine is about {by} {side} the server");
        case.step_again("clock", State::Warning, text);
    }
}

fn millis(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_round_trip_and_the_cut_of_the_date_count() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let at = |millis| httpdate::parse_http_date(date).unwrap() + Duration::from_millis(millis);
        for (sent, received, ahead, uncertainty, difference) in [
            (0, 900, 0, 1, None),
            (500, 600, 0, 1, None),
            (10_000, 10_100, 10, 1, Some(10)),
            // Twenty seconds on the way explain all of it.
            (0, 20_000, 10, 11, None),
            (600_000, 620_000, 610, 11, Some(610)),
        ] {
            let headers = [("date".to_owned(), date.to_owned())];
            let reading = Reading::of(&headers, at(sent), at(received)).unwrap();
            let expected = Reading { ahead, uncertainty };
            assert_eq!(reading, expected, "{sent} to {received}");
            assert_eq!(reading.difference(), difference, "{sent} to {received}");
        }
        let now = at(0);
        assert!(Reading::of(&[], now, now).is_err());
        let kept = [("date", date), ("age", "3")].map(|(name, value)| (name.into(), value.into()));
        assert!(Reading::of(&kept, now, now).is_err());
    }
}
