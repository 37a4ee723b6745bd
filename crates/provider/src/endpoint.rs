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
        let url = Url::parse(text)
            .map_err(|_| invalid("is no URL; it looks like https://as.example/oauth2/token"))?;
        if !url.username().is_empty() || url.password().is_some() {
            // The text is not repeated: it may hold a password.
            return Err(RequestError::invalid(
                "the token endpoint has a user name or password in it; leave them out",
            ));
        }
        if url.fragment().is_some() {
            return Err(invalid("has a fragment (#…); leave it out"));
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
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

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
