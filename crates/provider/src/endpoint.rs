use std::fmt;

use url::{Host, Url};

use crate::{EndpointRule, RequestError};

/// The URL of a token endpoint that may be sent an assertion: `https`, or `http` to this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenEndpoint {
    url: Url,
    /// As it was given: an audience is compared letter by letter, and a URL parser changes letters.
    text: String,
}

impl TokenEndpoint {
    /// Reads a URL.
    ///
    /// # Errors
    /// `Invalid` if it is no URL, has another scheme, a user name or a fragment, or leaves this machine without TLS.
    pub fn new(text: &str) -> Result<Self, RequestError> {
        let invalid =
            |why: &str| RequestError::invalid(format!("the token endpoint `{text}` {why}"));
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(RequestError::invalid(
                "the token endpoint has white space in it or around it; take it out",
            ));
        }
        let url = match Url::parse(text) {
            Ok(url) if url.username().is_empty() && url.password().is_none() => url,
            Err(_) if !text.contains('@') => {
                return Err(invalid(
                    "is no URL; it looks like https://as.example/oauth2/token",
                ));
            }
            _ => return Err(credentials_in("token endpoint")),
        };
        if url.fragment().is_some() {
            return Err(invalid("has a fragment (#…); leave it out"));
        }
        match url.scheme() {
            _ if may_carry_secrets(&url) => {}
            "http" => {
                return Err(invalid(
                    "is not encrypted; http is for this machine alone, use https",
                ));
            }
            _ => return Err(invalid("has another scheme than https")),
        }
        Ok(Self {
            url,
            text: text.into(),
        })
    }

    pub(crate) fn resolve(
        rule: EndpointRule,
        given: Option<&str>,
        host: Option<&str>,
    ) -> Result<Self, RequestError> {
        match (given, host, rule) {
            (Some(_), Some(_), _) => Err(RequestError::invalid(
                "both a host and a token endpoint are set; set one of them",
            )),
            (Some(given), None, _) => Self::new(given),
            (
                None,
                host,
                EndpointRule::OnHost {
                    default,
                    short,
                    path,
                    mistaken,
                },
            ) => {
                let host = host.unwrap_or(default);
                let host = short
                    .iter()
                    .find(|(name, _)| *name == host)
                    .map_or(host, |(_, long)| long);
                let bare = host.trim_end_matches('/').trim_start_matches("https://");
                if let Some((stem, wanted)) = mistaken
                    .iter()
                    .find_map(|(ending, wanted)| Some((bare.strip_suffix(ending)?, wanted)))
                {
                    return Err(RequestError::invalid(format!(
                        "the host `{host}` has no token endpoint; use {stem}{wanted}"
                    )));
                }
                let origin = if bare.contains("://") {
                    bare.into()
                } else {
                    format!("https://{bare}")
                };
                match Url::parse(&origin) {
                    Ok(url) if url.path() == "/" && url.query().is_none() => {
                        Self::new(&format!("{origin}{path}"))
                    }
                    _ if host.contains('@') => Err(credentials_in("host")),
                    _ => Err(RequestError::invalid(format!(
                        "the host `{host}` is more than a host, or none; it looks like {default}"
                    ))),
                }
            }
            (None, Some(host), _) => Err(RequestError::invalid(format!(
                "a host (`{host}`) is set, and this provider has none to choose; set the token endpoint"
            ))),
            (None, None, EndpointRule::Fixed(url)) => Self::new(url),
            (None, None, EndpointRule::Given) => Err(RequestError::missing(
                "the token endpoint is missing (`token-endpoint`)",
            )),
        }
    }

    /// The URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The URL as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme and host, with the port if it is not the scheme's own.
    pub(crate) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

impl fmt::Display for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Does not repeat the text, which may hold a password.
fn credentials_in(what: &str) -> RequestError {
    RequestError::invalid(format!(
        "the {what} has a user name or password in it; leave them out"
    ))
}

/// Whether a URL may be sent a secret: `https` to anywhere, `http` to this machine alone.
#[must_use]
pub fn may_carry_secrets(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
