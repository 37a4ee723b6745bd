use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jwt_bearer_provider::{RequestError, TokenRequest};
use jwt_bearer_signer::Signer;
use tokio::time::Instant;

use crate::fetcher::Fetcher;
use crate::{Client, Retry, TokenSource};

type Factory<K> = dyn Fn(&K) -> Result<TokenRequest, RequestError> + Send + Sync;

/// Sources for many subjects, made when they are first asked for: Box user tokens by user id, say.
///
/// They share client, signer, retries and what is known of the server's clock. The set is bounded: those not asked for
/// in a while are dropped, and if it is full, those whose last use is longest ago. A program that holds a dropped source
/// can go on with it.
pub struct TokenSources<K> {
    fetcher: Arc<Fetcher>,
    request: Box<Factory<K>>,
    capacity: usize,
    idle: Duration,
    set: Mutex<Set<K>>,
}

struct Set<K> {
    sources: HashMap<K, (TokenSource, Instant)>,
    /// When idle ones were last looked for.
    swept: Instant,
}

impl<K: Clone + Eq + Hash> TokenSources<K> {
    /// A set of up to 10,000 sources, dropped after an hour without use; `request` gives the request for a key.
    #[must_use]
    pub fn new(
        client: Client,
        signer: Arc<dyn Signer>,
        request: impl Fn(&K) -> Result<TokenRequest, RequestError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            fetcher: Arc::new(Fetcher::new(client, signer)),
            request: Box::new(request),
            capacity: 10_000,
            idle: Duration::from_secs(3600),
            set: Mutex::new(Set {
                sources: HashMap::new(),
                swept: Instant::now(),
            }),
        }
    }

    /// Sets when a failed exchange is made anew; all sources share the allowance.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        Arc::make_mut(&mut self.fetcher).retry = retry;
        self
    }

    /// As [`TokenSource::refresh_ahead`].
    #[must_use]
    pub fn refresh_ahead(mut self, time: Duration) -> Self {
        Arc::make_mut(&mut self.fetcher).refresh_ahead = time;
        self
    }

    /// As [`TokenSource::lifetime`].
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        Arc::make_mut(&mut self.fetcher).lifetime = Some(lifetime);
        self
    }

    /// Sets how many sources there are at most; 0 counts as 1.
    #[must_use]
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity.max(1);
        self
    }

    /// Sets after how long without use a source is dropped.
    #[must_use]
    pub const fn idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// The source for this key.
    ///
    /// # Errors
    /// That of the function that gives the request.
    pub fn source(&self, key: &K) -> Result<TokenSource, RequestError> {
        let now = Instant::now();
        if let Some(source) = self.find(key, now) {
            return Ok(source);
        }
        // Outside the lock, since it is the program's own code.
        let request = (self.request)(key)?;
        let source = TokenSource::of_set(Arc::clone(&self.fetcher), request);
        let mut set = self.set();
        if set.sources.len() >= self.capacity && !set.sources.contains_key(key) {
            set.make_room(self.capacity);
        }
        let (source, _) = set
            .sources
            .entry(key.clone())
            .or_insert_with(|| (source, now));
        Ok(source.clone())
    }

    fn find(&self, key: &K, now: Instant) -> Option<TokenSource> {
        let mut set = self.set();
        if now.saturating_duration_since(set.swept) >= self.idle / 4 {
            set.swept = now;
            set.sources
                .retain(|_, (_, used)| now.saturating_duration_since(*used) < self.idle);
        }
        let (source, used) = set.sources.get_mut(key)?;
        *used = now;
        Some(source.clone())
    }

    /// Drops the source for this key, if there is one.
    pub fn remove(&self, key: &K) {
        self.set().sources.remove(key);
    }

    /// How many sources there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.set().sources.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As [`TokenSource::clock_offset`].
    #[must_use]
    pub fn clock_offset(&self) -> Option<i64> {
        self.fetcher.offset.seconds()
    }

    fn set(&self) -> std::sync::MutexGuard<'_, Set<K>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Clone + Eq + Hash> Set<K> {
    /// Drops the sixteenth whose last use is longest ago, so that the search for them is rare.
    fn make_room(&mut self, capacity: usize) {
        let mut uses: Vec<(Instant, K)> = self
            .sources
            .iter()
            .map(|(key, (_, used))| (*used, key.clone()))
            .collect();
        let count = (capacity / 16).max(1).min(uses.len());
        uses.select_nth_unstable_by_key(count - 1, |(used, _)| *used);
        for (_, key) in &uses[..count] {
            self.sources.remove(key);
        }
    }
}

impl<K> fmt::Debug for TokenSources<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSources")
            .field("fetcher", &self.fetcher)
            .field("capacity", &self.capacity)
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}
