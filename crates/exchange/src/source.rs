use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jwt_bearer_provider::TokenRequest;
use jwt_bearer_signer::Signer;
use tokio::time::{Instant, sleep_until};

use crate::fetcher::Fetcher;
use crate::flight::State;
use crate::token::Current;
use crate::{Client, ExchangeError, Retry, Token};

/// The least time between two looks of the refresher.
const BREATH: Duration = Duration::from_millis(250);
/// How often the refresher looks whether the source is still there.
const LOOK: Duration = Duration::from_secs(60);

/// A source of tokens for one subject: one that has not ended, as far as this machine knows, and one exchange at a time
/// however many ask.
///
/// Clones share the token, the exchange under way and what is known of the server's clock. Setters are for before
/// cloning. Nothing is spawned: an exchange runs while a caller waits for it. A caller who goes away loses nobody's
/// exchange; if all went away, the next one goes on with it.
#[derive(Clone)]
pub struct TokenSource {
    fetcher: Arc<Fetcher>,
    request: Arc<TokenRequest>,
    state: Arc<State>,
}

impl TokenSource {
    /// A source that asks for tokens by this request, with assertions by this signer. No I/O.
    #[must_use]
    pub fn new(client: Client, request: TokenRequest, signer: Arc<dyn Signer>) -> Self {
        Self::of_set(Arc::new(Fetcher::new(client, signer)), request)
    }

    pub(crate) fn of_set(fetcher: Arc<Fetcher>, request: TokenRequest) -> Self {
        Self {
            fetcher,
            request: Arc::new(request),
            state: Arc::new(State::new()),
        }
    }

    /// Sets when a failed exchange is made anew.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        Arc::make_mut(&mut self.fetcher).retry = retry;
        self
    }

    /// Sets how long before its end a token is replaced: five minutes, or a quarter of its life if that is less.
    ///
    /// The time is drawn at random between this and half of it, so that many sources do not ask at once.
    #[must_use]
    pub fn refresh_ahead(mut self, time: Duration) -> Self {
        Arc::make_mut(&mut self.fetcher).refresh_ahead = time;
        self
    }

    /// Sets how long a token lives whose reply does not say, as Salesforce's. Without it such a token is used until it
    /// is [invalidated](Self::invalidate).
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        Arc::make_mut(&mut self.fetcher).lifetime = Some(lifetime);
        self
    }

    /// The token of the moment, if there is a valid one: without a lock or an allocation, and without a shared count
    /// while the thread holds only a few of them.
    ///
    /// It fetches nothing. Where there is none, or to have it replaced before it ends, call [`token`](Self::token) or run
    /// the [`refresher`](Self::refresher).
    #[must_use]
    pub fn current(&self) -> Option<Current> {
        let current = self.state.current.load();
        current.serves(Instant::now()).then_some(Current(current))
    }

    /// A valid token, fetched if need be.
    ///
    /// Shortly before a token ends, one caller replaces it, and waits for that five seconds at most; the others, and
    /// that one if it fails, get the old token while it is valid.
    ///
    /// # Errors
    /// Any [`ExchangeErrorKind`](crate::ExchangeErrorKind). All who wait get the same error, and so do those who come
    /// within the second that follows, or within its `Retry-After`, of which five minutes count at most.
    pub async fn token(&self) -> Result<Arc<Token>, ExchangeError> {
        {
            let (current, now) = (self.state.current.load(), Instant::now());
            if current.serves(now) && !current.is_due(now) {
                return Ok(arc_swap::Guard::into_inner(current));
            }
        }
        let (fetcher, request) = (Arc::clone(&self.fetcher), Arc::clone(&self.request));
        self.state
            .token(move |start| fetcher.fetch(request, start))
            .await
    }

    /// Throws a token away that a server refused (401), unless there is a newer one already.
    pub fn invalidate(&self, token: &Token) {
        self.state.invalidate(token);
    }

    /// Runs a request with a token, and once more with a new one if the [`Answer`] says that it was refused.
    ///
    /// A token that is refused is thrown away, the second one too.
    ///
    /// ```
    /// # use jwt_bearer_exchange::{Answer, ExchangeError, TokenSource};
    /// # async fn get(_: &str) -> Result<u16, ExchangeError> { Ok(200) }
    /// # async fn example(source: TokenSource) -> Result<(), ExchangeError> {
    /// let status = source
    ///     .call(|token| async move {
    ///         let status = get(token.access_token().expose()).await?;
    ///         Ok::<_, ExchangeError>(Answer::new(status, status == 401))
    ///     })
    ///     .await?;
    /// # let _: u16 = status; Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// That of `request`, or that there is no token.
    pub async fn call<T, E, F>(&self, mut request: impl FnMut(Arc<Token>) -> F) -> Result<T, E>
    where
        F: Future<Output = Result<Answer<T>, E>>,
        E: From<ExchangeError>,
    {
        let token = self.token().await?;
        let answer = request(Arc::clone(&token)).await?;
        if !answer.is_unauthorized {
            return Ok(answer.value);
        }
        drop(answer);
        self.invalidate(&token);
        let token = self.token().await?;
        let answer = request(Arc::clone(&token)).await?;
        if answer.is_unauthorized {
            self.invalidate(&token);
        }
        Ok(answer.value)
    }

    /// A task that replaces each token before it ends, so that callers seldom wait; the program spawns and owns it.
    ///
    /// It goes on after failures. It ends within two minutes after the last clone of the source is gone: a minute until
    /// it looks, and an exchange that is under way is brought to its end, for as long as the [`Retry`] budget lasts.
    pub fn refresher(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let (fetcher, request) = (Arc::clone(&self.fetcher), Arc::clone(&self.request));
        let state = Arc::downgrade(&self.state);
        async move {
            loop {
                let wake = {
                    let Some(state) = state.upgrade() else {
                        return;
                    };
                    let source = Self {
                        fetcher: Arc::clone(&fetcher),
                        request: Arc::clone(&request),
                        state,
                    };
                    // The failure is told by an event, and to whoever needs a token.
                    let _ = source.token().await;
                    source.state.next_refresh()
                };
                let now = Instant::now();
                sleep_until(wake.clamp(now + BREATH, now + LOOK)).await;
            }
        }
    }

    /// By how many seconds the server's clock is ahead of ours, behind if negative, if assertions follow it because
    /// the server refused one that did not.
    #[must_use]
    pub fn clock_offset(&self) -> Option<i64> {
        self.fetcher.offset.seconds()
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSource")
            .field("request", &self.request)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What a request of [`TokenSource::call`] came to.
#[derive(Debug)]
pub struct Answer<T> {
    value: T,
    is_unauthorized: bool,
}

impl<T> Answer<T> {
    /// The reply, and whether it refuses the token: status 401.
    pub const fn new(value: T, is_unauthorized: bool) -> Self {
        Self {
            value,
            is_unauthorized,
        }
    }
}
