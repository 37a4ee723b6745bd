mod spec;

use std::time::{Duration, SystemTime};

use crate::texts::token_status;

pub use spec::InvalidFault;

/// Something that goes wrong with token requests: [`inject`](crate::Running::inject) it.
///
/// Some faults answer *instead* of the server, as a gateway in front of it would: `status`, `error`, `html`, `empty`,
/// `oversize`, `redirect` and `no-token`. The request is not processed, and its `jti` stays unused. All others concern the way of
/// the reply: the request is processed when it comes in, so that the same assertion is refused when it is sent again.
///
/// As a text, for a command line, a fault is `KIND[=VALUE][,retry-after=VALUE][*TIMES]`:
///
/// | kind | what happens |
/// | --- | --- |
/// | `status=503` | an answer with this status, from 200 to 599 |
/// | `error=CODE`, `error=CODE:TEXT`, `error=401:CODE:TEXT` | a refusal with this `error` and `error_description`; the status is 401 for `invalid_client` and 400 otherwise, or the one given, from 200 to 599 |
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
    Error {
        status: u16,
        error: String,
        /// Empty if there is none.
        description: String,
    },
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

    /// A refusal with exactly this `error` and `error_description`, which is left out if it is empty.
    ///
    /// The status is 401 for `invalid_client` and 400 otherwise; [`with_status`](Self::with_status) sets another one.
    #[must_use]
    pub fn error(error: impl Into<String>, description: impl Into<String>) -> Self {
        let error = error.into();
        Self::new(Kind::Error {
            status: token_status(&error),
            error,
            description: description.into(),
        })
    }

    /// Sets the status of [`status`](Self::status) or [`error`](Self::error), as `status` takes it; changes no other
    /// fault.
    #[must_use]
    pub fn with_status(mut self, code: u16) -> Self {
        if let Kind::Status(status) | Kind::Error { status, .. } = &mut self.kind {
            *status = code.clamp(200, 599);
        }
        self
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_can_be_written_as_a_date() {
        assert_eq!(http_date(i64::MIN), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(i64::MAX), "Thu, 31 Dec 9998 23:59:59 GMT");
        assert_eq!(seconds(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), 0);
    }
}
