use hyper::Method;
use hyper::header::ALLOW;
use hyper::http::request::Parts;
use serde_json::json;

use crate::reply::Reply;
use crate::state::State;
use crate::token::{JWT_BEARER, TOKEN_EXCHANGE};
use crate::{Condition, Dialect};

/// Where the metadata is; the path of an issuer that has one stands behind it.
pub(crate) const PATH: &str = "/.well-known/oauth-authorization-server";
/// Names that nobody can own end so (RFC 2606).
const FOREIGN: &str = "https://elsewhere.example/token";

/// The server's metadata ([RFC 8414 §3](https://www.rfc-editor.org/rfc/rfc8414#section-3)), if that is what is asked
/// for and there is any.
pub(crate) fn answer(state: &State, parts: &Parts) -> Option<Reply> {
    let issuer_path = parts.uri.path().strip_prefix(PATH)?;
    let is_wanted = issuer_path.is_empty() || issuer_path.starts_with('/');
    if !is_wanted || state.is(Condition::NoMetadata) {
        return None;
    }
    if parts.method != Method::GET {
        return Some(Reply::text(405, "the metadata takes GET only\n").header(ALLOW, "GET"));
    }
    let sandbox = &state.sandbox;
    let dialect = sandbox.dialect;
    let at = |path| format!("{}{path}", state.origin);
    let (grants, methods): (&[&str], &[&str]) = match dialect {
        Dialect::Box if state.is(Condition::CcgApp) => (
            &["client_credentials", TOKEN_EXCHANGE],
            &["client_secret_post"],
        ),
        Dialect::Box => (&[JWT_BEARER, TOKEN_EXCHANGE], &["client_secret_post"]),
        Dialect::Salesforce => (&[JWT_BEARER], &["none", "client_secret_post"]),
        Dialect::Generic if sandbox.client_secret.is_some() => (
            &[JWT_BEARER, "client_credentials"],
            &["client_secret_post", "private_key_jwt"],
        ),
        Dialect::Generic => (
            &[JWT_BEARER, "client_credentials"],
            &["none", "private_key_jwt"],
        ),
    };
    let algorithms: Vec<_> = sandbox
        .accepted_algorithms()
        .iter()
        .map(|algorithm| algorithm.name())
        .collect();
    let token_endpoint = if state.is(Condition::ForeignMetadata) {
        FOREIGN.into()
    } else {
        at(dialect.token_path())
    };
    let mut body = json!({
        "issuer": at(issuer_path),
        "token_endpoint": token_endpoint,
        "grant_types_supported": grants,
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
    });
    if let Some(path) = dialect.revocation_path() {
        body["revocation_endpoint"] = at(path).into();
    }
    if state.is(Condition::DpopRequired) {
        body["dpop_signing_alg_values_supported"] = json!(["ES256"]);
    }
    Some(Reply::json(200, &body))
}
