use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde_json::Value;
use tokio::sync::watch;

use crate::fault::{self, Fault};
use crate::record::Recorded;
use crate::{Condition, Dialect, Sandbox};

/// The time in which the logins of a user are counted, in seconds.
const LOGIN_PERIOD: i64 = 3600;
/// How many of them there may be, unless it is set.
const LOGIN_LIMIT: u32 = 3600;

/// What the connections of one running sandbox share.
pub(crate) struct State {
    pub(crate) sandbox: Sandbox,
    pub(crate) origin: String,
    changing: Mutex<Changing>,
    recorded: watch::Sender<Vec<Recorded>>,
}

struct Changing {
    skew: i64,
    conditions: HashSet<Condition>,
    faults: VecDeque<Fault>,
    tokens: HashMap<String, Issued>,
    /// Each `jti` with the second up to which it is remembered.
    jtis: HashMap<String, i64>,
    /// When each user logged in, the oldest first.
    logins: HashMap<String, VecDeque<i64>>,
}

/// Whom a token is for.
#[derive(Clone)]
pub(crate) struct Subject {
    pub(crate) id: String,
    /// And not an enterprise or the client itself.
    pub(crate) is_user: bool,
}

/// What an access token stands for.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) subject: Subject,
    /// The first second in which it is no longer valid.
    pub(crate) expiry: i64,
    /// To what it was downscoped.
    pub(crate) restricted_to: Option<Value>,
}

impl State {
    pub(crate) fn new(mut sandbox: Sandbox, origin: String) -> Arc<Self> {
        if sandbox.audiences.is_empty() {
            sandbox.audiences = match sandbox.dialect {
                Dialect::Box => vec!["https://api.box.com/oauth2/token".into()],
                Dialect::Salesforce => vec!["https://login.salesforce.com".into(), origin.clone()],
                Dialect::Generic => vec![format!("{origin}{}", sandbox.dialect.token_path())],
            };
        }
        let changing = Changing {
            skew: sandbox.skew,
            conditions: sandbox.conditions.iter().copied().collect(),
            faults: VecDeque::new(),
            tokens: HashMap::new(),
            jtis: HashMap::new(),
            logins: HashMap::new(),
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

    pub(crate) fn is(&self, condition: Condition) -> bool {
        self.changing().conditions.contains(&condition)
    }

    pub(crate) fn set(&self, condition: Condition, is_so: bool) {
        let conditions = &mut self.changing().conditions;
        if is_so {
            conditions.insert(condition);
        } else {
            conditions.remove(&condition);
        }
    }

    /// Where Salesforce says that the resources are.
    pub(crate) fn instance_url(&self) -> String {
        match self.origin.rsplit_once(':') {
            Some((scheme_and_host, port)) if self.is(Condition::LoginHost) => {
                let scheme = scheme_and_host.split(':').next().unwrap_or_default();
                format!("{scheme}://localhost:{port}")
            }
            _ => self.origin.clone(),
        }
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

    pub(crate) fn add_token(&self, token: String, issued: Issued) {
        let now = self.now();
        let tokens = &mut self.changing().tokens;
        tokens.retain(|_, issued| issued.expiry > now);
        tokens.insert(token, issued);
    }

    /// What a token stands for, if it is valid.
    pub(crate) fn issued(&self, token: &str) -> Option<Issued> {
        let now = self.now();
        let changing = self.changing();
        let issued = changing.tokens.get(token)?;
        (issued.expiry > now).then(|| issued.clone())
    }

    pub(crate) fn revoke(&self, token: &str) {
        self.changing().tokens.remove(token);
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

    /// Counts a login at Salesforce; false if the user has no more left for now.
    pub(crate) fn count_login(&self, user: &str, now: i64) -> bool {
        if self.sandbox.dialect != Dialect::Salesforce {
            return true;
        }
        let logins = &mut self.changing().logins;
        let times = logins.entry(user.into()).or_default();
        while times
            .front()
            .is_some_and(|time| *time <= now - LOGIN_PERIOD)
        {
            times.pop_front();
        }
        let limit = self.sandbox.login_limit.unwrap_or(LOGIN_LIMIT);
        if times.len() >= limit as usize {
            return false;
        }
        times.push_back(now);
        true
    }

    pub(crate) fn record(&self, recorded: Recorded) {
        self.recorded.send_modify(|all| all.push(recorded));
    }

    pub(crate) fn take_recorded(&self) -> Vec<Recorded> {
        let mut taken = Vec::new();
        self.recorded.send_modify(|all| taken = std::mem::take(all));
        taken
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
            .field("conditions", &changing.conditions)
            .field("faults", &changing.faults)
            .field("tokens", &changing.tokens.len())
            .finish_non_exhaustive()
    }
}
