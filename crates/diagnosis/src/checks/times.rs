use std::time::{SystemTime, UNIX_EPOCH};

use jwt_bearer_assertion::Defect;
use jwt_bearer_provider::Check;

use super::Case;
use super::clock::{self, Ahead};
use crate::observed::Observed;

/// Seconds since 1970.
pub(crate) fn seconds(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// Times in the assertion, and clocks.
pub(crate) fn check(case: &Case<'_>, seen: &mut Observed) {
    check_form(case, seen);
    let ahead = clock::check(case, seen);
    if seen.has_failed(Check::ExpMilliseconds) {
        return;
    }
    let Some(times) = Times::of(case, ahead) else {
        return;
    };
    times.check_life(case, seen);
    times.check_expiry(case, seen);
    times.check_start(seen);
}

fn check_form(case: &Case<'_>, seen: &mut Observed) {
    let Some(assertion) = &case.evidence.assertion else {
        return;
    };
    for defect in assertion.defects() {
        let line = defect.to_string();
        match defect {
            // Salesforce's own tools send milliseconds, and it takes the distant time.
            Defect::Milliseconds(_) => {
                seen.noted(Check::ExpMilliseconds, !case.is_salesforce(), line);
            }
            Defect::TimeIsString(_) if !case.is_salesforce() => {
                let mut times = ["exp", "iat", "nbf"]
                    .map(|name| case.claim(name))
                    .into_iter();
                let proof = times.any(|time| time.is_some_and(|time| case.is_value(time)));
                seen.noted(Check::ExpString, proof, line);
            }
            Defect::TimeIsFraction(_) if case.is_box() => seen.proven(Check::ExpFraction, line),
            Defect::TimeIsFraction(claim) => {
                let line = format!("`{claim}` has a fraction, which RFC 7519 allows");
                seen.hinted(Check::ExpFraction, line);
            }
            Defect::TimeIsOther(_) => seen.proven(Check::ExpString, line),
            Defect::NoExpiry => seen.proven(Check::ExpMissing, line),
            _ => {}
        }
    }
    if assertion.claims().is_empty() {
        return;
    }
    let all = [
        Check::ExpMilliseconds,
        Check::ExpString,
        Check::ExpFraction,
        Check::ExpMissing,
    ];
    seen.passed(&all, "the times are whole seconds");
    if !assertion.claims().contains_key("iat")
        && matches!(
            case.provider,
            "google" | "docusign" | "snowflake" | "github"
        )
    {
        seen.proven(Check::IatMissing, "there is no `iat`");
    } else {
        seen.passed(
            &[Check::IatMissing],
            "`iat` is there, or nobody asks for it",
        );
    }
}

/// Whether a time ahead of the `Date` is a whole number of these units, less the seconds that the way took.
const fn is_whole(rest: i64, unit: i64) -> bool {
    rest.saturating_add(5).rem_euclid(unit) <= 6
}

/// The times of the assertion, in seconds.
struct Times {
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
    /// By the server's `Date`, or by this machine's clock as the probe corrects it.
    now: Option<i64>,
    /// By this machine's clock.
    sent: Option<i64>,
    ahead: Option<Ahead>,
}

impl Times {
    fn of(case: &Case<'_>, ahead: Option<Ahead>) -> Option<Self> {
        let assertion = case.evidence.assertion.as_ref()?;
        let time = |name| seconds(assertion.time(name)?);
        Some(Self {
            exp: time("exp")?,
            iat: time("iat"),
            nbf: time("nbf"),
            now: case.evidence.reply.as_ref().and_then(crate::Reply::date),
            sent: case.evidence.sent_at.and_then(seconds),
            ahead,
        })
    }

    /// The life by the assertion itself, else by when it was sent.
    fn life(&self) -> Option<i64> {
        self.exp.checked_sub(self.iat.or(self.sent)?)
    }

    fn check_life(&self, case: &Case<'_>, seen: &mut Observed) {
        let max = match case.provider {
            "google" | "docusign" | "snowflake" | "okta" => Some(3600),
            "github" => Some(600),
            "epic" => Some(300),
            _ => case
                .profile
                .max_lifetime
                .and_then(|max| i64::try_from(max.as_secs()).ok()),
        };
        // These count from their own clock, and let `iat` be set back.
        let is_from_now = matches!(case.provider, "epic" | "github" | "okta");
        let rest = self.now.map(|now| self.exp.saturating_sub(now));
        let by_date = rest.filter(|_| is_from_now);
        let Some(life) = by_date.or_else(|| self.life()) else {
            return;
        };
        // Of a paste nobody knows whether `iat` was set back.
        let is_known = match rest {
            Some(_) => true,
            None => !is_from_now && !case.evidence.is_pasted,
        };
        if life >= 20 {
            seen.passed(&[Check::LifeTooShort], "it lives long enough to arrive");
        }
        let Some(max) = max else {
            if life > 3600 {
                let line = format!("it lives {life} s; few servers take more than an hour");
                seen.hinted(Check::LifeTooLong, line);
            }
            return;
        };
        // `iat` is often set back, and GitHub tells people to.
        let slack = if case.provider == "github" { 60 } else { 0 };
        if life > max + slack && rest.is_some_and(|rest| rest <= max) {
            // By the server's clock it is not too long.
        } else if life > max + slack && !self.is_zoned(life) {
            let line = format!("it lives {life} s; {max} s are the most");
            // No server's check of the upper bound is known at Salesforce.
            seen.noted(Check::LifeTooLong, is_known && !case.is_salesforce(), line);
        } else if life > 0 && life <= max {
            let line = format!("it lives {life} s, of at most {max}");
            seen.passed(&[Check::LifeTooLong], &line);
        }
    }

    fn check_expiry(&self, case: &Case<'_>, seen: &mut Observed) {
        let Some(now) = self.now else {
            return;
        };
        let rest = self.exp.saturating_sub(now);
        if rest <= 0 {
            return self.explain_expired(rest.saturating_neg(), seen);
        }
        let expired = [Check::Expired, Check::LifeTooShort, Check::SignerClock];
        let line = format!("`exp` is {rest} s after the reply's `Date`");
        if self.sent.is_none() {
            seen.passed(&[Check::ClockBehind], &line);
        }
        let max = case.profile.max_lifetime.map_or(i64::MAX, |max| {
            i64::try_from(max.as_secs()).unwrap_or(i64::MAX)
        });
        if rest > max {
            // Not at Salesforce: as far as is known, it looks at no upper bound.
            if !case.is_salesforce() {
                self.explain_too_far(rest, max, seen);
            }
            seen.passed(&expired[..2], &line);
        } else {
            seen.passed(&expired, &line);
            seen.passed(&[Check::ExpTooFar, Check::LocalTime], &line);
        }
    }

    fn explain_expired(&self, since: i64, seen: &mut Observed) {
        let line = format!("`exp` is {since} s before the reply's `Date`");
        if let Some(ahead) = self.ahead
            && ahead.is_behind()
        {
            let line = format!("{line}, and this machine is {} s behind", -ahead.most);
            if since.saturating_add(ahead.least) <= 1 {
                return seen.proven(Check::ClockBehind, line);
            }
        }
        if let Some(life) = self.iat.map(|iat| self.exp.saturating_sub(iat))
            && life <= 10
            && since <= 60
        {
            return seen.proven(
                Check::LifeTooShort,
                format!("{line}, and it lives {life} s"),
            );
        }
        if self.is_zoned(since) {
            return seen.hinted(Check::LocalTime, line);
        }
        seen.passed(&[Check::LocalTime], "the times are not off by a time zone");
        if self.sent.is_some() {
            return seen.proven(Check::Expired, line);
        }
        // From outside, a clock that is behind and an assertion that was kept look the same.
        let off = self.iat.map_or_else(
            || line.clone(),
            |iat| {
                let age = self.age(iat);
                format!("`iat` is {age} s before the reply's `Date`")
            },
        );
        let off = format!(
            "{off}: the clock that it was made by is behind, or it was sent that long after it was made"
        );
        seen.hinted(Check::SignerClock, off);
        seen.hinted(Check::Expired, line);
    }

    fn explain_too_far(&self, rest: i64, max: i64, seen: &mut Observed) {
        let line = format!("`exp` is {rest} s after the reply's `Date`, and {max} s are the most");
        if seen.has_failed(Check::LifeTooLong) {
            return;
        }
        if let Some(ahead) = self.ahead
            && ahead.is_ahead()
            && rest.saturating_sub(ahead.most) <= max
        {
            let line = format!("{line}; this machine is {} s ahead", ahead.least);
            return seen.proven(Check::ClockAhead, line);
        }
        if self.is_zoned(rest) {
            return seen.hinted(Check::LocalTime, line);
        }
        seen.passed(&[Check::LocalTime], "the times are not off by a time zone");
        if self.iat.is_none() && is_whole(rest, 60) {
            let line = format!("{line}: whole minutes or hours, as people set a life");
            return seen.hinted(Check::LifeTooLong, line);
        }
        if self.sent.is_none() && self.is_issued_ahead() {
            return seen.hinted(Check::SignerClock, line);
        }
        if self.sent.is_none() && self.iat.is_none() {
            let line = format!("{line}: it was given so long a life, or the clock is ahead");
            if !self.ahead.is_some_and(Ahead::is_right) {
                seen.hinted(Check::LifeTooLong, line.as_str());
            }
            return seen.hinted(Check::SignerClock, line);
        }
        seen.proven(Check::ExpTooFar, line);
    }

    /// Seconds from a time in the assertion to the reply's `Date`.
    fn age(&self, time: i64) -> i64 {
        self.now.map_or(0, |now| now.saturating_sub(time))
    }

    /// Whether `iat` is ahead of the reply's `Date` by more than a second's cut.
    fn is_issued_ahead(&self) -> bool {
        self.iat.is_some_and(|iat| self.age(iat) < -1)
    }

    fn check_start(&self, seen: &mut Observed) {
        let Some(now) = self.now else {
            return;
        };
        let starts = [("iat", self.iat), ("nbf", self.nbf)];
        let mut latest = None;
        for (name, start) in starts {
            if let Some(early) = start.map(|start| start.saturating_sub(now))
                && latest.is_none_or(|(_, other)| early > other)
            {
                latest = Some((name, early));
            }
        }
        let Some((name, early)) = latest else {
            return seen.passed(&[Check::NotYet], "there is neither `iat` nor `nbf`");
        };
        if early <= 0 {
            let line = "`iat` and `nbf` are not ahead of the reply's `Date`";
            return seen.passed(&[Check::NotYet], line);
        }
        let line = format!("`{name}` is {early} s after the reply's `Date`");
        if let Some(ahead) = self.ahead
            && ahead.is_ahead()
            && early <= ahead.most.saturating_add(1)
        {
            return seen.proven(Check::ClockAhead, line);
        }
        if self.is_zoned(early) {
            return seen.hinted(Check::LocalTime, line);
        }
        // A second can be the cut of the `Date`.
        if self.sent.is_some() || early <= 1 {
            return seen.noted(Check::NotYet, early > 1, line);
        }
        let line = format!("{line}: the clock that it was made by is ahead, or it was set ahead");
        seen.hinted(Check::SignerClock, line.as_str());
        seen.hinted(Check::NotYet, line);
    }

    /// Whether a difference is that of a time zone: quarters of an hour, half an hour at least.
    fn is_zoned(&self, difference: i64) -> bool {
        const QUARTER: i64 = 900;
        let difference = difference.saturating_abs();
        // An assertion lives some minutes at most, which are in the difference.
        (2 * QUARTER - 120..=14 * 4 * QUARTER + 300).contains(&difference)
            && self.is_off_by_quarters()
    }

    /// Whether the time of issue is that: `iat`, or `exp` less a usual life.
    fn is_off_by_quarters(&self) -> bool {
        const QUARTER: i64 = 900;
        let Some(now) = self.now else {
            return false;
        };
        let off = match self.iat {
            Some(iat) => iat.saturating_sub(now),
            None => {
                let rest = self.exp.saturating_sub(now);
                // An hour is a life, and an hour and some seconds are a life in another zone.
                if rest > 0 && is_whole(rest, QUARTER) {
                    return false;
                }
                rest.saturating_sub(45)
            }
        };
        let rest = off.rem_euclid(QUARTER);
        let near = rest <= 60 || rest >= QUARTER - 60;
        near && off.saturating_abs() >= QUARTER
    }
}
