use std::fmt;

use jwt_bearer_provider::TokenEndpoint;
use secrecy::{ExposeSecret, SecretString};

use crate::token_exchange::push_client;
use crate::{AccessToken, Client, ExchangeError};

/// A request to end a token before its time ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)). `Debug` shows no
/// secret.
#[derive(Clone)]
pub struct Revocation {
    endpoint: TokenEndpoint,
    token: SecretString,
    client: Option<(String, Option<SecretString>)>,
}

impl Revocation {
    /// A request to this revocation endpoint.
    #[must_use]
    pub fn new(endpoint: TokenEndpoint, token: &AccessToken) -> Self {
        Self {
            endpoint,
            token: token.expose().into(),
            client: None,
        }
    }

    /// A request to the endpoint `revoke` beside this token endpoint, where Box and Salesforce have it; `None` if the
    /// path of the token endpoint does not end with `/token`.
    #[must_use]
    pub fn beside(endpoint: &TokenEndpoint, token: &AccessToken) -> Option<Self> {
        let mut url = endpoint.url().clone();
        let path = format!("{}/revoke", url.path().strip_suffix("/token")?);
        url.set_path(&path);
        url.set_query(None);
        Some(Self::new(TokenEndpoint::new(url.as_str()).ok()?, token))
    }

    /// Where the request goes.
    #[must_use]
    pub const fn endpoint(&self) -> &TokenEndpoint {
        &self.endpoint
    }

    /// Sets `client_id` and perhaps `client_secret` in the form, which Box wants.
    #[must_use]
    pub fn client(mut self, id: impl Into<String>, secret: Option<SecretString>) -> Self {
        self.client = Some((id.into(), secret));
        self
    }
}

impl fmt::Debug for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocation")
            .field("endpoint", &self.endpoint.as_str())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Ends a token, once. A token that is not known or has ended already is a success too, by the RFC.
    ///
    /// # Errors
    /// `Transport`, `Timeout` and `Server`.
    pub async fn revoke(&self, request: &Revocation) -> Result<(), ExchangeError> {
        let mut parameters = vec![("token", request.token.expose_secret())];
        push_client(&mut parameters, request.client.as_ref());
        self.post(&request.endpoint, &parameters, None, |_| Ok(()))
            .await
    }
}
