use std::fmt;

use crate::Cause;
use crate::normal::normal;

include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// What has to be mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// The request, or what it is made from.
    Configuration,
    /// The key, or what is registered of it.
    Key,
    /// A clock.
    Clock,
    /// The app, the user or a policy, at the provider.
    Account,
    /// The way to the server.
    Network,
}

impl Class {
    /// The name, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Key => "key",
            Self::Clock => "clock",
            Self::Account => "account",
            Self::Network => "network",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a text of a provider or a program means: an entry of the catalogue.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The stable id.
    pub id: &'static str,
    /// Whose text it is: the name of the file in the catalogue.
    pub provider: &'static str,
    /// The `error` of the reply; `None` if the text is found elsewhere.
    pub error: Option<&'static str>,
    /// Stable parts of the text, as [`normal`](crate::normal()) writes them. If there are none, the code says it all.
    pub texts: &'static [&'static str],
    /// What has to be mended.
    pub class: Class,
    /// What is wrong, in short.
    pub cause: &'static str,
    /// What to do, in short.
    pub remedy: &'static str,
    /// What explains the text, and can be seen from outside.
    pub shown: &'static [Check],
    /// What explains the text, and cannot be seen from outside.
    pub unseen: &'static [Unseen],
    /// The id among `shown` and `unseen` that it mostly is.
    pub usual: Option<&'static str>,
    /// Whether the text alone says beyond doubt what is wrong.
    pub proves: bool,
    /// Whether it is only for a reply without a text.
    pub without_text: bool,
    /// Whether a library says it to any refusal, in place of the server's text.
    pub wrapper: bool,
    /// Where it was met.
    pub sources: &'static [&'static str],
}

impl Entry {
    /// Every entry of every provider.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        CATALOGUE.iter().copied().flatten()
    }

    /// The entry of this id.
    #[must_use]
    pub fn named(id: &str) -> Option<&'static Self> {
        Self::all().find(|entry| entry.id == id)
    }

    /// How closely it fits a reply's code and text: the length of the part that was found, 0 if the code alone fits,
    /// `None` if it does not fit. Case, markup and white space do not matter.
    #[must_use]
    pub fn fits(&self, error: &str, text: &str) -> Option<usize> {
        if self
            .error
            .is_some_and(|own| !own.eq_ignore_ascii_case(error.trim()))
            || (self.without_text && !text.trim().is_empty())
        {
            return None;
        }
        if self.texts.is_empty() {
            return Some(0);
        }
        // Servers without an error code of their own put into it what others say in the text.
        self.found_in(&format!("{error} {text}"))
    }

    /// The length of the longest part of its text that stands in this one as whole words; `None` if there is none. Case,
    /// markup and white space do not matter.
    #[must_use]
    pub fn found_in(&self, text: &str) -> Option<usize> {
        let text = normal(text);
        let found = self.texts.iter().filter(|part| has_words(&text, part));
        found.map(|part| part.len()).max()
    }
}

/// Whether the part stands in the text, and not within a longer word or number.
fn has_words(text: &str, part: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(part).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + part.len()..]);
        let begins_within = is_word(before.chars().next_back()) && is_word(part.chars().next());
        let ends_within = is_word(part.chars().next_back()) && is_word(after.chars().next());
        !begins_within && !ends_within
    })
}

/// A cause that cannot be seen from outside.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Unseen {
    /// The stable id.
    pub id: &'static str,
    /// What has to be mended.
    pub class: Class,
    /// What is wrong.
    pub cause: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

struct CheckText {
    id: &'static str,
    class: Class,
    only: Option<&'static str>,
    what: &'static str,
    next: &'static str,
    sources: &'static [&'static str],
    at: &'static [At],
}

/// What is other at one provider.
struct At {
    provider: &'static str,
    next: &'static str,
    sources: &'static [&'static str],
}

impl Check {
    /// The stable id, as the catalogue has it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.text().id
    }

    /// What has to be mended if it fails.
    #[must_use]
    pub const fn class(self) -> Class {
        self.text().class
    }

    /// What is wrong if it fails.
    #[must_use]
    pub const fn what(self) -> &'static str {
        self.text().what
    }

    /// The one provider that has this at all: the name of a file in the catalogue. `None` if it can be anybody's.
    #[must_use]
    pub const fn only(self) -> Option<&'static str> {
        self.text().only
    }

    /// What to do if it fails at this provider: the name of a file in the catalogue. Of any other name, what is right
    /// whatever the server.
    #[must_use]
    pub fn next(self, provider: &str) -> &'static str {
        self.at(provider).map_or(self.text().next, |own| own.next)
    }

    /// Where it is written or was met, at this provider or whatever the server: addresses. None if it is about this
    /// program itself.
    #[must_use]
    pub fn sources(self, provider: &str) -> &'static [&'static str] {
        self.at(provider)
            .map_or(self.text().sources, |own| own.sources)
    }

    fn at(self, provider: &str) -> Option<&'static At> {
        self.text().at.iter().find(|own| own.provider == provider)
    }

    const fn text(self) -> &'static CheckText {
        &CHECKS[self as usize]
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}
