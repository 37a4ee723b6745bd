use std::error::Error;
use std::fmt;

use jwt_bearer_signer::SignError;

/// Why there is no certificate or request: what was found, what was expected, and what to do.
#[derive(Clone, Debug)]
pub struct X509Error {
    kind: X509ErrorKind,
    text: String,
    source: Option<SignError>,
}

impl X509Error {
    pub(crate) const fn new(kind: X509ErrorKind, text: String) -> Self {
        Self {
            kind,
            text,
            source: None,
        }
    }

    pub(crate) fn sign(source: SignError) -> Self {
        Self {
            kind: X509ErrorKind::Sign,
            text: "the key did not sign it".into(),
            source: Some(source),
        }
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> X509ErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later with nothing changed: where the signer says so.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.source.as_ref().is_some_and(SignError::is_retryable)
    }
}

impl fmt::Display for X509Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for X509Error {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref()?)
    }
}

/// The kinds of [`X509Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum X509ErrorKind {
    /// The subject is no distinguished name, or one that readers of the certificate would refuse.
    Subject,
    /// The certificate would be valid for no time, for too long, or at no time that can be written.
    Validity,
    /// The key does not sign with this algorithm, or X.509 does not know it.
    Algorithm,
    /// The signature is of another algorithm, of another key, or over something else.
    Signature,
    /// The signer failed; its [`SignError`] is the source.
    Sign,
    /// The system gives no random numbers.
    Random,
    /// It cannot be written as DER.
    Encoding,
}
