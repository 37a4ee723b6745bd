use std::fmt;

use hyper::http::request::Parts;
use url::form_urlencoded;

/// Values that are no secrets. Whatever is not listed is masked.
const PLAIN_HEADERS: [&str; 7] = [
    "accept",
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
    "user-agent",
];
const PLAIN_PARAMETERS: [&str; 4] = ["client_assertion_type", "client_id", "grant_type", "scope"];
/// Names that tell nothing. In a body that is no form, anything can stand in a name.
const SECRET_PARAMETERS: [&str; 3] = ["assertion", "client_assertion", "client_secret"];

/// A token request as it came in, and what was answered.
///
/// `Debug` tells the length of assertions and secrets only; the methods give everything.
#[derive(Clone)]
pub struct Recorded {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) status: Option<u16>,
    pub(crate) refusal: Option<String>,
}

impl Recorded {
    pub(crate) fn new(parts: &Parts, body: &[u8]) -> Self {
        let headers = parts.headers.iter();
        Self {
            method: parts.method.to_string(),
            target: parts
                .uri
                .path_and_query()
                .map_or_else(String::new, ToString::to_string),
            headers: headers
                .map(|(name, value)| {
                    (
                        name.to_string(),
                        String::from_utf8_lossy(value.as_bytes()).into_owned(),
                    )
                })
                .collect(),
            body: String::from_utf8_lossy(body).into_owned(),
            status: None,
            refusal: None,
        }
    }

    /// The method, for example `POST`.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path, with the query if there was one.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.target
    }

    /// Every header in order: its name in lower case and its value.
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The first header of this name; upper and lower case are one.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value.as_str())
    }

    /// The body as text; of one that was too large, its first 64 KiB.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The decoded value of the first form parameter of this name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut parameters = form_urlencoded::parse(self.body.as_bytes());
        parameters
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The status that was sent, also if the reply was then cut short; `None` if nothing was sent.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        self.status
    }

    /// If the server refused: the error code, a colon, and the description. Also set if a fault then ate the reply.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers = self.headers.iter().map(|(name, value)| {
            (
                name,
                if PLAIN_HEADERS.contains(&name.as_str()) {
                    value.clone()
                } else {
                    masked(value)
                },
            )
        });
        let parameters = form_urlencoded::parse(self.body.as_bytes()).map(|(name, value)| {
            if PLAIN_PARAMETERS.contains(&&*name) {
                (name.into_owned(), value.into_owned())
            } else if SECRET_PARAMETERS.contains(&&*name) {
                (name.into_owned(), masked(&value))
            } else {
                (masked(&name), masked(&value))
            }
        });
        f.debug_struct("Recorded")
            .field("method", &self.method)
            .field("path", &self.target.split('?').next().unwrap_or_default())
            .field("headers", &headers.collect::<Vec<_>>())
            .field("parameters", &parameters.collect::<Vec<_>>())
            .field("status", &self.status)
            .field("refusal", &self.refusal)
            .finish()
    }
}

fn masked(value: &str) -> String {
    format!("<{} characters>", value.chars().count())
}
