/// What is missing in a token request, or what the provider would refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct RequestError {
    kind: RequestErrorKind,
    text: String,
}

impl RequestError {
    pub(crate) fn missing(text: impl Into<String>) -> Self {
        Self {
            kind: RequestErrorKind::Missing,
            text: text.into(),
        }
    }

    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self {
            kind: RequestErrorKind::Invalid,
            text: text.into(),
        }
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> RequestErrorKind {
        self.kind
    }

    /// Always false: the same request fails again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        false
    }
}

/// The kinds of [`RequestError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestErrorKind {
    /// Something that the provider demands is not there.
    Missing,
    /// Something that the provider would refuse is there.
    Invalid,
}
