//! The checks: each looks at one part of the evidence and says what it proves, what it speaks for, and what it rules out.

mod claims;
mod clock;
pub(crate) mod config;
pub(crate) mod jwt;
mod key;
pub(crate) mod network;
pub(crate) mod request;
pub(crate) mod times;

use jwt_bearer_provider::{Check, Profile};

use crate::mark::is_mark;
use crate::observed::Observed;
use crate::redact::scrubbed;
use crate::{Evidence, message};

pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The evidence, and whose demands it is held against.
pub(crate) struct Case<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) provider: &'static str,
    /// Whose remedies are told: also those of a provider that the text alone tells.
    pub(crate) remedies: &'static str,
    pub(crate) profile: Profile,
    /// What the server or a program said, in its plain form.
    pub(crate) said: String,
}

impl Case<'_> {
    pub(crate) fn is_box(&self) -> bool {
        self.provider == "box"
    }

    pub(crate) fn is_salesforce(&self) -> bool {
        self.provider == "salesforce"
    }

    /// Whether what was said has one of these parts.
    pub(crate) fn is_said(&self, parts: &[&str]) -> bool {
        parts.iter().any(|part| self.said.contains(part))
    }

    /// A claim that is a text.
    pub(crate) fn claim(&self, name: &str) -> Option<&str> {
        self.evidence
            .assertion
            .as_ref()?
            .claims()
            .get(name)?
            .as_str()
    }

    pub(crate) fn url(&self) -> Option<&str> {
        self.evidence.request.as_ref()?.url.as_deref()
    }

    /// The grant that was asked for, if it is neither of the two of [RFC 7523](https://www.rfc-editor.org/rfc/rfc7523).
    /// Another one with a JWT as its assertion is meant to be one of them.
    pub(crate) fn other_grant(&self) -> Option<&str> {
        let request = self.evidence.request.as_ref()?;
        let grant = request
            .parameter("grant_type")
            .filter(|grant| !is_mark(grant))?;
        let has = |name| request.parameter(name).is_some();
        let is_meant = has("assertion") && !grant.contains("saml");
        let is_own = grant == JWT_BEARER || has("client_assertion") || self.authenticates();
        (!is_own && !is_meant).then_some(grant)
    }

    /// Whether a value is one, as far as can be told: in a paste, a word can stand in place of any value.
    pub(crate) fn is_value(&self, text: &str) -> bool {
        let is_digit = |c: char| c.is_ascii_digit();
        let is_plain = |c: char| !c.is_whitespace() && !"()".contains(c);
        let is_word = |part: &str| part.len() > 2;
        let has_word = text.split(|c: char| !c.is_alphabetic()).any(is_word);
        let is_id = text.contains(is_digit) && text.chars().all(is_plain);
        !self.evidence.is_pasted || is_id && (text.len() >= 16 || !has_word) && !is_mark(text)
    }

    /// Whether a text may stand in place of a value: a name from an example, in a paste.
    pub(crate) fn may_be_mark(&self, text: &str) -> bool {
        self.evidence.is_pasted && is_mark(text)
    }

    /// The host that the request was sent to, without port.
    pub(crate) fn host(&self) -> Option<String> {
        host_of(self.url()?)
    }

    /// Whether the assertion authenticates the client ([RFC 7523 §2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2)).
    pub(crate) fn authenticates(&self) -> bool {
        self.evidence
            .request
            .as_ref()
            .is_some_and(|request| request.parameter("client_assertion_type").is_some())
    }
}

pub(crate) fn host_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    Some(url.host_str()?.to_ascii_lowercase())
}

pub(crate) fn run(case: &Case<'_>) -> Observed {
    let mut seen = Observed::default();
    if case.other_grant().is_some() {
        let line = "the request is of a grant that has no JWT as its assertion";
        seen.passed(&message::of_assertions(), line);
    } else {
        jwt::check(case, &mut seen);
        claims::check(case, &mut seen);
        times::check(case, &mut seen);
        key::check(case, &mut seen);
        config::check(case, &mut seen);
    }
    request::check(case, &mut seen);
    network::check(case, &mut seen);
    for (check, line) in &case.evidence.failed {
        seen.proven(*check, scrubbed(line));
    }
    for (check, line) in &case.evidence.suspected {
        seen.hinted(*check, scrubbed(line));
    }
    if case.evidence.is_signed_here {
        let signature = [
            Check::JwtUnsigned,
            Check::SignatureDer,
            Check::SignatureLength,
            Check::SignatureMismatch,
        ];
        seen.forget(&signature);
        seen.passed(&signature, "the assertion was signed here, by the key");
    }
    for hidden in &case.evidence.hidden {
        seen.forget(hidden.checks());
        let line = format!("`{}` is there, and masked", hidden.name());
        seen.passed(hidden.missing().as_slice(), &line);
    }
    seen
}
