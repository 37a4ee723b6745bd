use serde_json::json;

use crate::Dialect;
use crate::reply::Reply;
use crate::texts::Reason;

/// A refusal, and in Generic what is to be added to its text.
pub(crate) struct Refusal {
    reason: Reason,
    detail: Option<String>,
    /// The error code, where it is not the text's own.
    error: Option<&'static str>,
}

impl Refusal {
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: Some(detail.into()),
            error: None,
        }
    }

    /// The same under another error code.
    pub(crate) const fn with_error(mut self, error: &'static str) -> Self {
        self.error = Some(error);
        self
    }

    /// Only Generic tells details.
    pub(crate) fn reply(self, dialect: Dialect) -> Reply {
        let text = self.reason.text(dialect);
        let error = self.error.unwrap_or(text.error);
        let description = match self.detail {
            Some(detail) if dialect == Dialect::Generic => {
                format!("{}: {detail}", text.description)
            }
            _ => text.description.into(),
        };
        let status = if error == "invalid_client" { 401 } else { 400 };
        let mut reply = Reply::json(
            status,
            &json!({ "error": error, "error_description": description }),
        );
        reply.refusal = Some(format!("{error}: {description}"));
        reply
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            detail: None,
            error: None,
        }
    }
}
