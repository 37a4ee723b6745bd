use std::error::Error;
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use jwt_bearer_assertion::{AssertionErrorKind, Audience, Claims, Header, Unsigned};
use jwt_bearer_signer::Algorithm;
use secrecy::SecretString;
use serde_json::Value;

use crate::{
    AssertionRequest, AudienceRule, Profile, RequestError, RequestErrorKind, SecretRule,
    SubjectRule, TokenEndpoint, TokenRequest,
};

/// What the assertion is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Grant {
    /// The assertion is the authorization grant ([RFC 7523 §2.1](https://www.rfc-editor.org/rfc/rfc7523#section-2.1)).
    JwtBearer,
    /// The assertion authenticates the client ([RFC 7523 §2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2)),
    /// which asks in its own name ([RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).
    ClientCredentials,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::JwtBearer => "jwt-bearer",
            Self::ClientCredentials => "client-credentials",
        })
    }
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
    key_id: Option<String>,
    header: Header,
    claims: Vec<(String, Value)>,
    scope: Option<String>,
    client_id: Option<String>,
    client_secret: Option<SecretString>,
    form: Vec<(String, String)>,
}

impl RequestBuilder {
    pub(crate) fn new(profile: Profile, grant: Grant, issuer: String) -> Self {
        Self {
            profile,
            grant,
            issuer,
            subject: None,
            audience: None,
            token_endpoint: None,
            host: None,
            lifetime: None,
            key_id: None,
            header: Header::new(),
            claims: Vec::new(),
            scope: None,
            client_id: None,
            client_secret: None,
            form: Vec::new(),
        }
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

    /// Sets the key id, `kid`; it beats the signer's own.
    #[must_use]
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// Takes the key id back; the signer's own is used if it has one.
    #[must_use]
    pub fn without_key_id(mut self) -> Self {
        self.key_id = None;
        self
    }

    /// Sets the other members of the header.
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
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
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
        let token_endpoint = self.resolved_endpoint()?;
        let assertion = self.assertion_request(Some(&token_endpoint))?;
        let profile = self.profile;
        match (profile.client_secret, &self.client_secret) {
            (_, Some(_)) if self.grant == Grant::ClientCredentials => {
                return Err(RequestError::invalid(
                    "a client secret is set besides the client assertion; a client proves who it is in one way (RFC 6749 §2.3)",
                ));
            }
            (SecretRule::Required, None) if self.grant == Grant::JwtBearer => {
                return Err(RequestError::missing(format!(
                    "the client secret is missing: {} wants it besides the assertion",
                    profile.title
                )));
            }
            (SecretRule::Refused(why), Some(_)) => {
                return Err(RequestError::invalid(format!(
                    "a client secret is set; {why}"
                )));
            }
            _ => {}
        }
        if self.client_secret.is_some() && self.client_id.is_none() {
            self.client_id = Some(self.issuer.clone());
        }
        if self.grant == Grant::ClientCredentials
            && self.client_id.as_ref().is_some_and(|id| *id != self.issuer)
        {
            return Err(RequestError::invalid(
                "the client id is not the issuer; a client assertion is the client's own (RFC 7523 §3)",
            ));
        }
        if let Some(scope) = self.scope.take() {
            self.form.insert(0, ("scope".into(), scope));
        }
        self.check_form()?;
        Ok(TokenRequest {
            assertion,
            token_endpoint,
            grant: self.grant,
            client_id: self.client_id,
            client_secret: self.client_secret,
            form: self.form,
        })
    }

    /// Checks what goes into the assertion, and gives that alone: for servers that take the JWT itself.
    ///
    /// A token endpoint need not be set. Without it there is no `aud` where the profile takes it from there.
    ///
    /// # Errors
    /// As [`build`](Self::build), for header and claims.
    pub fn build_assertion(self) -> Result<AssertionRequest, RequestError> {
        let token_endpoint = match self.resolved_endpoint() {
            Err(error) if error.kind() == RequestErrorKind::Missing => None,
            token_endpoint => Some(token_endpoint?),
        };
        self.assertion_request(token_endpoint.as_ref())
    }

    fn resolved_endpoint(&self) -> Result<TokenEndpoint, RequestError> {
        TokenEndpoint::resolve(
            self.profile.token_endpoint,
            self.token_endpoint.as_deref(),
            self.host.as_deref(),
        )
    }

    fn assertion_request(
        &self,
        token_endpoint: Option<&TokenEndpoint>,
    ) -> Result<AssertionRequest, RequestError> {
        let profile = self.profile;
        let title = profile.title;
        if self.issuer.is_empty() {
            let text = format!(
                "the issuer is missing (`issuer`): {title}'s {}",
                profile.issuer
            );
            return Err(RequestError::missing(text));
        }
        if !profile.grants.contains(&self.grant) {
            return Err(RequestError::invalid(format!(
                "{title} does not take the grant `{}`",
                self.grant
            )));
        }
        let lifetime = self.lifetime.unwrap_or(profile.lifetime);
        if let Some(max) = profile
            .max_lifetime
            .filter(|max| lifetime.as_secs() > max.as_secs())
        {
            let (lifetime, max) = (lifetime.as_secs(), max.as_secs());
            let text = format!("a lifetime of {lifetime} s, where {title} takes at most {max} s");
            return Err(RequestError::invalid(text));
        }
        let mut claims = Claims::new(&self.issuer)
            .lifetime(lifetime)
            .issued_at(profile.issued_at)
            .not_before(profile.not_before)
            .jti(profile.jti);
        let audience = self.audience.clone().or_else(|| match profile.audience {
            AudienceRule::Constant(audience) => Some(audience.into()),
            AudienceRule::Origin => Some(token_endpoint?.origin().into()),
            AudienceRule::TokenEndpoint => Some(token_endpoint?.as_str().into()),
            AudienceRule::Host => Some(token_endpoint?.url().host_str()?.into()),
            AudienceRule::Omitted => None,
        });
        if let Some(audience) = audience {
            claims = claims.audience(audience);
        }
        claims = match self.checked_subject()? {
            Some(Subject::Name(name)) => claims.subject(name),
            Some(Subject::Enterprise(id)) => claims.subject(id).claim("box_sub_type", "enterprise"),
            Some(Subject::User(id)) => claims.subject(id).claim("box_sub_type", "user"),
            None => claims,
        };
        for (name, value) in &self.claims {
            claims = claims.claim(name, value.clone());
        }
        let header = match &self.key_id {
            Some(key_id) => self.header.clone().key_id(key_id),
            None => self.header.clone(),
        };
        // A trial with any algorithm and time finds what no assertion could be made of.
        match Unsigned::new(&header, &claims, Algorithm::Rs256, UNIX_EPOCH) {
            Err(error) if error.kind() != AssertionErrorKind::Random => {
                let why = error.source().map_or_else(String::new, ToString::to_string);
                Err(RequestError::invalid(why))
            }
            _ => Ok(AssertionRequest {
                profile,
                header,
                claims,
            }),
        }
    }

    fn checked_subject(&self) -> Result<Option<Subject>, RequestError> {
        let subject = self.subject.clone();
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
            (SubjectRule::EnterpriseOrUser, Some(Subject::Name(_))) => Err(RequestError::invalid(
                "a plain subject is set, where a Box token is for an enterprise (`enterprise`) or for a user (`user`), by id",
            )),
            (SubjectRule::EnterpriseOrUser, None) => Err(RequestError::missing(
                "the subject is missing: a Box token is for an enterprise (`enterprise`) or for a user (`user`), by id",
            )),
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
