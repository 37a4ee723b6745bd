//! Whether a proxy stands between, by the environment.

use jwt_bearer_diagnosis::Probe;
use url::Url;

/// A proxy, and the variable that names it.
pub(crate) struct Proxy {
    pub(crate) variable: &'static str,
    /// Host and port.
    pub(crate) address: String,
}

impl Proxy {
    /// The proxy through which a request goes to this URL, if there is one.
    #[expect(
        clippy::disallowed_methods,
        reason = "proxies are named by the environment"
    )]
    pub(crate) fn of(url: &Url) -> Option<Self> {
        // The transport takes none for `http`, which is for this machine alone.
        if url.scheme() != "https" {
            return None;
        }
        let variable = |name| {
            let value = std::env::var(name).ok()?;
            (!value.is_empty()).then_some((name, value))
        };
        let proxy = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
            .into_iter()
            .find_map(variable)?;
        let exempt = ["NO_PROXY", "no_proxy"].into_iter().find_map(variable);
        let host = url.host_str()?;
        let is_exempt = exempt.is_some_and(|(_, hosts)| is_listed(&hosts, host));
        if is_exempt {
            return None;
        }
        let (variable, proxy) = proxy;
        // What stands before the host may be a user and a password.
        let address = proxy.rsplit_once('@').map_or(&*proxy, |(_, host)| host);
        let address = address.rsplit_once("//").map_or(address, |(_, host)| host);
        Some(Self {
            variable,
            address: address.trim_end_matches('/').to_owned(),
        })
    }

    pub(crate) fn probe(&self) -> Probe {
        Probe::Proxy {
            address: self.address.clone(),
            variable: self.variable.to_owned(),
        }
    }
}

/// Whether a list as in `NO_PROXY` has the host, or a domain that it is in.
fn is_listed(hosts: &str, host: &str) -> bool {
    hosts.split(',').map(str::trim).any(|entry| {
        let domain = entry.trim_start_matches("*.").trim_start_matches('.');
        let is_below = || {
            host.strip_suffix(domain)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        entry == "*" || (!domain.is_empty() && is_below())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_exemptions_has_hosts_and_domains() {
        for (hosts, expected) in [
            ("*", true),
            ("as.example", true),
            ("other, .example", true),
            ("*.example", true),
            ("example", true),
            ("s.example", false),
            ("", false),
            (" , .", false),
            ("as.example.org", false),
        ] {
            assert_eq!(is_listed(hosts, "as.example"), expected, "{hosts}");
        }
    }
}
