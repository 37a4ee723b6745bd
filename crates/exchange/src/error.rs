use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use jwt_bearer_assertion::{Assertion, AssertionError, Decoded};
use jwt_bearer_provider::{Cause, ErrorResponse, Profile};

use crate::{Reply, TransportError, TransportErrorKind};

/// The most of a reply's body that is kept for a look at it.
const BODY_KEPT: usize = 4096;

/// Why there is no token. Cheap to clone; it holds no secret.
#[derive(Clone)]
pub struct ExchangeError {
    kind: ExchangeErrorKind,
    /// What came, for a reply that is no token.
    text: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
    attempt: Option<Arc<Attempt>>,
}

impl ExchangeError {
    pub(crate) fn sign(error: AssertionError) -> Self {
        Self {
            kind: ExchangeErrorKind::Sign,
            text: String::new(),
            source: Some(Arc::new(error)),
            attempt: None,
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
        }
    }

    pub(crate) fn invalid_response(what: &str, attempt: Attempt) -> Self {
        Self {
            kind: ExchangeErrorKind::InvalidResponse,
            text: printable(what),
            source: None,
            attempt: Some(Arc::new(attempt)),
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
            ExchangeErrorKind::Sign => self.source_is(AssertionError::is_retryable),
            ExchangeErrorKind::Transport | ExchangeErrorKind::Timeout => {
                self.source_is(TransportError::is_retryable)
            }
            ExchangeErrorKind::Server => {
                matches!(
                    self.attempt.as_ref().and_then(|attempt| attempt.status),
                    Some(408 | 429 | 500..)
                )
            }
            ExchangeErrorKind::InvalidResponse => false,
        }
    }

    /// What was tried; `None` if nothing was sent, since signing failed.
    #[must_use]
    pub fn attempt(&self) -> Option<&Attempt> {
        self.attempt.as_deref()
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
    /// The assertion could not be made. Nothing was sent.
    Sign,
    /// The token endpoint could not be reached, or the connection broke.
    Transport,
    /// The time ran out.
    Timeout,
    /// The server refused.
    Server,
    /// The server answered success with something that is no token, or something far too large.
    InvalidResponse,
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
        assertion: &Assertion,
        sent_at: SystemTime,
        received_at: SystemTime,
    ) -> Self {
        Self {
            token_endpoint: token_endpoint.into(),
            assertion: Assertion::decode(assertion.as_str()).ok(),
            sent_at,
            received_at,
            status: None,
            headers: Vec::new(),
            body: String::new(),
            error_response: None,
        }
    }

    /// Takes over a reply that is no token, without the `secrets`, which a server may repeat.
    pub(crate) fn reply(mut self, reply: Reply, secrets: &[&str]) -> Self {
        let mask = |text: &str| {
            secrets
                .iter()
                .filter(|secret| !secret.is_empty())
                .fold(text.to_owned(), |text, secret| {
                    text.replace(secret, "[secret]")
                })
        };
        let body = mask(&String::from_utf8_lossy(&reply.body));
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

    /// Header and claims of the assertion.
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

/// A server's text in one line that is safe to print on a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(500)
        .collect()
}
