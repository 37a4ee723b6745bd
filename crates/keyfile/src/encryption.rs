use std::fmt;

/// How a private key is encrypted in its file. `Display` names the scheme, its cipher and its iterations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    scheme: String,
    weakness: Option<&'static str>,
}

impl Encryption {
    pub(crate) fn strong(scheme: String) -> Self {
        Self {
            scheme,
            weakness: None,
        }
    }

    pub(crate) fn weak(scheme: String, weakness: &'static str) -> Self {
        Self {
            scheme,
            weakness: Some(weakness),
        }
    }

    /// Why it protects little, and what to do, if it is so weak that people should know.
    #[must_use]
    pub const fn weakness(&self) -> Option<&'static str> {
        self.weakness
    }
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scheme)
    }
}
