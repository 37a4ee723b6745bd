//! A transport that keeps a mark of every assertion it sends, and where to.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jwt_bearer::exchange::{HttpTransport, Reply, Request, Transport, TransportError};
use url::form_urlencoded;

/// Its clones are one.
#[derive(Clone)]
pub(crate) struct Watching(Arc<Inner>);

struct Inner {
    http: HttpTransport,
    sent: Mutex<Sent>,
    /// Sends the first request twice, as a proxy does that lost the reply.
    doubles: bool,
    hasher: RandomState,
}

#[derive(Default)]
struct Sent {
    count: usize,
    assertions: HashSet<u64>,
    urls: HashSet<String>,
}

impl Watching {
    pub(crate) fn new(timeout: Duration, doubles: bool) -> Self {
        Self(Arc::new(Inner {
            http: HttpTransport::new().timeout(timeout),
            sent: Mutex::default(),
            doubles,
            hasher: RandomState::new(),
        }))
    }

    /// How many requests there were; none repeated an assertion, and none went to another URL.
    #[track_caller]
    pub(crate) fn posts(&self, url: &str) -> usize {
        let sent = self.0.sent.lock().unwrap();
        assert_eq!(sent.assertions.len(), sent.count, "an assertion went twice");
        for other in &sent.urls {
            assert_eq!(other, url, "an assertion went elsewhere");
        }
        sent.count
    }
}

impl std::fmt::Debug for Watching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watching")
    }
}

#[async_trait]
impl Transport for Watching {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let mut form = form_urlencoded::parse(request.body().as_bytes());
        let (_, assertion) = form.find(|(name, _)| name == "assertion").unwrap();
        let mark = self.0.hasher.hash_one(&*assertion);
        let is_first = {
            let mut sent = self.0.sent.lock().unwrap();
            sent.count += 1;
            sent.assertions.insert(mark);
            sent.urls.insert(request.url.to_string());
            sent.count == 1
        };
        if is_first && self.0.doubles {
            self.0.http.send(request.clone()).await?;
        }
        self.0.http.send(request).await
    }
}
