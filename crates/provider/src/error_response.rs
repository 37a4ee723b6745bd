use serde::Deserialize;
use serde_json::{Map, Value};

/// An error reply of a token endpoint ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ErrorResponse {
    error: String,
    #[serde(rename = "error_description")]
    description: Option<String>,
    #[serde(rename = "error_uri")]
    uri: Option<String>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

impl ErrorResponse {
    /// Reads the JSON of a reply; `None` if it is not this structure.
    #[must_use]
    pub fn from_json(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// The code, such as `invalid_grant`.
    #[must_use]
    pub fn error(&self) -> &str {
        &self.error
    }

    /// The text, `error_description`.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The address of a page about it, `error_uri`.
    #[must_use]
    pub fn uri(&self) -> Option<&str> {
        self.uri.as_deref()
    }

    /// Every other member.
    #[must_use]
    pub const fn extra(&self) -> &Map<String, Value> {
        &self.extra
    }
}
