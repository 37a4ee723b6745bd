use std::collections::BTreeMap;

use jwt_bearer_provider::Check;

/// What the checks saw. A check that is not in it had nothing to look at.
#[derive(Default)]
pub(crate) struct Observed {
    states: BTreeMap<Check, State>,
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
                if !lines.contains(&line) {
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
