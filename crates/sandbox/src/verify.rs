use jwt_bearer_signer::{Algorithm, PublicKey};
use serde_json::{Map, Value};

use crate::assertion::Assertion;
use crate::reason::Reason;
use crate::refusal::Refusal;
use crate::state::{State, Subject};
use crate::texts::salesforce;
use crate::{Condition, Dialect, Sandbox};

/// Audiences that are no organization's own.
const LOGIN_HOSTS: [&str; 2] = [
    "https://login.salesforce.com",
    "https://test.salesforce.com",
];

/// What an assertion is for: the two sections of RFC 7523.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    Grant,
    Client,
}

/// Checks the assertion and gives its subject.
pub(crate) fn verify(
    state: &State,
    assertion: &str,
    usage: Usage,
    now: i64,
) -> Result<Subject, Refusal> {
    let sandbox = &state.sandbox;
    let assertion =
        Assertion::decode(assertion).map_err(|text| Refusal::new(Reason::AssertionForm, text))?;
    let algorithm = algorithm(sandbox, &assertion.header)?;
    if assertion.header.contains_key("crit") {
        return Err(Refusal::new(Reason::Critical, "no extension is supported"));
    }
    let key = key(sandbox, &assertion.header)?;
    key.verify(
        algorithm,
        assertion.signing_input.as_bytes(),
        &assertion.signature,
    )
    .map_err(|error| Refusal::new(Reason::Signature, error.to_string()))?;

    let claims = &assertion.claims;
    if text(claims, "iss") != Some(&sandbox.client_id) {
        return Err(Reason::Issuer.into());
    }
    check_audience(state, claims)?;
    let subject = subject(sandbox, claims, usage)?;
    let expiry = check_times(sandbox, claims, now)?;
    check_jti(state, claims, expiry, now)?;
    Ok(subject)
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name)?.as_str()
}

fn algorithm(sandbox: &Sandbox, header: &Map<String, Value>) -> Result<Algorithm, Refusal> {
    let allowed = sandbox.accepted_algorithms();
    text(header, "alg")
        .and_then(|name| {
            allowed
                .iter()
                .copied()
                .find(|algorithm| algorithm.name() == name)
        })
        .ok_or_else(|| {
            let names: Vec<_> = allowed.iter().map(|algorithm| algorithm.name()).collect();
            Refusal::new(
                Reason::Algorithm,
                format!("give one of {}", names.join(", ")),
            )
        })
}

fn key<'a>(sandbox: &'a Sandbox, header: &Map<String, Value>) -> Result<&'a PublicKey, Refusal> {
    let kid = match header.get("kid") {
        _ if sandbox.dialect == Dialect::Salesforce => None,
        None => None,
        Some(Value::String(kid)) => Some(kid),
        Some(_) => return Err(Refusal::new(Reason::KeyId, "it must be a string")),
    };
    match (&sandbox.keys[..], kid) {
        // Box takes the only key where none is named.
        ([(_, key)], None) if sandbox.dialect == Dialect::Box => Ok(key),
        (keys, kid) => {
            let named = keys.iter().find(|(other, _)| other.as_ref() == kid);
            let detail = if kid.is_none() {
                "it is missing"
            } else {
                "it is unknown"
            };
            named
                .map(|(_, key)| key)
                .ok_or_else(|| Refusal::new(Reason::KeyId, detail))
        }
    }
}

fn check_audience(state: &State, claims: &Map<String, Value>) -> Result<(), Refusal> {
    let sandbox = &state.sandbox;
    let audience = match claims.get("aud") {
        Some(Value::String(audience)) => Some(audience.as_str()),
        Some(Value::Array(list)) if sandbox.dialect == Dialect::Generic && list.len() == 1 => {
            list[0].as_str()
        }
        _ => None,
    };
    if state.is(Condition::ExternalClientApp) {
        let is_login_host = state.is(Condition::LoginHost)
            || audience.is_some_and(|audience| LOGIN_HOSTS.contains(&audience));
        if is_login_host {
            return Err(salesforce::NOT_INSTALLED.into());
        }
    }
    if audience.is_some_and(|audience| {
        sandbox
            .audiences
            .iter()
            .any(|accepted| accepted == audience)
    }) {
        return Ok(());
    }
    let refusal = Refusal::new(
        Reason::Audience,
        format!("give exactly {}", sandbox.audiences.join(" or ")),
    );
    if state.is(Condition::AudienceTold) {
        let found = claims
            .get("aud")
            .map_or_else(String::new, |value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
        let suffix = format!("[audience={found} login={}]", sandbox.audiences[0]);
        return Err(refusal.with_suffix(suffix));
    }
    Err(refusal)
}

fn subject(
    sandbox: &Sandbox,
    claims: &Map<String, Value>,
    usage: Usage,
) -> Result<Subject, Refusal> {
    // The old name of the claim wins at Salesforce.
    let old = claims
        .get("prn")
        .filter(|_| sandbox.dialect == Dialect::Salesforce);
    let subject = old
        .or_else(|| claims.get("sub"))
        .and_then(Value::as_str)
        .ok_or(Reason::Subject)?;
    if usage == Usage::Client {
        return match subject == sandbox.client_id {
            true => Ok(Subject {
                id: subject.into(),
                is_user: false,
            }),
            false => Err(Refusal::new(
                Reason::Subject,
                "for client authentication it must be the client id",
            )),
        };
    }
    let found = match sandbox.dialect {
        Dialect::Box => box_subject(sandbox, text(claims, "box_sub_type"), subject),
        Dialect::Salesforce | Dialect::Generic => one_of(&sandbox.users, subject, true),
    };
    found.ok_or_else(|| Reason::Subject.into())
}

/// The enterprise or the user of this id.
pub(crate) fn box_subject(sandbox: &Sandbox, kind: Option<&str>, id: &str) -> Option<Subject> {
    match kind? {
        "enterprise" => one_of(&sandbox.enterprises, id, false),
        "user" => one_of(&sandbox.users, id, true),
        _ => None,
    }
}

fn one_of(known: &[String], id: &str, is_user: bool) -> Option<Subject> {
    known.iter().any(|other| other == id).then(|| Subject {
        id: id.into(),
        is_user,
    })
}

/// Checks `exp`, `iat` and `nbf`, and gives `exp`.
fn check_times(sandbox: &Sandbox, claims: &Map<String, Value>, now: i64) -> Result<i64, Refusal> {
    let dialect = sandbox.dialect;
    let expiry = claims
        .get("exp")
        .and_then(|value| integer(dialect, value))
        .ok_or(Reason::ExpiryType)?;
    let expired = match dialect {
        Dialect::Salesforce => expiry < now,
        Dialect::Box | Dialect::Generic => expiry <= now,
    };
    if expired {
        return Err(Refusal::new(
            Reason::Expired,
            format!("it is {expiry}, and here it is {now}"),
        ));
    }
    // Box counts from the time of issue, where it is claimed; nobody may claim one ahead of the server's clock.
    let issued = match (
        dialect,
        claims.get("iat").and_then(|value| integer(dialect, value)),
    ) {
        (Dialect::Box, Some(issued)) => issued.min(now),
        _ => now,
    };
    if sandbox
        .max_life()
        .is_some_and(|life| expiry.saturating_sub(issued) > life)
    {
        return Err(Refusal::new(
            Reason::TooLong,
            format!("it is {expiry}, and here it is {now}"),
        ));
    }
    // Salesforce is not known to look at these two.
    for name in ["iat", "nbf"]
        .into_iter()
        .filter(|_| dialect != Dialect::Salesforce)
    {
        let Some(value) = claims.get(name) else {
            continue;
        };
        if integer(dialect, value).is_none_or(|time| time > now) {
            return Err(Refusal::new(
                Reason::NotYet,
                format!("the wrong one is '{name}', and here it is {now}"),
            ));
        }
    }
    Ok(expiry)
}

/// Whole seconds; Salesforce also takes them as a string. What no `i64` can hold is far in the future.
fn integer(dialect: Dialect, value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_u64().map(|_| i64::MAX)),
        Value::String(digits) if dialect == Dialect::Salesforce => digits.parse().ok(),
        _ => None,
    }
}

fn check_jti(
    state: &State,
    claims: &Map<String, Value>,
    expiry: i64,
    now: i64,
) -> Result<(), Refusal> {
    let lengths = match state.sandbox.dialect {
        Dialect::Box => 16..=128,
        Dialect::Generic => 1..=usize::MAX,
        // Salesforce is not known to look at it.
        Dialect::Salesforce => return Ok(()),
    };
    let jti = text(claims, "jti")
        .filter(|jti| lengths.contains(&jti.chars().count()))
        .ok_or(Reason::Jti)?;
    if !state.add_jti(jti, expiry, now) {
        return Err(Refusal::new(Reason::Jti, "this one was used before"));
    }
    Ok(())
}
