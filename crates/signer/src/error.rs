use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why a signature could not be made, or why a signer could not.
///
/// Its `Display` is one sentence by kind; what happened in detail is its [`source`](Error::source).
#[derive(Clone, Debug)]
pub struct SignError {
    kind: SignErrorKind,
    source: Arc<dyn Error + Send + Sync>,
}

impl SignError {
    /// An error of this kind; `source` is a text or another error, and must hold no secret.
    pub fn new(kind: SignErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind,
            source: Arc::from(source.into()),
        }
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> SignErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later with nothing changed.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            SignErrorKind::Unavailable | SignErrorKind::Timeout
        )
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SignErrorKind::InvalidKey => "the key cannot be used",
            SignErrorKind::KeyNotFound => "the key was not found",
            SignErrorKind::UnsupportedAlgorithm => "the algorithm cannot be used",
            SignErrorKind::InputLength => {
                "the signing input has a length that the key's device does not take"
            }
            SignErrorKind::AccessDenied => "the use of the key was denied",
            SignErrorKind::InteractionRequired => "the key needs a person, and none answered",
            SignErrorKind::Unavailable => "the place where the key lives cannot be reached",
            SignErrorKind::Timeout => "the signature took too long",
            SignErrorKind::Other => "the signature failed",
        })
    }
}

impl Error for SignError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// The kinds of [`SignError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignErrorKind {
    /// The key is damaged, of an unknown form, too small, or not for signing. Not worth a retry.
    InvalidKey,
    /// There is no key under this name. Not worth a retry.
    KeyNotFound,
    /// The algorithm does not fit the key. Not worth a retry.
    UnsupportedAlgorithm,
    /// The device takes no input of this length. Not worth a retry.
    InputLength,
    /// A permission, a PIN or a passphrase is missing or wrong. Not worth a retry.
    AccessDenied,
    /// A PIN, a passphrase or a touch is needed and nobody was there to give it. Not worth a retry.
    InteractionRequired,
    /// The service or device cannot be reached, or asks to wait. Worth a retry.
    Unavailable,
    /// The time allowed ran out. Worth a retry.
    Timeout,
    /// Anything else. Not worth a retry.
    Other,
}

/// Why bytes are not the public key or signature that they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FormatError {
    kind: FormatErrorKind,
    text: String,
}

impl FormatError {
    pub(crate) fn malformed(text: impl Into<String>) -> Self {
        Self {
            kind: FormatErrorKind::Malformed,
            text: text.into(),
        }
    }

    pub(crate) fn unsupported(text: impl Into<String>) -> Self {
        Self {
            kind: FormatErrorKind::Unsupported,
            text: text.into(),
        }
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> FormatErrorKind {
        self.kind
    }

    /// Always false: the same bytes fail again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        false
    }
}

/// The kinds of [`FormatError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FormatErrorKind {
    /// The bytes do not have the form that was expected.
    Malformed,
    /// The bytes are sound, and of a kind that is not supported here.
    Unsupported,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_does_not_repeat_the_source() {
        let error = SignError::new(SignErrorKind::Unavailable, "no route to host");
        assert_eq!(
            error.to_string(),
            "the place where the key lives cannot be reached"
        );
        assert_eq!(error.source().unwrap().to_string(), "no route to host");
        assert!(error.is_retryable());
        assert!(!SignError::new(SignErrorKind::AccessDenied, "wrong PIN").is_retryable());
    }
}
