//! What a test does to the card: pulls it, touches it, slows it down, counts what it is asked.

pub(crate) mod socket;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{Shutdown, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::apdu::{Command, Status, ins};

/// How long `remove` and `insert` wait for the reader.
const READER_WITHIN: Duration = Duration::from_secs(10);
/// How long a touch that never comes is waited for, if nothing else is said.
pub(crate) const NO_TOUCH: Duration = Duration::from_millis(100);

/// When the token is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    /// Without delay.
    Now,
    /// So long after it asks.
    After(Duration),
    /// Never, and it gives up after so long.
    Never(Duration),
}

/// Which answers are slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slow {
    /// Those to GENERAL AUTHENTICATE.
    Sign,
    /// All.
    Every,
}

struct State {
    inserted: bool,
    powered: bool,
    connection: Option<TcpStream>,
    slow_sign: Duration,
    slow_every: Duration,
    touch: Touch,
    corrupt: bool,
    answer: Option<Status>,
    seen: Vec<Seen>,
}

/// An APDU: its header, the length of its data and the status word it got.
struct Seen {
    header: [u8; 4],
    length: usize,
    status: u16,
}

/// What the control socket sets and the card obeys.
pub(crate) struct Controls {
    state: Mutex<State>,
    changed: Condvar,
}

impl Controls {
    /// A card in its reader, fast, always touched.
    pub(crate) fn new() -> Self {
        let state = State {
            inserted: true,
            powered: false,
            connection: None,
            slow_sign: Duration::ZERO,
            slow_every: Duration::ZERO,
            touch: Touch::Now,
            corrupt: false,
            answer: None,
            seen: Vec::new(),
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    // The reader's side.

    /// Waits until the card is in the reader.
    pub(crate) fn wait_until_inserted(&self) {
        drop(
            self.changed
                .wait_while(self.state(), |state| !state.inserted),
        );
    }

    /// Notes the connection to the reader, so that `remove` can cut it.
    pub(crate) fn connected(&self, connection: TcpStream) {
        let mut state = self.state();
        if !state.inserted {
            cut(&connection);
        }
        state.connection = Some(connection);
    }

    /// Notes that the reader has let go of the card.
    pub(crate) fn disconnected(&self) {
        let mut state = self.state();
        state.connection = None;
        self.changed.notify_all();
    }

    /// Notes whether the card has had power since it was put into the reader.
    pub(crate) fn powered(&self, powered: bool) {
        self.state().powered = powered;
        self.changed.notify_all();
    }

    /// Is as slow as was asked for, for this command. A card that is pulled waits no longer.
    pub(crate) fn pause(&self, bytes: &[u8]) {
        let state = self.state();
        let sign = bytes.get(1) == Some(&ins::GENERAL_AUTHENTICATE) && bytes.first() == Some(&0);
        let pause = state.slow_every
            + if sign {
                state.slow_sign
            } else {
                Duration::ZERO
            };
        drop(
            self.changed
                .wait_timeout_while(state, pause, |state| state.inserted),
        );
    }

    // The card's side.

    /// Waits for a touch. False if none is given, or if the card is pulled.
    pub(crate) fn wait_for_touch(&self) -> bool {
        let began = Instant::now();
        let mut state = self.state();
        while state.inserted {
            let (patience, touched) = match state.touch {
                Touch::Now => return true,
                Touch::After(wait) => (wait, true),
                Touch::Never(wait) => (wait, false),
            };
            let Some(left) = patience
                .checked_sub(began.elapsed())
                .filter(|left| !left.is_zero())
            else {
                return touched;
            };
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    /// The status word that was ordered for this GENERAL AUTHENTICATE.
    pub(crate) fn take_answer(&self) -> Option<Status> {
        self.state().answer.take()
    }

    /// Whether this signature is to be wrong.
    pub(crate) fn take_corrupt(&self) -> bool {
        std::mem::take(&mut self.state().corrupt)
    }

    /// Notes an APDU and what was answered.
    pub(crate) fn seen(&self, command: &Command, sent: &[u8]) {
        let status = sent
            .last_chunk()
            .map_or(0, |bytes| u16::from_be_bytes(*bytes));
        let header = [command.class, command.instruction, command.p1, command.p2];
        self.state().seen.push(Seen {
            header,
            length: command.data.len(),
            status,
        });
    }

    // The test's side.

    /// Pulls the card out of the reader. False if the reader does not notice within ten seconds.
    pub(crate) fn remove(&self) -> bool {
        let mut state = self.state();
        state.inserted = false;
        state.powered = false;
        if let Some(connection) = &state.connection {
            cut(connection);
        }
        self.changed.notify_all();
        self.within(state, |state| state.connection.is_none())
    }

    /// Puts the card into the reader. False if the reader gives it no power within ten seconds.
    pub(crate) fn insert(&self) -> bool {
        let mut state = self.state();
        state.inserted = true;
        self.changed.notify_all();
        self.within(state, |state| state.powered)
    }

    pub(crate) fn slow(&self, which: Slow, pause: Duration) {
        let mut state = self.state();
        match which {
            Slow::Sign => state.slow_sign = pause,
            Slow::Every => state.slow_every = pause,
        }
    }

    pub(crate) fn touch(&self, touch: Touch) {
        self.state().touch = touch;
        self.changed.notify_all();
    }

    pub(crate) fn corrupt_next(&self) {
        self.state().corrupt = true;
    }

    pub(crate) fn answer_next(&self, status: Status) {
        self.state().answer = Some(status);
    }

    pub(crate) fn clear(&self) {
        self.state().seen.clear();
    }

    /// How often each instruction came. A part of a chained command counts as `part`, the last one as the command.
    pub(crate) fn count(&self) -> String {
        let mut counts = BTreeMap::new();
        for seen in &self.state().seen {
            *counts.entry(seen.name()).or_insert(0) += 1;
        }
        let counts: Vec<String> = counts
            .into_iter()
            .map(|(name, count)| format!("{name}={count}"))
            .collect();
        counts.join(" ")
    }

    /// One line an APDU. No data is in it, since it may be a PIN.
    pub(crate) fn log(&self) -> String {
        let mut lines = String::new();
        for seen in &self.state().seen {
            let [class, instruction, p1, p2] = seen.header;
            let (length, status, name) = (seen.length, seen.status, seen.name());
            // Writing to a string does not fail.
            let _ = writeln!(
                lines,
                "{class:02x}{instruction:02x}{p1:02x}{p2:02x} {length} {status:04x} {name}"
            );
        }
        lines
    }

    /// Waits until it is so, and tells whether it became so.
    fn within(&self, state: MutexGuard<'_, State>, so: impl Fn(&State) -> bool) -> bool {
        let waited = self
            .changed
            .wait_timeout_while(state, READER_WITHIN, |state| !so(state));
        so(&waited.unwrap_or_else(PoisonError::into_inner).0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends our half: the reader then closes its own when it next looks.
fn cut(connection: &TcpStream) {
    // It may be closed already.
    let _ = connection.shutdown(Shutdown::Write);
}

impl Seen {
    fn name(&self) -> &'static str {
        let [class, instruction, ..] = self.header;
        if class & 0x10 != 0 {
            return "part";
        }
        match instruction {
            ins::READ_CONFIGURATION => "read-configuration",
            ins::VERIFY => "verify",
            ins::CHANGE_REFERENCE => "change-reference",
            ins::RESET_RETRY => "reset-retry",
            ins::GENERATE => "generate",
            ins::GENERAL_AUTHENTICATE => "general-authenticate",
            ins::SELECT => "select",
            ins::GET_RESPONSE => "get-response",
            ins::GET_DATA => "get-data",
            ins::PUT_DATA => "put-data",
            ins::MOVE_KEY => "move-key",
            ins::GET_METADATA => "get-metadata",
            ins::GET_SERIAL => "get-serial",
            ins::ATTEST => "attest",
            ins::SET_RETRIES => "set-retries",
            ins::RESET => "reset",
            ins::GET_VERSION => "get-version",
            ins::IMPORT => "import",
            ins::SET_MANAGEMENT_KEY => "set-management-key",
            _ => "other",
        }
    }
}
