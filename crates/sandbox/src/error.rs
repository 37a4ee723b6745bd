use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why a sandbox could not start.
///
/// Its `Display` is one sentence by kind; what happened in detail is its [`source`](Error::source).
#[derive(Clone, Debug)]
pub struct SandboxError {
    kind: SandboxErrorKind,
    source: Arc<dyn Error + Send + Sync>,
}

impl SandboxError {
    pub(crate) fn new(
        kind: SandboxErrorKind,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: Arc::from(source.into()),
        }
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> SandboxErrorKind {
        self.kind
    }

    /// Whether the same start may succeed later with nothing changed.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self.kind, SandboxErrorKind::Bind)
    }
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SandboxErrorKind::Address => "the sandbox listens on loopback only",
            SandboxErrorKind::Config => "no server of this dialect could be set up like this",
            SandboxErrorKind::Tls => "the certificate and its key cannot be used for TLS",
            SandboxErrorKind::Bind => "the address cannot be listened on",
        })
    }
}

impl Error for SandboxError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// The kinds of [`SandboxError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SandboxErrorKind {
    /// The address is not a loopback one. Not worth a retry.
    Address,
    /// The app, its keys or subjects are such that the dialect's server would not have them. Not worth a retry.
    Config,
    /// The certificate chain or its key is not usable PEM, or the two do not fit. Not worth a retry.
    Tls,
    /// The address is taken or not there. Worth a retry.
    Bind,
}
