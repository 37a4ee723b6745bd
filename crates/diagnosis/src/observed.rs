use std::collections::{BTreeMap, BTreeSet};

use jwt_bearer_provider::Check;

/// The most lines that show one thing; nobody reads more.
const MOST_LINES: usize = 8;

/// What the checks saw. A check that is not in it had nothing to look at.
#[derive(Default)]
pub(crate) struct Observed {
    states: BTreeMap<Check, State>,
    /// What the request was refused for: with this changed it went through.
    causes: BTreeSet<Check>,
    /// What it was not refused for: with this changed it was refused too.
    no_causes: BTreeSet<Check>,
}

pub(crate) enum State {
    Failed {
        /// Whether the evidence proves it, and the server is known to refuse it.
        proof: bool,
        lines: Vec<String>,
    },
    Passed(String),
}

impl Observed {
    /// The evidence proves that this is wrong, and servers like this one refuse it.
    pub(crate) fn proven(&mut self, check: Check, line: impl Into<String>) {
        self.failed(check, true, line.into());
    }

    /// The evidence speaks for it, or it is so and may do no harm.
    pub(crate) fn hinted(&mut self, check: Check, line: impl Into<String>) {
        self.failed(check, false, line.into());
    }

    pub(crate) fn noted(&mut self, check: Check, proof: bool, line: impl Into<String>) {
        self.failed(check, proof, line.into());
    }

    /// The evidence rules it out. A failure beats it.
    pub(crate) fn passed(&mut self, checks: &[Check], line: &str) {
        for check in checks {
            self.states
                .entry(*check)
                .or_insert_with(|| State::Passed(line.to_owned()));
        }
    }

    /// With this changed the request went through.
    pub(crate) fn tried(&mut self, check: Check, line: impl Into<String>) {
        self.proven(check, line);
        self.causes.insert(check);
    }

    /// With this changed the request was refused too. What only spoke for it is ruled out by that.
    pub(crate) fn tried_in_vain(&mut self, checks: &[Check], line: &str) {
        for check in checks {
            self.no_causes.insert(*check);
            let is_proven = matches!(self.state(*check), Some(State::Failed { proof: true, .. }));
            if !is_proven {
                self.states.insert(*check, State::Passed(line.to_owned()));
            }
        }
    }

    /// What these were seen by says nothing.
    pub(crate) fn forget(&mut self, checks: &[Check]) {
        for check in checks {
            self.states.remove(check);
        }
    }

    pub(crate) fn is_cause(&self, check: Check) -> bool {
        self.causes.contains(&check)
    }

    pub(crate) fn is_no_cause(&self, check: Check) -> bool {
        self.no_causes.contains(&check)
    }

    pub(crate) fn state(&self, check: Check) -> Option<&State> {
        self.states.get(&check)
    }

    pub(crate) fn has_failed(&self, check: Check) -> bool {
        matches!(self.state(check), Some(State::Failed { .. }))
    }

    pub(crate) fn states(&self) -> impl Iterator<Item = (Check, &State)> {
        self.states.iter().map(|(check, state)| (*check, state))
    }

    fn failed(&mut self, check: Check, proof: bool, line: String) {
        match self.states.get_mut(&check) {
            Some(State::Failed { proof: own, lines }) => {
                *own |= proof;
                if lines.len() < MOST_LINES && !lines.contains(&line) {
                    lines.push(line);
                }
            }
            _ => {
                let lines = vec![line];
                self.states.insert(check, State::Failed { proof, lines });
            }
        }
    }
}
