use std::fmt;

use jwt_bearer_provider::Class;
use serde::{Serialize, Serializer};

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Certainty {
    /// It may be; nothing speaks against it.
    Possible,
    /// The evidence speaks for it, and does not prove it.
    Likely,
    /// The evidence proves it.
    Certain,
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Possible => "possible",
        })
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub(crate) id: &'static str,
    pub(crate) entry: Option<&'static str>,
    #[serde(serialize_with = "class_name")]
    pub(crate) class: Class,
    pub(crate) certainty: Certainty,
    pub(crate) explains_reply: bool,
    /// Whether the request went through with this alone changed.
    #[serde(skip)]
    pub(crate) is_tried: bool,
    pub(crate) what: String,
    pub(crate) evidence: Vec<String>,
    pub(crate) next: String,
    pub(crate) sources: Vec<&'static str>,
}

fn class_name<S: Serializer>(class: &Class, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(class.name())
}

impl Finding {
    /// The stable id in the catalogue, of a check, an entry or an unseen cause.
    #[must_use]
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// The id of the catalogue's entry for the reply's text, if the finding explains that.
    #[must_use]
    pub const fn entry(&self) -> Option<&'static str> {
        self.entry
    }

    /// What has to be mended.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.class
    }

    /// How sure it is. `Certain` says that the evidence proves it; whether it is also why the server refused, tells
    /// [`explains_reply`](Self::explains_reply).
    #[must_use]
    pub const fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// Whether it explains what the server said. If not, it has to be mended all the same, and comes up next.
    #[must_use]
    pub const fn explains_reply(&self) -> bool {
        self.explains_reply
    }

    /// What is wrong, in one sentence, without a full stop.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What shows it, redacted; a line each.
    #[must_use]
    pub fn evidence(&self) -> &[String] {
        &self.evidence
    }

    /// What to do: a menu path, a flag or a command.
    #[must_use]
    pub fn next(&self) -> &str {
        &self.next
    }

    /// Where it is written or was met: addresses. None where nobody wrote of it.
    #[must_use]
    pub fn sources(&self) -> &[&'static str] {
        &self.sources
    }
}

/// What was ruled out, by looking at the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passed {
    pub(crate) ids: Vec<&'static str>,
    pub(crate) line: String,
}

impl Passed {
    /// The ids of the checks.
    #[must_use]
    pub fn ids(&self) -> &[&'static str] {
        &self.ids
    }

    /// What was seen, in one line, redacted.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }
}

/// What the evidence says. It is redacted: safe to paste into a public issue.
///
/// `Display` is a page for people, `Serialize` the same for machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub(crate) provider: &'static str,
    pub(crate) reply: Option<String>,
    pub(crate) reply_is_known: bool,
    #[serde(skip)]
    pub(crate) is_token: bool,
    pub(crate) speaks_of: Vec<&'static str>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) passed: Vec<Passed>,
    pub(crate) wanted: Vec<&'static str>,
    pub(crate) notes: Vec<String>,
}

impl Report {
    /// The name of the profile or of the catalogue's file: `box`, `salesforce`, `google`, `generic` and so on.
    #[must_use]
    pub const fn provider(&self) -> &'static str {
        self.provider
    }

    /// What the server said, in one line, redacted; `None` if there was no reply.
    #[must_use]
    pub fn reply(&self) -> Option<&str> {
        self.reply.as_deref()
    }

    /// Whether the catalogue knows what the server said; `false` if it said nothing.
    #[must_use]
    pub const fn reply_is_known(&self) -> bool {
        self.reply_is_known
    }

    /// Whether the server gave a token, so that there is nothing to explain.
    #[must_use]
    pub const fn is_token(&self) -> bool {
        self.is_token
    }

    /// What a text that the catalogue does not know speaks of, such as `aud`.
    #[must_use]
    pub fn speaks_of(&self) -> &[&'static str] {
        &self.speaks_of
    }

    /// What was found, the true cause first, as far as the evidence tells.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What was ruled out.
    #[must_use]
    pub fn passed(&self) -> &[Passed] {
        &self.passed
    }

    /// What evidence would make it surer.
    #[must_use]
    pub fn wanted(&self) -> &[&'static str] {
        &self.wanted
    }

    /// What else the reader should know, such as a secret in what was pasted.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What has to be mended first; `None` if nothing likely or certain was found, or nothing that explains the reply.
    #[must_use]
    pub fn class(&self) -> Option<Class> {
        let first = self.findings.first()?;
        let is_cause = first.explains_reply || self.reply.is_none();
        (is_cause && first.certainty > Certainty::Possible).then_some(first.class)
    }

    /// Puts what to do about the finding of this id in place of what the catalogue says: who sees more knows better.
    #[must_use]
    pub fn next_of(mut self, id: &str, next: impl Into<String>) -> Self {
        if let Some(finding) = self.findings.iter_mut().find(|finding| finding.id == id) {
            finding.next = next.into();
        }
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for note in &self.notes {
            writeln!(f, "! {note}\n")?;
        }
        if let Some(reply) = &self.reply {
            writeln!(f, "The reply: {reply}")?;
            if !self.reply_is_known {
                write!(f, "The catalogue does not know this text")?;
                if !self.speaks_of.is_empty() {
                    write!(f, "; it speaks of {}", self.speaks_of.join(", "))?;
                }
                writeln!(f, ".")?;
            }
            writeln!(f)?;
        }
        if self.is_token {
            writeln!(
                f,
                "The server gave a token: there is no refusal to explain.\n"
            )?;
        } else if self.findings.is_empty() {
            writeln!(
                f,
                "Nothing wrong was found in the evidence; the cause is unknown.\n"
            )?;
        }
        for (number, finding) in self.findings.iter().enumerate() {
            let Finding {
                certainty, what, ..
            } = finding;
            writeln!(f, "✗ {}. {what} ({certainty})", number + 1)?;
            for line in &finding.evidence {
                writeln!(f, "     seen:  {line}")?;
            }
            if self.reply.is_some() && !finding.explains_reply && self.reply_is_known {
                writeln!(
                    f,
                    "     note:  the reply is not about this, which may come up next"
                )?;
            }
            writeln!(f, "     next:  {}", finding.next)?;
            match &finding.sources[..] {
                [] => writeln!(f, "     id:    [{}]\n", finding.id)?,
                sources => {
                    writeln!(f, "     see:   {} [{}]\n", sources.join(" "), finding.id)?;
                }
            }
        }
        let is_solved = self
            .findings
            .first()
            .is_some_and(|first| first.explains_reply && first.certainty == Certainty::Certain);
        if is_solved {
            match self.passed.len() {
                1 => writeln!(f, "✓ 1 other thing was checked and is right.\n")?,
                count => writeln!(f, "✓ {count} other things were checked and are right.\n")?,
            }
        } else if !self.passed.is_empty() && !self.is_token {
            writeln!(f, "Ruled out:")?;
            for passed in &self.passed {
                writeln!(f, "✓ {}", passed.line)?;
            }
            writeln!(f)?;
        }
        if !self.wanted.is_empty() {
            writeln!(f, "More would be known with:")?;
            for wanted in &self.wanted {
                writeln!(f, "- {wanted}")?;
            }
            writeln!(f)?;
        }
        writeln!(
            f,
            "Keys, secrets, tokens, ids and addresses that can be told by their form or their name are masked.\n\
             What a server says in its own words can hold others: read it before you show it to others."
        )
    }
}
