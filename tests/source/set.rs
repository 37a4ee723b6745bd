//! Sources for many subjects.

use std::sync::Arc;

use jwt_bearer::exchange::TokenSources;
use jwt_bearer::{Profile, TokenRequest};
use tokio::task::JoinSet;
use tokio::time::{advance, sleep};

use crate::scripted::{Counting, Endpoint, request};
use crate::{ask, seconds};

fn sources(endpoint: &Endpoint) -> TokenSources<String> {
    TokenSources::new(
        endpoint.client(),
        Arc::new(Counting::new()),
        |name: &String| Ok(request(name)),
    )
}

/// What this process holds in memory, in octets.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_subjects() {
    let endpoint = Endpoint::first([]);
    let sources = Arc::new(sources(&endpoint));
    let mut callers = JoinSet::new();
    for number in 0..10_000 {
        let sources = Arc::clone(&sources);
        callers.spawn(async move {
            let source = sources.source(&format!("user{number}")).unwrap();
            ask(&source).await
        });
    }
    let mut tokens = callers.join_all().await;
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 10_000);
    assert_eq!((sources.len(), endpoint.posts()), (10_000, 10_000));
    for number in 0..10_000 {
        let source = sources.source(&format!("user{number}")).unwrap();
        assert!(source.current().is_some());
    }
    assert_eq!(endpoint.posts(), 10_000);
}

/// Other tests of this process have their part in what is measured; alone it is a sixth of the bound.
#[tokio::test(start_paused = true)]
async fn what_a_subject_costs_in_memory() {
    let endpoint = Endpoint::first([]);
    let sources = sources(&endpoint);
    let before = resident();
    for number in 0..10_000 {
        ask(&sources.source(&format!("user{number}")).unwrap()).await;
    }
    let grown = resident().saturating_sub(before);
    println!(
        "10,000 subjects, with their requests as this test keeps them: {} KiB",
        grown / 1024
    );
    assert!(grown < 200 << 20, "{grown}");
}

#[tokio::test(start_paused = true)]
async fn a_key_has_one_source() {
    let endpoint = Endpoint::first([]);
    let sources = sources(&endpoint);
    let (ann, bob) = ("ann".to_owned(), "bob".to_owned());
    assert_eq!(ask(&sources.source(&ann).unwrap()).await, "T0");
    assert_eq!(ask(&sources.source(&bob).unwrap()).await, "T1");
    assert_eq!(ask(&sources.source(&ann).unwrap()).await, "T0");
    assert_eq!(endpoint.claims("sub"), ["ann", "bob"]);
    sources.remove(&ann);
    assert_eq!(sources.len(), 1);
    assert_eq!(ask(&sources.source(&ann).unwrap()).await, "T2");
}

#[tokio::test(start_paused = true)]
async fn the_set_is_bounded_and_drops_what_was_used_least_lately() {
    let endpoint = Endpoint::first([]);
    let sources = sources(&endpoint).capacity(100);
    let ann = "ann".to_owned();
    let held = sources.source(&ann).unwrap();
    assert_eq!(ask(&held).await, "T0");
    for number in 0..1000 {
        advance(seconds(1)).await;
        sources.source(&format!("user{number}")).unwrap();
        if number < 500 {
            assert_eq!(ask(&sources.source(&ann).unwrap()).await, "T0");
        }
        assert!(sources.len() <= 100);
    }
    assert!(sources.len() > 90);
    // It was used no longer, and had to go; who holds it can go on.
    assert_eq!(ask(&held).await, "T0");
    assert_eq!(ask(&sources.source(&ann).unwrap()).await, "T1");
}

#[tokio::test(start_paused = true)]
async fn what_is_idle_is_dropped() {
    let endpoint = Endpoint::first([]);
    let sources = sources(&endpoint).idle(seconds(100));
    let ann = "ann".to_owned();
    for number in 0..50 {
        sources.source(&format!("user{number}")).unwrap();
    }
    for _ in 0..20 {
        sleep(seconds(10)).await;
        sources.source(&ann).unwrap();
    }
    assert_eq!(sources.len(), 1);
    assert!(!sources.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_cannot_be_made_is_an_error_and_no_source() {
    let endpoint = Endpoint::first([]);
    let refuse = |name: &String| -> Result<TokenRequest, _> {
        Profile::BOX
            .request("client-7f3a")
            .claim("x", name.as_str())
            .build()
    };
    let sources = TokenSources::new(endpoint.client(), Arc::new(Counting::new()), refuse);
    let error = sources.source(&"ann".to_owned()).unwrap_err();
    assert!(
        error.to_string().contains("the subject is missing"),
        "{error}"
    );
    assert!(sources.is_empty());
}
