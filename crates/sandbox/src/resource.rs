use hyper::Method;
use hyper::header::{ALLOW, AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use serde_json::json;
use url::form_urlencoded;

use crate::Dialect;
use crate::reply::Reply;
use crate::state::{Issued, State};

/// The protected resource: tells the subject of a valid Bearer token
/// ([RFC 6750 §2.1 and §3](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
pub(crate) fn answer(state: &State, parts: &Parts) -> Reply {
    if parts.method != Method::GET {
        return Reply::text(405, "the resource takes GET only\n").header(ALLOW, "GET");
    }
    let dialect = state.sandbox.dialect;
    let Some(issued) = bearer(state, parts) else {
        return unauthorized(state, parts);
    };
    let subject = issued.subject;
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
    if issued.restricted_to.is_some() || !state.sandbox.enterprises.contains(&issued.subject) {
        let body = json!({ "type": "error", "status": 403, "code": "access_denied_insufficient_permissions" });
        return Reply::json(403, &body);
    }
    let query = parts.uri.query().unwrap_or_default();
    let term = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "filter_term")
        .map_or_else(String::new, |(_, term)| term.to_lowercase());
    let entries: Vec<_> = state
        .sandbox
        .logins
        .iter()
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
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return None;
    }
    state.issued(token)
}

fn unauthorized(state: &State, parts: &Parts) -> Reply {
    let body = match state.sandbox.dialect {
        Dialect::Salesforce => {
            json!([{ "message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID" }])
        }
        Dialect::Box | Dialect::Generic => {
            json!({ "error": "invalid_token", "error_description": "The access token is unknown, revoked or expired" })
        }
    };
    // A request that brings no token learns the scheme only (RFC 6750 §3.1).
    let challenge = if parts.headers.contains_key(AUTHORIZATION) {
        "Bearer error=\"invalid_token\""
    } else {
        "Bearer"
    };
    Reply::json(401, &body).header(WWW_AUTHENTICATE, challenge)
}
