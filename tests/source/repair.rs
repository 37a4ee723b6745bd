//! Clocks that disagree, and assertions that were used before.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jwt_bearer::assertion::Clock;
use jwt_bearer::exchange::{TokenSource, TokenSources};
use jwt_bearer::{ExchangeErrorKind, Profile, Subject};
use serde_json::Value;

use crate::keys::signer;
use crate::scripted::{Counting, ENDPOINT, Endpoint, Script, refusal, request, token};
use crate::{ask, seconds, source};

/// Ours: 2026-10-21 07:28:00 UTC, for ever.
const NOW: u64 = 1_792_567_680;
const EXPIRED: &str =
    "Current date/time MUST be before the expiration date/time listed in the 'exp' claim";
const TOO_FAR: &str = "Please check the 'exp' claim. The 'exp' value exceeds the maximum value of 60 seconds beyond \
                       the issue time.";

#[derive(Clone, Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(NOW)
    }
}

fn refusal_at(time: u64, description: &str) -> Script {
    let date = UNIX_EPOCH + Duration::from_secs(time);
    refusal(description).header("date", httpdate::fmt_http_date(date))
}

fn stopped(endpoint: &Endpoint) -> TokenSource {
    TokenSource::new(
        endpoint.client().clock(Stopped),
        request("ann"),
        Arc::new(Counting::new()),
    )
}

fn numbers(values: &[Value]) -> Vec<u64> {
    values.iter().map(|value| value.as_u64().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_servers_time_is_taken_over_and_remembered() {
    for (offset, text) in [
        (90, EXPIRED),
        (-90, TOO_FAR),
        (86_400, EXPIRED),
        (-86_400, TOO_FAR),
        (6, EXPIRED),
    ] {
        let server = NOW.strict_add_signed(offset);
        let endpoint = Endpoint::first([refusal_at(server, text)]);
        let source = stopped(&endpoint);
        assert_eq!(source.clock_offset(), None);
        let first = source.token().await.unwrap();
        assert_eq!(source.clock_offset(), Some(offset));
        source.invalidate(&first);
        ask(&source).await;
        // The server was asked twice, and once more after that, with its own time at once.
        assert_eq!(
            numbers(&endpoint.claims("iat")),
            [NOW, server, server],
            "{offset}"
        );
        assert_eq!(
            numbers(&endpoint.claims("exp")),
            [NOW + 60, server + 60, server + 60]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn clocks_that_agree_are_left_alone() {
    for script in [
        refusal_at(NOW, EXPIRED),
        refusal_at(NOW + 4, EXPIRED),
        refusal_at(NOW - 5, TOO_FAR),
        refusal(EXPIRED),
        refusal(EXPIRED).header("date", "now"),
        refusal_at(NOW + 86_400, "audience is invalid"),
    ] {
        let endpoint = Endpoint::first([script.clone()]);
        let source = stopped(&endpoint);
        let error = source.token().await.unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::Server, "{script:?}");
        assert_eq!(endpoint.posts(), 1);
        assert_eq!(source.clock_offset(), None);
    }
}

/// By the `Date` of a year to come an assertion would be signed that is good in that year.
#[tokio::test(start_paused = true)]
async fn a_date_far_away_is_not_followed() {
    for (days, is_followed) in [
        (2, true),
        (-2, true),
        (3, false),
        (-3, false),
        (3650, false),
    ] {
        let server = NOW.strict_add_signed(days * 86_400);
        let endpoint = Endpoint::first([refusal_at(server, EXPIRED)]);
        let source = stopped(&endpoint);
        assert_eq!(source.token().await.is_ok(), is_followed, "{days}");
        assert_eq!(endpoint.posts(), 1 + usize::from(is_followed));
        let offset = is_followed.then_some(days * 86_400);
        assert_eq!(source.clock_offset(), offset);
        assert!(
            numbers(&endpoint.claims("iat"))
                .iter()
                .all(|iat| iat.abs_diff(NOW) <= 172_800)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn one_repair_an_operation() {
    let endpoint = Endpoint::new(|number| refusal_at(NOW + 1000 * (number as u64 + 1), EXPIRED));
    stopped(&endpoint).token().await.unwrap_err();
    assert_eq!(endpoint.posts(), 2);
}

/// A clock that was set right while the source remembers the offset is found out the same way.
#[tokio::test(start_paused = true)]
async fn an_offset_that_is_no_longer_right_is_repaired_too() {
    let endpoint = Endpoint::first([
        refusal_at(NOW + 90, EXPIRED),
        token(1, 3600),
        refusal_at(NOW, TOO_FAR),
    ]);
    let source = stopped(&endpoint);
    source.invalidate(&source.token().await.unwrap());
    assert_eq!(ask(&source).await, "T3");
    assert_eq!(source.clock_offset(), None);
    assert_eq!(
        numbers(&endpoint.claims("iat")),
        [NOW, NOW + 90, NOW + 90, NOW]
    );
}

/// Ours goes on with the time of the test.
#[derive(Clone, Debug)]
pub(crate) struct Ticking(pub(crate) tokio::time::Instant);

impl Clock for Ticking {
    fn now(&self) -> SystemTime {
        Stopped.now() + self.0.elapsed()
    }
}

/// A reply took 20 seconds, and when in them its `Date` was written is unknown. The assertion must not live too long
/// even if that was at the beginning, nor be dead if it was.
#[tokio::test(start_paused = true)]
async fn a_repaired_assertion_stays_under_the_longest_life() {
    let endpoint = Endpoint::first([refusal_at(NOW - 90, TOO_FAR).after(seconds(20))]);
    let request = Profile::BOX
        .request("client-7f3a")
        .subject(Subject::Enterprise("12345".into()))
        .client_secret("SECRET-91c2".into())
        .token_endpoint(ENDPOINT)
        .lifetime(seconds(60))
        .build()
        .unwrap();
    let client = endpoint
        .client()
        .clock(Ticking(tokio::time::Instant::now()));
    let source = TokenSource::new(client, request, Arc::new(signer("rsa.pem")));
    ask(&source).await;
    let latest = NOW - 90 + 60;
    assert_eq!(numbers(&endpoint.claims("exp")), [NOW + 60, latest]);
}

#[tokio::test(start_paused = true)]
async fn a_set_shares_what_it_knows_of_the_clock() {
    let endpoint = Endpoint::first([refusal_at(NOW + 90, EXPIRED)]);
    let sources = TokenSources::new(
        endpoint.client().clock(Stopped),
        Arc::new(Counting::new()),
        |name: &String| Ok(request(name)),
    );
    for name in ["ann", "bob", "cid"] {
        ask(&sources.source(&name.into()).unwrap()).await;
    }
    assert_eq!(endpoint.posts(), 4);
    assert_eq!(sources.clock_offset(), Some(90));
}

#[tokio::test(start_paused = true)]
async fn a_replayed_jti_is_signed_anew_once() {
    let replay = "Please check the 'jti' claim. A unique 'jti' value is required.";
    let endpoint = Endpoint::first([refusal(replay)]);
    assert_eq!(ask(&source(&endpoint)).await, "T1");
    let ids = endpoint.claims("jti");
    assert_ne!(ids[0], ids[1]);

    let endpoint = Endpoint::new(move |_| refusal(replay));
    source(&endpoint).token().await.unwrap_err();
    assert_eq!(endpoint.posts(), 2);
}
