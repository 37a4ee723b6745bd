//! Up to three GETs that carry nothing: they show TLS, the server's clock, and the server's metadata.

use std::error::Error;
use std::time::Duration;

use jwt_bearer::assertion::{Clock, SystemClock};
use jwt_bearer::exchange::{
    HttpTransport, Reply, Request, Transport, TransportError, TransportErrorKind,
};
use jwt_bearer_diagnosis::{Probe, masked_host};
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use super::case::Case;
use super::clock::Reading;
use crate::diagnosed;
use crate::page::State;

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
            let reading = Reading::of(&reply.headers, sent_at, SystemClock.now());
            server.ahead = clock(case, reading);
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

/// Tells the clocks apart; the reply to the token request tells more, if there will be one.
fn clock(case: &mut Case, reading: Result<Reading, &'static str>) -> Option<i64> {
    match reading {
        Ok(reading) => {
            case.learn(|evidence| evidence.probe(reading.probe()));
            reading.tell(case);
            reading.difference()
        }
        Err(why) => {
            case.step("clock", State::Skipped, why);
            None
        }
    }
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
}
