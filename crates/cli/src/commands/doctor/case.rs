//! What was looked at, and how it is told in the end.

use jwt_bearer::{Profile, TokenRequest};
use jwt_bearer_diagnosis::{Evidence, Report, diagnose, masked, masked_host};
use serde::Serialize;

use crate::args::PageOutput;
use crate::error::Failure;
use crate::page::{self, State, Step};
use crate::write;

/// What was looked at so far.
pub(super) struct Case {
    pub(super) steps: Vec<Step>,
    pub(super) evidence: Evidence,
    pub(super) outcome: Outcome,
    /// How many token requests were sent.
    pub(super) sent: usize,
    /// Ids and names that a server may repeat.
    names: Vec<String>,
}

/// How it ended, and with it the exit code.
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

impl Outcome {
    const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Other => 1,
            Self::Key => 3,
            Self::Refused => 4,
            Self::Unreachable => 5,
            Self::CauseFound => 6,
        }
    }
}

impl Case {
    pub(super) fn new(trial: &TokenRequest, names: Vec<String>) -> Self {
        Self {
            steps: Vec::new(),
            evidence: Evidence::new().profile(*trial.profile()),
            outcome: Outcome::Other,
            sent: 0,
            names,
        }
    }

    pub(super) fn step(&mut self, name: &'static str, state: State, text: impl Into<String>) {
        let text = write::harmless(&text.into());
        self.steps.push(Step { name, state, text });
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

    pub(super) fn finish(
        mut self,
        trial: &TokenRequest,
        output: PageOutput,
    ) -> Result<(), Failure> {
        let report = diagnose(&self.evidence);
        if matches!(self.outcome, Outcome::Refused | Outcome::Other) && report.class().is_some() {
            self.outcome = Outcome::CauseFound;
        }
        let text = match output {
            PageOutput::Text => page::shown(&self.page(trial, &report)),
            PageOutput::Json => write::json(&Machine {
                outcome: self.outcome,
                token_requests: self.sent,
                checked: &self.steps,
                report: &report,
            })?,
        };
        write::result(&without_names(&text, &self.names))?;
        match self.outcome {
            Outcome::Ok => Ok(()),
            outcome => Err(Failure::told(outcome.code())),
        }
    }

    fn page(&self, trial: &TokenRequest, report: &Report) -> String {
        let provider = provider(trial.profile()).map_or_else(String::new, |it| format!("{it}: "));
        let endpoint = masked_host(trial.token_endpoint().as_str());
        let verdict = match self.outcome {
            Outcome::Ok => "All is well: the server gave a token.",
            Outcome::Other => "The server answered something that is no token.",
            Outcome::Key => "The key is of no use here, so no token was asked for.",
            Outcome::Refused => "The server refused, and the cause is not known.",
            Outcome::Unreachable => "The server gave no answer to build on.",
            Outcome::CauseFound => "No token, and here is why.",
        };
        let is_complete = !matches!(self.outcome, Outcome::Key | Outcome::Unreachable);
        let findings = match self.outcome {
            Outcome::Ok => page::remarks(report),
            _ => page::report(report, is_complete),
        };
        format!(
            "{provider}POST {endpoint}\n\n{}\n{verdict}\n\n{findings}\
             No key, secret, token or signature is on this page; ids and names are masked.\n\
             It can be pasted into a public issue.\n",
            page::steps(&self.steps),
        )
    }
}

/// The name of a provider that has one.
pub(super) fn provider(profile: &Profile) -> Option<&'static str> {
    (profile.name != Profile::GENERIC.name).then_some(profile.title)
}

/// For machines.
#[derive(Serialize)]
struct Machine<'a> {
    outcome: Outcome,
    token_requests: usize,
    checked: &'a [Step],
    #[serde(flatten)]
    report: &'a Report,
}

/// The text with ids and names masked. Short ones, and plain words, tell nothing and stand in other sentences too.
fn without_names(text: &str, names: &[String]) -> String {
    let is_telling =
        |name: &&String| name.len() >= 6 && name.contains(|c: char| c.is_ascii_digit() || c == '@');
    let names = names.iter().filter(is_telling);
    names.fold(text.to_owned(), |text, name| {
        text.replace(name.as_str(), &masked(name))
    })
}
