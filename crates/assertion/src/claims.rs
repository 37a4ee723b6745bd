use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::part::Fixed;
use crate::{AssertionError, AssertionErrorKind};

/// The claims that have setters of their own.
const REGISTERED: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// The most random octets in a `jti`: 128 characters in hex, which is the most that Box takes.
const MAX_JTI: usize = 64;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// What an assertion claims ([RFC 7523 §3](https://www.rfc-editor.org/rfc/rfc7523#section-3)).
///
/// It is a pattern: every assertion that is made from it has times and a `jti` of its own. Times are whole seconds on
/// the wire ([RFC 7519 §2](https://www.rfc-editor.org/rfc/rfc7519#section-2), `NumericDate`), rounded down.
#[derive(Clone, Debug)]
pub struct Claims {
    issuer: String,
    subject: Option<String>,
    audience: Option<Audience>,
    lifetime: Duration,
    issued_at: TimeClaim,
    not_before: TimeClaim,
    jti: Jti,
    extra: Map<String, Value>,
    fixed: Fixed,
}

impl Claims {
    /// Claims by this issuer (`iss`), without subject and audience, living 45 seconds, with a `jti` of 22 characters
    /// and neither `iat` nor `nbf`.
    #[must_use]
    pub fn new(issuer: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            subject: None,
            audience: None,
            lifetime: Duration::from_secs(45),
            issued_at: TimeClaim::Omitted,
            not_before: TimeClaim::Omitted,
            jti: Jti::Base64Url { octets: 16 },
            extra: Map::new(),
            fixed: Fixed::default(),
        }
    }

    /// Sets the subject, `sub`.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self.fixed = Fixed::default();
        self
    }

    /// Sets the audience, `aud`: from a text, one string on the wire.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<Audience>) -> Self {
        self.audience = Some(audience.into());
        self.fixed = Fixed::default();
        self
    }

    /// Sets how long after signing the assertion expires, `exp`: at least a second; parts of a second are dropped.
    #[must_use]
    pub const fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets whether and how `iat` is written.
    #[must_use]
    pub const fn issued_at(mut self, issued_at: TimeClaim) -> Self {
        self.issued_at = issued_at;
        self
    }

    /// Sets whether and how `nbf` is written.
    #[must_use]
    pub const fn not_before(mut self, not_before: TimeClaim) -> Self {
        self.not_before = not_before;
        self
    }

    /// Sets the form of `jti`.
    #[must_use]
    pub const fn jti(mut self, jti: Jti) -> Self {
        self.jti = jti;
        self
    }

    /// Sets any other claim. A name that has a setter of its own is refused when an assertion is made.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.extra.insert(name.into(), value.into());
        self.fixed = Fixed::default();
        self
    }

    /// Writes these claims for an assertion made at `now`, with a fresh `jti`, to the end of `text` in base64url.
    pub(crate) fn write(&self, text: &mut String, now: SystemTime) -> Result<(), AssertionError> {
        let mut rest = self.fixed.begin(text, || self.fixed())?;
        let lifetime = self.lifetime.as_secs();
        if lifetime == 0 {
            return invalid(format!(
                "a lifetime of {:?}; an assertion lives at least a second",
                self.lifetime
            ));
        }
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let Some(expires_at) = now
            .checked_add(lifetime)
            .filter(|&seconds| i64::try_from(seconds).is_ok())
        else {
            return invalid(format!(
                "a lifetime of {lifetime} seconds, which is more than time has"
            ));
        };
        if let Some(issued_at) = self.issued_at.at(now) {
            rest.number("iat", issued_at);
        }
        if let Some(not_before) = self.not_before.at(now) {
            rest.number("nbf", not_before);
        }
        rest.number("exp", expires_at);
        if let Some(jti) = self.jti.draw(&mut [0; 2 * MAX_JTI])? {
            rest.plain("jti", jti);
        }
        rest.end();
        Ok(())
    }

    fn fixed(&self) -> Result<FixedClaims<'_>, AssertionError> {
        if self.issuer.is_empty() {
            return invalid(
                "the issuer (`iss`) is empty; it is the client id or consumer key of the app",
            );
        }
        if let Some(name) = REGISTERED
            .into_iter()
            .find(|name| self.extra.contains_key(*name))
        {
            return invalid(format!(
                "the claim `{name}` has a setting of its own, and cannot be set as an extra claim"
            ));
        }
        Ok(FixedClaims {
            iss: &self.issuer,
            sub: self.subject.as_deref(),
            aud: self.audience.as_ref(),
            extra: &self.extra,
        })
    }
}

/// The claims that are the same in every assertion.
#[derive(Serialize)]
struct FixedClaims<'a> {
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a Audience>,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

fn invalid<T>(text: impl Into<String>) -> Result<T, AssertionError> {
    Err(AssertionError::new(AssertionErrorKind::Claims, text.into()))
}

/// The audience of an assertion ([RFC 7519 §4.1.3](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
#[serde(untagged)]
pub enum Audience {
    /// One string on the wire, which every server takes.
    One(String),
    /// An array on the wire, which Box and Salesforce refuse.
    Array(Vec<String>),
}

impl<T: Into<String>> From<T> for Audience {
    fn from(audience: T) -> Self {
        Self::One(audience.into())
    }
}

/// Whether and how a time is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeClaim {
    /// Not at all. Right where a server checks it without leeway, as Box does: a clock half a second ahead is enough
    /// to be refused.
    Omitted,
    /// The time of signing.
    Now,
    /// So long before the time of signing.
    BackDated(Duration),
}

impl TimeClaim {
    const fn at(self, now: u64) -> Option<u64> {
        match self {
            Self::Omitted => None,
            Self::Now => Some(now),
            Self::BackDated(by) => Some(now.saturating_sub(by.as_secs())),
        }
    }
}

/// The form of `jti`, the unique name of an assertion ([RFC 7519 §4.1.7](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.7)).
///
/// Its octets come from the system's generator of random numbers, 16 to 64 of them, anew for every assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Jti {
    /// No `jti`.
    Omitted,
    /// So many random octets in base64url without padding: 16 make 22 characters, 64 make 86.
    #[non_exhaustive]
    Base64Url {
        /// How many random octets.
        octets: usize,
    },
    /// So many random octets in lower-case hex: 16 make 32 characters, 64 make 128.
    #[non_exhaustive]
    Hex {
        /// How many random octets.
        octets: usize,
    },
}

impl Jti {
    /// Base64url of so many random octets: 16 octets make 22 characters.
    #[must_use]
    pub const fn base64url(octets: usize) -> Self {
        Self::Base64Url { octets }
    }

    /// Hex of so many random octets: 16 octets make 32 characters.
    #[must_use]
    pub const fn hex(octets: usize) -> Self {
        Self::Hex { octets }
    }

    /// Writes a fresh one, in ASCII, to the start of `text`.
    fn draw(self, text: &mut [u8; 2 * MAX_JTI]) -> Result<Option<&[u8]>, AssertionError> {
        let (Self::Base64Url { octets } | Self::Hex { octets }) = self else {
            return Ok(None);
        };
        if !(16..=MAX_JTI).contains(&octets) {
            return invalid(format!(
                "a `jti` of {octets} octets; it has 16 to {MAX_JTI}, so that it is unique"
            ));
        }
        let mut random = [0; MAX_JTI];
        let random = &mut random[..octets];
        getrandom::fill(random).map_err(unusable)?;
        let len = match self {
            Self::Hex { .. } => {
                for (digits, octet) in text.chunks_exact_mut(2).zip(&*random) {
                    digits[0] = HEX[usize::from(octet >> 4)];
                    digits[1] = HEX[usize::from(octet & 15)];
                }
                2 * octets
            }
            _ => URL_SAFE_NO_PAD
                .encode_slice(random, text)
                .map_err(unusable)?,
        };
        Ok(Some(&text[..len]))
    }
}

fn unusable(source: impl Into<Box<dyn Error + Send + Sync>>) -> AssertionError {
    AssertionError::new(AssertionErrorKind::Random, source)
}
