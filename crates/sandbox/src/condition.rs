use std::fmt;
use std::str::FromStr;

use crate::Dialect;

/// A state in which the app, the user, the organization or the server is, so that a right request is refused.
///
/// The sandbox is really in it: a refusal follows where the state matters, and nowhere else. What is wrong with the
/// request itself (its key, its times, its claims) is no condition; send such a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Condition {
    /// No administrator (Salesforce: not the user) authorized the app; at Box also after a change of the app.
    Unauthorized,
    /// Box: the app's type is OAuth 2.0 with user login, which takes no assertions.
    OauthApp,
    /// Box: the app's type is client credentials: it takes `client_credentials` with `box_subject_type` and
    /// `box_subject_id`, and no assertions.
    CcgApp,
    /// Box: the server is the web application (`app.box.com`), which takes no token requests.
    WrongHost,
    /// Box: the app may not make user tokens: it has app access only, or the switch is off.
    NoUserTokens,
    /// Box: the users are of another enterprise than the app.
    ForeignUsers,
    /// Box: the users have not accepted the terms of service. Tokens that they had lose their use.
    TermsNotAccepted,
    /// Box: the app lacks the scope that the resource wants.
    ScopeMissing,
    /// Box: the app may not act as users with the header `as-user`.
    NoAsUser,
    /// Salesforce: a release that tells which audience came, and which it wanted.
    AudienceTold,
    /// Salesforce: the app is an External Client App, which answers at the My Domain only: the sandbox's origin.
    ExternalClientApp,
    /// Salesforce: the app is for users that an administrator approved, and none is.
    NotAssigned,
    /// Salesforce: the users are inactive.
    UserInactive,
    /// Salesforce: the users are locked or frozen.
    UserLocked,
    /// Salesforce: the organization's addresses or login hours keep the users out.
    LoginPolicy,
    /// Salesforce: the sandbox is a login host. The resource is at the `instance_url` alone, which is the same server
    /// under the name `localhost`.
    LoginHost,
    /// Generic: every token request wants a proof of possession
    /// ([RFC 9449](https://www.rfc-editor.org/rfc/rfc9449)); none is ever enough.
    DpopRequired,
    /// The server has no metadata ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414)).
    NoMetadata,
    /// The server's metadata names the token endpoint of another server.
    ForeignMetadata,
}

impl Condition {
    /// Every condition.
    pub const ALL: [Self; 19] = [
        Self::Unauthorized,
        Self::OauthApp,
        Self::CcgApp,
        Self::WrongHost,
        Self::NoUserTokens,
        Self::ForeignUsers,
        Self::TermsNotAccepted,
        Self::ScopeMissing,
        Self::NoAsUser,
        Self::AudienceTold,
        Self::ExternalClientApp,
        Self::NotAssigned,
        Self::UserInactive,
        Self::UserLocked,
        Self::LoginPolicy,
        Self::LoginHost,
        Self::DpopRequired,
        Self::NoMetadata,
        Self::ForeignMetadata,
    ];

    /// The name, for example `user-locked`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::OauthApp => "oauth-app",
            Self::CcgApp => "ccg-app",
            Self::WrongHost => "wrong-host",
            Self::NoUserTokens => "no-user-tokens",
            Self::ForeignUsers => "foreign-users",
            Self::TermsNotAccepted => "terms-not-accepted",
            Self::ScopeMissing => "scope-missing",
            Self::NoAsUser => "no-as-user",
            Self::AudienceTold => "audience-told",
            Self::ExternalClientApp => "external-client-app",
            Self::NotAssigned => "not-assigned",
            Self::UserInactive => "user-inactive",
            Self::UserLocked => "user-locked",
            Self::LoginPolicy => "login-policy",
            Self::LoginHost => "login-host",
            Self::DpopRequired => "dpop-required",
            Self::NoMetadata => "no-metadata",
            Self::ForeignMetadata => "foreign-metadata",
        }
    }

    /// What it means, in a few words for a help page.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Unauthorized => "nobody authorised the app",
            Self::OauthApp => "Box: the app is for user login, not for assertions",
            Self::CcgApp => "Box: the app is for client credentials, not for assertions",
            Self::WrongHost => "Box: the server is the web application",
            Self::NoUserTokens => "Box: the app may not make user tokens",
            Self::ForeignUsers => "Box: the users are of another enterprise",
            Self::TermsNotAccepted => "Box: the users have not accepted the terms of service",
            Self::ScopeMissing => "Box: the app lacks the resource's scope",
            Self::NoAsUser => "Box: the app may not send `as-user`",
            Self::AudienceTold => "Salesforce: the refusal tells both audiences",
            Self::ExternalClientApp => "Salesforce: the app answers at the My Domain only",
            Self::NotAssigned => "Salesforce: no user is approved for the app",
            Self::UserInactive => "Salesforce: the users are inactive",
            Self::UserLocked => "Salesforce: the users are locked",
            Self::LoginPolicy => "Salesforce: addresses or login hours keep users out",
            Self::LoginHost => "Salesforce: the resource is at `instance_url` only",
            Self::DpopRequired => "generic: each request wants a DPoP proof",
            Self::NoMetadata => "there is no server metadata",
            Self::ForeignMetadata => "the server metadata names another token endpoint",
        }
    }

    /// Whether a server of this dialect can be in it.
    #[must_use]
    pub const fn suits(self, dialect: Dialect) -> bool {
        match self {
            Self::Unauthorized | Self::NoMetadata | Self::ForeignMetadata => true,
            Self::OauthApp
            | Self::CcgApp
            | Self::WrongHost
            | Self::NoUserTokens
            | Self::ForeignUsers
            | Self::TermsNotAccepted
            | Self::ScopeMissing
            | Self::NoAsUser => matches!(dialect, Dialect::Box),
            Self::AudienceTold
            | Self::ExternalClientApp
            | Self::NotAssigned
            | Self::UserInactive
            | Self::UserLocked
            | Self::LoginPolicy
            | Self::LoginHost => matches!(dialect, Dialect::Salesforce),
            Self::DpopRequired => matches!(dialect, Dialect::Generic),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Condition {
    type Err = UnknownCondition;

    fn from_str(name: &str) -> Result<Self, UnknownCondition> {
        Self::ALL
            .into_iter()
            .find(|condition| condition.name() == name)
            .ok_or_else(|| UnknownCondition(name.into()))
    }
}

/// A text that names no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one of {names}", names = Condition::ALL.map(Condition::name).join(", "))]
pub struct UnknownCondition(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_exact() {
        for condition in Condition::ALL {
            assert_eq!(condition.to_string().parse(), Ok(condition));
            assert!(Dialect::ALL.iter().any(|&dialect| condition.suits(dialect)));
        }
        let error = "Locked".parse::<Condition>().unwrap_err().to_string();
        assert!(
            error.starts_with("`Locked` is not one of unauthorized, oauth-app, "),
            "{error}"
        );
    }
}
