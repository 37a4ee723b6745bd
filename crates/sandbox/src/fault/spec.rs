use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use hyper::header::HeaderValue;

use super::{Fault, Kind};
use crate::texts::token_status;

impl fmt::Display for Fault {
    /// Writes what [`FromStr`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Status(code) => write!(f, "status={code}")?,
            Kind::Error {
                status,
                error,
                description,
            } => {
                f.write_str("error=")?;
                if *status != token_status(error) || is_status(error) {
                    write!(f, "{status}:")?;
                }
                f.write_str(error)?;
                if !description.is_empty() {
                    write!(f, ":{description}")?;
                }
            }
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
        let starred = matches!(&self.kind, Kind::Redirect(text) | Kind::ContentType(text) | Kind::Error { description: text, .. } if text.contains('*'));
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
            ("error", Some(text)) => refusal(text),
            ("delay", Some(time)) => duration(time).map(Self::Delay),
            ("drip", Some(time)) => duration(time).map(Self::Drip),
            ("redirect", Some(url)) => header_text(url).map(Self::Redirect),
            ("content-type", Some(text)) => header_text(text).map(Self::ContentType),
            _ => None,
        };
        kind.ok_or_else(|| InvalidFault::Kind(text.into()))
    }
}

/// `[STATUS:]CODE[:TEXT]`, with a code as [RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2) allows.
fn refusal(text: &str) -> Option<Kind> {
    let (status, rest) = match text.split_once(':') {
        Some((status, rest)) if is_status(status) => (Some(status), rest),
        _ => (None, text),
    };
    let (error, description) = rest.split_once(':').unwrap_or((rest, ""));
    let is_allowed = |c: char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
    if error.is_empty() || !error.chars().all(is_allowed) || description.contains(char::is_control)
    {
        return None;
    }
    let status = match status {
        None if is_status(error) => return None,
        None => token_status(error),
        Some(status) => status
            .parse()
            .ok()
            .filter(|code| (200..600).contains(code))?,
    };
    Some(Kind::Error {
        status,
        error: error.into(),
        description: description.into(),
    })
}

fn is_status(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit())
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
        "`{0}` is not one of status=503, error=CODE:TEXT, delay=2s, hang, reset, reset-mid, truncate, drip=50ms, html, \
         empty, oversize, redirect=URL, no-token, content-type=TEXT"
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
    use std::time::SystemTime;

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
            (
                "error=consent_required",
                Fault::error("consent_required", ""),
            ),
            (
                "error=invalid_grant:audience is invalid [audience=a:b login=*]*1",
                Fault::error(
                    "invalid_grant",
                    "audience is invalid [audience=a:b login=*]",
                ),
            ),
            (
                "error=403:invalid_client:x,retry-after=1*2",
                Fault::error("invalid_client", "x")
                    .with_status(403)
                    .retry_after(Duration::from_secs(1))
                    .times(2),
            ),
            ("error=390144:x", Fault::error("390144", "x")),
            ("error=400:404:x", Fault::error("404", "x")),
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
            (
                "",
                "`` is not one of status=503, error=CODE:TEXT, delay=2s, hang, ",
            ),
            ("explode", "`explode` is not one of "),
            ("status", "`status` is not one of "),
            ("status=199", "`status=199` is not one of "),
            ("status=600", "`status=600` is not one of "),
            ("error", "`error` is not one of "),
            ("error=", "`error=` is not one of "),
            ("error=:x", "`error=:x` is not one of "),
            ("error=401", "`error=401` is not one of "),
            ("error=199:x", "`error=199:x` is not one of "),
            ("error=a\"b", "`error=a\"b` is not one of "),
            ("error=a:b\u{1b}", "`error=a:b\u{1b}` is not one of "),
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
}
