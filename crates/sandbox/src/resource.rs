use hyper::Method;
use hyper::header::{ALLOW, AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use serde_json::json;
use url::form_urlencoded;

use crate::reply::Reply;
use crate::state::{Issued, State, Subject};
use crate::texts::{box_platform, generic, salesforce};
use crate::{Condition, Dialect};

/// The protected resource: tells the subject of a valid Bearer token
/// ([RFC 6750 §2.1 and §3](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
pub(crate) fn answer(state: &State, parts: &Parts) -> Reply {
    if parts.method != Method::GET {
        return Reply::text(405, "the resource takes GET only\n").header(ALLOW, "GET");
    }
    let dialect = state.sandbox.dialect;
    let Some(mut issued) = bearer(state, parts) else {
        return unauthorized(state, parts);
    };
    if let Some(refusal) = forbidden(state, parts, &mut issued.subject) {
        return refusal;
    }
    let subject = issued.subject.id;
    let mut body = match dialect {
        Dialect::Box => json!({ "type": "user", "id": subject }),
        Dialect::Salesforce => json!({ "preferred_username": subject }),
        Dialect::Generic => json!({ "sub": subject }),
    };
    if let Some(restricted_to) = issued.restricted_to {
        body["restricted_to"] = restricted_to;
    }
    Reply::json(200, &body)
}

/// Box's users whose log-in begins with `filter_term`, for a token of the enterprise that is not downscoped.
pub(crate) fn users(state: &State, parts: &Parts) -> Reply {
    if parts.method != Method::GET {
        return Reply::text(405, "the list of users takes GET only\n").header(ALLOW, "GET");
    }
    let Some(issued) = bearer(state, parts) else {
        return unauthorized(state, parts);
    };
    if issued.restricted_to.is_some() || !state.sandbox.enterprises.contains(&issued.subject.id) {
        return box_platform::NO_PERMISSION.reply();
    }
    let query = parts.uri.query().unwrap_or_default();
    let term = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "filter_term")
        .map_or_else(String::new, |(_, term)| term.to_lowercase());
    let entries: Vec<_> = state
        .sandbox
        .logins
        .iter()
        .filter(|_| !state.is(Condition::ForeignUsers))
        .filter(|(_, login)| login.to_lowercase().starts_with(&term))
        .map(|(id, login)| json!({ "type": "user", "id": id, "name": login, "login": login }))
        .collect();
    Reply::json(
        200,
        &json!({ "total_count": entries.len(), "entries": entries }),
    )
}

/// What the Bearer token of a request stands for.
fn bearer(state: &State, parts: &Parts) -> Option<Issued> {
    let value = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Bearer") || is_login_host(state, parts) {
        return None;
    }
    state.issued(token)
}

/// Whether the request came to Salesforce's login host, where no session is valid.
fn is_login_host(state: &State, parts: &Parts) -> bool {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    state.is(Condition::LoginHost)
        && !host.is_some_and(|host| host == "localhost" || host.starts_with("localhost:"))
}

/// Why Box gives nothing for a valid token, if so. Else the subject is the user that `as-user` names.
fn forbidden(state: &State, parts: &Parts, subject: &mut Subject) -> Option<Reply> {
    if state.is(Condition::ScopeMissing) {
        let challenge = "Bearer error=\"insufficient_scope\"";
        let reply = box_platform::NO_SCOPE.reply();
        return Some(reply.header(WWW_AUTHENTICATE, challenge));
    }
    let other = parts.headers.get("as-user");
    if let Some(other) = other.filter(|_| state.sandbox.dialect == Dialect::Box) {
        let other = other.to_str().unwrap_or_default();
        let is_allowed = !subject.is_user
            && !state.is(Condition::NoAsUser)
            && !state.is(Condition::ForeignUsers)
            && state.sandbox.users.iter().any(|user| user == other);
        if !is_allowed {
            return Some(box_platform::NO_PERMISSION.reply());
        }
        *subject = Subject {
            id: other.into(),
            is_user: true,
        };
    }
    (subject.is_user && state.is(Condition::TermsNotAccepted))
        .then(|| box_platform::TERMS_AT_RESOURCE.reply())
}

fn unauthorized(state: &State, parts: &Parts) -> Reply {
    let text = match state.sandbox.dialect {
        Dialect::Box => box_platform::BAD_TOKEN,
        Dialect::Salesforce => salesforce::BAD_SESSION,
        Dialect::Generic => generic::BAD_TOKEN,
    };
    // A request that brings no token learns the scheme only (RFC 6750 §3.1).
    let challenge = if parts.headers.contains_key(AUTHORIZATION) {
        "Bearer error=\"invalid_token\""
    } else {
        "Bearer"
    };
    text.reply().header(WWW_AUTHENTICATE, challenge)
}
