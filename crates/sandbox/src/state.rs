use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::watch;

use crate::fault::{self, Fault};
use crate::record::Recorded;
use crate::{Dialect, Sandbox};

/// What the connections of one running sandbox share.
pub(crate) struct State {
    pub(crate) sandbox: Sandbox,
    pub(crate) origin: String,
    changing: Mutex<Changing>,
    recorded: watch::Sender<Vec<Recorded>>,
}

struct Changing {
    skew: i64,
    faults: VecDeque<Fault>,
    /// Each access token with its subject and the first second in which it is no longer valid.
    tokens: HashMap<String, (String, i64)>,
    /// Each `jti` with the second up to which it is remembered.
    jtis: HashMap<String, i64>,
}

impl State {
    pub(crate) fn new(mut sandbox: Sandbox, origin: String) -> Arc<Self> {
        if sandbox.audiences.is_empty() {
            sandbox.audiences = match sandbox.dialect {
                Dialect::Box => vec!["https://api.box.com/oauth2/token".into()],
                Dialect::Salesforce => vec![
                    "https://login.salesforce.com".into(),
                    "https://test.salesforce.com".into(),
                    origin.clone(),
                ],
                Dialect::Generic => vec![format!("{origin}{}", sandbox.dialect.token_path())],
            };
        }
        let changing = Changing {
            skew: sandbox.skew,
            faults: VecDeque::new(),
            tokens: HashMap::new(),
            jtis: HashMap::new(),
        };
        let recorded = watch::Sender::new(Vec::new());
        Arc::new(Self {
            sandbox,
            origin,
            changing: Mutex::new(changing),
            recorded,
        })
    }

    /// The server's clock: seconds since 1970, within what an HTTP date can tell.
    #[expect(
        clippy::disallowed_methods,
        reason = "the server has a clock of its own, which the skew sets"
    )]
    pub(crate) fn now(&self) -> i64 {
        let skew = self.changing().skew;
        fault::seconds(SystemTime::now())
            .saturating_add(skew)
            .clamp(0, fault::LAST_SECOND)
    }

    pub(crate) fn set_skew(&self, seconds: i64) {
        self.changing().skew = seconds;
    }

    pub(crate) fn inject(&self, fault: Fault) {
        self.changing().faults.push_back(fault);
    }

    pub(crate) fn clear_faults(&self) {
        self.changing().faults.clear();
    }

    /// The fault for one request, which is counted as used.
    pub(crate) fn next_fault(&self) -> Option<Fault> {
        let faults = &mut self.changing().faults;
        while let Some(first) = faults.front_mut() {
            match &mut first.times {
                None => return Some(first.clone()),
                Some(0) => {}
                Some(times) => {
                    *times -= 1;
                    return Some(first.clone());
                }
            }
            faults.pop_front();
        }
        None
    }

    pub(crate) fn add_token(&self, token: String, subject: String, expiry: i64) {
        let now = self.now();
        let tokens = &mut self.changing().tokens;
        tokens.retain(|_, (_, expiry)| *expiry > now);
        tokens.insert(token, (subject, expiry));
    }

    pub(crate) fn subject_of(&self, token: &str) -> Option<String> {
        let now = self.now();
        let changing = self.changing();
        let (subject, expiry) = changing.tokens.get(token)?;
        (*expiry > now).then(|| subject.clone())
    }

    pub(crate) fn revoke_all_tokens(&self) {
        self.changing().tokens.clear();
    }

    /// Remembers a `jti` until its assertion expires; false if it is known already.
    pub(crate) fn add_jti(&self, jti: &str, expiry: i64, now: i64) -> bool {
        let jtis = &mut self.changing().jtis;
        jtis.retain(|_, expiry| *expiry > now);
        if jtis.contains_key(jti) {
            return false;
        }
        jtis.insert(jti.into(), expiry);
        true
    }

    pub(crate) fn record(&self, recorded: Recorded) {
        self.recorded.send_modify(|all| all.push(recorded));
    }

    pub(crate) fn recorded(&self) -> watch::Receiver<Vec<Recorded>> {
        self.recorded.subscribe()
    }

    /// Each change is whole after every statement, so a panic elsewhere leaves nothing half done.
    fn changing(&self) -> MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for State {
    /// Tells no token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changing = self.changing();
        f.debug_struct("State")
            .field("sandbox", &self.sandbox)
            .field("origin", &self.origin)
            .field("skew", &changing.skew)
            .field("faults", &changing.faults)
            .field("tokens", &changing.tokens.len())
            .finish_non_exhaustive()
    }
}
