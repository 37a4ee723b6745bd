use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use hyper::header::HeaderValue;

/// Something that goes wrong with token requests: [`inject`](crate::Running::inject) it.
///
/// Some faults answer *instead* of the server, as a gateway in front of it would: `status`, `html`, `empty`, `oversize`,
/// `redirect` and `no-token`. The request is not processed, and its `jti` stays unused. All others concern the way of
/// the reply: the request is processed when it comes in, so that the same assertion is refused when it is sent again.
///
/// As a text, for a command line, a fault is `KIND[=VALUE][,retry-after=VALUE][*TIMES]`:
///
/// | kind | what happens |
/// | --- | --- |
/// | `status=503` | an answer with this status, from 200 to 599 |
/// | `delay=2s`, `delay=500ms` | the reply comes so much later |
/// | `hang` | no reply until the client leaves |
/// | `reset` | a TCP reset in place of the reply |
/// | `reset-mid` | a TCP reset in the middle of the reply |
/// | `truncate` | `Content-Length` promises more than comes before the connection is closed |
/// | `drip=50ms` | the body comes as one byte each so often |
/// | `html` | status 200 with an HTML page |
/// | `empty` | status 200 without a body |
/// | `oversize` | status 200 with 2 MiB of JSON |
/// | `redirect=URL` | status 307 to this URL |
/// | `no-token` | status 200 with JSON in which `access_token` is missing |
/// | `content-type=TEXT` | the normal reply under this content type |
///
/// `retry-after` is in seconds or an HTTP date, and is sent with whatever reply there is. `*3` uses the fault for three
/// requests, `*` for all that follow; without it, for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub(crate) kind: Kind,
    pub(crate) retry_after: Option<String>,
    /// How many requests are left; `None` for all.
    pub(crate) times: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Status(u16),
    Delay(Duration),
    Hang,
    Reset,
    ResetMid,
    Truncate,
    Drip(Duration),
    Html,
    Empty,
    Oversize,
    Redirect(String),
    NoToken,
    ContentType(String),
}

impl Fault {
    const fn new(kind: Kind) -> Self {
        Self {
            kind,
            retry_after: None,
            times: Some(1),
        }
    }

    /// An answer with this status and a short text; a number outside 200 to 599 becomes the nearest of these.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::new(Kind::Status(code.clamp(200, 599)))
    }

    /// The reply comes so much later.
    #[must_use]
    pub const fn delay(time: Duration) -> Self {
        Self::new(Kind::Delay(time))
    }

    /// No reply until the client leaves.
    #[must_use]
    pub const fn hang() -> Self {
        Self::new(Kind::Hang)
    }

    /// A TCP reset in place of the reply.
    #[must_use]
    pub const fn reset() -> Self {
        Self::new(Kind::Reset)
    }

    /// A TCP reset in the middle of the reply.
    #[must_use]
    pub const fn reset_mid() -> Self {
        Self::new(Kind::ResetMid)
    }

    /// `Content-Length` promises more than comes before the connection is closed.
    #[must_use]
    pub const fn truncate() -> Self {
        Self::new(Kind::Truncate)
    }

    /// The body comes as one byte each so often.
    #[must_use]
    pub const fn drip(time: Duration) -> Self {
        Self::new(Kind::Drip(time))
    }

    /// Status 200 with an HTML page.
    #[must_use]
    pub const fn html() -> Self {
        Self::new(Kind::Html)
    }

    /// Status 200 without a body.
    #[must_use]
    pub const fn empty() -> Self {
        Self::new(Kind::Empty)
    }

    /// Status 200 with 2 MiB of JSON.
    #[must_use]
    pub const fn oversize() -> Self {
        Self::new(Kind::Oversize)
    }

    /// Status 307 to this URL.
    #[must_use]
    pub fn redirect(url: impl Into<String>) -> Self {
        Self::new(Kind::Redirect(url.into()))
    }

    /// Status 200 with JSON in which `access_token` is missing.
    #[must_use]
    pub const fn no_token() -> Self {
        Self::new(Kind::NoToken)
    }

    /// The normal reply under this content type.
    #[must_use]
    pub fn content_type(text: impl Into<String>) -> Self {
        Self::new(Kind::ContentType(text.into()))
    }

    /// Adds `Retry-After` in seconds, rounded down.
    #[must_use]
    pub fn retry_after(mut self, time: Duration) -> Self {
        self.retry_after = Some(time.as_secs().to_string());
        self
    }

    /// Adds `Retry-After` as an HTTP date, which can tell years from 1970 to 9999.
    #[must_use]
    pub fn retry_after_date(mut self, time: SystemTime) -> Self {
        self.retry_after = Some(http_date(seconds(time)));
        self
    }

    /// Uses the fault for so many requests; not at all if 0.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Uses the fault for every request that follows.
    #[must_use]
    pub const fn forever(mut self) -> Self {
        self.times = None;
        self
    }
}

/// Seconds since 1970, within what an HTTP date can tell.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    let seconds = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |time| time.as_secs());
    i64::try_from(seconds)
        .unwrap_or(i64::MAX)
        .clamp(0, LAST_SECOND)
}

/// An HTTP date from seconds since 1970, which are brought into the years that it can tell.
pub(crate) fn http_date(seconds: i64) -> String {
    let seconds = seconds.clamp(0, LAST_SECOND).unsigned_abs();
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The end of the year 9998: the formatter does not go to the end of 9999.
pub(crate) const LAST_SECOND: i64 = 253_370_764_799;

impl fmt::Display for Fault {
    /// Writes what [`FromStr`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Status(code) => write!(f, "status={code}")?,
            Kind::Delay(time) => write!(f, "delay={}", Time(*time))?,
            Kind::Hang => f.write_str("hang")?,
            Kind::Reset => f.write_str("reset")?,
            Kind::ResetMid => f.write_str("reset-mid")?,
            Kind::Truncate => f.write_str("truncate")?,
            Kind::Drip(time) => write!(f, "drip={}", Time(*time))?,
            Kind::Html => f.write_str("html")?,
            Kind::Empty => f.write_str("empty")?,
            Kind::Oversize => f.write_str("oversize")?,
            Kind::Redirect(url) => write!(f, "redirect={url}")?,
            Kind::NoToken => f.write_str("no-token")?,
            Kind::ContentType(text) => write!(f, "content-type={text}")?,
        }
        if let Some(value) = &self.retry_after {
            write!(f, ",retry-after={value}")?;
        }
        // A star in a free text would be read as the number of times.
        let starred = matches!(&self.kind, Kind::Redirect(text) | Kind::ContentType(text) if text.contains('*'));
        match self.times {
            None => f.write_str("*"),
            Some(1) if !starred => Ok(()),
            Some(times) => write!(f, "*{times}"),
        }
    }
}

/// A duration as `2s` or `500ms`.
struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.subsec_millis() {
            0 => write!(f, "{}s", self.0.as_secs()),
            _ => write!(f, "{}ms", self.0.as_millis()),
        }
    }
}

impl FromStr for Fault {
    type Err = InvalidFault;

    fn from_str(spec: &str) -> Result<Self, InvalidFault> {
        let (rest, times) = match spec.rsplit_once('*') {
            None => (spec, Some(1)),
            Some((rest, "")) => (rest, None),
            Some((rest, times)) => match times.parse() {
                Ok(times @ 1..) => (rest, Some(times)),
                _ => return Err(InvalidFault::Times(times.into())),
            },
        };
        let (rest, retry_after) = match rest.rsplit_once(",retry-after=") {
            None => (rest, None),
            Some((rest, value)) if is_retry_after(value) => (rest, Some(value.into())),
            Some((_, value)) => return Err(InvalidFault::RetryAfter(value.into())),
        };
        Ok(Self {
            kind: rest.parse()?,
            retry_after,
            times,
        })
    }
}

impl FromStr for Kind {
    type Err = InvalidFault;

    fn from_str(text: &str) -> Result<Self, InvalidFault> {
        let (name, value) = text
            .split_once('=')
            .map_or((text, None), |(name, value)| (name, Some(value)));
        let kind = match (name, value) {
            ("hang", None) => Some(Self::Hang),
            ("reset", None) => Some(Self::Reset),
            ("reset-mid", None) => Some(Self::ResetMid),
            ("truncate", None) => Some(Self::Truncate),
            ("html", None) => Some(Self::Html),
            ("empty", None) => Some(Self::Empty),
            ("oversize", None) => Some(Self::Oversize),
            ("no-token", None) => Some(Self::NoToken),
            ("status", Some(code)) => code
                .parse()
                .ok()
                .filter(|code| (200..600).contains(code))
                .map(Self::Status),
            ("delay", Some(time)) => duration(time).map(Self::Delay),
            ("drip", Some(time)) => duration(time).map(Self::Drip),
            ("redirect", Some(url)) => header_text(url).map(Self::Redirect),
            ("content-type", Some(text)) => header_text(text).map(Self::ContentType),
            _ => None,
        };
        kind.ok_or_else(|| InvalidFault::Kind(text.into()))
    }
}

fn duration(text: &str) -> Option<Duration> {
    match text.strip_suffix("ms") {
        Some(number) => number.parse().ok().map(Duration::from_millis),
        None => text
            .strip_suffix('s')?
            .parse()
            .ok()
            .map(Duration::from_secs),
    }
}

fn header_text(text: &str) -> Option<String> {
    HeaderValue::from_str(text)
        .ok()
        .filter(|_| !text.is_empty())
        .map(|_| text.into())
}

fn is_retry_after(value: &str) -> bool {
    value.parse::<u64>().is_ok() || httpdate::parse_http_date(value).is_ok()
}

/// Why a text is not a [`Fault`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidFault {
    /// The kind is unknown, or its value is missing, not wanted or wrong.
    #[error(
        "`{0}` is not one of status=503, delay=2s, hang, reset, reset-mid, truncate, drip=50ms, html, empty, \
         oversize, redirect=URL, no-token, content-type=TEXT"
    )]
    Kind(String),
    /// What stands behind `retry-after=` is neither seconds nor an HTTP date.
    #[error(
        "`{0}` is no value for retry-after; give seconds, or a date such as `Wed, 21 Oct 2026 07:28:00 GMT`"
    )]
    RetryAfter(String),
    /// What stands behind `*` is not a number of times.
    #[error(
        "`{0}` is not a number of times from 1 to 4294967295; nothing behind the `*` means for ever"
    )]
    Times(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_are_read_and_written_back() {
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_792_567_680);
        let cases = [
            ("status=503", Fault::status(503)),
            (
                "status=429,retry-after=2*3",
                Fault::status(429)
                    .retry_after(Duration::from_secs(2))
                    .times(3),
            ),
            (
                "status=503,retry-after=Wed, 21 Oct 2026 07:28:00 GMT*",
                Fault::status(503).retry_after_date(date).forever(),
            ),
            ("delay=2s", Fault::delay(Duration::from_secs(2))),
            ("delay=500ms", Fault::delay(Duration::from_millis(500))),
            ("hang*", Fault::hang().forever()),
            ("reset*2", Fault::reset().times(2)),
            ("reset-mid", Fault::reset_mid()),
            ("truncate", Fault::truncate()),
            ("drip=50ms", Fault::drip(Duration::from_millis(50))),
            ("html", Fault::html()),
            ("empty", Fault::empty()),
            ("oversize", Fault::oversize()),
            (
                "redirect=http://127.0.0.1:1/a?b=c",
                Fault::redirect("http://127.0.0.1:1/a?b=c"),
            ),
            ("no-token", Fault::no_token()),
            (
                "content-type=text/html; charset=x",
                Fault::content_type("text/html; charset=x"),
            ),
            ("content-type=*/**1", Fault::content_type("*/*")),
        ];
        for (spec, fault) in cases {
            assert_eq!(spec.parse(), Ok(fault.clone()), "{spec}");
            assert_eq!(fault.to_string(), spec);
        }
    }

    #[test]
    fn wrong_specs_are_refused_with_the_way_to_write_them() {
        let cases = [
            ("", "`` is not one of status=503, delay=2s, hang, "),
            ("explode", "`explode` is not one of "),
            ("status", "`status` is not one of "),
            ("status=199", "`status=199` is not one of "),
            ("status=600", "`status=600` is not one of "),
            ("delay=2", "`delay=2` is not one of "),
            ("delay=-1s", "`delay=-1s` is not one of "),
            ("hang=1s", "`hang=1s` is not one of "),
            ("redirect=", "`redirect=` is not one of "),
            ("redirect=a\nb", "`redirect=a\nb` is not one of "),
            (
                "status=503,retry-after=soon",
                "`soon` is no value for retry-after",
            ),
            ("status=503,retry-after=", "`` is no value for retry-after"),
            ("reset*0", "`0` is not a number of times"),
            ("reset*x", "`x` is not a number of times"),
        ];
        for (spec, text) in cases {
            let error = spec.parse::<Fault>().unwrap_err().to_string();
            assert!(error.starts_with(text), "{spec}: {error}");
        }
    }

    #[test]
    fn every_time_can_be_written_as_a_date() {
        assert_eq!(http_date(i64::MIN), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(i64::MAX), "Thu, 31 Dec 9998 23:59:59 GMT");
        assert_eq!(seconds(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), 0);
    }
}
