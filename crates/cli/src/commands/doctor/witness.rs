use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use jwt_bearer::assertion::{Clock, SystemClock};
use jwt_bearer::exchange::{HttpTransport, Reply, Request, Transport, TransportError};
use jwt_bearer_diagnosis as diagnosis;
use url::form_urlencoded;

/// A transport that remembers what went by, without its secrets.
#[derive(Debug)]
pub(super) struct Witness {
    transport: HttpTransport,
    seen: Mutex<Seen>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The request, of which no secret is kept.
    pub(super) request: Option<diagnosis::Request>,
    pub(super) reply: Option<Heard>,
}

/// The head of a reply, and when it came.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) sent_at: SystemTime,
    pub(super) received_at: SystemTime,
}

impl Witness {
    pub(super) fn new(transport: HttpTransport) -> Self {
        Self {
            transport,
            seen: Mutex::default(),
        }
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn sees(&self, see: impl FnOnce(&mut Seen)) {
        see(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[async_trait]
impl Transport for Witness {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let content_type = request
            .headers
            .iter()
            .find(|(name, _)| *name == "content-type");
        let mut sent = diagnosis::Request::new()
            .method("POST")
            .url(request.url.as_str())
            .parameters(form_urlencoded::parse(request.body().as_bytes()));
        if let Some((_, value)) = content_type {
            sent = sent.content_type(value);
        }
        self.sees(|seen| seen.request = Some(sent));
        let sent_at = SystemClock.now();
        let reply = self.transport.send(request).await?;
        let heard = Heard {
            status: reply.status,
            headers: reply.headers.clone(),
            sent_at,
            received_at: SystemClock.now(),
        };
        self.sees(|seen| seen.reply = Some(heard));
        Ok(reply)
    }
}
