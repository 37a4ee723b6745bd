use hyper::Method;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderName};
use hyper::http::request::Parts;
use serde_json::json;
use url::form_urlencoded;

use crate::admission::admit;
use crate::reason::Reason;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::state::{Issued, State, Subject};
use crate::texts::{Text, box_platform, generic};
use crate::verify::{Usage, box_subject, verify};
use crate::{Condition, Dialect, Sandbox, downscope};

pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ORGANIZATION: &str = "00D000000000001EAA";

/// The token endpoint, up to its reply. A body that was too large is `None`.
pub(crate) fn answer(state: &State, parts: &Parts, body: Option<&[u8]>) -> Reply {
    if parts.method != Method::POST {
        return Reply::text(405, "the token endpoint takes POST only\n").header(ALLOW, "POST");
    }
    let Some(body) = body else {
        return Reply::text(413, "the token endpoint takes 64 KiB at most\n");
    };
    if state.is(Condition::DpopRequired) {
        return ask_for_proof(&parts.headers);
    }
    match issue(state, &parts.headers, body) {
        Ok(reply) => reply,
        Err(refusal) => refusal.reply(&state.sandbox),
    }
}

/// What a server says that wants a proof of possession, and then its own nonce in the proof
/// ([RFC 9449 §8](https://www.rfc-editor.org/rfc/rfc9449#section-8)).
fn ask_for_proof(headers: &HeaderMap) -> Reply {
    if !headers.contains_key("dpop") {
        return generic::NO_PROOF.reply();
    }
    let nonce = random_token().unwrap_or_default();
    generic::NO_NONCE
        .reply()
        .header(HeaderName::from_static("dpop-nonce"), &nonce)
}

/// Every check in the order that the README tells, then a token.
fn issue(state: &State, headers: &HeaderMap, body: &[u8]) -> Result<Reply, Refusal> {
    let form = Form::read(headers, body)?;
    if state.is(Condition::WrongHost) {
        return Err(Reason::GrantType.into());
    }
    if state.sandbox.dialect == Dialect::Box && form.value("grant_type") == Some(TOKEN_EXCHANGE) {
        return Ok(downscope::exchange(state, &form));
    }
    let grant = grant(state, &form)?;
    let now = state.now();
    authenticate(state, &form, grant, now)?;
    let subject = match grant {
        Grant::JwtBearer => {
            let assertion = form.value("assertion").ok_or(Reason::AssertionMissing)?;
            verify(state, assertion, Usage::Grant, now)?
        }
        Grant::ClientCredentials if state.sandbox.dialect == Dialect::Box => {
            box_subject_of_form(state, &form, now)?
        }
        Grant::ClientCredentials => Subject {
            id: state.sandbox.client_id.clone(),
            is_user: false,
        },
    };
    admit(state, &subject, now)?;
    Ok(token(state, subject, form.value("scope"), now))
}

/// The subject of Box's client credentials. Whatever is wrong with it has one text.
fn box_subject_of_form(state: &State, form: &Form, now: i64) -> Result<Subject, Text> {
    let id = form.value("box_subject_id").unwrap_or_default();
    box_subject(&state.sandbox, form.value("box_subject_type"), id)
        .filter(|subject| admit(state, subject, now).is_ok())
        .ok_or(box_platform::CCG_GRANT)
}

/// A form in which each parameter stands once ([RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)).
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Reason::ContentType.into());
        }
        let mut form: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            if form.iter().any(|(other, _)| *other == name) {
                return Err(Reason::ParameterTwice.into());
            }
            form.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(form))
    }

    /// The value of a parameter; an empty one counts as left out.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self
            .0
            .iter()
            .find(|(other, value)| other == name && !value.is_empty())?;
        Some(value)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Grant {
    JwtBearer,
    ClientCredentials,
}

fn grant(state: &State, form: &Form) -> Result<Grant, Refusal> {
    let is_ccg_app = state.is(Condition::CcgApp);
    let takes_assertions = !is_ccg_app && !state.is(Condition::OauthApp);
    let takes_credentials = is_ccg_app || state.sandbox.dialect == Dialect::Generic;
    match form.value("grant_type") {
        Some(JWT_BEARER) if takes_assertions => Ok(Grant::JwtBearer),
        Some("client_credentials") if takes_credentials => Ok(Grant::ClientCredentials),
        Some("authorization_code" | "client_credentials" | "refresh_token" | JWT_BEARER) => {
            Err(Reason::GrantTypeNotForClient.into())
        }
        _ => Err(Reason::GrantType.into()),
    }
}

fn authenticate(state: &State, form: &Form, grant: Grant, now: i64) -> Result<(), Refusal> {
    let sandbox = &state.sandbox;
    let id_is_right = form.value("client_id").map(|id| id == sandbox.client_id);
    let secret = form.value("client_secret");
    let secret_is_right = secret.map(|secret| sandbox.client_secret.as_deref() == Some(secret));
    match sandbox.dialect {
        Dialect::Box if id_is_right == Some(true) && secret_is_right == Some(true) => Ok(()),
        Dialect::Box => Err(Reason::Client.into()),
        Dialect::Salesforce if id_is_right == Some(false) => Err(Reason::Issuer.into()),
        Dialect::Salesforce if secret_is_right == Some(false) => Err(Reason::Client.into()),
        Dialect::Salesforce => Ok(()),
        Dialect::Generic => {
            if id_is_right == Some(false) {
                return Err(Refusal::new(Reason::Client, "the client_id is unknown"));
            }
            if let Some(kind) = form.value("client_assertion_type") {
                return authenticate_by_assertion(state, form, kind, now);
            }
            if form.value("client_assertion").is_some() {
                return Err(Refusal::new(
                    Reason::Client,
                    "client_assertion_type is missing",
                ));
            }
            let secret_is_needed =
                sandbox.client_secret.is_some() || grant == Grant::ClientCredentials;
            match (id_is_right, secret_is_right) {
                (_, Some(false)) => Err(Refusal::new(Reason::Client, "the client_secret is wrong")),
                (None, Some(true)) => Err(Refusal::new(Reason::Client, "the client_id is missing")),
                (_, None) if secret_is_needed => Err(Refusal::new(
                    Reason::Client,
                    "neither a client_secret nor a client_assertion was sent",
                )),
                _ => Ok(()),
            }
        }
    }
}

/// [RFC 7523 §2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2). Whatever is wrong with the assertion is
/// `invalid_client` ([RFC 7521 §4.2.1](https://www.rfc-editor.org/rfc/rfc7521#section-4.2.1)).
fn authenticate_by_assertion(
    state: &State,
    form: &Form,
    kind: &str,
    now: i64,
) -> Result<(), Refusal> {
    if kind != CLIENT_ASSERTION {
        return Err(Refusal::new(
            Reason::Client,
            format!("client_assertion_type must be {CLIENT_ASSERTION}"),
        ));
    }
    if form.value("client_secret").is_some() {
        return Err(Refusal::new(
            Reason::Client,
            "both a client_secret and a client_assertion were sent",
        ));
    }
    let Some(assertion) = form.value("client_assertion") else {
        return Err(Refusal::new(Reason::Client, "client_assertion is missing"));
    };
    verify(state, assertion, Usage::Client, now)
        .map(drop)
        .map_err(Refusal::of_client)
}

fn token(state: &State, subject: Subject, scope: Option<&str>, now: i64) -> Reply {
    let mut spread = [0; 2];
    let (Some(token), Ok(())) = (random_token(), getrandom::fill(&mut spread)) else {
        return Reply::text(500, "the system gave no random numbers\n");
    };
    let dialect = state.sandbox.dialect;
    let (token, lifetime) = match dialect {
        Dialect::Box => (token, 3600 + u64::from(u16::from_be_bytes(spread) % 601)),
        Dialect::Salesforce => (format!("{}!{token}", &ORGANIZATION[..15]), 7200),
        Dialect::Generic => (token, 3600),
    };
    let lifetime = state
        .sandbox
        .token_lifetime
        .map_or(lifetime, |lifetime| lifetime.as_secs());
    let body = match dialect {
        Dialect::Box => json!({
            "access_token": token,
            "expires_in": lifetime,
            "restricted_to": [],
            "token_type": "bearer",
        }),
        Dialect::Salesforce => json!({
            "access_token": token,
            "scope": "api web",
            "instance_url": state.instance_url(),
            "id": format!("{}/id/{ORGANIZATION}/{}", state.origin, user_id(&state.sandbox, &subject.id)),
            "token_type": "Bearer",
        }),
        Dialect::Generic => {
            let mut body =
                json!({ "access_token": token, "token_type": "Bearer", "expires_in": lifetime });
            if let Some(scope) = scope {
                body["scope"] = scope.into();
            }
            body
        }
    };
    let issued = Issued {
        subject,
        expiry: now.saturating_add_unsigned(lifetime),
        restricted_to: None,
    };
    state.add_token(token, issued);
    Reply::json(200, &body)
}

/// Unless the system has no random numbers.
pub(crate) fn random_token() -> Option<String> {
    let mut random = [0; 24];
    getrandom::fill(&mut random).ok()?;
    Some(random.iter().map(|octet| format!("{octet:02x}")).collect())
}

/// An id of the form that Salesforce has, by the user's place in the list.
fn user_id(sandbox: &Sandbox, username: &str) -> String {
    let index = sandbox
        .users
        .iter()
        .position(|user| user == username)
        .unwrap_or_default();
    format!("005{:012}AAA", index + 1)
}
