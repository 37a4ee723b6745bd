use hyper::Method;
use hyper::header::ALLOW;
use hyper::http::request::Parts;

use crate::Dialect;
use crate::downscope::refuse;
use crate::reply::Reply;
use crate::state::State;
use crate::token::Form;

/// The revocation endpoint ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)): a token that is not known is a success.
/// Box wants the client's id and secret, Salesforce the token alone.
pub(crate) fn answer(state: &State, parts: &Parts, body: Option<&[u8]>) -> Reply {
    if parts.method != Method::POST {
        return Reply::text(405, "the revocation endpoint takes POST only\n").header(ALLOW, "POST");
    }
    let Some(body) = body else {
        return Reply::text(413, "the revocation endpoint takes 64 KiB at most\n");
    };
    let form = match Form::read(&parts.headers, body) {
        Ok(form) => form,
        Err(refusal) => return refusal.reply(&state.sandbox),
    };
    let sandbox = &state.sandbox;
    let is_client = form.value("client_id") == Some(&sandbox.client_id)
        && form.value("client_secret") == sandbox.client_secret.as_deref();
    if sandbox.dialect == Dialect::Box && !is_client {
        return refuse(401, "invalid_client", "The client credentials are invalid");
    }
    let Some(token) = form.value("token") else {
        return refuse(400, "invalid_request", "The token parameter is missing");
    };
    state.revoke(token);
    Reply::empty(200, "")
}
