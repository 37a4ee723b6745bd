use crate::{ErrorResponse, Profile, normal};

/// What a refusal by a provider means, and what to do about it, in short. Those of the built-in profiles come out of the
/// catalogue, which [`Entry`](crate::Entry) gives in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "users write their own profiles")]
pub struct Cause {
    /// The `error` member of the reply.
    pub error: &'static str,
    /// A stable part of its `error_description`; empty if `error` says it all.
    pub description: &'static str,
    /// What is wrong.
    pub cause: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl Cause {
    fn matches(&self, response: &ErrorResponse) -> bool {
        let description = normal(response.description().unwrap_or_default());
        self.error == response.error() && description.contains(&normal(self.description))
    }
}

impl Profile {
    /// What this refusal means, if the profile knows it. Case, markup and white space do not matter.
    #[must_use]
    pub fn cause(&self, response: &ErrorResponse) -> Option<&'static Cause> {
        self.causes.iter().find(|cause| cause.matches(response))
    }
}
