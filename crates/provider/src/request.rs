use std::fmt;
use std::time::{Duration, SystemTime};

use jwt_bearer_assertion::{Assertion, AssertionError, Audience, Claims, Header};
use jwt_bearer_signer::{SignError, SignErrorKind, Signer};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::{AudienceRule, Profile, SecretRule, SubjectRule, TokenEndpoint};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const CLIENT_ASSERTION_JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What the assertion is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Grant {
    /// The assertion is the authorization grant ([RFC 7523 §2.1](https://www.rfc-editor.org/rfc/rfc7523#section-2.1)).
    #[default]
    JwtBearer,
    /// The assertion authenticates the client ([RFC 7523 §2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2)),
    /// which asks in its own name ([RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).
    ClientCredentials,
}

/// For whom the token is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// A name as it is, such as Salesforce's username.
    Name(String),
    /// A Box enterprise, by its id: the app's service account in it.
    Enterprise(String),
    /// A Box user, by id.
    User(String),
}

/// A token request in the making; [`build`](Self::build) checks it against the provider's rules.
#[derive(Clone)]
pub struct RequestBuilder {
    profile: Profile,
    grant: Grant,
    issuer: String,
    subject: Option<Subject>,
    audience: Option<Audience>,
    token_endpoint: Option<String>,
    host: Option<String>,
    lifetime: Option<Duration>,
    header: Header,
    claims: Vec<(String, Value)>,
    client_id: Option<String>,
    client_secret: Option<SecretString>,
    form: Vec<(String, String)>,
}

impl RequestBuilder {
    pub(crate) fn new(profile: Profile, issuer: String) -> Self {
        Self {
            profile,
            grant: Grant::default(),
            issuer,
            subject: None,
            audience: None,
            token_endpoint: None,
            host: None,
            lifetime: None,
            header: Header::new(),
            claims: Vec::new(),
            client_id: None,
            client_secret: None,
            form: Vec::new(),
        }
    }

    /// Sets what the assertion is for.
    #[must_use]
    pub const fn grant(mut self, grant: Grant) -> Self {
        self.grant = grant;
        self
    }

    /// Sets for whom the token is.
    #[must_use]
    pub fn subject(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// Sets `aud`, in place of the profile's.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<Audience>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Sets the URL of the token endpoint, in place of the profile's.
    #[must_use]
    pub fn token_endpoint(mut self, url: impl Into<String>) -> Self {
        self.token_endpoint = Some(url.into());
        self
    }

    /// Sets the host, for a provider whose customers have hosts: for Salesforce `login`, `test` or a My Domain.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Sets how long the assertion lives, in place of the profile's time.
    #[must_use]
    pub const fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Sets the header, with `kid` and whatever else the server wants.
    #[must_use]
    pub fn header(mut self, header: Header) -> Self {
        self.header = header;
        self
    }

    /// Sets an extra claim.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.push((name.into(), value.into()));
        self
    }

    /// Sets `client_id` in the form. Box's is the issuer unless it is set.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Sets `client_secret` in the form.
    #[must_use]
    pub fn client_secret(mut self, client_secret: SecretString) -> Self {
        self.client_secret = Some(client_secret);
        self
    }

    /// Sets `scope` in the form: names with a space between.
    #[must_use]
    pub fn scope(self, scope: impl Into<String>) -> Self {
        self.form("scope", scope)
    }

    /// Sets any other parameter of the form.
    #[must_use]
    pub fn form(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.form.push((name.into(), value.into()));
        self
    }

    /// Checks everything and gives the request.
    ///
    /// # Errors
    /// `Missing` for what the provider demands and is not there, `Invalid` for what it would refuse.
    pub fn build(mut self) -> Result<TokenRequest, RequestError> {
        let profile = self.profile;
        let title = profile.title;
        if self.issuer.is_empty() {
            return Err(RequestError::missing(format!(
                "the issuer is missing (`issuer`): {title}'s {}",
                profile.issuer
            )));
        }
        let token_endpoint = TokenEndpoint::resolve(
            profile.token_endpoint,
            self.token_endpoint.as_deref(),
            self.host.as_deref(),
        )?;
        let lifetime = self.lifetime.unwrap_or(profile.lifetime);
        if let Some(max) = profile.max_lifetime.filter(|max| lifetime > *max) {
            let (lifetime, max) = (lifetime.as_secs(), max.as_secs());
            return Err(RequestError::invalid(format!(
                "a lifetime of {lifetime} s, where {title} takes at most {max} s"
            )));
        }
        match (profile.client_secret, &self.client_secret) {
            (SecretRule::Required, None) if self.grant == Grant::JwtBearer => {
                return Err(RequestError::missing(format!(
                    "the client secret is missing: {title} wants it besides the assertion"
                )));
            }
            (SecretRule::Refused(why), Some(_)) => {
                return Err(RequestError::invalid(format!(
                    "a client secret is set; {why}"
                )));
            }
            _ => {}
        }
        if profile.client_secret == SecretRule::Required && self.client_id.is_none() {
            self.client_id = Some(self.issuer.clone());
        }
        let subject = self.checked_subject()?;
        self.check_form()?;

        let mut claims = Claims::new(self.issuer)
            .audience(self.audience.unwrap_or_else(|| match profile.audience {
                AudienceRule::Constant(audience) => audience.into(),
                AudienceRule::Origin => token_endpoint.origin().into(),
                AudienceRule::TokenEndpoint => token_endpoint.as_str().into(),
            }))
            .lifetime(lifetime)
            .issued_at(profile.issued_at)
            .not_before(profile.not_before)
            .jti(profile.jti);
        claims = match subject {
            Some(Subject::Name(name)) => claims.subject(name),
            Some(Subject::Enterprise(id)) => claims.subject(id).claim("box_sub_type", "enterprise"),
            Some(Subject::User(id)) => claims.subject(id).claim("box_sub_type", "user"),
            None => claims,
        };
        for (name, value) in self.claims {
            claims = claims.claim(name, value);
        }
        Ok(TokenRequest {
            profile,
            grant: self.grant,
            token_endpoint,
            header: self.header,
            claims,
            client_id: self.client_id,
            client_secret: self.client_secret,
            form: self.form,
        })
    }

    fn checked_subject(&mut self) -> Result<Option<Subject>, RequestError> {
        let subject = self.subject.take();
        if let Some(Subject::Name(text) | Subject::Enterprise(text) | Subject::User(text)) =
            &subject
            && text.trim().is_empty()
        {
            return Err(RequestError::invalid("the subject is empty"));
        }
        if self.grant == Grant::ClientCredentials {
            return match subject {
                None => Ok(Some(Subject::Name(self.issuer.clone()))),
                Some(Subject::Name(name)) if name == self.issuer => Ok(Some(Subject::Name(name))),
                Some(_) => Err(RequestError::invalid(
                    "a subject is set; with the grant client-credentials, `sub` is the issuer (RFC 7523 §3)",
                )),
            };
        }
        match (self.profile.subject, subject) {
            (SubjectRule::EnterpriseOrUser, Some(Subject::Enterprise(id))) if id == "0" => {
                Err(RequestError::invalid(
                    "the enterprise id is 0: a free account has no enterprise; set a user id (`user`)",
                ))
            }
            (SubjectRule::EnterpriseOrUser, Some(Subject::Name(_)) | None) => {
                Err(RequestError::missing(
                    "the subject is missing: a Box token is for an enterprise (`enterprise`) or for a user (`user`), by id",
                ))
            }
            (SubjectRule::Required(what), None) => Err(RequestError::missing(format!(
                "the subject is missing (`subject`): {what}"
            ))),
            (
                SubjectRule::Required(_) | SubjectRule::Optional,
                Some(Subject::Enterprise(_) | Subject::User(_)),
            ) => Err(RequestError::invalid(
                "an enterprise or a user is set, which Box alone knows; set the subject (`subject`)",
            )),
            (_, subject) => Ok(subject),
        }
    }

    fn check_form(&self) -> Result<(), RequestError> {
        let own = [
            "grant_type",
            "assertion",
            "client_assertion",
            "client_assertion_type",
            "client_id",
            "client_secret",
        ];
        for (i, (name, _)) in self.form.iter().enumerate() {
            if own.contains(&name.as_str()) {
                return Err(RequestError::invalid(format!(
                    "the form parameter `{name}` has a setting of its own, and cannot be set as an extra one"
                )));
            }
            if self.form[..i].iter().any(|(earlier, _)| earlier == name) {
                return Err(RequestError::invalid(format!(
                    "the form parameter `{name}` is set twice; each stands once (RFC 6749 §3.2)"
                )));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder")
            .field("profile", &self.profile.name)
            .field("grant", &self.grant)
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// A token request that keeps the provider's rules: what is claimed, and where and how it is sent.
///
/// Every assertion made from it is new. `Debug` shows no secret.
#[derive(Clone)]
pub struct TokenRequest {
    profile: Profile,
    grant: Grant,
    token_endpoint: TokenEndpoint,
    header: Header,
    claims: Claims,
    client_id: Option<String>,
    client_secret: Option<SecretString>,
    form: Vec<(String, String)>,
}

impl TokenRequest {
    /// The parameters of the form that must not be shown.
    pub const SECRET_PARAMETERS: [&'static str; 3] =
        ["assertion", "client_assertion", "client_secret"];

    /// The provider's rules.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Where the request goes.
    #[must_use]
    pub const fn token_endpoint(&self) -> &TokenEndpoint {
        &self.token_endpoint
    }

    /// Signs a new assertion, with times as of `now`. Does whatever I/O the signer does.
    ///
    /// # Errors
    /// `Sign` if the provider does not take the signer's algorithm, then as [`Assertion::sign`].
    pub async fn assertion(
        &self,
        signer: &dyn Signer,
        now: SystemTime,
    ) -> Result<Assertion, AssertionError> {
        let algorithm = signer.algorithm();
        if !self.profile.algorithms.contains(&algorithm) {
            let names: Vec<_> = self
                .profile
                .algorithms
                .iter()
                .map(|algorithm| algorithm.name())
                .collect();
            let text = format!(
                "the signer signs with {algorithm} ({} key), where {} takes {}",
                signer.public_key().kind(),
                self.profile.title,
                names.join(", "),
            );
            return Err(SignError::new(SignErrorKind::UnsupportedAlgorithm, text).into());
        }
        Assertion::sign(&self.header, &self.claims, signer, now).await
    }

    /// The parameters of the form that carries this assertion, each once. Its values are secret.
    #[must_use]
    pub fn parameters<'a>(&'a self, assertion: &'a Assertion) -> Vec<(&'a str, &'a str)> {
        let mut parameters = match self.grant {
            Grant::JwtBearer => vec![
                ("grant_type", JWT_BEARER),
                ("assertion", assertion.as_str()),
            ],
            Grant::ClientCredentials => vec![
                ("grant_type", "client_credentials"),
                ("client_assertion_type", CLIENT_ASSERTION_JWT_BEARER),
                ("client_assertion", assertion.as_str()),
            ],
        };
        if let Some(client_id) = &self.client_id {
            parameters.push(("client_id", client_id));
        }
        if let Some(client_secret) = &self.client_secret {
            parameters.push(("client_secret", client_secret.expose_secret()));
        }
        parameters.extend(
            self.form
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        parameters
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("profile", &self.profile.name)
            .field("grant", &self.grant)
            .field("token_endpoint", &self.token_endpoint.as_str())
            .field("header", &self.header)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

/// What is missing in a token request, or what the provider would refuse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct RequestError {
    kind: RequestErrorKind,
    text: String,
}

impl RequestError {
    pub(crate) fn missing(text: impl Into<String>) -> Self {
        Self {
            kind: RequestErrorKind::Missing,
            text: text.into(),
        }
    }

    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self {
            kind: RequestErrorKind::Invalid,
            text: text.into(),
        }
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> RequestErrorKind {
        self.kind
    }

    /// Always false: the same request fails again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        false
    }
}

/// The kinds of [`RequestError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RequestErrorKind {
    /// Something that the provider demands is not there.
    Missing,
    /// Something that the provider would refuse is there.
    Invalid,
}
