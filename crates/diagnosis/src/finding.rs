//! Findings of each kind, as they are made.

use std::iter;

use jwt_bearer_provider::{Check, Class, Entry};

use crate::checks::network::is_busy;
use crate::redact::{masked_host, scrubbed};
use crate::report::{Certainty, Finding};
use crate::said::Said;
use crate::{Evidence, Probe};

/// A failed check, with what to do about it at this provider.
pub(crate) fn of_check(
    check: Check,
    provider: &str,
    certainty: Certainty,
    evidence: Vec<String>,
) -> Finding {
    Finding {
        id: check.id(),
        entry: None,
        class: check.class(),
        certainty,
        explains_reply: false,
        is_tried: false,
        what: check.what().to_owned(),
        evidence,
        next: check.next(provider).to_owned(),
        sources: check.sources(provider).to_vec(),
    }
}

pub(crate) fn of_entry(entry: &'static Entry, certainty: Certainty) -> Finding {
    Finding {
        id: entry.id,
        entry: Some(entry.id),
        class: entry.class,
        certainty,
        explains_reply: true,
        is_tried: false,
        what: entry.cause.to_owned(),
        evidence: Vec::new(),
        next: entry.remedy.to_owned(),
        sources: entry.sources.to_vec(),
    }
}

impl Finding {
    pub(crate) fn of_entry(mut self, entry: &'static Entry) -> Self {
        self.entry = Some(entry.id);
        self.explains_reply = true;
        self
    }
}

/// What a status alone tells: too much to do, or out of order.
pub(crate) fn busy(evidence: &Evidence, provider: &str) -> Option<Finding> {
    let reply = evidence.reply.as_ref()?;
    let status = reply.status.filter(|status| is_busy(*status))?;
    let wait = reply.first("retry-after").map(scrubbed);
    let wait = wait.map(|wait| match wait.parse::<u64>() {
        Ok(seconds) => format!("it says to come back after {seconds} s"),
        Err(_) => format!("it says to come back after {wait}"),
    });
    let lines = iter::once(format!("status {status}")).chain(wait).collect();
    let mut finding = of_check(Check::Busy, provider, Certainty::Likely, lines);
    finding.explains_reply = true;
    Some(finding)
}

/// What to do about a way that ends where no firewall stands between: at a proxy that the environment names, or on this
/// machine.
pub(crate) fn next_of_unreachable(evidence: &Evidence) -> Option<String> {
    let (end, why) = evidence.probes.iter().find_map(|probe| match probe {
        Probe::Connection { host, error } => {
            let is_refused = error.as_deref()?.contains("refused");
            is_refused.then_some((host, "nothing listens there"))
        }
        Probe::Dns { host, error } => error
            .is_some()
            .then_some((host, "its name does not resolve")),
        _ => None,
    })?;
    let proxy = evidence.probes.iter().find_map(|probe| match probe {
        Probe::Proxy { address, variable } if address == end => Some((address, variable)),
        _ => None,
    });
    if let Some((address, variable)) = proxy {
        return Some(format!(
            "{variable} names the proxy {}, and {why}: start the proxy, or mend or unset the variable",
            masked_host(address)
        ));
    }
    let is_own = ["127.0.0.1", "localhost", "[::1]"]
        .into_iter()
        .filter_map(|own| end.strip_prefix(own))
        .any(|rest| rest.is_empty() || rest.starts_with(':'));
    // Of a paste nobody knows whether a proxy was set.
    let proxy = match evidence.is_pasted {
        true => ", or a proxy of yours",
        false => "",
    };
    is_own.then(|| {
        format!("nothing listens on that port: is the sandbox running (`jwt-bearer sandbox`){proxy}, and is the port right?")
    })
}

/// What a profile of the caller's own knows.
pub(crate) fn of_profile(evidence: &Evidence, said: &Said, is_unknown: bool) -> Option<Finding> {
    let profile = evidence.profile.filter(|_| is_unknown)?;
    let refusal = said.refusal.as_ref()?;
    let json = serde_json::json!({ "error": refusal.error, "error_description": refusal.text });
    let response = jwt_bearer_provider::ErrorResponse::from_json(json.to_string().as_bytes())?;
    let cause = profile.cause(&response)?;
    Some(Finding {
        id: "profile",
        entry: None,
        class: Class::Configuration,
        certainty: Certainty::Likely,
        explains_reply: true,
        is_tried: false,
        what: cause.cause.to_owned(),
        evidence: vec![format!("the profile {} knows this text", profile.name)],
        next: cause.remedy.to_owned(),
        sources: Vec::new(),
    })
}
