//! What was looked at, and how it is told in the end.

use jwt_bearer::provider::{Check, Class};
use jwt_bearer::signer::PublicKey;
use jwt_bearer::{Profile, TokenRequest};
use jwt_bearer_diagnosis::{
    Certainty, Evidence, Finding, Report, diagnose, masked, masked_host, scrubbed,
};
use serde::Serialize;
use serde_json::Value;

use crate::args::{DoctorArgs, PageOutput};
use crate::error::{Code, Failure};
use crate::page::{self, State, Step, Telling};
use crate::write;

/// What was looked at so far.
pub(super) struct Case {
    pub(super) steps: Vec<Step>,
    pub(super) evidence: Evidence,
    pub(super) outcome: Outcome,
    /// How many token requests were sent.
    pub(super) sent: usize,
    /// What to do about a check that failed, where that is known better than the catalogue can.
    pub(super) advice: Option<(Check, String)>,
    /// The `kid` that is known for a key, and from where.
    pub(super) key_ids: Vec<KeyId>,
    /// Ids and names that a server may repeat.
    names: Vec<String>,
}

/// A `kid` that can be tried without guessing.
pub(super) struct KeyId {
    pub(super) id: String,
    /// What is tried with it, for people.
    pub(super) change: &'static str,
    /// The key that it names; `None` if it names the one that signs, whichever that is.
    pub(super) key: Option<PublicKey>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// The server gave a token.
    Ok,
    Other,
    /// The key cannot be opened or does not sign.
    Key,
    Refused,
    /// No reply, or one that says to come later.
    Unreachable,
    CauseFound,
}

impl Case {
    pub(super) fn new(trial: &TokenRequest, names: Vec<String>) -> Self {
        Self {
            steps: Vec::new(),
            // The ids that are set are those that are sent: compared with themselves they would rule out a wrong one.
            evidence: Evidence::new().profile(*trial.profile()),
            outcome: Outcome::Other,
            sent: 0,
            advice: None,
            key_ids: Vec::new(),
            names,
        }
    }

    pub(super) fn step(&mut self, name: &'static str, state: State, text: impl Into<String>) {
        let text = write::harmless(&text.into());
        self.steps.push(Step { name, state, text });
    }

    /// The same in place of what was said before under this name.
    pub(super) fn step_again(&mut self, name: &'static str, state: State, text: impl Into<String>) {
        match self.steps.iter().position(|step| step.name == name) {
            Some(at) => {
                self.step(name, state, text);
                self.steps.swap_remove(at);
            }
            None => self.step(name, state, text),
        }
    }

    /// One more name that a server may repeat.
    pub(super) fn mask(&mut self, name: String) {
        self.names.push(name);
    }

    pub(super) fn learn(&mut self, learn: impl FnOnce(Evidence) -> Evidence) {
        self.evidence = learn(std::mem::take(&mut self.evidence));
    }

    /// There is no way to the server; what stands before it in the order of things is told first.
    pub(super) fn is_unreachable(&mut self) {
        if self.outcome != Outcome::Key {
            self.outcome = Outcome::Unreachable;
        }
    }

    /// A text of the server, which may repeat names, with those masked.
    pub(super) fn without_names(&self, text: &str) -> String {
        jwt_bearer_diagnosis::without_names(text, &self.names)
    }

    pub(super) fn finish(mut self, trial: &TokenRequest, args: &DoctorArgs) -> Result<(), Failure> {
        let report = diagnose(&self.evidence);
        let report = match self.advice.take() {
            Some((check, next)) => report.next_of(check.id(), next),
            None => report,
        };
        let cause = cause(&report);
        if matches!(self.outcome, Outcome::Refused | Outcome::Other) && cause.is_some() {
            self.outcome = Outcome::CauseFound;
        }
        let text = match args.output {
            PageOutput::Text => page::shown(&self.page(trial, &report, args.verbose)),
            PageOutput::Json => write::json(&Machine {
                outcome: self.outcome,
                token_requests: self.sent,
                checked: &self.steps,
                report: self.masked_report(&report)?,
            })?,
        };
        write::result(&without_telling(&text, &self.names))?;
        let code = match (self.outcome, cause) {
            (Outcome::Ok, _) => return Ok(()),
            (Outcome::CauseFound, Some(cause)) => cause.class().into(),
            (Outcome::CauseFound | Outcome::Refused, _) => Code::Refused,
            (Outcome::Other, _) => Code::Other,
            (Outcome::Key, _) => Code::Key,
            (Outcome::Unreachable, _) => Code::Network,
        };
        Err(Failure::told(code))
    }

    fn has_step(&self, name: &str, state: State) -> bool {
        let mut steps = self.steps.iter();
        steps.any(|step| step.name == name && step.state == state)
    }

    /// Whether the token for the enterprise is all that there is.
    fn has_no_user(&self) -> bool {
        let mut steps = ["login", "user token"].into_iter();
        steps.any(|name| self.has_step(name, State::Failed))
    }

    /// For machines, with the texts that may be the server's masked.
    fn masked_report(&self, report: &Report) -> Result<Value, Failure> {
        let mut json: Value = serde_json::to_value(report)
            .map_err(|error| Failure::other(format!("the report cannot be written: {error}")))?;
        let mask = |value: &mut Value| {
            if let Some(text) = value.as_str() {
                *value = self.without_names(text).into();
            }
        };
        mask(&mut json["reply"]);
        if self.outcome == Outcome::Key || self.has_step("login", State::Failed) {
            // What the key's software said is no reply of the token endpoint, nor is a list of users; the step tells it.
            json["reply"] = Value::Null;
            json["wanted"] = Value::Array(Vec::new());
        }
        if let Some(findings) = json["findings"].as_array_mut() {
            if let Some(class) = self.class_of_stop(report) {
                findings.sort_by_key(|finding| finding["class"] != class.name());
            }
            for finding in findings {
                let lines = finding["evidence"].as_array_mut();
                lines.into_iter().flatten().for_each(mask);
            }
        }
        Ok(json)
    }

    /// The class of what stopped everything, whatever else was found.
    fn class_of_stop(&self, report: &Report) -> Option<Class> {
        match self.outcome {
            Outcome::Key => Some(Class::Key),
            // A server that is out of order may say why.
            Outcome::Unreachable => cause(report).map_or(Some(Class::Network), |cause| {
                (cause.class() == Class::Network).then_some(Class::Network)
            }),
            _ => None,
        }
    }

    fn page(&self, trial: &TokenRequest, report: &Report, verbose: bool) -> String {
        let provider = provider(trial.profile()).map_or_else(String::new, |it| format!("{it}: "));
        let endpoint = masked_host(trial.token_endpoint().as_str());
        let is_complete = !matches!(self.outcome, Outcome::Key | Outcome::Unreachable);
        let verdict = match self.outcome {
            _ if self.has_no_user() => "A token for the enterprise, but none for the user.",
            Outcome::Ok if self.has_step("login", State::Skipped) => {
                "The server gave a token, but not for the login, which was not looked up."
            }
            Outcome::Ok => "All is well: the server gave a token.",
            Outcome::Other => "The server answered something that is no token.",
            Outcome::Key => "The key is of no use here, so no token was asked for.",
            Outcome::Refused => "The server refused, and the cause is not known.",
            Outcome::Unreachable => "The server gave no answer to build on.",
            Outcome::CauseFound => match cause(report).map(Finding::certainty) {
                Some(Certainty::Certain) => "No token, and here is why.",
                _ if page::has_rival(report) => "No token; the likely causes are below.",
                _ => "No token; the likely cause is below.",
            },
        };
        let class = self.class_of_stop(report);
        let stopped = self.steps.iter().find(|step| step.state == State::Failed);
        let telling = Telling {
            is_complete,
            ruled_out: (!verbose).then_some("-v"),
            stopped: stopped.zip(class),
            shown: &|text| self.without_names(text),
        };
        let findings = match self.outcome {
            Outcome::Ok => page::remarks(report),
            _ => page::report(report, &telling),
        };
        format!(
            "{provider}POST {endpoint}\n\n{}\n{verdict}\n\n{findings}\
             The key, the secret and the assertion are not on this page; ids and names that\n\
             are set are masked. It can be pasted into a public issue, once you have read it:\n\
             what a server says in its own words may name somebody, or hold a secret.\n",
            page::steps(&self.steps),
        )
    }
}

/// Settings that cannot be used, for machines. People get them as from every other command.
pub(super) fn unusable(failure: &Failure, profile: Option<Profile>) -> Result<(), Failure> {
    let text = write::harmless(&scrubbed(failure.text()));
    let check = failure.check().unwrap_or(Check::SettingsUnusable);
    let mut evidence = Evidence::new().failed(check, &text);
    if let Some(profile) = profile {
        evidence = evidence.profile(profile);
    }
    let mut report = diagnose(&evidence);
    if let Some((_, hint)) = failure.hints().first() {
        report = report.next_of(check.id(), hint);
    }
    let report = serde_json::to_value(report).unwrap_or_default();
    let step = Step {
        name: "settings",
        state: State::Failed,
        text,
    };
    write::result(&write::json(&Machine {
        // Nothing was looked at.
        outcome: "settings",
        token_requests: 0,
        checked: &[step],
        report,
    })?)
}

/// The name of a provider that has one.
pub(super) fn provider(profile: &Profile) -> Option<&'static str> {
    (profile.name != Profile::GENERIC.name).then_some(profile.title)
}

/// For machines.
#[derive(Serialize)]
struct Machine<'a, O> {
    outcome: O,
    token_requests: usize,
    checked: &'a [Step],
    #[serde(flatten)]
    report: Value,
}

/// Why the server refused, if that is certain or likely.
fn cause(report: &Report) -> Option<&Finding> {
    let first = report.findings().first()?;
    (first.explains_reply() && first.certainty() > Certainty::Possible).then_some(first)
}

/// The whole page with ids and names masked. Short ones, and plain words, tell nothing and stand in other sentences too.
fn without_telling(text: &str, names: &[String]) -> String {
    let is_telling =
        |name: &&String| name.len() >= 6 && name.contains(|c: char| c.is_ascii_digit() || c == '@');
    let names = names.iter().filter(is_telling);
    names.fold(text.to_owned(), |text, name| {
        text.replace(name.as_str(), &masked(name))
    })
}
