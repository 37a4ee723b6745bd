use hyper::Method;
use hyper::header::{ALLOW, AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use serde_json::json;

use crate::Dialect;
use crate::reply::Reply;
use crate::state::State;

/// The protected resource: tells the subject of a valid Bearer token
/// ([RFC 6750 §2.1 and §3](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)).
pub(crate) fn answer(state: &State, parts: &Parts) -> Reply {
    if parts.method != Method::GET {
        return Reply::text(405, "the resource takes GET only\n").header(ALLOW, "GET");
    }
    let dialect = state.sandbox.dialect;
    let header = parts.headers.get(AUTHORIZATION);
    let token = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
        .map(|(_, token)| token);
    if let Some(subject) = token.and_then(|token| state.subject_of(token)) {
        let body = match dialect {
            Dialect::Box => json!({ "type": "user", "id": subject }),
            Dialect::Salesforce => json!({ "preferred_username": subject }),
            Dialect::Generic => json!({ "sub": subject }),
        };
        return Reply::json(200, &body);
    }
    let body = match dialect {
        Dialect::Salesforce => {
            json!([{ "message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID" }])
        }
        Dialect::Box | Dialect::Generic => {
            json!({ "error": "invalid_token", "error_description": "The access token is unknown, revoked or expired" })
        }
    };
    // A request that brings no token learns the scheme only (RFC 6750 §3.1).
    let challenge = if header.is_some() {
        "Bearer error=\"invalid_token\""
    } else {
        "Bearer"
    };
    Reply::json(401, &body).header(WWW_AUTHENTICATE, challenge)
}
