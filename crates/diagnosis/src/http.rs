//! A request and its reply, without their secrets.

use crate::redact::without_secrets;

/// A token request without its secrets.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub(crate) url: Option<String>,
    /// Whether the URL had the parameters of the form behind it.
    pub(crate) in_query: bool,
    pub(crate) method: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) parameters: Option<Vec<(String, String)>>,
}

impl Request {
    /// Parameters whose value is no secret and tells something.
    const PLAIN: [&'static str; 4] = ["client_assertion_type", "client_id", "grant_type", "scope"];

    /// Nothing known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The URL that it was sent to. Of what stands behind a `?` is kept only whether there were parameters of the form.
    #[must_use]
    pub fn url(mut self, url: impl AsRef<str>) -> Self {
        let (url, query) = url.as_ref().split_once('?').unwrap_or((url.as_ref(), ""));
        self.in_query = query.contains("assertion=") || query.contains("grant_type=");
        self.url = Some(url.to_owned());
        self
    }

    /// The method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// The header `Content-Type`.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Every parameter of the form. Only the values of `grant_type`, `client_id`, `client_assertion_type` and `scope`
    /// are kept; of the others, whether there is one.
    #[must_use]
    pub fn parameters<N: AsRef<str>, V: AsRef<str>>(
        mut self,
        parameters: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let parameters = parameters.into_iter().map(|(name, value)| {
            let (name, value) = (name.as_ref(), value.as_ref());
            let kept = if Self::is_plain(name) {
                value
            } else if value.is_empty() {
                ""
            } else {
                "…"
            };
            (name.to_owned(), kept.to_owned())
        });
        self.parameters = Some(parameters.collect());
        self
    }

    /// Whether the value of this parameter is looked at.
    pub(crate) fn is_plain(name: &str) -> bool {
        Self::PLAIN.contains(&name)
    }

    /// Whether it asks for a token, and is no other call of an API.
    pub(crate) fn is_for_token(&self) -> bool {
        let path = self.url.as_deref().unwrap_or_default();
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let last = path.trim_end_matches('/').rsplit('/').next();
        let has_form = self
            .parameters
            .iter()
            .flatten()
            .any(|(name, _)| name == "grant_type" || name.ends_with("assertion"));
        // A GET of the other endpoint is a person's login.
        let is_get = self.method.as_deref() == Some("GET");
        let is_endpoint = last == Some("token") || last == Some("authorize") && !is_get;
        self.url.is_none() || has_form || self.in_query || is_endpoint
    }

    /// The value of a parameter, if the form is known and has it; an empty one counts as left out.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .flatten()
            .find(|(other, value)| other == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

/// A reply of a token endpoint. Tokens in it are masked at once.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<String>,
}

impl Reply {
    /// Nothing known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The status.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<str>, value: impl Into<String>) -> Self {
        let name = name.as_ref().trim().to_ascii_lowercase();
        if name != "set-cookie" {
            self.headers.push((name, value.into()));
        }
        self
    }

    /// The body.
    #[must_use]
    pub fn body(mut self, body: impl AsRef<str>) -> Self {
        self.body = Some(without_secrets(body.as_ref()));
        self
    }

    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(other, _)| other == name);
        header.map(|(_, value)| value.trim())
    }

    /// Seconds since 1970 by the server's clock. Of a reply that was kept by a cache, they are old.
    pub(crate) fn date(&self) -> Option<i64> {
        if self.first("age").is_some_and(|age| age != "0") {
            return None;
        }
        crate::checks::times::seconds(httpdate::parse_http_date(self.first("date")?).ok()?)
    }
}
