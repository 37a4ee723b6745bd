use jwt_bearer_provider::{Entry, normal};
use serde_json::Value;

use crate::message::Whose;
use crate::names::without_names;
use crate::redact::scrubbed;
use crate::refusal::Refusal;
use crate::{Evidence, message};

/// The characters of a text that are looked at; no server says more.
const LONGEST: usize = 4096;

/// What the server or a program said.
pub(crate) struct Said {
    pub(crate) refusal: Option<Refusal>,
    message: Option<String>,
}

impl Said {
    pub(crate) fn of(evidence: &Evidence) -> Self {
        let reply = evidence.reply.as_ref();
        let refusal = reply
            .and_then(Refusal::of)
            .filter(|_| !reply.is_some_and(|reply| matches!(reply.status, Some(200..300))))
            .map(|refusal| Refusal {
                error: refusal.error.chars().take(LONGEST).collect(),
                text: refusal.text.chars().take(LONGEST).collect(),
            });
        let body = reply.and_then(|reply| reply.body.clone());
        let body = body.filter(|body| refusal.is_none() && !body.trim().is_empty());
        Self {
            refusal,
            message: evidence.message.clone().or(body),
        }
    }

    pub(crate) fn entries(&self, whose: Whose) -> Vec<&'static Entry> {
        let mut entries = match &self.refusal {
            Some(refusal) => message::entries(whose, refusal),
            None => Vec::new(),
        };
        if entries.is_empty()
            && let Some(text) = &self.message
        {
            entries = message::entries_in(whose, text);
        }
        entries
    }

    pub(crate) fn text(&self) -> String {
        let refusal = self.refusal.as_ref();
        let refusal = refusal.map(|refusal| format!("{} {}", refusal.error, refusal.text));
        refusal.or_else(|| self.message.clone()).unwrap_or_default()
    }

    /// Whether it is a token.
    pub(crate) fn is_token(&self, evidence: &Evidence) -> bool {
        let reply = evidence.reply.as_ref().filter(|_| self.refusal.is_none());
        reply.is_some_and(|reply| {
            let body = reply.body.as_deref().unwrap_or_default();
            match reply.status {
                Some(200..300) => body.contains("access_token"),
                // A body that was copied alone has none.
                None => has_token(body),
                _ => false,
            }
        })
    }

    /// In one line, redacted. Of a text that is no error of a server's form, only what the catalogue knows: the rest may
    /// be anything.
    pub(crate) fn line(&self, evidence: &Evidence, entries: &[&'static Entry]) -> Option<String> {
        let status = evidence.reply.as_ref().and_then(|reply| reply.status);
        let status = status.map(|status| format!("status {status}"));
        let text = match (&self.refusal, &self.message) {
            _ if self.is_token(evidence) => Some("a token was given".to_owned()),
            (Some(Refusal { error, text }), _) if text.is_empty() => Some(scrubbed(error)),
            (Some(Refusal { error, text }), _) => Some(
                format!("{}: {}", scrubbed(error), scrubbed(text))
                    .trim_start_matches(": ")
                    .to_owned(),
            ),
            (None, Some(message)) if message.trim_start().starts_with('<') => {
                Some("a page of HTML or XML".to_owned())
            }
            (None, Some(message)) => Some(known_part(message, entries)),
            (None, None) => None,
        };
        let text = text.map(|text| without_names(&text, &evidence.names()));
        match (status, text) {
            (Some(status), Some(text)) => Some(format!("{status}, {text}")),
            (status, text) => status.or(text),
        }
    }
}

/// Whether it is the JSON of a token.
pub(crate) fn has_token(body: &str) -> bool {
    serde_json::from_str::<Value>(body).is_ok_and(|json| json.get("access_token").is_some())
}

fn known_part(message: &str, entries: &[&'static Entry]) -> String {
    let plain = normal(message);
    let parts = entries.iter().flat_map(|entry| entry.texts);
    let found = parts.filter(|part| plain.contains(**part));
    let longest = found.max_by_key(|part| part.len()).copied();
    let code = || entries.first().and_then(|entry| entry.error);
    match longest.or_else(code) {
        Some(part) => format!("… {part} …"),
        None => "a text that is not repeated here: it can hold anything".to_owned(),
    }
}
