use jwt_bearer_provider::Check;

use super::Case;
use crate::observed::Observed;
use crate::redact::{masked_host, scrubbed};
use crate::refusal::Refusal;
use crate::{Probe, Reply, Variation};

/// What programs say in small letters of an answer that is no TLS, such as that of an `http` port.
pub(crate) const NO_TLS: [&str; 8] = [
    "wrong version number",
    "wrong_version_number",
    "unexpected tls packet",
    "unrecognized ssl message",
    "does not look like a tls handshake",
    "gave http response to https client",
    "invalidcontenttype",
    "sec_e_invalid_token",
];

/// The way to the server: the form of the reply, and what probes found.
pub(crate) fn check(case: &Case<'_>, seen: &mut Observed) {
    if let Some(reply) = &case.evidence.reply {
        check_reply(reply, seen);
    }
    for probe in &case.evidence.probes {
        check_probe(case, probe, seen);
    }
    for probe in &case.evidence.doubtful {
        let (check, error) = match probe {
            Probe::Dns { error, .. } => (Check::Dns, error),
            Probe::Connection { error, .. } => (Check::Unreachable, error),
            Probe::Tls { error, .. } if is_no_tls(error) => (Check::NotHttp, error),
            Probe::Tls { error, .. } => (Check::Tls, error),
            _ => continue,
        };
        let error = error.as_deref().unwrap_or_default();
        let line = format!("a line says: {error}; whose connection that was, it does not say");
        seen.hinted(check, line);
    }
}

fn check_reply(reply: &Reply, seen: &mut Observed) {
    let status = reply.status.unwrap_or_default();
    // A page that was copied alone has none.
    let what = |what: &str| match reply.status {
        Some(status) => format!("status {status}, with {what}"),
        None => what.to_owned(),
    };
    if let 300..400 = status {
        let to = reply
            .first("location")
            .map_or_else(|| "somewhere".to_owned(), masked_host);
        return seen.proven(Check::Redirect, format!("status {status}, to {to}"));
    }
    if status == 407 {
        return seen.proven(Check::ProxyLogin, "status 407, which only a proxy sends");
    }
    seen.passed(&[Check::Redirect], "the reply is no redirect");
    let Some(body) = reply.body.as_deref().map(str::trim) else {
        return;
    };
    if Refusal::of(reply).is_some() || status == 204 {
        let line = "the reply is one of an OAuth server or an API";
        return seen.passed(&[Check::ReplyEmpty, Check::ReplyNotOauth], line);
    }
    // Then the status says it all.
    if is_busy(status) {
        return;
    }
    if body.is_empty() {
        seen.proven(Check::ReplyEmpty, what("an empty body"));
    } else if body.starts_with('<') {
        seen.proven(Check::ReplyNotOauth, what("a page of HTML or XML"));
    }
}

/// Whether the server, or what stands before it, has too much to do or is out of order.
pub(crate) const fn is_busy(status: u16) -> bool {
    matches!(status, 429 | 500..600)
}

fn check_probe(case: &Case<'_>, probe: &Probe, seen: &mut Observed) {
    match probe {
        Probe::Dns { host, error } => reached(Check::Dns, "resolves", host, error, seen),
        Probe::Connection { host, error } => {
            reached(Check::Unreachable, "can be connected to", host, error, seen);
        }
        Probe::Tls { host, error } if is_no_tls(error) => {
            let error = error.as_deref().unwrap_or_default();
            let line = format!(
                "{}: {}, so no TLS; for the sandbox, or another server on this machine, write http://",
                masked_host(host),
                scrubbed(error)
            );
            seen.proven(Check::NotHttp, line);
        }
        Probe::Tls { host, error } => {
            reached(
                Check::Tls,
                "has a certificate that is accepted",
                host,
                error,
                seen,
            );
        }
        Probe::Metadata {
            token_endpoint,
            algorithms,
            ..
        } => {
            if let (Some(named), Some(used)) = (token_endpoint, case.url()) {
                if named == used {
                    let line = "the token endpoint is that of the server's metadata";
                    seen.passed(&[Check::EndpointNotInMetadata], line);
                } else {
                    let line = format!("the metadata name {}", masked_host(named));
                    seen.hinted(Check::EndpointNotInMetadata, line);
                }
            }
            let used = case.evidence.assertion.as_ref();
            if let Some(used) = used.and_then(jwt_bearer_assertion::Decoded::algorithm)
                && !algorithms.is_empty()
            {
                if algorithms.iter().any(|name| name == used.name()) {
                    let line = "the server's metadata list the algorithm";
                    seen.passed(&[Check::AlgNotInMetadata], line);
                } else {
                    let line = format!("the metadata list {}", scrubbed(&algorithms.join(", ")));
                    seen.hinted(Check::AlgNotInMetadata, line);
                }
            }
        }
        Probe::Varied {
            variation,
            accepted,
        } => {
            check_time(*variation, *accepted, seen);
            check_variation(case, *variation, *accepted, seen);
        }
        Probe::Proxy { .. } | Probe::Clock { .. } => {}
    }
}

fn is_no_tls(error: &Option<String>) -> bool {
    error
        .as_deref()
        .is_some_and(|error| NO_TLS.contains(&error))
}

fn reached(check: Check, does: &str, host: &str, error: &Option<String>, seen: &mut Observed) {
    let host = masked_host(host);
    match error {
        None => seen.passed(&[check], &format!("{host} {does}")),
        Some(error) => seen.proven(check, format!("{host}: {}", scrubbed(error))),
    }
}

fn issuer(probe: &Probe) -> Option<&str> {
    match probe {
        Probe::Metadata { issuer, .. } => issuer.as_deref(),
        _ => None,
    }
}

fn check_variation(case: &Case<'_>, variation: Variation, accepted: bool, seen: &mut Observed) {
    let sent = case.evidence.assertion.as_ref();
    let has_key_id = sent.is_some_and(|sent| sent.header().contains_key("kid"));
    let about_key_id = if has_key_id {
        Check::KidDiffers
    } else {
        Check::KidMissing
    };
    let (check, change) = match variation {
        Variation::WithoutKeyId => (Check::KidDiffers, "without `kid`"),
        Variation::WithKeyId => (about_key_id, "with the `kid` that is known for the key"),
        Variation::ThumbprintKeyId => (about_key_id, "with the key's thumbprint as `kid`"),
        Variation::AudienceIssuer => (Check::AudWrong, "with the server's issuer as `aud`"),
        Variation::AudienceEndpoint => (Check::AudWrong, "with the token endpoint as `aud`"),
        Variation::ServerTime => return,
    };
    if accepted {
        let value = match variation {
            Variation::AudienceIssuer => case.evidence.probes.iter().find_map(issuer),
            Variation::AudienceEndpoint => case.url(),
            _ => None,
        };
        let value = value.map(|value| format!(", {}", masked_host(value)));
        let value = value.unwrap_or_default();
        return seen.tried(check, format!("{change}{value}, the server gave a token"));
    }
    // Another `kid` than those tried can still be the right one.
    let ruled_out: &[Check] = match variation {
        Variation::WithKeyId => &[Check::KidMissing],
        Variation::AudienceIssuer | Variation::AudienceEndpoint => &[Check::AudLogin],
        _ => &[],
    };
    seen.tried_in_vain(ruled_out, &format!("{change}, the server refused too"));
}

/// What the server's time in the assertion proved.
fn check_time(variation: Variation, accepted: bool, seen: &mut Observed) {
    if variation != Variation::ServerTime {
        return;
    }
    if accepted {
        let line = "with the server's time in the assertion, the server gave a token";
        let known = [Check::ClockAhead, Check::ClockBehind]
            .into_iter()
            .find(|check| seen.has_failed(*check));
        seen.tried(known.unwrap_or(Check::SignerClock), line);
    } else {
        let line = "with the server's time in the assertion, the server refused too";
        let clocks = [Check::SignerClock, Check::ClockAhead, Check::ClockBehind];
        seen.tried_in_vain(&clocks, line);
    }
}
