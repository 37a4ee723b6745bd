use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread;
use std::time::Duration;

use jwt_bearer_signer::{SignError, SignErrorKind};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::card::Readers;
use crate::error::other;
use crate::session::{Job, Request, Session};

/// How long a call may take unless another limit is set: the life of the shortest assertions.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// The threads of this process, by the serial number of their card.
static THREADS: Mutex<BTreeMap<u32, Weak<CardThread>>> = Mutex::new(BTreeMap::new());

/// The one thread that talks to a card, for all the signers of this process. It ends when the last of them is gone.
///
/// A card does one thing at a time, and waiting for it blocks without a limit while another program holds it; so the
/// calls stand in a queue, and the callers wait for their answers by futures, with limits of their own.
#[derive(Debug)]
pub(crate) struct CardThread {
    serial: u32,
    calls: mpsc::Sender<Call>,
    stage: Arc<StageCell>,
}

struct Call {
    request: Arc<Request>,
    payload: Vec<u8>,
    reply: oneshot::Sender<Result<Vec<u8>, SignError>>,
}

impl CardThread {
    /// The thread of this card, which is started if there is none; the card is in this reader.
    pub(crate) fn of(serial: u32, reader: String) -> Result<Arc<Self>, SignError> {
        let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = threads.get(&serial).and_then(Weak::upgrade) {
            return Ok(thread);
        }
        let (calls, queue) = mpsc::channel();
        let stage = Arc::new(StageCell::default());
        let card = Arc::new(Self {
            serial,
            calls,
            stage: Arc::clone(&stage),
        });
        start(&format!("piv-{serial}"), move || {
            work(
                &queue,
                Session::new(serial, Readers { last: reader }, stage),
            );
        })?;
        threads.retain(|_, thread| thread.strong_count() > 0);
        threads.insert(serial, Arc::downgrade(&card));
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
            reply,
        };
        self.calls.send(call).map_err(|_| ended())?;
        match timeout(limit, answer).await {
            Ok(answer) => answer.map_err(|_| ended())?,
            Err(_) => Err(too_late(
                limit,
                self.stage.get(),
                &format!("YubiKey {}", self.serial),
            )),
        }
    }
}

fn work(queue: &mpsc::Receiver<Call>, mut session: Session<Readers>) {
    while let Ok(Call {
        request,
        payload,
        reply,
    }) = queue.recv()
    {
        if reply.is_closed() {
            continue;
        }
        let job = Job {
            request: &request,
            payload: &payload,
            is_given_up: &|| reply.is_closed(),
        };
        let sign = AssertUnwindSafe(|| session.sign(&job));
        let result = catch_unwind(sign).unwrap_or_else(|_| {
            session.disconnect();
            Err(other("what asks for the PIN or the touch has panicked"))
        });
        // The caller may have gone meanwhile.
        let _ = reply.send(result);
    }
    session.end();
}

/// Does what blocks without a limit on a thread of its own.
pub(crate) async fn apart<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T, SignError> + Send + 'static,
) -> Result<T, SignError> {
    let (reply, answer) = oneshot::channel();
    start("piv", move || {
        // The caller may have gone meanwhile.
        let _ = reply.send(work());
    })?;
    match timeout(limit, answer).await {
        Ok(answer) => answer.map_err(|_| ended())?,
        Err(_) => Err(too_late(limit, Stage::Waiting, "a token")),
    }
}

fn start(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), SignError> {
    thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .map(drop)
        .map_err(|error| other(format!("no thread for the token can be started: {error}")))
}

fn ended() -> SignError {
    other("the thread of the token has ended unexpectedly")
}

fn too_late(limit: Duration, stage: Stage, name: &str) -> SignError {
    let limit = limit.as_secs_f64();
    SignError::new(
        SignErrorKind::Timeout,
        match stage {
            Stage::Waiting => {
                format!(
                    "another program holds {name}, and has not let go within {limit} s; end it, or wait"
                )
            }
            Stage::Pin => format!("the PIN of {name} was not given within {limit} s"),
            Stage::Touch => {
                format!("{name} waits for a touch, and was not touched within {limit} s")
            }
            Stage::Working => format!("{name} has not signed within {limit} s"),
        },
    )
}

/// What the thread of a card does, for the error of a caller who waits in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Stage {
    /// It works, or has nothing to do.
    Working,
    /// It waits for the card.
    Waiting,
    /// It waits for a PIN.
    Pin,
    /// It waits for a touch.
    Touch,
}

/// A [`Stage`] that is set on one thread and read on others.
#[derive(Debug, Default)]
pub(crate) struct StageCell(AtomicU8);

impl StageCell {
    pub(crate) fn set(&self, stage: Stage) {
        self.0.store(stage as u8, Ordering::Relaxed);
    }

    fn get(&self) -> Stage {
        let stage = self.0.load(Ordering::Relaxed);
        [Stage::Waiting, Stage::Pin, Stage::Touch]
            .into_iter()
            .find(|one| *one as u8 == stage)
            .unwrap_or(Stage::Working)
    }
}
