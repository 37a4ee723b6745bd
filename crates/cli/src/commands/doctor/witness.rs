use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use jwt_bearer::exchange::{HttpTransport, Reply, Request, Transport, TransportError};
use jwt_bearer_diagnosis as diagnosis;
use url::form_urlencoded;

use crate::diagnosed;

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
    /// The head of the reply.
    pub(super) reply: Option<diagnosis::Reply>,
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
        let reply = self.transport.send(request).await?;
        let head = diagnosed::reply(reply.status, &reply.headers);
        self.sees(|seen| seen.reply = Some(head));
        Ok(reply)
    }
}
