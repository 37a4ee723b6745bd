use jwt_bearer_provider::{Entry, Profile};

use crate::Evidence;
use crate::checks::host_of;
use crate::message::Whose;

/// Hosts by their endings, and whose they are.
const HOSTS: [(&str, &str); 15] = [
    ("box.com", "box"),
    ("salesforce.com", "salesforce"),
    ("force.com", "salesforce"),
    ("salesforce-setup.com", "salesforce"),
    ("my.site.com", "salesforce"),
    ("googleapis.com", "google"),
    ("docusign.com", "docusign"),
    ("snowflakecomputing.com", "snowflake"),
    ("okta.com", "okta"),
    ("oktapreview.com", "okta"),
    ("microsoftonline.com", "entra"),
    ("microsoftonline.us", "entra"),
    ("github.com", "github"),
    ("epic.com", "epic"),
    ("epichosted.com", "epic"),
];

/// The provider whose host it is.
fn of_host(host: &str) -> Option<(&'static str, &'static str)> {
    HOSTS.into_iter().find(|(suffix, _)| {
        host.strip_suffix(suffix)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// Whether a provider's token endpoint is at this host, or for all that is known can be.
pub(crate) fn is_token_host(host: &str) -> bool {
    match of_host(host) {
        Some((_, "box")) => host == "api.box.com",
        Some((_, "google")) => host == "oauth2.googleapis.com",
        Some((_, "github")) => host == "api.github.com",
        Some((_, "docusign")) => host.starts_with("account"),
        Some(_) => is_server(host),
        None => false,
    }
}

/// Whether it is no page for readers.
fn is_server(host: &str) -> bool {
    !PAGES.contains(&host.split('.').next().unwrap_or_default())
}

const PAGES: [&str; 8] = [
    "community",
    "developer",
    "developers",
    "docs",
    "github",
    "help",
    "support",
    "www",
];

/// The provider to whose server a URL in a text leads. Pages for readers are no servers.
pub(crate) fn mentioned(text: &str) -> Option<&'static str> {
    let urls = text.match_indices("https://").filter_map(|(at, _)| {
        let end = |c: char| c.is_whitespace() || "\"'<>(),;\\".contains(c);
        let url = text[at..].split(end).next()?;
        host_of(url)
    });
    let mut providers = urls
        .filter(|host| is_server(host))
        .filter_map(|host| Some(of_host(&host)?.1));
    providers.next()
}

/// The ending of a host that tells the provider, and is the same for all of its customers.
pub(crate) fn ending(host: &str) -> Option<&'static str> {
    Some(of_host(host)?.0)
}

/// Whose server it is, as far as that is known.
#[derive(Clone, Copy)]
pub(crate) struct Server {
    /// By the profile, hosts or claims; else `generic`.
    pub(crate) provider: &'static str,
    /// Whether that tells it; of an unknown host too, that it is nobody's in the catalogue.
    pub(crate) is_known: bool,
}

impl Server {
    pub(crate) const fn whose(self) -> Whose {
        if self.is_known {
            Whose::Of(self.provider)
        } else {
            Whose::Anybodys
        }
    }
}

/// Whose demands and texts count: by the profile, else by hosts and claims.
pub(crate) fn server(evidence: &Evidence) -> Server {
    let known = |provider| Server {
        provider,
        is_known: true,
    };
    if let Some(profile) = evidence.profile
        && profile.name != "generic"
    {
        let named = ["box", "salesforce"]
            .into_iter()
            .find(|name| *name == profile.name);
        return named.map_or(
            Server {
                provider: "generic",
                is_known: false,
            },
            known,
        );
    }
    let claims = evidence
        .assertion
        .as_ref()
        .map(|assertion| assertion.claims());
    if claims.is_some_and(|claims| claims.contains_key("box_sub_type")) || evidence.config.is_some()
    {
        return known("box");
    }
    let url = evidence
        .request
        .as_ref()
        .and_then(|request| request.url.as_deref());
    let audience = claims.and_then(|claims| {
        let audience = claims.get("aud")?;
        audience.as_str().or_else(|| audience.get(0)?.as_str())
    });
    for url in [url, audience].into_iter().flatten() {
        let host = host_of(url).unwrap_or_else(|| url.trim().to_ascii_lowercase());
        if let Some((_, provider)) = of_host(&host) {
            return known(provider);
        }
    }
    // No other server has this path, and an org can have a host of its own.
    if url.is_some_and(|url| url.ends_with("/services/oauth2/token")) {
        return known("salesforce");
    }
    if let Some(provider) = evidence.mentioned
        && url.is_none()
        && audience.is_none()
    {
        return known(provider);
    }
    // A proxy or a sandbox on this machine can stand for anybody.
    let host = url.and_then(host_of);
    let is_here = |host: &String| matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
    Server {
        provider: "generic",
        is_known: host.is_some_and(|host| !is_here(&host)),
    }
}

/// Whose text it seems to be, where nothing else tells.
pub(crate) fn guessed(entries: &[&Entry]) -> &'static str {
    let local = ["aws-kms", "keys", "yubikey", "generic"];
    match entries {
        [first, rest @ ..]
            if rest.iter().all(|other| other.provider == first.provider)
                && !local.contains(&first.provider) =>
        {
            first.provider
        }
        _ => "generic",
    }
}

pub(crate) fn profile(evidence: &Evidence, provider: &str) -> Profile {
    match provider {
        "box" => evidence
            .profile
            .filter(|profile| profile.name == "box")
            .unwrap_or(Profile::BOX),
        "salesforce" => evidence
            .profile
            .filter(|profile| profile.name == "salesforce")
            .unwrap_or(Profile::SALESFORCE),
        _ => evidence.profile.unwrap_or(Profile::GENERIC),
    }
}
