//! Up to three GETs that carry nothing: they show TLS, the server's clock, and the server's metadata.

use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jwt_bearer::assertion::{Clock, SystemClock};
use jwt_bearer::exchange::{
    HttpTransport, Reply, Request, Transport, TransportError, TransportErrorKind,
};
use jwt_bearer_diagnosis::{Probe, masked_host};
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use super::case::Case;
use crate::page::State;
use crate::{diagnosed, times};

/// Where servers tell about themselves: by RFC 8414, and as Salesforce and others have it.
const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

/// How the paths of token endpoints end, behind the path of the issuer.
const ENDS: [&str; 9] = [
    "connect",
    "oauth",
    "oauth2",
    "openid-connect",
    "protocol",
    "services",
    "token",
    "v1",
    "v2.0",
];

/// What the server told of itself.
#[derive(Debug, Default)]
pub(super) struct Server {
    /// By how many seconds this machine is ahead of it, if by enough to matter.
    pub(super) ahead: Option<i64>,
    /// What it calls itself in its metadata.
    pub(super) issuer: Option<String>,
}

pub(super) async fn look(
    case: &mut Case,
    url: &Url,
    stop: &str,
    transport: &HttpTransport,
    limit: Duration,
) -> Server {
    let mut server = Server::default();
    let mut is_first = true;
    for page in pages(url) {
        let sent_at = SystemClock.now();
        let mut request = Request::get_public(page);
        // A reply that was kept somewhere has the time of then.
        request.headers.push(("cache-control", "no-cache".into()));
        let reply = match timeout(limit, transport.send(request)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => {
                failed(case, url, stop, &error);
                return server;
            }
            Err(_) => {
                let text = format!("no reply to a GET within {} s", limit.as_secs());
                case.step("reply", State::Warning, text);
                return server;
            }
        };
        if std::mem::take(&mut is_first) {
            secured(case, url);
            server.ahead = clock(case, &reply, sent_at, SystemClock.now());
        }
        if let Some(metadata) = parsed(&reply) {
            server.issuer = told(case, url, &metadata);
            return server;
        }
    }
    case.step(
        "metadata",
        State::Skipped,
        "the server has none, which is no fault",
    );
    server
}

fn failed(case: &mut Case, url: &Url, stop: &str, error: &TransportError) {
    let why = error.source().map(ToString::to_string).unwrap_or_default();
    let host = diagnosed::host(url.as_str());
    let shown = masked_host(&host);
    match error.kind() {
        TransportErrorKind::Tls | TransportErrorKind::Configuration => {
            case.is_unreachable();
            case.step("TLS", State::Failed, format!("{shown}: {why}"));
            let error = Some(why);
            case.learn(|evidence| evidence.probe(Probe::Tls { host, error }));
        }
        TransportErrorKind::Protocol => {
            case.is_unreachable();
            case.step(
                "protocol",
                State::Failed,
                format!("{shown}: {error}: {why}"),
            );
        }
        TransportErrorKind::Connect => {
            case.is_unreachable();
            let shown = masked_host(stop);
            case.step("connection", State::Failed, format!("{shown}: {why}"));
            let (host, error) = (stop.to_owned(), Some(why));
            case.learn(|evidence| evidence.probe(Probe::Connection { host, error }));
        }
        // A server that has trouble with a GET may be well with a POST.
        _ => case.step("reply", State::Warning, format!("to a GET: {error}: {why}")),
    }
}

fn secured(case: &mut Case, url: &Url) {
    if url.scheme() == "https" {
        let host = diagnosed::host(url.as_str());
        let text = "the certificate is trusted, for this name, and in its time";
        case.step("TLS", State::Ok, text);
        case.learn(|evidence| evidence.probe(Probe::Tls { host, error: None }));
    }
}

/// Compares the clocks: `Date` was written between sending and receiving, and has lost its parts of a second.
fn clock(
    case: &mut Case,
    reply: &Reply,
    sent_at: SystemTime,
    received_at: SystemTime,
) -> Option<i64> {
    if is_kept(reply) {
        let text = "the reply may come from a cache, so that its `Date` tells nothing";
        case.step("clock", State::Skipped, text);
        return None;
    }
    let date = reply.header("date").map(httpdate::parse_http_date);
    let Some(Ok(date)) = date else {
        case.step("clock", State::Skipped, "the server tells no time");
        return None;
    };
    let date = millis(date)?;
    let least = millis(sent_at)?.checked_sub(date)?.checked_sub(1000)?;
    let most = millis(received_at)?.checked_sub(date)?;
    let ahead = least.midpoint(most).checked_add(500)?.div_euclid(1000);
    let uncertainty = (most.abs_diff(least) / 2).div_ceil(1000).max(1);
    case.learn(|evidence| evidence.probe(Probe::Clock { ahead, uncertainty }));
    if ahead.unsigned_abs() <= uncertainty + 1 {
        let text = "this machine agrees with the server's `Date`";
        case.step("clock", State::Ok, text);
        return None;
    }
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    let by = times::length(ahead.unsigned_abs());
    let text = format!("this machine is about {by} {side} the server");
    case.step("clock", State::Warning, text);
    Some(ahead)
}

/// Whether the reply may have been kept somewhere on the way.
fn is_kept(reply: &Reply) -> bool {
    let is_aged = reply.header("age").is_some_and(|age| age.trim() != "0");
    is_aged || reply.header("x-cache").is_some()
}

/// Where to look. An issuer with a path has its metadata at a path of RFC 8414 §3.1, or of OpenID Connect.
fn pages(endpoint: &Url) -> Vec<Url> {
    let mut issuer: Vec<_> = endpoint
        .path()
        .split('/')
        .filter(|it| !it.is_empty())
        .collect();
    while issuer.last().is_some_and(|last| ENDS.contains(last)) {
        issuer.pop();
    }
    let issuer: String = issuer.iter().map(|segment| format!("/{segment}")).collect();
    let paths = match issuer.is_empty() {
        true => vec![OAUTH.to_owned(), OPENID.to_owned()],
        false => vec![
            format!("{OAUTH}{issuer}"),
            format!("{issuer}{OPENID}"),
            OAUTH.to_owned(),
        ],
    };
    paths
        .iter()
        .filter_map(|path| endpoint.join(path).ok())
        .collect()
}

fn millis(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()
}

/// The metadata, if the reply is that: a success in JSON that names a token endpoint.
fn parsed(reply: &Reply) -> Option<Value> {
    if reply.status != 200 {
        return None;
    }
    let metadata: Value = serde_json::from_slice(&reply.body).ok()?;
    metadata["token_endpoint"].is_string().then_some(metadata)
}

fn told(case: &mut Case, url: &Url, metadata: &Value) -> Option<String> {
    let text = |name: &str| metadata[name].as_str().map(str::to_owned);
    let algorithms = metadata["token_endpoint_auth_signing_alg_values_supported"].as_array();
    let algorithms: Vec<_> = algorithms
        .into_iter()
        .flatten()
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect();
    let token_endpoint = text("token_endpoint");
    match &token_endpoint {
        Some(named) if named != url.as_str() => {
            let text = format!("it names another token endpoint, {}", masked_host(named));
            case.step("metadata", State::Warning, text);
        }
        _ => case.step("metadata", State::Ok, "it names the same token endpoint"),
    }
    let issuer = text("issuer");
    case.learn(|evidence| {
        evidence.probe(Probe::Metadata {
            issuer: issuer.clone(),
            token_endpoint,
            algorithms,
        })
    });
    issuer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_stand_at_the_root_and_at_the_path_of_the_issuer() {
        for (endpoint, issuer) in [
            ("/oauth2/token", ""),
            ("/services/oauth2/token", ""),
            ("/token", ""),
            ("/realms/prod/protocol/openid-connect/token", "/realms/prod"),
            ("/oauth2/default/v1/token", "/oauth2/default"),
            ("/tenant/oauth2/v2.0/token", "/tenant"),
        ] {
            let url = format!("https://as.example:8443{endpoint}?a=b");
            let pages: Vec<_> = pages(&Url::parse(&url).unwrap())
                .iter()
                .map(|page| page.as_str()["https://as.example:8443".len()..].to_owned())
                .collect();
            let expected = match issuer {
                "" => vec![OAUTH.to_owned(), OPENID.to_owned()],
                _ => vec![
                    format!("{OAUTH}{issuer}"),
                    format!("{issuer}{OPENID}"),
                    OAUTH.to_owned(),
                ],
            };
            assert_eq!(pages, expected, "{endpoint}");
        }
    }

    #[test]
    fn the_date_of_a_kept_reply_is_no_clock() {
        for (name, value, expected) in [
            ("age", "0", false),
            ("age", "17", true),
            ("x-cache", "MISS", true),
            ("cache-control", "no-store", false),
        ] {
            let reply = Reply::new(200, vec![(name.into(), value.into())], Vec::new());
            assert_eq!(is_kept(&reply), expected, "{name}: {value}");
        }
    }
}
