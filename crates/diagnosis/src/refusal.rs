use serde_json::Value;

use crate::Reply;

/// What a server or a program said, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) error: String,
    pub(crate) text: String,
}

impl Refusal {
    /// Reads it out of a reply, in whatever form servers have: OAuth's JSON, other JSON, a form, XML, or the header
    /// `WWW-Authenticate`.
    pub(crate) fn of(reply: &Reply) -> Option<Self> {
        let body = reply.body.as_deref().unwrap_or_default().trim();
        Self::of_json(body)
            .or_else(|| Self::of_form(body))
            .or_else(|| Self::of_xml(body))
            .or_else(|| Self::of_challenge(reply.first("www-authenticate")?))
    }

    pub(crate) fn of_json(text: &str) -> Option<Self> {
        let json: Value = serde_json::from_str(text).ok()?;
        Self::of_value(&json)
    }

    pub(crate) fn of_value(json: &Value) -> Option<Self> {
        let members = match json {
            Value::Array(list) => list.first()?.as_object()?,
            json => json.as_object()?,
        };
        if let Some(inner) = members.get("error").filter(|inner| inner.is_object()) {
            return Self::of_value(inner);
        }
        let text = |names: &[&str]| {
            names.iter().find_map(|name| match members.get(*name)? {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            })
        };
        let description = text(&["error_description", "message", "Message", "errorSummary"]);
        // A status or a number alone is any log's.
        let error = text(&["error", "errorCode", "__type"])
            .or_else(|| description.as_ref().and_then(|_| text(&["code", "status"])));
        if error.is_none() && description.is_none() {
            return None;
        }
        Some(Self {
            error: error.unwrap_or_default(),
            text: description.unwrap_or_default(),
        })
    }

    pub(crate) fn of_form(text: &str) -> Option<Self> {
        if !text.contains("error=") || text.contains(['\n', '<', '{']) {
            return None;
        }
        let mut refusal = Self::default();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            match &*name {
                "error" => refusal.error = value.into_owned(),
                "error_description" => refusal.text = value.into_owned(),
                _ => {}
            }
        }
        (!refusal.error.is_empty()).then_some(refusal)
    }

    pub(crate) fn of_xml(text: &str) -> Option<Self> {
        let element = |name: &str| {
            let start = text.find(&format!("<{name}>"))? + name.len() + 2;
            let end = start + text[start..].find(&format!("</{name}>"))?;
            Some(text[start..end].trim().to_owned())
        };
        Some(Self {
            error: element("error").filter(|error| !error.contains('<'))?,
            text: element("error_description").unwrap_or_default(),
        })
    }

    fn of_challenge(header: &str) -> Option<Self> {
        let value = |name: &str| {
            let start = header.find(&format!("{name}=\""))? + name.len() + 2;
            let end = start + header[start..].find('"')?;
            Some(header[start..end].to_owned())
        };
        Some(Self {
            error: value("error")?,
            text: value("error_description").unwrap_or_default(),
        })
    }
}
