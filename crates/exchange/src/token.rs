use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::Guard;
use tokio::time::Instant;

use crate::later::EVER;
use crate::random::part_of;
use crate::{AccessToken, TokenResponse};

/// A token is used for so long at least, whatever the server says of its life: one that is born dead would else be
/// fetched anew for every request.
const LEAST_LIFE: Duration = Duration::from_secs(1);
/// A token that lives no longer than this is not worth a request.
const MARGIN: Duration = Duration::from_secs(5);

/// A token of a [`TokenSource`](crate::TokenSource), with the time at which it ends.
pub struct Token {
    response: TokenResponse,
    /// When it is no longer used.
    ends: Instant,
    /// From when on a new one is fetched while this one still serves.
    due: Instant,
}

impl Token {
    /// A token asked for at `asked`, whose life is what the server says, or `lifetime`, or as long as it is accepted.
    pub(crate) fn new(
        response: TokenResponse,
        asked: Instant,
        lifetime: Option<Duration>,
        ahead: Duration,
    ) -> Self {
        let life = response
            .expires_in()
            .or(lifetime)
            .map_or(EVER, |life| life.min(EVER));
        let used = life.saturating_sub(MARGIN.min(life / 10));
        let ahead = ahead.min(used / 4);
        let ends = (asked + used).max(Instant::now() + LEAST_LIFE);
        Self {
            response,
            ends,
            due: ends
                .checked_sub(ahead)
                .map_or(ends, |due| due + part_of(ahead / 2)),
        }
    }

    /// What stands where there is no token: it has ended.
    pub(crate) fn none() -> Self {
        let now = Instant::now();
        Self {
            response: TokenResponse::none(),
            ends: now,
            due: now,
        }
    }

    /// The access token.
    #[must_use]
    pub const fn access_token(&self) -> &AccessToken {
        self.response.access_token()
    }

    /// The whole reply that it came in.
    #[must_use]
    pub const fn response(&self) -> &TokenResponse {
        &self.response
    }

    /// Whether it still has time to live.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.serves(Instant::now())
    }

    pub(crate) fn serves(&self, now: Instant) -> bool {
        now < self.ends
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        now >= self.due
    }

    pub(crate) const fn due(&self) -> Instant {
        self.due
    }

    pub(crate) const fn ends(&self) -> Instant {
        self.ends
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("response", &self.response)
            .finish_non_exhaustive()
    }
}

/// The token of the moment, borrowed from a [`TokenSource`](crate::TokenSource) without a lock or a shared count.
///
/// Held for a short time: while a request is made, not while its reply is awaited.
#[derive(Debug)]
pub struct Current(pub(crate) Guard<Arc<Token>>);

impl Deref for Current {
    type Target = Token;

    fn deref(&self) -> &Token {
        &self.0
    }
}
