//! The checks: each looks at one part of the evidence and says what it proves, what it speaks for, and what it rules out.

mod claims;
pub(crate) mod config;
mod jwt;
mod key;
pub(crate) mod network;
mod request;
pub(crate) mod times;

use jwt_bearer_provider::{Check, Profile};

use crate::observed::Observed;
use crate::{Evidence, message};

/// The evidence, and whose demands it is held against.
pub(crate) struct Case<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) provider: &'static str,
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

    /// The grant that was asked for, if it is one without an assertion, and has none.
    pub(crate) fn other_grant(&self) -> Option<&str> {
        const OTHERS: [&str; 4] = [
            "authorization_code",
            "client_credentials",
            "password",
            "refresh_token",
        ];
        let request = self.evidence.request.as_ref()?;
        let grant = request.parameter("grant_type")?;
        let mut names = request.parameters.iter().flatten().map(|(name, _)| name);
        let has_assertion = names.any(|name| name.ends_with("assertion"));
        (OTHERS.contains(&grant) && !has_assertion).then_some(grant)
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
    jwt::check(case, &mut seen);
    claims::check(case, &mut seen);
    times::check(case, &mut seen);
    request::check(case, &mut seen);
    key::check(case, &mut seen);
    config::check(case, &mut seen);
    network::check(case, &mut seen);
    if case.other_grant().is_some() {
        let line = "the request is of a grant that has no assertion";
        seen.passed(&message::of_assertions(), line);
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
