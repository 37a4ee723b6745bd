//! A failed exchange as evidence for the diagnosis.

use std::error::Error;

use jwt_bearer::exchange::{Attempt, TransportError, TransportErrorKind};
use jwt_bearer::provider::Check;
use jwt_bearer::{ExchangeError, ExchangeErrorKind, Profile};
use jwt_bearer_diagnosis::{Evidence, Probe, Reply, Report, Request, diagnose};
use url::Url;

use crate::error::chain;
use crate::proxy::Proxy;

/// What can be told of a failure without asking further.
pub(crate) fn report(error: &ExchangeError, profile: &Profile) -> Report {
    diagnose(&with_failure(Evidence::new().profile(*profile), error))
}

/// Adds what was sent and what came back.
pub(crate) fn with_failure(mut evidence: Evidence, error: &ExchangeError) -> Evidence {
    let Some(attempt) = error.attempt() else {
        // Nothing was sent; what the signer said may be known.
        return match error.source() {
            Some(source) => evidence.message(chain(source)),
            None => evidence,
        };
    };
    evidence = evidence
        .sent_at(attempt.sent_at())
        .received_at(attempt.received_at());
    // Other requests than those with an assertion go to other addresses, for which other rules hold.
    if let Some(assertion) = attempt.assertion() {
        let request = Request::new().method("POST").url(attempt.token_endpoint());
        evidence = evidence.assertion(assertion.clone()).request(request);
    }
    if let Some(status) = attempt.status() {
        let reply = reply(status, attempt.headers());
        evidence = evidence.reply(match body(attempt) {
            Some(body) => reply.body(body),
            None => reply,
        });
    }
    let url = Url::parse(attempt.token_endpoint());
    let proxy = url.ok().and_then(|url| Proxy::of(&url));
    if let Some(probe) = unreachable(error, attempt, proxy.as_ref()) {
        let probes = proxy.iter().map(Proxy::probe).chain([probe]);
        return probes.fold(evidence, Evidence::probe);
    }
    match broken(error).or_else(|| without_token(error, attempt)) {
        Some((check, why)) => evidence.failed(check, why),
        None => evidence,
    }
}

/// What failed on the way after there was one, and how that showed.
fn broken(error: &ExchangeError) -> Option<(Check, String)> {
    let transport = error.source()?;
    let check = match transport.downcast_ref::<TransportError>()?.kind() {
        TransportErrorKind::Timeout => Check::NoReply,
        TransportErrorKind::Interrupted => Check::ConnectionBroken,
        TransportErrorKind::Protocol => Check::NotHttp,
        TransportErrorKind::TooLarge => Check::ReplyTooLarge,
        _ => return None,
    };
    Some((check, chain(transport)))
}

/// A success without a token, to an assertion. Of a page and of an empty body, the form of the reply tells more.
fn without_token(error: &ExchangeError, attempt: &Attempt) -> Option<(Check, String)> {
    let is_other = error.kind() == ExchangeErrorKind::InvalidResponse
        && attempt.assertion().is_some()
        && body(attempt).is_none();
    is_other.then(|| (Check::NoToken, error.to_string()))
}

/// The head of a reply.
pub(crate) fn reply(status: u16, headers: &[(String, String)]) -> Reply {
    let reply = Reply::new().status(status);
    let is_kept = is_kept(headers);
    headers
        .iter()
        .filter(|(name, _)| !(is_kept && name.eq_ignore_ascii_case("date")))
        .fold(reply, |reply, (name, value)| reply.header(name, value))
}

/// Whether the reply was kept somewhere on the way, so that its `Date` is that of then.
pub(crate) fn is_kept(headers: &[(String, String)]) -> bool {
    headers.iter().any(|(name, value)| {
        let value = value.trim().to_ascii_lowercase();
        match name.to_ascii_lowercase().as_str() {
            "age" => value != "0",
            "x-cache" => value.contains("hit"),
            _ => false,
        }
    })
}

/// The body; that of a success is not kept, and the head tells what it was if it was no token.
fn body(attempt: &Attempt) -> Option<&str> {
    let header = |name| attempt.header(name).unwrap_or_default();
    match attempt.status() {
        Some(200..300) if header("content-type").starts_with("text/html") => Some("<html>"),
        Some(200..300) if header("content-length") == "0" => Some(""),
        Some(200..300) => None,
        _ => Some(attempt.body()),
    }
}

fn unreachable(error: &ExchangeError, attempt: &Attempt, proxy: Option<&Proxy>) -> Option<Probe> {
    let error = error.source()?.downcast_ref::<TransportError>()?;
    let why = error.source().map(ToString::to_string);
    let host = host(attempt.token_endpoint());
    // The first stop on the way is what cannot be reached.
    let stop = proxy.map_or_else(|| host.clone(), |proxy| proxy.address.clone());
    Some(match error.kind() {
        TransportErrorKind::Tls => Probe::Tls { host, error: why },
        TransportErrorKind::Connect if is_lookup(why.as_deref()) => Probe::Dns {
            host: stop,
            error: why,
        },
        TransportErrorKind::Connect => Probe::Connection {
            host: stop,
            error: why,
        },
        _ => return None,
    })
}

/// The resolver of the system has no kind of error of its own.
fn is_lookup(why: Option<&str>) -> bool {
    why.is_some_and(|why| why.contains("lookup") || why.contains("dns error"))
}

/// The host of a URL, with the port if it is not the usual one.
pub(crate) fn host(url: &str) -> String {
    let Ok(url) = Url::parse(url) else {
        return String::new();
    };
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_a_kept_reply_is_no_clock() {
        for (name, value, expected) in [
            ("age", "0", false),
            ("Age", "17", true),
            ("x-cache", "MISS", false),
            ("X-Cache", "MISS, HIT", true),
            ("x-cache", "Hit from cloudfront", true),
            ("cache-control", "no-store", false),
        ] {
            let headers = [(name.to_owned(), value.to_owned())];
            assert_eq!(is_kept(&headers), expected, "{name}: {value}");
        }
    }
}
