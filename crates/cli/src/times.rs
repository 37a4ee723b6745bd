//! Times for people.

use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A time in local time and UTC, and how far it is from `now`.
pub(crate) fn explain(time: SystemTime, now: SystemTime) -> String {
    let Ok(timestamp) = Timestamp::try_from(time) else {
        return "out of range".into();
    };
    let local = timestamp.to_zoned(TimeZone::system());
    let utc = timestamp.to_zoned(TimeZone::UTC);
    let distance = distance(time, now);
    let local_format = if local.date() == utc.date() {
        "%H:%M:%S"
    } else {
        "%Y-%m-%d %H:%M:%S"
    };
    format!(
        "{} UTC ({} local), {distance}",
        utc.strftime("%Y-%m-%d %H:%M:%S"),
        local.strftime(local_format)
    )
}

/// A time in UTC, which tells nothing of this machine, and how far it is from `now`.
pub(crate) fn utc(time: SystemTime, now: SystemTime) -> String {
    let Ok(timestamp) = Timestamp::try_from(time) else {
        return "out of range".into();
    };
    let utc = timestamp.strftime("%Y-%m-%d %H:%M:%S");
    format!("{utc} UTC, {}", distance(time, now))
}

fn distance(time: SystemTime, now: SystemTime) -> String {
    match time.duration_since(now) {
        Ok(ahead) if ahead.as_secs() == 0 => "now".into(),
        Ok(ahead) => format!("in {}", length(ahead.as_secs())),
        Err(error) => format!("{} ago", length(error.duration().as_secs())),
    }
}

/// A length of time in its two largest units.
pub(crate) fn length(seconds: u64) -> String {
    let units = [
        ("year", 31_557_600),
        ("day", 86_400),
        ("h", 3600),
        ("min", 60),
        ("s", 1),
    ];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, size) in units {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            let plural = if count > 1 && unit.len() > 2 && unit != "min" {
                "s"
            } else {
                ""
            };
            parts.push(format!("{count} {unit}{plural}"));
        }
        if parts.len() == 2 || (parts.len() == 1 && count == 0) {
            break;
        }
    }
    if parts.is_empty() {
        "0 s".into()
    } else {
        parts.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_at_most_two_units() {
        let cases = [
            (0, "0 s"),
            (59, "59 s"),
            (61, "1 min 1 s"),
            (3600, "1 h"),
            (3661, "1 h 1 min"),
            (86_400 + 59, "1 day"),
            (2 * 86_400 + 7200, "2 days 2 h"),
            (57_000 * 31_557_600, "57000 years"),
        ];
        for (seconds, text) in cases {
            assert_eq!(length(seconds), text);
        }
    }
}
