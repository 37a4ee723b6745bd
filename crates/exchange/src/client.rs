use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jwt_bearer_assertion::{Assertion, Clock, SystemClock};
use jwt_bearer_provider::{TokenEndpoint, TokenRequest};
use jwt_bearer_signer::Signer;
use url::form_urlencoded;

use crate::clock_offset::shifted;
use crate::{Attempt, ExchangeError, HttpTransport, Request, TokenResponse, Transport};

/// Parameters besides those of a [`TokenRequest`] that must not be shown. Who has a shared link has the file.
const SECRET_PARAMETERS: [&str; 4] = ["actor_token", "box_shared_link", "subject_token", "token"];

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
    /// An assertion is not posted if more than half of its life went by while it was signed.
    ///
    /// Call again to try again, or let [`Retry`](crate::Retry) do so: each call has an assertion of its own.
    ///
    /// # Errors
    /// Any [`ExchangeErrorKind`](crate::ExchangeErrorKind) but `Panic`.
    pub async fn token(
        &self,
        request: &TokenRequest,
        signer: &dyn Signer,
    ) -> Result<TokenResponse, ExchangeError> {
        self.token_by_server_clock(request, signer, 0).await
    }

    /// As [`token`](Self::token), with the assertion's times by a clock so many milliseconds ahead of ours.
    pub(crate) async fn token_by_server_clock(
        &self,
        request: &TokenRequest,
        signer: &dyn Signer,
        offset: i64,
    ) -> Result<TokenResponse, ExchangeError> {
        let began = self.clock.now();
        let issued_at = shifted(began, offset);
        let assertion = request
            .assertion(signer, issued_at)
            .await
            .map_err(ExchangeError::sign)?;
        let taken = self.clock.now().duration_since(began).unwrap_or_default();
        if let Some(life) = life(&assertion, issued_at)
            && taken > life / 2
        {
            return Err(ExchangeError::signed_too_late(taken, life));
        }
        let parameters = request.parameters(&assertion);
        let endpoint = request.token_endpoint();
        self.post(
            endpoint,
            &parameters,
            Some(&assertion),
            TokenResponse::from_json,
        )
        .await
    }

    /// Posts a form once, and reads the body of a success.
    pub(crate) async fn post<T>(
        &self,
        endpoint: &TokenEndpoint,
        parameters: &[(&str, &str)],
        assertion: Option<&Assertion>,
        read: fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, ExchangeError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        let secrets: Vec<_> = parameters
            .iter()
            .filter(|(name, _)| {
                TokenRequest::SECRET_PARAMETERS.contains(name) || SECRET_PARAMETERS.contains(name)
            })
            .map(|(_, value)| *value)
            .collect();
        let request = Request::post_form(endpoint.url().clone(), form.into());
        self.send(request, endpoint.as_str(), assertion, &secrets, read)
            .await
    }

    /// Sends a request once, and reads the body of a success; what `read` says is there instead is the error.
    pub(crate) async fn send<T>(
        &self,
        request: Request,
        endpoint: &str,
        assertion: Option<&Assertion>,
        secrets: &[&str],
        read: fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, ExchangeError> {
        let sent_at = self.clock.now();
        let result = self.transport.send(request).await;
        let attempt = || Attempt::new(endpoint, assertion, sent_at, self.clock.now());
        let mut reply = match result {
            Ok(reply) => reply,
            Err(error) => return Err(ExchangeError::transport(error, attempt())),
        };
        if !(200..300).contains(&reply.status) {
            return Err(ExchangeError::server(attempt().reply(reply, secrets)));
        }
        read(&reply.body).map_err(|what| {
            // It may hold a token.
            reply.body.clear();
            ExchangeError::invalid_response(&what, attempt().reply(reply, secrets))
        })
    }
}

/// How long the assertion is valid from then on, if it is at all; what else `exp` is worth, the server says.
fn life(assertion: &Assertion, issued_at: SystemTime) -> Option<Duration> {
    let expires = Assertion::decode(assertion.as_str()).ok()?.time("exp")?;
    expires.duration_since(issued_at).ok()
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}
