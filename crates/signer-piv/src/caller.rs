use std::sync::atomic::{AtomicU8, Ordering};

use jwt_bearer_signer::{SignError, SignErrorKind};

use crate::apdu::Channel;
use crate::card::Card;

/// Somebody who waits for what the thread of a card does, and may go away.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    /// Whether he has gone, or his limit is over.
    pub(crate) has_gone: &'a dyn Fn() -> bool,
    /// What is done for him.
    pub(crate) stage: &'a StageCell,
}

impl Caller<'_> {
    /// Nothing is done for a caller who has gone, in particular nothing that costs a try.
    pub(crate) fn still_waits(&self) -> Result<(), SignError> {
        if (self.has_gone)() {
            return Err(SignError::new(
                SignErrorKind::Timeout,
                "the limit of the call was over before the token had done its part",
            ));
        }
        Ok(())
    }

    /// Begins a transaction, for which he waits.
    pub(crate) fn begin<'a>(
        &self,
        card: &'a mut dyn Card,
    ) -> Result<Box<dyn Channel + 'a>, pcsc::Error> {
        self.stage.set(Stage::Waiting);
        let channel = card.begin();
        self.stage.set(Stage::Working);
        channel
    }
}

/// What the thread of a card does, for the error of a caller who waits in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Stage {
    /// It works, or has nothing to do.
    Working,
    /// It waits for other programs to let go of the card.
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

    pub(crate) fn read(&self) -> Stage {
        let stage = self.0.load(Ordering::Relaxed);
        [Stage::Waiting, Stage::Pin, Stage::Touch]
            .into_iter()
            .find(|one| *one as u8 == stage)
            .unwrap_or(Stage::Working)
    }
}
