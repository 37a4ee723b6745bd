//! Connections that failed, by what programs print.

use crate::checks::network::NO_TLS;
use crate::paste::Line;
use crate::{Probe, whose};

/// A connection that failed.
pub(crate) struct Failure {
    pub(crate) probe: Probe,
    /// Whether it is surely that to the token endpoint: by the host, or since curl has no other.
    pub(crate) is_of_endpoint: bool,
}

/// Those that a log tells of. The endpoint is the host of the request, if that is known.
pub(crate) fn failures(
    lines: &[Line<'_>],
    endpoint: Option<&str>,
) -> impl Iterator<Item = Failure> {
    lines.iter().filter_map(move |line| match line {
        Line::Other(text) => failure(text, endpoint),
        _ => None,
    })
}

/// What this machine or the other answers where nobody listens.
const REFUSED: &str = "connection refused";

/// What curl and others say before an address.
const FAILED: &str = "failed to connect to ";

/// What curl says in place of the reason.
const WITHOUT_REASON: [&str; 2] = ["couldn't connect to server", "could not connect to server"];

/// What curl or a program says where a connection fails.
fn failure(text: &str, endpoint: Option<&str>) -> Option<Failure> {
    const DNS: [&str; 4] = [
        "could not resolve host",
        "name or service not known",
        "getaddrinfo enotfound",
        "no such host",
    ];
    const TLS: [&str; 5] = [
        "ssl certificate problem",
        "certificate verify failed",
        "self-signed certificate",
        "unable to get local issuer certificate",
        "certificate has expired",
    ];
    /// What is said, and what it means; the first that fits.
    const CONNECTION: [(&str, &str); 4] = [
        ("connection refused", REFUSED),
        ("econnrefused", REFUSED),
        ("connection timed out", "connection timed out"),
        (FAILED, "no connection could be made"),
    ];
    const CURL: [&str; 5] = [
        "curl: (6)",
        "curl: (7)",
        "curl: (28)",
        "curl: (35)",
        "curl: (60)",
    ];
    // Its notes on the way are no failures, and JSON is a server's.
    let plain = text.trim().to_lowercase();
    if plain.starts_with(['*', '{', '[', '"']) || plain.contains("continuing anyway") {
        return None;
    }
    let is_curl = CURL.iter().any(|start| plain.contains(start));
    // Snowflake's connector says so before what the server answered.
    let plain = if is_curl {
        plain
    } else {
        plain.replace("failed to connect to db:", "")
    };
    let is_of_endpoint = is_curl
        || match endpoint {
            Some(host) => plain.contains(host),
            None => plain.split(|c| !is_of_host(c)).any(whose::is_token_host),
        };
    let has = |parts: &[&str]| {
        let found = parts.iter().find(|part| plain.contains(**part));
        found.map(|part| Some((*part).to_owned()))
    };
    let host = String::from("the token endpoint");
    // Only the part that is known: hosts and addresses stand around it.
    let probe = if let Some(error) = has(&DNS) {
        Probe::Dns { host, error }
    } else if let Some(error) = has(&TLS).or_else(|| has(&NO_TLS)) {
        Probe::Tls { host, error }
    } else {
        let mut said = CONNECTION.into_iter();
        let (said, error) = said.find(|(said, _)| plain.contains(said))?;
        let own = own_address(&plain);
        let has_no_reason = WITHOUT_REASON.iter().any(|words| plain.contains(words));
        // No firewall stands before this machine.
        let is_refused = said == FAILED && has_no_reason && own.is_some();
        let error = if is_refused { REFUSED } else { error };
        Probe::Connection {
            host: own.unwrap_or(host),
            error: Some(error.to_owned()),
        }
    };
    Some(Failure {
        probe,
        is_of_endpoint,
    })
}

/// The port of this machine that could not be connected to. Addresses elsewhere in the line are of something else.
fn own_address(plain: &str) -> Option<String> {
    let (_, address) = plain.split_once(FAILED)?;
    let mut own = ["127.0.0.1", "localhost", "[::1]"].into_iter();
    let (own, rest) = own.find_map(|own| Some((own, address.strip_prefix(own)?)))?;
    let rest = rest.strip_prefix([':', ' '])?;
    let rest = rest.strip_prefix("port ").unwrap_or(rest);
    let port = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    port.parse::<u16>().ok().map(|port| format!("{own}:{port}"))
}

const fn is_of_host(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.')
}
