use std::sync::Arc;

use jwt_bearer_assertion::{Clock, SystemClock};
use jwt_bearer_provider::TokenRequest;
use jwt_bearer_signer::Signer;
use url::form_urlencoded;

use crate::{Attempt, ExchangeError, HttpTransport, Request, TokenResponse, Transport};

/// Exchanges assertions for tokens.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
}

impl Client {
    /// A client with the default transport and this machine's clock. No I/O.
    #[must_use]
    pub fn new() -> Self {
        Self {
            transport: Arc::new(HttpTransport::new()),
            clock: Arc::new(SystemClock),
        }
    }

    /// Sets what carries the requests.
    #[must_use]
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Arc::new(transport);
        self
    }

    /// Sets where the time comes from.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Signs a new assertion and posts it, once.
    ///
    /// Call again to try again: each call has an assertion of its own.
    ///
    /// # Errors
    /// Any [`ExchangeErrorKind`](crate::ExchangeErrorKind).
    pub async fn token(
        &self,
        request: &TokenRequest,
        signer: &dyn Signer,
    ) -> Result<TokenResponse, ExchangeError> {
        let assertion = request
            .assertion(signer, self.clock.now())
            .await
            .map_err(ExchangeError::sign)?;
        let parameters = request.parameters(&assertion);
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&parameters)
            .finish();
        let endpoint = request.token_endpoint();
        let sent_at = self.clock.now();
        let result = self
            .transport
            .send(Request::post_form(endpoint.url().clone(), form.into()))
            .await;
        let attempt = || Attempt::new(endpoint.as_str(), &assertion, sent_at, self.clock.now());
        let mut reply = match result {
            Ok(reply) => reply,
            Err(error) => return Err(ExchangeError::transport(error, attempt())),
        };
        let secrets: Vec<_> = parameters
            .iter()
            .filter(|(name, _)| TokenRequest::SECRET_PARAMETERS.contains(name))
            .map(|(_, value)| *value)
            .collect();
        if !(200..300).contains(&reply.status) {
            return Err(ExchangeError::server(attempt().reply(reply, &secrets)));
        }
        TokenResponse::from_json(&reply.body).map_err(|what| {
            reply.body.clear();
            ExchangeError::invalid_response(&what, attempt().reply(reply, &secrets))
        })
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}
