use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jwt_bearer_assertion::{Assertion, AssertionError, Decoded};
use jwt_bearer_provider::{Cause, ErrorResponse, Profile};
use jwt_bearer_signer::{SignError, SignErrorKind};
use serde_json::Value;
use url::form_urlencoded;

use crate::{Reply, TransportError, TransportErrorKind};

/// The most of a reply's body that is kept for a look at it.
const BODY_KEPT: usize = 4096;

/// What stands where a server repeated a secret.
const MASK: &str = "[secret]";

/// Why there is no token. Cheap to clone; it holds no secret.
#[derive(Clone)]
pub struct ExchangeError {
    kind: ExchangeErrorKind,
    /// What came, for a reply that is no token.
    text: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
    attempt: Option<Arc<Attempt>>,
    tries: u32,
}

impl ExchangeError {
    pub(crate) fn sign(error: AssertionError) -> Self {
        Self {
            kind: ExchangeErrorKind::Sign,
            text: String::new(),
            source: Some(Arc::new(error)),
            attempt: None,
            tries: 1,
        }
    }

    /// The assertion was made, too late to be sent.
    pub(crate) fn signed_too_late(taken: Duration, life: Duration) -> Self {
        let text = format!(
            "signing took {:.0} s of the assertion's {:.0} s; it was not sent",
            taken.as_secs_f64(),
            life.as_secs_f64()
        );
        Self {
            kind: ExchangeErrorKind::Sign,
            text: String::new(),
            source: Some(Arc::new(SignError::new(SignErrorKind::Timeout, text))),
            attempt: None,
            tries: 1,
        }
    }

    pub(crate) fn transport(error: TransportError, attempt: Attempt) -> Self {
        let kind = match error.kind() {
            TransportErrorKind::Timeout => ExchangeErrorKind::Timeout,
            TransportErrorKind::TooLarge => ExchangeErrorKind::InvalidResponse,
            _ => ExchangeErrorKind::Transport,
        };
        let text = attempt.token_endpoint.clone();
        Self {
            kind,
            text,
            source: Some(Arc::new(error)),
            attempt: Some(Arc::new(attempt)),
            tries: 1,
        }
    }

    /// The time for the whole operation ran out before any try had failed.
    pub(crate) fn out_of_time(budget: Duration) -> Self {
        let text = format!("nothing within {budget:?} for all tries together");
        Self {
            kind: ExchangeErrorKind::Timeout,
            text: "the token endpoint".into(),
            source: Some(Arc::new(TransportError::new(
                TransportErrorKind::Timeout,
                text,
            ))),
            attempt: None,
            tries: 1,
        }
    }

    pub(crate) const fn panicked() -> Self {
        Self {
            kind: ExchangeErrorKind::Panic,
            text: String::new(),
            source: None,
            attempt: None,
            tries: 1,
        }
    }

    pub(crate) fn server(attempt: Attempt) -> Self {
        let text = match (&attempt.error_response, attempt.status) {
            (Some(response), _) => match response.description() {
                Some(description) => format!("{}: {description}", response.error()),
                None => response.error().into(),
            },
            (None, Some(status @ 300..400)) => {
                let to = attempt.header("location").unwrap_or("somewhere else");
                format!(
                    "status {status}, a redirect to {to}, which is not followed: an assertion goes to the configured URL alone"
                )
            }
            (None, status) => format!("status {}", status.unwrap_or_default()),
        };
        Self {
            kind: ExchangeErrorKind::Server,
            text: printable(&text),
            source: None,
            attempt: Some(Arc::new(attempt)),
            tries: 1,
        }
    }

    pub(crate) fn invalid_response(what: &str, attempt: Attempt) -> Self {
        Self {
            kind: ExchangeErrorKind::InvalidResponse,
            text: printable(what),
            source: None,
            attempt: Some(Arc::new(attempt)),
            tries: 1,
        }
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ExchangeErrorKind {
        self.kind
    }

    /// Whether a new assertion may succeed with nothing changed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            ExchangeErrorKind::Sign => {
                self.source_is(AssertionError::is_retryable)
                    || self.source_is(SignError::is_retryable)
            }
            ExchangeErrorKind::Transport | ExchangeErrorKind::Timeout => {
                self.source_is(TransportError::is_retryable)
            }
            ExchangeErrorKind::Server => {
                matches!(
                    self.attempt.as_ref().and_then(|attempt| attempt.status),
                    Some(408 | 429 | 500..)
                )
            }
            ExchangeErrorKind::InvalidResponse | ExchangeErrorKind::Panic => false,
        }
    }

    /// How long the server asks to wait: `Retry-After` in seconds, or as a date, which counts from the reply's own
    /// `Date` ([RFC 9110 §10.2.3](https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3)).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let attempt = self.attempt()?;
        let value = attempt.header("retry-after")?.trim();
        if let Ok(seconds) = value.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let until = httpdate::parse_http_date(value).ok()?;
        let from = attempt.date().unwrap_or(attempt.received_at);
        Some(until.duration_since(from).unwrap_or_default())
    }

    /// What was tried; `None` if nothing was sent, since signing failed.
    #[must_use]
    pub fn attempt(&self) -> Option<&Attempt> {
        self.attempt.as_deref()
    }

    /// How many tries ended so or in another failure that a retry may help, the last one included; 1 without a
    /// [`Retry`](crate::Retry).
    #[must_use]
    pub const fn tries(&self) -> u32 {
        self.tries
    }

    pub(crate) const fn after(mut self, tries: u32) -> Self {
        self.tries = tries;
        self
    }

    /// What the refusal means, if the profile knows it.
    #[must_use]
    pub fn cause(&self, profile: &Profile) -> Option<&'static Cause> {
        profile.cause(self.attempt()?.error_response()?)
    }

    fn source_is<E: Error + 'static>(&self, predicate: fn(&E) -> bool) -> bool {
        self.source
            .as_ref()
            .and_then(|source| source.downcast_ref())
            .is_some_and(predicate)
    }
}

impl fmt::Debug for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeError")
            .field("kind", &self.kind)
            .field("text", &self.text)
            .field("source", &self.source)
            .field("attempt", &self.attempt)
            .finish()
    }
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ExchangeErrorKind::Sign => f.write_str("the assertion could not be made"),
            ExchangeErrorKind::Panic => f.write_str("the signer or the transport panicked"),
            ExchangeErrorKind::Transport => write!(f, "{} could not be reached", self.text),
            ExchangeErrorKind::Timeout => write!(f, "{} did not answer in time", self.text),
            ExchangeErrorKind::Server => write!(f, "the server refused: {}", self.text),
            ExchangeErrorKind::InvalidResponse if self.source.is_some() => {
                write!(f, "{} answered something that is no token", self.text)
            }
            ExchangeErrorKind::InvalidResponse => write!(f, "the server answered {}", self.text),
        }
    }
}

impl Error for ExchangeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_deref()?)
    }
}

/// The kinds of [`ExchangeError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExchangeErrorKind {
    /// The assertion could not be made, or not before half of its life was over. Nothing was sent.
    Sign,
    /// The token endpoint could not be reached, or the connection broke.
    Transport,
    /// The time ran out.
    Timeout,
    /// The server refused.
    Server,
    /// The server answered success with something that is no token, or something far too large.
    InvalidResponse,
    /// The signer or the transport panicked while a [`TokenSource`](crate::TokenSource) waited for it.
    Panic,
}

/// What was sent and what came back, without anything secret.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub(crate) token_endpoint: String,
    pub(crate) assertion: Option<Decoded>,
    pub(crate) sent_at: SystemTime,
    pub(crate) received_at: SystemTime,
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) error_response: Option<ErrorResponse>,
}

impl Attempt {
    pub(crate) fn new(
        token_endpoint: &str,
        assertion: Option<&Assertion>,
        sent_at: SystemTime,
        received_at: SystemTime,
    ) -> Self {
        Self {
            token_endpoint: token_endpoint.into(),
            assertion: assertion.and_then(|assertion| {
                Some(
                    Assertion::decode(assertion.as_str())
                        .ok()?
                        .without_signature(),
                )
            }),
            sent_at,
            received_at,
            status: None,
            headers: Vec::new(),
            body: String::new(),
            error_response: None,
        }
    }

    /// Takes over a reply that is no token, without the `secrets`, which a server may repeat: as they are, as the form
    /// has them, or in JSON, which has many ways to write a text.
    pub(crate) fn reply(mut self, reply: Reply, secrets: &[&str]) -> Self {
        let secrets: Vec<String> = secrets
            .iter()
            .filter(|secret| !secret.is_empty())
            .flat_map(|secret| {
                let encoded = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
                // Of an assertion, the signature alone makes a credential of what is known.
                let signature = secret
                    .rsplit_once('.')
                    .map_or(*secret, |(_, signature)| signature);
                let signature = if signature.len() < 64 {
                    *secret
                } else {
                    signature
                };
                [(*secret).into(), encoded, signature.into()]
            })
            .collect();
        let mask = |text: &str| {
            secrets
                .iter()
                .fold(text.to_owned(), |text, secret| text.replace(secret, MASK))
        };
        let mut body = mask(&String::from_utf8_lossy(&reply.body));
        if let Ok(mut json) = serde_json::from_str(&body)
            && mask_strings(&mut json, &mask)
        {
            body = json.to_string();
        }
        self.status = Some(reply.status);
        self.error_response = ErrorResponse::from_json(body.as_bytes());
        self.body = body.chars().take(BODY_KEPT).collect();
        self.headers = reply
            .headers
            .into_iter()
            .filter(|(name, _)| name != "set-cookie")
            .map(|(name, value)| (name, mask(&value)))
            .collect();
        self
    }

    /// Where the request went.
    #[must_use]
    pub fn token_endpoint(&self) -> &str {
        &self.token_endpoint
    }

    /// The assertion without its signature, if there was one.
    #[must_use]
    pub const fn assertion(&self) -> Option<&Decoded> {
        self.assertion.as_ref()
    }

    /// When the request was sent, by the client's clock.
    #[must_use]
    pub const fn sent_at(&self) -> SystemTime {
        self.sent_at
    }

    /// When the reply was there, or the failure, by the client's clock.
    #[must_use]
    pub const fn received_at(&self) -> SystemTime {
        self.received_at
    }

    /// The status of the reply, if there was one.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        self.status
    }

    /// The headers of the reply, with names in lower case.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The first header of this name, given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// The time by the server's clock when it replied, from `Date`, to the second.
    #[must_use]
    pub fn date(&self) -> Option<SystemTime> {
        httpdate::parse_http_date(self.header("date")?).ok()
    }

    /// The first 4,096 characters of the reply's body; empty if it was a success, since it may hold a token.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The reply as an error of RFC 6749, if it is one.
    #[must_use]
    pub const fn error_response(&self) -> Option<&ErrorResponse> {
        self.error_response.as_ref()
    }
}

/// Masks every string in the JSON, and says whether one was changed.
fn mask_strings(json: &mut Value, mask: &dyn Fn(&str) -> String) -> bool {
    match json {
        Value::String(text) => {
            let masked = mask(text);
            let changed = masked != *text;
            *text = masked;
            changed
        }
        Value::Array(values) => values
            .iter_mut()
            .fold(false, |changed, value| mask_strings(value, mask) | changed),
        Value::Object(members) => members
            .values_mut()
            .fold(false, |changed, value| mask_strings(value, mask) | changed),
        _ => false,
    }
}

/// A server's text in one line that is safe to print on a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(500)
        .collect()
}
