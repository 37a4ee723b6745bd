use std::error::Error;
use std::fmt;
use std::sync::Arc;

use jwt_bearer_signer::SignError;

/// Why an assertion could not be made.
#[derive(Clone, Debug)]
pub struct AssertionError {
    kind: AssertionErrorKind,
    source: Arc<dyn Error + Send + Sync>,
}

impl AssertionError {
    pub(crate) fn new(
        kind: AssertionErrorKind,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: Arc::from(source.into()),
        }
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> AssertionErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later with nothing changed: if it is the signer's error and says so.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.sign_error().is_some_and(SignError::is_retryable)
    }

    /// The signer's error, for the kind `Sign`.
    #[must_use]
    pub fn sign_error(&self) -> Option<&SignError> {
        self.source.downcast_ref()
    }
}

impl From<SignError> for AssertionError {
    fn from(source: SignError) -> Self {
        Self::new(AssertionErrorKind::Sign, source)
    }
}

impl fmt::Display for AssertionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            AssertionErrorKind::Claims => "the claims do not make an assertion",
            AssertionErrorKind::Header => "the header does not make an assertion",
            AssertionErrorKind::Random => "the system gives no random numbers",
            AssertionErrorKind::Sign => "the assertion could not be signed",
        })
    }
}

impl Error for AssertionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// The kinds of [`AssertionError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AssertionErrorKind {
    /// A claim is missing, out of bounds or set twice.
    Claims,
    /// A header member is set twice or not allowed.
    Header,
    /// The system's generator of random numbers failed.
    Random,
    /// The signer failed; [`AssertionError::sign_error`] tells how.
    Sign,
}
