use std::fmt;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use async_trait::async_trait;
use jwt_bearer_signer::{Algorithm, PublicKey, SignError, SignErrorKind, Signature, Signer};
use tokio::sync::{mpsc, oneshot};

use crate::LocalSigner;

impl LocalSigner {
    /// The same signer on so many threads of its own, for a server whose async runtime must not wait for RSA.
    ///
    /// [`std::thread::available_parallelism`] is a good number: with as many threads as cores, signing gets all that
    /// the machine has, and the tasks of the runtime still get their turn.
    ///
    /// # Errors
    /// `Other` if the system does not start a thread.
    pub fn threads(self, count: NonZeroUsize) -> Result<ThreadedSigner, SignError> {
        let signer = Arc::new(self);
        let signing = Arc::clone(&signer);
        let jobs = start(count, move |signing_input| signing.sign_now(signing_input))?;
        Ok(ThreadedSigner { signer, jobs })
    }
}

/// A [`LocalSigner`] that signs on threads of its own, made by [`LocalSigner::threads`].
///
/// A caller that finds all threads busy waits without blocking its own, first come first served, on any async runtime.
/// A future that is dropped before its turn costs no signature. The threads end when the last clone is dropped.
///
/// Handing over costs some tens of microseconds: much less than a signature with RSA or P-384, and more than one with
/// P-256 or Ed25519.
#[derive(Clone)]
pub struct ThreadedSigner {
    signer: Arc<LocalSigner>,
    jobs: mpsc::Sender<Job>,
}

#[async_trait]
impl Signer for ThreadedSigner {
    fn algorithm(&self) -> Algorithm {
        self.signer.algorithm()
    }

    fn key_id(&self) -> Option<&str> {
        self.signer.key_id()
    }

    fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    async fn sign(&self, signing_input: &[u8]) -> Result<Signature, SignError> {
        request(&self.jobs, signing_input).await
    }
}

impl fmt::Debug for ThreadedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ThreadedSigner").field(&self.signer).finish()
    }
}

struct Job {
    signing_input: Box<[u8]>,
    answer: oneshot::Sender<Result<Signature, SignError>>,
}

async fn request(jobs: &mpsc::Sender<Job>, signing_input: &[u8]) -> Result<Signature, SignError> {
    let place = jobs.reserve().await.map_err(|_| gone())?;
    let (answer, signature) = oneshot::channel();
    place.send(Job {
        signing_input: signing_input.into(),
        answer,
    });
    signature.await.map_err(|_| gone())?
}

fn gone() -> SignError {
    SignError::new(SignErrorKind::Other, "the thread that signs panicked")
}

/// Jobs that wait for each thread. One is too few: the task that sends the next may have to wait for milliseconds until
/// the system gives it a core, where all are busy signing.
const QUEUED: usize = 16;

/// Starts the threads, which take jobs until nobody can send any more. Some jobs wait for them, so that none is idle;
/// what comes on top waits in its own future.
fn start(
    count: NonZeroUsize,
    sign: impl Fn(&[u8]) -> Result<Signature, SignError> + Send + Sync + 'static,
) -> Result<mpsc::Sender<Job>, SignError> {
    let (sender, receiver) = mpsc::channel(count.get().saturating_mul(QUEUED));
    let receiver = Arc::new(Mutex::new(receiver));
    let sign = Arc::new(sign);
    for _ in 0..count.get() {
        let (receiver, sign) = (Arc::clone(&receiver), Arc::clone(&sign));
        thread::Builder::new()
            .name("jwt-bearer-sign".into())
            .spawn(move || work(&receiver, &*sign))
            .map_err(|error| SignError::new(SignErrorKind::Other, error))?;
    }
    Ok(sender)
}

fn work(jobs: &Mutex<mpsc::Receiver<Job>>, sign: impl Fn(&[u8]) -> Result<Signature, SignError>) {
    let next = || {
        jobs.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv()
    };
    while let Some(job) = next() {
        if job.answer.is_closed() {
            continue;
        }
        // A panic takes one signature with it, and not the thread.
        if let Ok(signature) = catch_unwind(AssertUnwindSafe(|| sign(&job.signing_input))) {
            // Nobody is there to take it if the future was dropped meanwhile.
            let _ = job.answer.send(signature);
        }
    }
}

#[cfg(test)]
#[path = "threads/tests.rs"]
mod tests;
