use std::time::Duration;

use jwt_bearer_assertion::{Jti, TimeClaim};
use jwt_bearer_signer::Algorithm;

use crate::{Cause, Grant, RequestBuilder, profiles};

/// What a provider demands of a token request: a table of rules.
///
/// For a provider that is not built in, start from the generic one:
///
/// ```
/// use std::time::Duration;
/// use jwt_bearer_assertion::TimeClaim;
/// use jwt_bearer_provider::{EndpointRule, Profile};
///
/// const EXAMPLE: Profile = Profile {
///     name: "example",
///     title: "Example",
///     token_endpoint: EndpointRule::Fixed("https://as.example/token"),
///     issued_at: TimeClaim::BackDated(Duration::from_secs(10)),
///     ..Profile::GENERIC
/// };
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "users write their own, with `..Profile::GENERIC`"
)]
pub struct Profile {
    /// The name for a command line or a configuration file, in lower case.
    pub name: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// Where the token endpoint is.
    pub token_endpoint: EndpointRule,
    /// What `aud` is, unless it is set.
    pub audience: AudienceRule,
    /// What the provider calls `iss`.
    pub issuer: &'static str,
    /// What `sub` must be.
    pub subject: SubjectRule,
    /// Whether the form has `client_id` and `client_secret` besides the assertion.
    pub client_secret: SecretRule,
    /// How long an assertion lives, unless it is set.
    pub lifetime: Duration,
    /// The longest life of an assertion that the provider takes.
    pub max_lifetime: Option<Duration>,
    /// Whether and how `iat` is written.
    pub issued_at: TimeClaim,
    /// Whether and how `nbf` is written.
    pub not_before: TimeClaim,
    /// The form of `jti`.
    pub jti: Jti,
    /// The algorithms that the provider takes.
    pub algorithms: &'static [Algorithm],
    /// What an assertion can be for there.
    pub grants: &'static [Grant],
    /// In what form the provider wants the public key.
    pub registration: &'static str,
    /// What its error texts mean.
    pub causes: &'static [Cause],
}

impl Profile {
    /// Box: grant with a client secret, for an enterprise or a user.
    pub const BOX: Self = profiles::BOX;
    /// Salesforce: grant for a user that an administrator approved in advance.
    pub const SALESFORCE: Self = profiles::SALESFORCE;
    /// Any server that follows RFC 7523.
    pub const GENERIC: Self = profiles::GENERIC;
    /// Every built-in profile.
    pub const ALL: &'static [Self] = &[Self::BOX, Self::SALESFORCE, Self::GENERIC];

    /// The built-in profile of this name: `box`, `salesforce` or `generic`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|profile| profile.name == name)
    }

    /// Begins a token request with the assertion as authorization grant
    /// ([RFC 7523 §2.1](https://www.rfc-editor.org/rfc/rfc7523#section-2.1)), by this issuer: Box's client id,
    /// Salesforce's consumer key.
    #[must_use]
    pub fn request(self, issuer: impl Into<String>) -> RequestBuilder {
        RequestBuilder::new(self, Grant::JwtBearer, issuer.into())
    }

    /// Begins a token request in the client's own name, with the assertion as client authentication
    /// ([RFC 7523 §2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2),
    /// [RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)). The client is both issuer and subject.
    #[must_use]
    pub fn client_authentication(self, client_id: impl Into<String>) -> RequestBuilder {
        RequestBuilder::new(self, Grant::ClientCredentials, client_id.into())
    }
}

/// Where a token endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointRule {
    /// At this URL.
    Fixed(&'static str),
    /// At a path on a host that depends on the customer.
    #[non_exhaustive]
    OnHost {
        /// The host if none is given.
        default: &'static str,
        /// Short names of hosts, and what they stand for.
        short: &'static [(&'static str, &'static str)],
        /// The path.
        path: &'static str,
        /// Endings of hosts that people take by mistake, and the ending to take in its place.
        mistaken: &'static [(&'static str, &'static str)],
    },
    /// Wherever the caller says.
    Given,
}

/// What `aud` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AudienceRule {
    /// This text, wherever the request is sent.
    Constant(&'static str),
    /// Scheme and host of the token endpoint, without a slash at the end.
    Origin,
    /// The URL of the token endpoint, as it was given.
    TokenEndpoint,
    /// The host of the token endpoint, without scheme and path.
    Host,
    /// None.
    Omitted,
}

/// What `sub` must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubjectRule {
    /// An enterprise or a user, told apart by `box_sub_type`.
    EnterpriseOrUser,
    /// A name; the text says which.
    Required(&'static str),
    /// A name or nothing.
    Optional,
}

/// Whether a client secret joins the assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretRule {
    /// It must.
    Required,
    /// It may.
    Optional,
    /// It must not; the text says why.
    Refused(&'static str),
}
