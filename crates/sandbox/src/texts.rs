pub(crate) mod box_platform;
pub(crate) mod generic;
pub(crate) mod salesforce;
mod wordings;

use serde_json::{Value, json};

use crate::reason::Reason;
use crate::reply::Reply;
use crate::{Dialect, Wording};

/// A refusal that the sandbox answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    entry: Option<&'static str>,
    wording: Option<Wording>,
    place: Place,
    error: &'static str,
    description: &'static str,
    is_known: bool,
}

/// Where a refusal comes from, which decides its form. At a resource with the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    TokenEndpoint,
    Resource(u16),
    BoxApi(u16),
    SalesforceApi(u16),
}

impl Text {
    /// One that people have met at the real server, with its entry in the catalogue of errors.
    const fn known(entry: &'static str, error: &'static str, description: &'static str) -> Self {
        Self {
            entry: Some(entry),
            wording: None,
            place: Place::TokenEndpoint,
            error,
            description,
            is_known: true,
        }
    }

    /// One of ours, for want of a known one.
    const fn ours(error: &'static str, description: &'static str) -> Self {
        Self {
            entry: None,
            is_known: false,
            ..Self::known("", error, description)
        }
    }

    const fn entry_is(mut self, entry: &'static str) -> Self {
        self.entry = Some(entry);
        self
    }

    const fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The text for a reason. A wording matters to Generic only.
    pub(crate) fn of(reason: Reason, dialect: Dialect, wording: Option<Wording>) -> Self {
        match dialect {
            Dialect::Box => box_platform::text(reason),
            Dialect::Salesforce => salesforce::text(reason),
            Dialect::Generic => wording
                .and_then(|wording| wordings::text(wording, reason))
                .unwrap_or_else(|| generic::text(reason)),
        }
    }

    /// The entry of the catalogue of errors that it belongs to, for example `B6`; `None` for what no entry is about.
    #[must_use]
    pub const fn entry(&self) -> Option<&'static str> {
        self.entry
    }

    /// In whose words it is, if Generic does not speak in its own.
    #[must_use]
    pub const fn wording(&self) -> Option<Wording> {
        self.wording
    }

    /// The status of the reply; 401 instead, if Generic refuses client authentication in its own words.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.place {
            Place::TokenEndpoint => token_status(self.error),
            Place::Resource(status) | Place::BoxApi(status) | Place::SalesforceApi(status) => {
                status
            }
        }
    }

    /// The error code.
    #[must_use]
    pub const fn error(&self) -> &'static str {
        self.error
    }

    /// The description; empty if there is none.
    ///
    /// In Generic's own words details may follow, and at Salesforce the two audiences.
    #[must_use]
    pub const fn description(&self) -> &'static str {
        self.description
    }

    /// Whether people have met it at the real server. If not it is ours, for want of a known one.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.is_known
    }

    /// Whether the resource answers so; otherwise the token endpoint does.
    #[must_use]
    pub const fn is_at_resource(&self) -> bool {
        !matches!(self.place, Place::TokenEndpoint)
    }

    /// The body of the reply, in JSON.
    #[must_use]
    pub fn body(&self) -> String {
        self.json(self.error, self.description).to_string()
    }

    fn json(&self, error: &str, description: &str) -> Value {
        let mut body = match self.place {
            Place::TokenEndpoint | Place::Resource(_) => {
                return oauth_error(error, description, self.wording == Some(Wording::Epic));
            }
            Place::SalesforceApi(_) => {
                return json!([{ "message": description, "errorCode": error }]);
            }
            Place::BoxApi(status) => json!({ "type": "error", "status": status, "code": error }),
        };
        if !description.is_empty() {
            body["message"] = description.into();
        }
        body
    }

    pub(crate) fn reply(&self) -> Reply {
        self.reply_with(self.error, self.description)
    }

    /// The reply with another error code or a longer description.
    pub(crate) fn reply_with(&self, error: &str, description: &str) -> Reply {
        let status = match self.place {
            Place::TokenEndpoint => token_status(error),
            _ => self.status(),
        };
        Reply::json(status, &self.json(error, description)).refusing(error, description)
    }
}

/// The status that goes with an error code ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
pub(crate) fn token_status(error: &str) -> u16 {
    if error == "invalid_client" { 401 } else { 400 }
}

/// The body of an error ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)). An empty description is
/// left out, or written as null.
pub(crate) fn oauth_error(error: &str, description: &str, null: bool) -> Value {
    match description {
        "" if null => json!({ "error": error, "error_description": null }),
        "" => json!({ "error": error }),
        _ => json!({ "error": error, "error_description": description }),
    }
}

/// The refusals that the sandbox answers with in this dialect, each once; for Generic those of every wording too.
///
/// If an assertion was for client authentication, the error in Generic's own words is `invalid_client` instead.
pub fn texts(dialect: Dialect) -> impl Iterator<Item = Text> {
    let own = Reason::ALL
        .into_iter()
        .map(|reason| Text::of(reason, dialect, None));
    let wordings = Wording::ALL
        .into_iter()
        .filter(|_| dialect == Dialect::Generic)
        .flat_map(|wording| Reason::ALL.map(|reason| wordings::text(wording, reason)))
        .flatten();
    let by_state = match dialect {
        Dialect::Box => &box_platform::BY_STATE[..],
        Dialect::Salesforce => &salesforce::BY_STATE,
        Dialect::Generic => &generic::BY_STATE,
    };
    let mut texts: Vec<Text> = Vec::new();
    for text in own.chain(by_state.iter().copied()).chain(wordings) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_have_only_characters_that_rfc_6749_allows() {
        for dialect in Dialect::ALL {
            for text in texts(dialect) {
                // Box is known to send quotation marks here.
                let quotes = text.entry == Some("B9");
                let allowed = |c: char| matches!(c, ' '..='~') && c != '\\' && (quotes || c != '"');
                assert!(text.description.chars().all(allowed), "{text:?}");
                let allowed = |c: char| c.is_ascii_alphabetic() || c == '_';
                assert!(text.error.chars().all(allowed), "{text:?}");
            }
        }
    }

    #[test]
    fn every_text_is_listed_once() {
        for (dialect, expected) in [
            (Dialect::Box, 26),
            (Dialect::Salesforce, 16),
            (Dialect::Generic, 37),
        ] {
            let listed: Vec<_> = texts(dialect).collect();
            assert_eq!(listed.len(), expected, "{dialect}: {listed:#?}");
        }
    }

    /// What the catalogue of errors has and no server of ours can say, with the reason.
    const WITHOUT_TEXT: [(&str, &str); 9] = [
        ("B20", "an SDK says it, not the server"),
        ("S14", "a command says it about a key file"),
        ("S15", "it is the fault `empty`"),
        (
            "O9",
            "Snowflake takes the assertion itself, without a token endpoint",
        ),
        ("O10", "Snowflake's own log says it"),
        ("O17", "GitHub's API takes the assertion itself"),
        ("O18", "GitHub's API takes the assertion itself"),
        ("O20", "AWS KMS says it"),
        ("O21", "a YubiKey says it"),
    ];

    #[test]
    fn every_entry_of_the_catalogue_has_a_text_or_a_reason() {
        let entries = (1..=20)
            .map(|number| format!("B{number}"))
            .chain((1..=15).map(|number| format!("S{number}")))
            .chain((1..=21).map(|number| format!("O{number}")));
        let found: Vec<_> = Dialect::ALL
            .into_iter()
            .flat_map(texts)
            .filter_map(|text| text.entry)
            .collect();
        for entry in entries {
            let is_excepted = WITHOUT_TEXT.iter().any(|(other, _)| *other == entry);
            assert_eq!(found.contains(&&*entry), !is_excepted, "{entry}");
        }
    }
}
