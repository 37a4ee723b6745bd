use std::collections::BTreeSet;

use jwt_bearer_provider::{Check, SecretRule};

use super::{Case, JWT_BEARER};
use crate::Request;
use crate::observed::Observed;
use crate::redact::{masked, masked_host};

/// How and where the request was sent.
pub(crate) fn check(case: &Case<'_>, seen: &mut Observed) {
    let Some(request) = &case.evidence.request else {
        return;
    };
    if !request.is_for_token() {
        return;
    }
    if let Some(method) = &request.method {
        if method.eq_ignore_ascii_case("POST") {
            seen.passed(&[Check::MethodNotPost], "the request is a POST");
        } else {
            let is_method =
                method.len() <= 7 && method.bytes().all(|byte| byte.is_ascii_alphabetic());
            let shown = if is_method { method } else { &masked(method) };
            seen.proven(Check::MethodNotPost, format!("the method is {shown}"));
        }
    }
    if let Some(content_type) = &request.content_type {
        let media = content_type.split(';').next().unwrap_or_default().trim();
        if media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            seen.passed(&[Check::BodyNotForm], "the body is a form");
        } else {
            let line = format!("the content type is {}", crate::redact::scrubbed(media));
            seen.proven(Check::BodyNotForm, line);
        }
    }
    check_url(case, seen);
    check_parameters(case, request, seen);
}

fn check_url(case: &Case<'_>, seen: &mut Observed) {
    let Some(url) = case.url() else {
        return;
    };
    if case
        .evidence
        .request
        .as_ref()
        .is_some_and(|request| request.in_query)
    {
        seen.proven(
            Check::ParametersInQuery,
            "the URL has the parameters behind a `?`",
        );
    } else {
        seen.passed(&[Check::ParametersInQuery], "the URL has no parameters");
    }
    let Some(host) = case.host() else {
        return;
    };
    let path = url::Url::parse(url).map_or_else(|_| String::new(), |url| url.path().to_owned());
    let wrong = if case.is_box() {
        host.ends_with("box.com") && (host != "api.box.com" || path != "/oauth2/token")
    } else if case.is_salesforce() {
        host.ends_with(".lightning.force.com")
            || host.ends_with(".my.salesforce-setup.com")
            || (host.ends_with("salesforce.com") && path != "/services/oauth2/token")
    } else {
        return;
    };
    let line = format!("it went to {}", masked_host(url));
    if wrong {
        seen.proven(Check::HostWrong, line);
    } else {
        seen.passed(&[Check::HostWrong], &line);
    }
}

fn check_parameters(case: &Case<'_>, request: &Request, seen: &mut Observed) {
    let Some(parameters) = &request.parameters else {
        return;
    };
    let names: BTreeSet<_> = parameters.iter().map(|(name, _)| name).collect();
    if names.len() < parameters.len() {
        seen.proven(
            Check::ParameterTwice,
            "a parameter stands twice in the form",
        );
    }
    seen.passed(&[Check::ParameterTwice], "each parameter stands once");
    check_grant_type(case, request, seen);
    if case.other_grant().is_none() {
        check_client(case, request, seen);
    }
}

/// Whether a parameter is surely not there: people blank what they do not want to show.
fn is_absent(case: &Case<'_>, request: &Request, name: &str) -> bool {
    !case.evidence.is_pasted
        || request
            .parameters
            .iter()
            .flatten()
            .all(|(other, _)| other != name)
}

fn check_grant_type(case: &Case<'_>, request: &Request, seen: &mut Observed) {
    let is_there = |name| request.parameter(name).is_some();
    match request.parameter("grant_type") {
        None => {
            let proof = is_absent(case, request, "grant_type");
            let line = "the form has no `grant_type`";
            seen.noted(Check::GrantTypeMissing, proof, line);
        }
        Some(JWT_BEARER) => {
            let line = "`grant_type` is that of the JWT bearer grant";
            seen.passed(&[Check::GrantTypeMissing, Check::GrantTypeWrong], line);
            if is_there("assertion") {
                seen.passed(&[Check::AssertionMissing], "the form has an `assertion`");
            } else {
                let proof = is_absent(case, request, "assertion");
                seen.noted(
                    Check::AssertionMissing,
                    proof,
                    "the form has no `assertion`",
                );
            }
        }
        // It authenticates the client, whatever is granted.
        Some("client_credentials" | "refresh_token") if is_there("client_assertion") => {
            let line = "`grant_type` goes with a client assertion";
            seen.passed(&[Check::GrantTypeMissing, Check::GrantTypeWrong], line);
        }
        Some(other) => {
            let line = format!("`grant_type` is {}", shown_grant(other));
            // A paste without an assertion can be of another grant altogether, unless just this is complained of.
            let is_meant = case.other_grant().is_some();
            if !is_meant || case.is_said(&["grant type", "grant_type"]) {
                let proof = !case.evidence.is_pasted || is_there("assertion");
                seen.noted(Check::GrantTypeWrong, proof, line);
            }
        }
    }
}

/// The name of a grant, if it has the form of one.
pub(crate) fn shown_grant(grant: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || ":%-_.".contains(c);
    let is_urn =
        (grant.starts_with("urn:") || grant.starts_with("urn%")) && grant.chars().all(is_part);
    let is_word = grant.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let is_name = is_urn || is_word;
    if is_name {
        crate::redact::printable(&grant.chars().take(60).collect::<String>())
    } else {
        masked(grant)
    }
}

fn check_client(case: &Case<'_>, request: &Request, seen: &mut Observed) {
    let secret = request.parameter("client_secret").is_some();
    match case.profile.client_secret {
        SecretRule::Required if !secret => {
            let line = "the form has no `client_secret`";
            seen.noted(Check::SecretMissing, !case.evidence.is_pasted, line);
        }
        SecretRule::Refused(_) if secret => {
            seen.hinted(Check::SecretSent, "the form has a `client_secret`");
        }
        SecretRule::Required => {
            seen.passed(&[Check::SecretMissing], "the form has a `client_secret`");
        }
        _ => {
            if secret && case.authenticates() {
                let line = "the form has both `client_secret` and `client_assertion`";
                seen.proven(Check::SecretSent, line);
            }
            let line = "the form has no `client_secret` that is too much";
            seen.passed(&[Check::SecretSent], line);
        }
    }
    let client_id = request.parameter("client_id");
    match (client_id, case.claim("iss")) {
        (None, _) if case.profile.client_secret == SecretRule::Required => {
            let proof = is_absent(case, request, "client_id");
            seen.noted(Check::ClientIdMissing, proof, "the form has no `client_id`");
        }
        (Some(client_id), Some(issuer)) if client_id != issuer => {
            let proof = case.is_value(client_id) && case.is_value(issuer);
            let (client_id, issuer) = (masked(client_id), masked(issuer));
            let line = format!("`client_id` is {client_id}, `iss` is {issuer}");
            seen.noted(Check::ClientIdDiffers, proof, line);
        }
        (Some(_), Some(_)) => {
            let line = "`client_id` and `iss` are the same";
            seen.passed(&[Check::ClientIdMissing, Check::ClientIdDiffers], line);
        }
        _ => {}
    }
}
