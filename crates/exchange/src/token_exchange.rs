use std::fmt;

use jwt_bearer_provider::TokenEndpoint;
use secrecy::{ExposeSecret, SecretString};

use crate::{AccessToken, Client, ExchangeError, TokenResponse};

/// A request to exchange an access token for another one ([RFC 8693](https://www.rfc-editor.org/rfc/rfc8693)).
///
/// Box downscopes by it: the new token can do less, and can be given to a page in a browser. `Debug` shows no secret.
#[derive(Clone)]
pub struct TokenExchange {
    endpoint: TokenEndpoint,
    subject_token: SecretString,
    client: Option<(String, Option<SecretString>)>,
    form: Vec<(&'static str, String)>,
}

impl TokenExchange {
    /// A request to this token endpoint, for a token that can do what `token` can, or less.
    #[must_use]
    pub fn new(endpoint: TokenEndpoint, token: &AccessToken) -> Self {
        Self {
            endpoint,
            subject_token: token.expose().into(),
            client: None,
            form: Vec::new(),
        }
    }

    /// Sets the scope: names with a space between, as Box's `item_preview item_download`.
    #[must_use]
    pub fn scope(self, scope: impl Into<String>) -> Self {
        self.set("scope", scope.into())
    }

    /// Sets what the token is for, by URL: for Box a file or folder, `https://api.box.com/2.0/files/ID`.
    #[must_use]
    pub fn resource(self, url: impl Into<String>) -> Self {
        self.set("resource", url.into())
    }

    /// Sets what the token is for, by Box's shared link; in place of a resource.
    #[must_use]
    pub fn box_shared_link(self, url: impl Into<String>) -> Self {
        self.set("box_shared_link", url.into())
    }

    /// Sets `client_id` and perhaps `client_secret` in the form, for a server that wants them; Box does not.
    #[must_use]
    pub fn client(mut self, id: impl Into<String>, secret: Option<SecretString>) -> Self {
        self.client = Some((id.into(), secret));
        self
    }

    fn set(mut self, name: &'static str, value: String) -> Self {
        self.form.retain(|(other, _)| *other != name);
        self.form.push((name, value));
        self
    }
}

impl fmt::Debug for TokenExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.form.iter().map(|(name, _)| name).collect();
        f.debug_struct("TokenExchange")
            .field("endpoint", &self.endpoint.as_str())
            .field("parameters", &names)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Exchanges a token for another one, once: for Box a downscoped one.
    ///
    /// # Errors
    /// As [`token`](Self::token), but `Sign`.
    pub async fn exchange_token(
        &self,
        request: &TokenExchange,
    ) -> Result<TokenResponse, ExchangeError> {
        let mut parameters = vec![
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            ("subject_token", request.subject_token.expose_secret()),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
        ];
        push_client(&mut parameters, request.client.as_ref());
        parameters.extend(request.form.iter().map(|(name, value)| (*name, &**value)));
        self.post(
            &request.endpoint,
            &parameters,
            None,
            TokenResponse::from_json,
        )
        .await
    }
}

pub(crate) fn push_client<'a>(
    parameters: &mut Vec<(&'a str, &'a str)>,
    client: Option<&'a (String, Option<SecretString>)>,
) {
    if let Some((id, secret)) = client {
        parameters.push(("client_id", id));
        if let Some(secret) = secret {
            parameters.push(("client_secret", secret.expose_secret()));
        }
    }
}
