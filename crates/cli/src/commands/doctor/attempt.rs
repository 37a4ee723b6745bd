//! The real thing: one assertion, one post.

use std::error::Error;
use std::sync::Arc;

use jwt_bearer::exchange::{
    Client, ExchangeError, ExchangeErrorKind, HttpTransport, TokenResponse, TransportError,
    TransportErrorKind,
};
use jwt_bearer::signer::SignError;
use jwt_bearer_diagnosis::{Evidence, masked_host, scrubbed};

use super::Asking;
use super::case::{Case, Outcome};
use super::clock::Reading;
use super::key;
use super::metadata::Server;
use super::witness::Witness;
use crate::error::{Failure, chain};
use crate::page::State;
use crate::write::note;
use crate::{diagnosed, times};

/// What came of it.
pub(super) enum Answer {
    Token(TokenResponse),
    /// A refusal, which variations may tell more about.
    Refused(ExchangeError),
    Nothing,
}

/// Asks for a token once, for the enterprise, the user or whoever it is.
///
/// What its reply tells of the clocks counts more than what a look at the server told before.
pub(super) async fn attempt(
    case: &mut Case,
    asking: &Asking,
    server: &mut Server,
    transport: HttpTransport,
    whose: &Whose,
) -> Result<Answer, Failure> {
    let request = asking.builder.clone().build()?;
    let endpoint = masked_host(request.token_endpoint().as_str());
    note(&format!(
        "asking {endpoint} for a token{}: one signature, one request",
        whose.suffix
    ));
    let witness = Arc::new(Witness::new(transport));
    let client = Client::new().transport(Arc::clone(&witness));
    let result = client.token(&request, &asking.signer).await;
    let seen = witness.seen();
    if let Some(heard) = &seen.reply {
        let times = (heard.sent_at, heard.received_at);
        if let Ok(reading) = Reading::of(&heard.headers, times.0, times.1) {
            reading.tell(case);
            server.ahead = reading.difference();
        }
    }
    if result.as_ref().err().is_none_or(was_sent) {
        case.sent += 1;
    }
    let error = match result {
        Ok(token) => {
            case.outcome = Outcome::Ok;
            let life = token.expires_in().map_or_else(String::new, |life| {
                let comma = if whose.suffix.is_empty() { "" } else { "," };
                format!("{comma} for {}", times::length(life.as_secs()))
            });
            let end = match whose.is_last {
                true => "; it was thrown away",
                false => "",
            };
            let text = format!("the server gave one{}{life}{end}", whose.suffix);
            case.step(whose.step, State::Ok, text);
            if let Some(heard) = seen.reply {
                // What matters of the body, which has a secret.
                let body = r#"{"access_token":"…"}"#;
                let reply = diagnosed::reply(heard.status, &heard.headers).body(body);
                let (sent_at, received_at) = (heard.sent_at, heard.received_at);
                let sent = |evidence: Evidence| evidence.sent_at(sent_at).received_at(received_at);
                case.learn(|evidence| sent(evidence).reply(reply));
            }
            return Ok(Answer::Token(token));
        }
        Err(error) => error,
    };
    case.learn(|evidence| {
        let evidence = diagnosed::with_failure(evidence, &error).signed_here();
        match seen.request {
            Some(request) => evidence.request(request),
            None => evidence,
        }
    });
    failed(case, whose.step, &error);
    Ok(match case.outcome {
        Outcome::Refused => Answer::Refused(error),
        _ => Answer::Nothing,
    })
}

/// The token that the settings are for.
pub(super) const ANY: Whose = Whose {
    step: "token",
    suffix: "",
    is_last: true,
};

/// Whom a token is asked for.
pub(super) struct Whose {
    pub(super) step: &'static str,
    /// For people; empty where nobody asks.
    pub(super) suffix: &'static str,
    /// Whether nothing is done with it.
    pub(super) is_last: bool,
}

/// A step that an exchange failed in, and how it ended by that.
pub(super) fn failed(case: &mut Case, step: &'static str, error: &ExchangeError) {
    case.outcome = match error.kind() {
        ExchangeErrorKind::Sign => Outcome::Key,
        ExchangeErrorKind::Server if !error.is_retryable() => Outcome::Refused,
        ExchangeErrorKind::Server | ExchangeErrorKind::Transport | ExchangeErrorKind::Timeout => {
            Outcome::Unreachable
        }
        _ => Outcome::Other,
    };
    let text = told(case, error);
    if let Some(error) = error.source().and_then(|it| it.downcast_ref::<SignError>()) {
        key::tell(case, &Failure::from(error.clone()), &text);
    }
    case.step(step, State::Failed, text);
}

/// In one line; what the server said stands below on the page, and masked.
pub(super) fn told(case: &Case, error: &ExchangeError) -> String {
    let attempt = error.attempt();
    let status = attempt.and_then(|attempt| attempt.status());
    match (error.kind(), status) {
        (ExchangeErrorKind::Server, Some(status @ 300..400)) => {
            let to = attempt.and_then(|attempt| attempt.header("location"));
            let to = to.map_or_else(|| "somewhere else".into(), masked_host);
            format!("refused with status {status}, a redirect to {to}; it was not followed")
        }
        (ExchangeErrorKind::Server, Some(status)) => {
            let code = attempt.and_then(|attempt| attempt.error_response());
            let code = code.map_or_else(String::new, |reply| {
                format!(", {}", case.without_names(&scrubbed(reply.error())))
            });
            format!("refused with status {status}{code}")
        }
        // The error itself names the whole address.
        _ => scrubbed(&error.source().map_or_else(|| error.to_string(), chain)),
    }
}

/// Whether the request went out: not if it was never signed, nor without a connection.
fn was_sent(error: &ExchangeError) -> bool {
    let transport = error.source().and_then(|source| source.downcast_ref());
    let is_connected = transport.is_none_or(|error: &TransportError| {
        !matches!(
            error.kind(),
            TransportErrorKind::Configuration
                | TransportErrorKind::Connect
                | TransportErrorKind::Tls
                | TransportErrorKind::Protocol
        )
    });
    error.kind() != ExchangeErrorKind::Sign && is_connected
}
