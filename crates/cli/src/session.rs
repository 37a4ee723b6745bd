//! From settings to tokens: what `token`, `downscope` and `revoke` share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jwt_bearer::exchange::{Retry, TokenSource};
use jwt_bearer::provider::{RequestBuilder, TokenEndpoint};
use jwt_bearer::{Client, ExchangeError, Signer, Subject, TokenRequest, TokenResponse};

use crate::error::Failure;
use crate::settings::Settings;
use crate::times;
use crate::verbose::Verbose;
use crate::write::note;

/// A server, an app and a key.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) request: TokenRequest,
    /// What the request was built from.
    builder: RequestBuilder,
    signer: Arc<dyn Signer>,
    /// How to try again; `None` for one try.
    retry: Option<Retry>,
    /// Whether the user knows already that the clocks differ.
    clock_is_told: AtomicBool,
}

impl Session {
    /// Opens the key, asks for what must be asked, and prepares the request. Nothing is sent.
    pub(crate) async fn new(settings: &Settings, verbose: bool) -> Result<Self, Failure> {
        // Whatever can be wrong without a secret is told before one is asked for.
        let trial = settings.trial_request()?.build()?;
        let client = client(settings, verbose)?;
        let signer = settings.signer().await?;
        trial
            .assertion_request()
            .check_algorithm(signer.algorithm())?;
        let builder = settings.request()?;
        Ok(Self {
            client,
            request: builder.clone().build()?,
            builder,
            signer,
            retry: settings.retry(),
            clock_is_told: AtomicBool::new(false),
        })
    }

    /// Gets a token: for a user named by e-mail address, after one for the enterprise.
    pub(crate) async fn token(&mut self, settings: &Settings) -> Result<TokenResponse, Failure> {
        if let Some(login) = settings.login() {
            let user = Subject::User(self.box_user(login).await?);
            self.request = self.builder.clone().subject(user).build()?;
        }
        self.exchange().await
    }

    async fn exchange(&self) -> Result<TokenResponse, Failure> {
        let Some(retry) = self.retry.clone() else {
            let token = self.client.token(&self.request, &self.signer).await;
            return token.map_err(|error| self.failure(&error));
        };
        let source = TokenSource::new(
            self.client.clone(),
            self.request.clone(),
            Arc::clone(&self.signer),
        );
        let source = source.retry(retry);
        let token = source.token().await;
        if let Some(offset) = source.clock_offset()
            && !self.clock_is_told.swap(true, Ordering::Relaxed)
        {
            let by = times::length(offset.unsigned_abs());
            let direction = if offset > 0 { "behind" } else { "ahead of" };
            note(&format!(
                "this machine's clock is {by} {direction} the server's, whose time was used; have it set by NTP"
            ));
        }
        token
            .map(|token| token.response().clone())
            .map_err(|error| self.failure(&error))
    }

    /// Sends something that is not an assertion, and again where that may help.
    pub(crate) async fn send<T, F>(&self, mut operation: impl FnMut() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, ExchangeError>>,
    {
        let result = match &self.retry {
            Some(retry) => retry.run(operation).await,
            None => operation().await,
        };
        result.map_err(|error| self.failure(&error))
    }

    fn failure(&self, error: &ExchangeError) -> Failure {
        Failure::exchange(error, self.request.profile()).see_doctor(error)
    }

    /// The id of the Box user who logs in so, by a token for the enterprise.
    async fn box_user(&self, login: &str) -> Result<String, Failure> {
        let token = self.exchange().await?;
        let api = api(&self.request)?;
        let find = || self.client.box_user(&api, token.access_token(), login);
        match self.send(find).await? {
            Some(user) => Ok(user.id),
            None => Err(Failure::refused(format!("Box knows no user who logs in as `{login}` in this enterprise"))
                .hint("the app needs the scope \"Manage users\" to see users; the address is the one to log in with")),
        }
    }
}

/// The base of the API, which is on one host with the token endpoint.
pub(crate) fn api(request: &TokenRequest) -> Result<TokenEndpoint, Failure> {
    let mut api = request.token_endpoint().url().clone();
    api.set_path("");
    Ok(TokenEndpoint::new(api.as_str())?)
}

/// A client that sends as the settings say.
pub(crate) fn client(settings: &Settings, verbose: bool) -> Result<Client, Failure> {
    let transport = settings.transport()?;
    Ok(match verbose {
        true => Client::new().transport(Verbose(transport)),
        false => Client::new().transport(transport),
    })
}
