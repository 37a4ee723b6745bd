use std::fmt;
use std::str::FromStr;

/// Whose words a Generic server refuses in, so far as people have met them. Where none are known, it uses its own.
///
/// Except as told, only the words change: what is checked is what Generic checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wording {
    /// Google service accounts.
    Google,
    /// DocuSign.
    Docusign,
    /// Okta, client authentication.
    Okta,
    /// Microsoft Entra ID, client authentication.
    Entra,
    /// Epic, client authentication: it never says what is wrong, and takes an `exp` at most 5 minutes ahead.
    Epic,
}

impl Wording {
    /// Every wording.
    pub const ALL: [Self; 5] = [
        Self::Google,
        Self::Docusign,
        Self::Okta,
        Self::Entra,
        Self::Epic,
    ];

    /// The name: `google`, `docusign`, `okta`, `entra` or `epic`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Docusign => "docusign",
            Self::Okta => "okta",
            Self::Entra => "entra",
            Self::Epic => "epic",
        }
    }
}

impl fmt::Display for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Wording {
    type Err = UnknownWording;

    fn from_str(name: &str) -> Result<Self, UnknownWording> {
        Self::ALL
            .into_iter()
            .find(|wording| wording.name() == name)
            .ok_or_else(|| UnknownWording(name.into()))
    }
}

/// A text that names no wording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one of google, docusign, okta, entra, epic")]
pub struct UnknownWording(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_listed() {
        let names = Wording::ALL.map(Wording::name).join(", ");
        assert_eq!(
            "Okta".parse::<Wording>().unwrap_err().to_string(),
            format!("`Okta` is not one of {names}")
        );
        for wording in Wording::ALL {
            assert_eq!(wording.to_string().parse(), Ok(wording));
        }
    }
}
