use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use jwt_bearer_provider::{Rejection, TokenRequest};
use jwt_bearer_signer::Signer;
use tokio::time::{Instant, sleep_until};
use tracing::Instrument;

use crate::clock_offset::ClockOffset;
use crate::{Client, ExchangeError, Retry, Token};

/// How tokens are fetched: what the sources of a set have in common.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    pub(crate) client: Client,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) retry: Retry,
    pub(crate) refresh_ahead: Duration,
    pub(crate) lifetime: Option<Duration>,
    pub(crate) offset: Arc<ClockOffset>,
}

impl Fetcher {
    pub(crate) fn new(client: Client, signer: Arc<dyn Signer>) -> Self {
        Self {
            client,
            signer,
            retry: Retry::new(),
            refresh_ahead: Duration::from_secs(300),
            lifetime: None,
            offset: Arc::default(),
        }
    }

    /// Fetches a token, not before `start`. A panic of the signer or the transport becomes an error, so that nobody who
    /// waits for the same token panics with it.
    pub(crate) async fn fetch(
        self: Arc<Self>,
        request: Arc<TokenRequest>,
        start: Instant,
    ) -> Result<Arc<Token>, ExchangeError> {
        let span = tracing::debug_span!("token", endpoint = %request.token_endpoint());
        let fetch = async {
            if start > Instant::now() {
                sleep_until(start).await;
            }
            self.exchange(&request).await
        };
        // The subscriber is the program's own code too.
        let result = AssertUnwindSafe(fetch.instrument(span))
            .catch_unwind()
            .await;
        result
            .unwrap_or_else(|_| Err(ExchangeError::panicked()))
            .map(Arc::new)
    }

    async fn exchange(&self, request: &TokenRequest) -> Result<Token, ExchangeError> {
        let (mut time_is_mended, mut replay_is_mended) = (false, false);
        // The offset that the last assertion was made with; atomic for being shared with a future that is Send.
        let used = &AtomicI64::new(0);
        self.retry
            .run_mending(
                || async move {
                    let offset = self.offset.get();
                    used.store(offset, Ordering::Relaxed);
                    let asked = Instant::now();
                    tracing::debug!("asking for a token");
                    let response = self
                        .client
                        .token_by_server_clock(request, &*self.signer, offset)
                        .await?;
                    tracing::debug!(expires_in = ?response.expires_in(), "there is a token");
                    let (lifetime, ahead) = (self.lifetime, self.refresh_ahead);
                    Ok(Token::new(response, asked, lifetime, ahead))
                },
                |error| {
                    let used = used.load(Ordering::Relaxed);
                    if !time_is_mended && self.offset.repair(error, used) {
                        time_is_mended = true;
                        return true;
                    }
                    if !replay_is_mended && is_replay(error) {
                        replay_is_mended = true;
                        tracing::debug!("the `jti` was used before; an earlier try was processed");
                        return true;
                    }
                    false
                },
            )
            .await
    }
}

fn is_replay(error: &ExchangeError) -> bool {
    error
        .attempt()
        .and_then(|attempt| attempt.error_response())
        .is_some_and(|response| response.rejection() == Rejection::Replay)
}
