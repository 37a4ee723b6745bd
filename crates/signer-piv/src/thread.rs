use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jwt_bearer_signer::{SignError, SignErrorKind};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::caller::{Caller, Stage, StageCell};
use crate::card::Readers;
use crate::error::other;
use crate::pin::Pin;
use crate::session::{Job, Request, Session};

/// How long a call may take unless another limit is set: the life of the shortest assertions.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// How long the drop of the last signer waits for the PIN to be taken back.
const LOG_OUT_LIMIT: Duration = Duration::from_millis(300);

/// The last thread of each card that this process has used, by the card's serial number.
static THREADS: Mutex<BTreeMap<u32, Entry>> = Mutex::new(BTreeMap::new());
/// Whoever looks for tokens.
static SEARCH: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

struct Entry {
    card: Weak<CardThread>,
    /// Gives the PINs that the card has refused, when it has ended.
    thread: JoinHandle<Vec<Pin>>,
}

/// The one thread that talks to a card, for all the signers of this process. It ends when the last of them is gone.
///
/// A card does one thing at a time, and waiting for it blocks without a limit while another program holds it; so the
/// calls stand in a queue, and the callers wait for their answers by futures, with limits of their own.
#[derive(Debug)]
pub(crate) struct CardThread {
    serial: u32,
    /// Set until this is dropped.
    calls: Option<mpsc::Sender<Call>>,
    /// Closed when the thread has ended.
    end: Mutex<mpsc::Receiver<()>>,
    stage: Arc<StageCell>,
}

struct Call {
    request: Arc<Request>,
    payload: Vec<u8>,
    /// None if it is too far away to be told.
    deadline: Option<Instant>,
    reply: oneshot::Sender<Result<Vec<u8>, SignError>>,
}

impl CardThread {
    /// The thread of this card, which is started if there is none; the card is in this reader. Blocks until the one
    /// before has ended.
    pub(crate) fn of(serial: u32, reader: String) -> Result<Arc<Self>, SignError> {
        let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        let last = threads.get(&serial);
        if let Some(card) = last.and_then(|entry| entry.card.upgrade()) {
            return Ok(card);
        }
        let refused = threads.remove(&serial).map(|entry| entry.thread.join());
        let refused = refused.and_then(Result::ok).unwrap_or_default();
        let (calls, queue) = mpsc::channel();
        let (ending, end) = mpsc::channel();
        let stage = Arc::new(StageCell::default());
        let card = Arc::new(Self {
            serial,
            calls: Some(calls),
            end: Mutex::new(end),
            stage: Arc::clone(&stage),
        });
        let thread = start(&format!("piv-{serial}"), move || {
            let session = Session::new(serial, Readers { last: reader }, refused);
            let refused = work(&queue, session, &stage);
            drop::<mpsc::Sender<()>>(ending);
            refused
        })?;
        let entry = Entry {
            card: Arc::downgrade(&card),
            thread,
        };
        threads.insert(serial, entry);
        Ok(card)
    }

    /// Signs when its turn comes. Given up, by its limit or because the future was dropped, before it came, it is never
    /// begun.
    pub(crate) async fn sign(
        &self,
        request: Arc<Request>,
        payload: Vec<u8>,
        limit: Duration,
    ) -> Result<Vec<u8>, SignError> {
        let (reply, answer) = oneshot::channel();
        let call = Call {
            request,
            payload,
            deadline: Instant::now().checked_add(limit),
            reply,
        };
        let calls = self.calls.as_ref().ok_or_else(ended)?;
        calls.send(call).map_err(|_| ended())?;
        match timeout(limit, answer).await {
            Ok(answer) => answer.map_err(|_| ended())?,
            Err(_) => Err(too_late(
                limit,
                self.stage.read(),
                &format!("YubiKey {}", self.serial),
            )),
        }
    }
}

impl Drop for CardThread {
    /// Waits a moment for the PIN to be taken back: the process may end next.
    fn drop(&mut self) {
        self.calls = None;
        if let Ok(end) = self.end.get_mut() {
            let _ = end.recv_timeout(LOG_OUT_LIMIT);
        }
    }
}

fn work(
    queue: &mpsc::Receiver<Call>,
    mut session: Session<Readers>,
    stage: &StageCell,
) -> Vec<Pin> {
    while let Ok(Call {
        request,
        payload,
        deadline,
        reply,
    }) = queue.recv()
    {
        let has_gone = || reply.is_closed() || is_over(deadline);
        if has_gone() {
            continue;
        }
        let job = Job {
            request: &request,
            payload: &payload,
            caller: Caller {
                has_gone: &has_gone,
                stage,
            },
        };
        let sign = AssertUnwindSafe(|| session.sign(&job));
        let result = catch_unwind(sign).unwrap_or_else(|_| {
            session.log_out();
            Err(other("what asks for the PIN or the touch has panicked"))
        });
        // The caller may have gone meanwhile.
        let _ = reply.send(result);
    }
    session.log_out();
    session.into_refused()
}

/// Does what blocks without a limit on a thread of its own, one at a time in this process.
pub(crate) async fn apart<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce(Caller<'_>) -> Result<T, SignError> + Send + 'static,
) -> Result<T, SignError> {
    let deadline = Instant::now().checked_add(limit);
    let stage = Arc::new(StageCell::default());
    let (reply, answer) = oneshot::channel();
    let seen = Arc::clone(&stage);
    let done = async {
        let turn = SEARCH.lock().await;
        start("piv", move || {
            let result = work(Caller {
                has_gone: &|| reply.is_closed() || is_over(deadline),
                stage: &stage,
            });
            drop(turn);
            // The caller may have gone meanwhile.
            let _ = reply.send(result);
        })?;
        answer.await.map_err(|_| ended())?
    };
    match timeout(limit, done).await {
        Ok(result) => result,
        Err(_) => Err(too_late(limit, seen.read(), "a token")),
    }
}

fn is_over(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline)
}

fn start<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, SignError> {
    thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .map_err(|error| other(format!("no thread for the token can be started: {error}")))
}

fn ended() -> SignError {
    other("the thread of the token has ended unexpectedly")
}

fn too_late(limit: Duration, stage: Stage, name: &str) -> SignError {
    let limit = limit.as_secs_f64();
    let (kind, text) = match stage {
        Stage::Waiting => (
            SignErrorKind::Timeout,
            format!(
                "another program holds {name}, and has not let go within {limit} s; end it, or wait"
            ),
        ),
        // Whoever does not answer is not asked a second time.
        Stage::Pin => (
            SignErrorKind::InteractionRequired,
            format!("the PIN of {name} was not given within {limit} s"),
        ),
        Stage::Touch => (
            SignErrorKind::Timeout,
            format!("{name} waits for a touch, and was not touched within {limit} s"),
        ),
        Stage::Working => (
            SignErrorKind::Timeout,
            format!("{name} has not answered within {limit} s"),
        ),
    };
    SignError::new(kind, text)
}
