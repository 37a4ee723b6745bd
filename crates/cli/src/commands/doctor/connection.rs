//! Name and connection.

use std::net::SocketAddr;
use std::time::Duration;

use jwt_bearer_diagnosis::{Probe, masked_host};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::{Host, Url};

use super::case::Case;
use crate::diagnosed;
use crate::page::State;

/// For each look: what takes longer does not work.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// Looks the name up and opens a connection, which is closed at once; says whether it could.
pub(super) async fn look(case: &mut Case, url: &Url, limit: Duration) -> bool {
    let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
        return false;
    };
    let addresses = match host {
        Host::Ipv4(ip) => vec![SocketAddr::new(ip.into(), port)],
        Host::Ipv6(ip) => vec![SocketAddr::new(ip.into(), port)],
        Host::Domain(name) => match name_look_up(case, name, port, limit).await {
            Some(addresses) => addresses,
            None => return false,
        },
    };
    let connect = timeout(limit, TcpStream::connect(&addresses[..])).await;
    let error = match connect {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("no answer within {} s", limit.as_secs())),
    };
    let host = diagnosed::host(url.as_str());
    let shown = masked_host(&host);
    match &error {
        None => case.step(
            "connection",
            State::Ok,
            format!("{shown} accepts connections"),
        ),
        Some(error) => case.step("connection", State::Failed, format!("{shown}: {error}")),
    }
    let is_open = error.is_none();
    case.learn(|evidence| evidence.probe(Probe::Connection { host, error }));
    is_open
}

async fn name_look_up(
    case: &mut Case,
    name: &str,
    port: u16,
    limit: Duration,
) -> Option<Vec<SocketAddr>> {
    let shown = masked_host(name);
    let found = match timeout(limit, lookup_host((name, port))).await {
        Ok(Ok(addresses)) => Ok(addresses.collect::<Vec<_>>()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!(
            "no name server answered within {} s",
            limit.as_secs()
        )),
    };
    let found = found.and_then(|addresses| match addresses.len() {
        0 => Err("the name has no address".to_owned()),
        _ => Ok(addresses),
    });
    let host = name.to_owned();
    match found {
        Ok(addresses) => {
            let text = match addresses.len() {
                1 => format!("{shown} has an address"),
                count => format!("{shown} has {count} addresses"),
            };
            case.step("name", State::Ok, text);
            case.learn(|evidence| evidence.probe(Probe::Dns { host, error: None }));
            Some(addresses)
        }
        Err(error) => {
            case.step("name", State::Failed, format!("{shown}: {error}"));
            let error = Some(error);
            case.learn(|evidence| evidence.probe(Probe::Dns { host, error }));
            None
        }
    }
}
