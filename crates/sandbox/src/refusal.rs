use crate::reason::Reason;
use crate::reply::Reply;
use crate::texts::Text;
use crate::{Dialect, Sandbox};

/// A refusal, and what is to be added to its text.
pub(crate) struct Refusal {
    said: Said,
    /// What Generic's own words tell besides.
    detail: Option<String>,
    /// What the server tells besides, whatever its words.
    suffix: Option<String>,
    /// The error code, where it is not the text's own.
    error: Option<&'static str>,
}

enum Said {
    /// What the dialect says for the reason.
    For(Reason),
    Text(Text),
}

impl Refusal {
    pub(crate) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..reason.into()
        }
    }

    /// The same in client authentication, where Generic has another error code.
    pub(crate) const fn of_client(mut self) -> Self {
        self.error = Some("invalid_client");
        self
    }

    /// The same, with more behind the description.
    pub(crate) fn with_suffix(mut self, suffix: String) -> Self {
        self.suffix = Some(suffix);
        self
    }

    pub(crate) fn reply(self, sandbox: &Sandbox) -> Reply {
        let text = match self.said {
            Said::For(reason) => Text::of(reason, sandbox.dialect, sandbox.wording),
            Said::Text(text) => text,
        };
        let is_own = sandbox.dialect == Dialect::Generic && !text.is_known();
        let mut description = text.description().to_owned();
        if let Some(detail) = self.detail.filter(|_| is_own) {
            description = format!("{description}: {detail}");
        }
        if let Some(suffix) = self.suffix {
            description = format!("{description} {suffix}");
        }
        let error = self.error.filter(|_| is_own).unwrap_or(text.error());
        text.reply_with(error, &description)
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self {
            said: Said::For(reason),
            detail: None,
            suffix: None,
            error: None,
        }
    }
}

impl From<Text> for Refusal {
    fn from(text: Text) -> Self {
        Self {
            said: Said::Text(text),
            detail: None,
            suffix: None,
            error: None,
        }
    }
}
