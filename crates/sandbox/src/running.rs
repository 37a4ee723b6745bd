use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::state::State;
use crate::{Condition, Fault, Recorded, server};

/// A sandbox that serves. It stops when this is dropped, with all its connections.
pub struct Running {
    state: Arc<State>,
    address: SocketAddr,
    task: JoinHandle<()>,
    /// Dropping it stops the task.
    stop: oneshot::Sender<Infallible>,
}

impl Running {
    #[expect(
        clippy::disallowed_methods,
        reason = "a server serves beside its caller, until it is dropped"
    )]
    pub(crate) fn new(
        state: Arc<State>,
        address: SocketAddr,
        listener: TcpListener,
        tls: Option<TlsAcceptor>,
    ) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server::serve(Arc::clone(&state), listener, tls, stopped));
        Self {
            state,
            address,
            task,
            stop,
        }
    }

    /// The origin, for example `http://127.0.0.1:39145`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.state.origin
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of the token endpoint.
    #[must_use]
    pub fn token_endpoint(&self) -> String {
        format!(
            "{}{}",
            self.state.origin,
            self.state.sandbox.dialect.token_path()
        )
    }

    /// The URL of the protected resource: GET with a Bearer token tells its subject.
    #[must_use]
    pub fn resource(&self) -> String {
        format!(
            "{}{}",
            self.state.origin,
            self.state.sandbox.dialect.resource_path()
        )
    }

    /// Sets how many seconds the server's clock is ahead of the local one. Tokens age by the server's clock.
    pub fn set_skew(&self, seconds: i64) {
        self.state.set_skew(seconds);
    }

    /// Puts app, user, organization or server into a state, or out of it. One that does not
    /// [suit](Condition::suits) the dialect changes nothing.
    pub fn set(&self, condition: Condition, is_so: bool) {
        if condition.suits(self.state.sandbox.dialect) {
            self.state.set(condition, is_so);
        }
    }

    /// Adds a fault behind those that wait. Each token request, whatever its method and body, uses the first one once.
    pub fn inject(&self, fault: Fault) {
        self.state.inject(fault);
    }

    /// Forgets the faults that wait.
    pub fn clear_faults(&self) {
        self.state.clear_faults();
    }

    /// Revokes every token, so that the resource refuses it.
    pub fn revoke_all_tokens(&self) {
        self.state.revoke_all_tokens();
    }

    /// Every token request up to now, in the order in which they were answered, or left without an answer.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.state.recorded().borrow().clone()
    }

    /// The same, and forgets them: a server that runs for long would keep them all.
    #[must_use]
    pub fn take_requests(&self) -> Vec<Recorded> {
        self.state.take_recorded()
    }

    /// The token request of this number, counted from 0, as soon as there is one.
    ///
    /// A loop over it logs what comes in. Waits without end if nothing does.
    pub async fn request(&self, number: usize) -> Recorded {
        let mut recorded = self.state.recorded();
        loop {
            if let Some(request) = recorded.borrow_and_update().get(number) {
                return request.clone();
            }
            if recorded.changed().await.is_err() {
                // The sender lives in the state, and the state in `self`.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Stops, and waits until the port is free and every connection closed.
    pub async fn shutdown(self) {
        drop(self.stop);
        let _ = self.task.await;
    }
}

impl fmt::Debug for Running {
    /// Tells no secret and no token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)
    }
}
