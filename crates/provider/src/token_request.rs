use std::fmt;
use std::time::SystemTime;

use jwt_bearer_assertion::{Assertion, AssertionError, Claims, Header, Unsigned};
use jwt_bearer_signer::{Algorithm, SignError, SignErrorKind, Signer};
use secrecy::{ExposeSecret, SecretString};

use crate::{Grant, Profile, TokenEndpoint};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const CLIENT_ASSERTION_JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A token request that keeps the provider's rules: what is claimed, and where and how it is sent.
///
/// Every assertion made from it is new. `Debug` shows no secret.
#[derive(Clone)]
pub struct TokenRequest {
    pub(crate) assertion: AssertionRequest,
    pub(crate) token_endpoint: TokenEndpoint,
    pub(crate) grant: Grant,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<SecretString>,
    pub(crate) form: Vec<(String, String)>,
}

impl TokenRequest {
    /// The parameters of the form that must not be shown.
    pub const SECRET_PARAMETERS: &'static [&'static str] =
        &["assertion", "client_assertion", "client_secret"];

    /// The provider's rules.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.assertion.profile
    }

    /// Where the request goes.
    #[must_use]
    pub const fn token_endpoint(&self) -> &TokenEndpoint {
        &self.token_endpoint
    }

    /// Signs a new assertion, with times as of `now`. Does whatever I/O the signer does.
    ///
    /// # Errors
    /// As [`AssertionRequest::sign`].
    pub async fn assertion(
        &self,
        signer: &dyn Signer,
        now: SystemTime,
    ) -> Result<Assertion, AssertionError> {
        self.assertion.sign(signer, now).await
    }

    /// The form parameter `client_id`, if there is one.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The form parameter `client_secret`, if there is one.
    #[must_use]
    pub const fn client_secret(&self) -> Option<&SecretString> {
        self.client_secret.as_ref()
    }

    /// What goes into the assertion.
    #[must_use]
    pub const fn assertion_request(&self) -> &AssertionRequest {
        &self.assertion
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
            .field("assertion", &self.assertion)
            .field("token_endpoint", &self.token_endpoint.as_str())
            .field("grant", &self.grant)
            .finish_non_exhaustive()
    }
}

/// The assertion of a request: header and claims that keep the provider's rules.
#[derive(Clone)]
pub struct AssertionRequest {
    pub(crate) profile: Profile,
    pub(crate) header: Header,
    pub(crate) claims: Claims,
}

impl AssertionRequest {
    /// Signs a new assertion, with times as of `now`. Does whatever I/O the signer does.
    ///
    /// # Errors
    /// `Sign` if the provider does not take the signer's algorithm, then as [`Assertion::sign`].
    pub async fn sign(
        &self,
        signer: &dyn Signer,
        now: SystemTime,
    ) -> Result<Assertion, AssertionError> {
        self.check_algorithm(signer.algorithm())?;
        Assertion::sign(&self.header, &self.claims, signer, now).await
    }

    /// A new assertion before its signature, with times as of `now`: for a signer that is no [`Signer`].
    ///
    /// # Errors
    /// As [`Unsigned::new`], and `Sign` if the provider does not take the algorithm.
    pub fn unsigned(
        &self,
        algorithm: Algorithm,
        now: SystemTime,
    ) -> Result<Unsigned, AssertionError> {
        self.check_algorithm(algorithm)?;
        Unsigned::new(&self.header, &self.claims, algorithm, now)
    }

    /// Whether the provider takes this algorithm.
    ///
    /// # Errors
    /// `UnsupportedAlgorithm` if it does not; the source names those that it takes.
    pub fn check_algorithm(&self, algorithm: Algorithm) -> Result<(), SignError> {
        let taken = self.profile.algorithms;
        if taken.contains(&algorithm) {
            return Ok(());
        }
        let names: Vec<_> = taken.iter().map(|algorithm| algorithm.name()).collect();
        let text = format!(
            "the key signs with {algorithm}, where {} takes {}",
            self.profile.title,
            names.join(", ")
        );
        Err(SignError::new(SignErrorKind::UnsupportedAlgorithm, text))
    }
}

impl fmt::Debug for AssertionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssertionRequest")
            .field("profile", &self.profile.name)
            .field("header", &self.header)
            .field("claims", &self.claims)
            .finish()
    }
}
