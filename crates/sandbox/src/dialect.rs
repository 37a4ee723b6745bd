use std::fmt;
use std::str::FromStr;

use jwt_bearer_signer::Algorithm;

/// The server whose ways the sandbox has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// Box: `/oauth2/token`.
    Box,
    /// Salesforce: `/services/oauth2/token`.
    Salesforce,
    /// RFC 7523 to the letter, for grants and for client authentication: `/token`.
    Generic,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 3] = [Self::Box, Self::Salesforce, Self::Generic];

    /// The name: `box`, `salesforce` or `generic`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Box => "box",
            Self::Salesforce => "salesforce",
            Self::Generic => "generic",
        }
    }

    pub(crate) const fn token_path(self) -> &'static str {
        match self {
            Self::Box => "/oauth2/token",
            Self::Salesforce => "/services/oauth2/token",
            Self::Generic => "/token",
        }
    }

    pub(crate) const fn resource_path(self) -> &'static str {
        match self {
            Self::Box => "/2.0/users/me",
            Self::Salesforce => "/services/oauth2/userinfo",
            Self::Generic => "/resource",
        }
    }

    pub(crate) const fn revocation_path(self) -> Option<&'static str> {
        match self {
            Self::Box => Some("/oauth2/revoke"),
            Self::Salesforce => Some("/services/oauth2/revoke"),
            Self::Generic => None,
        }
    }

    /// The algorithms that an assertion may be signed with.
    pub(crate) const fn algorithms(self) -> &'static [Algorithm] {
        use Algorithm::{EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        match self {
            Self::Box => &[Rs256, Rs384, Rs512],
            Self::Salesforce => &[Rs256],
            Self::Generic => &[
                Rs256, Rs384, Rs512, Ps256, Ps384, Ps512, Es256, Es384, EdDsa,
            ],
        }
    }

    /// How many seconds ahead of the server's clock `exp` may lie.
    pub(crate) const fn max_life(self) -> Option<i64> {
        match self {
            Self::Box => Some(60),
            Self::Salesforce => None,
            Self::Generic => Some(3600),
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.name() == name)
            .ok_or_else(|| UnknownDialect(name.into()))
    }
}

/// A text that names no dialect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one of box, salesforce, generic")]
pub struct UnknownDialect(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_exact() {
        for dialect in Dialect::ALL {
            assert_eq!(dialect.to_string().parse(), Ok(dialect));
        }
        let error = "Box".parse::<Dialect>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`Box` is not one of box, salesforce, generic"
        );
    }
}
