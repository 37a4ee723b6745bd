use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use jwt_bearer_signer::{Algorithm, KeyKind, PublicKey};
use zeroize::Zeroizing;

use crate::state::State;
use crate::{Condition, Dialect, Running, SandboxError, SandboxErrorKind, Wording, server};

/// What the server knows: one registered app, its keys and its subjects. A builder; [`start`](Self::start) ends it.
pub struct Sandbox {
    pub(crate) dialect: Dialect,
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) keys: Vec<(Option<String>, PublicKey)>,
    pub(crate) enterprises: Vec<String>,
    pub(crate) users: Vec<String>,
    /// Each id with the e-mail address.
    pub(crate) logins: Vec<(String, String)>,
    pub(crate) audiences: Vec<String>,
    pub(crate) skew: i64,
    pub(crate) token_lifetime: Option<Duration>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) wording: Option<Wording>,
    pub(crate) login_limit: Option<u32>,
    tls: Option<(Vec<u8>, Zeroizing<Vec<u8>>)>,
}

impl Sandbox {
    /// A server of this dialect that knows no app, no key and no subject yet.
    #[must_use]
    pub const fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            client_id: String::new(),
            client_secret: None,
            keys: Vec::new(),
            enterprises: Vec::new(),
            users: Vec::new(),
            logins: Vec::new(),
            audiences: Vec::new(),
            skew: 0,
            token_lifetime: None,
            conditions: Vec::new(),
            algorithms: Vec::new(),
            wording: None,
            login_limit: None,
            tls: None,
        }
    }

    /// The one registered app: its client id (Salesforce: consumer key), and its secret, which Box demands.
    ///
    /// Without it the sandbox does not start.
    #[must_use]
    pub fn client(mut self, id: impl Into<String>, secret: Option<&str>) -> Self {
        self.client_id = id.into();
        self.client_secret = secret.map(Into::into);
        self
    }

    /// Registers a public key of the app, with the `kid` that names it.
    ///
    /// Box and Generic take any number, all but one with a `kid`; Salesforce takes the one key of the uploaded
    /// certificate, without a `kid`. With no key every assertion is refused.
    #[must_use]
    pub fn register(mut self, kid: Option<&str>, key: PublicKey) -> Self {
        self.keys.push((kid.map(Into::into), key));
        self
    }

    /// An enterprise id that may be a subject. Box only.
    ///
    /// With no enterprise and no user every subject is refused.
    #[must_use]
    pub fn enterprise(mut self, id: impl Into<String>) -> Self {
        self.enterprises.push(id.into());
        self
    }

    /// A user who may be a subject: the user id for Box, the username for Salesforce, the exact `sub` for Generic.
    #[must_use]
    pub fn user(mut self, id: impl Into<String>) -> Self {
        self.users.push(id.into());
        self
    }

    /// A user as [`user`](Self::user) takes one, who is found by this e-mail address too. Box only.
    #[must_use]
    pub fn login(mut self, id: impl Into<String>, email: impl Into<String>) -> Self {
        let id = id.into();
        self.logins.push((id.clone(), email.into()));
        self.user(id)
    }

    /// An accepted `aud`, instead of the dialect's own; called again, it adds one more.
    ///
    /// The dialect's own are `https://api.box.com/oauth2/token` for Box; `https://login.salesforce.com` and
    /// the sandbox's origin for Salesforce, as a production org; the token endpoint for Generic.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// How many seconds the server's clock is ahead of the local one; behind it if negative. Default 0.
    #[must_use]
    pub const fn skew(mut self, seconds: i64) -> Self {
        self.skew = seconds;
        self
    }

    /// How long a token is valid, in whole seconds of the server's clock.
    ///
    /// Default: somewhere from 3600 to 4200 seconds for Box, two hours for Salesforce, one hour for Generic.
    #[must_use]
    pub const fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = Some(lifetime);
        self
    }

    /// App, user, organization or server are in this state; called again, in this one too.
    ///
    /// [`Running::set`] changes it later.
    #[must_use]
    pub fn condition(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// The same as [`condition`](Self::condition) with [`Condition::Unauthorized`].
    #[must_use]
    pub fn unauthorized(self) -> Self {
        self.condition(Condition::Unauthorized)
    }

    /// An algorithm that an assertion may be signed with, instead of the dialect's own; called again, it adds one more.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithms.push(algorithm);
        self
    }

    /// In whose words Generic refuses. Default: in its own.
    #[must_use]
    pub const fn wording(mut self, wording: Wording) -> Self {
        self.wording = Some(wording);
        self
    }

    /// How often each user may log in, which is get a token, within an hour of the server's clock. Salesforce only.
    /// Default 3600.
    #[must_use]
    pub const fn login_limit(mut self, logins: u32) -> Self {
        self.login_limit = Some(logins);
        self
    }

    /// Serves https instead of http: a certificate chain (PEM, `CERTIFICATE`) and its private key (PEM, `PRIVATE KEY`,
    /// `RSA PRIVATE KEY` or `EC PRIVATE KEY`).
    #[must_use]
    pub fn tls(
        mut self,
        certificate_chain_pem: impl Into<Vec<u8>>,
        private_key_pem: impl Into<Vec<u8>>,
    ) -> Self {
        self.tls = Some((
            certificate_chain_pem.into(),
            Zeroizing::new(private_key_pem.into()),
        ));
        self
    }

    /// Listens on the address, port 0 for any free one, and serves from tasks of the current tokio runtime.
    ///
    /// # Errors
    /// `Address` if it is not a loopback one, `Config` if no server of the dialect could be set up like this, `Tls` for
    /// a certificate or key that cannot be used, `Bind` if the address cannot be listened on.
    pub async fn start(mut self, address: SocketAddr) -> Result<Running, SandboxError> {
        if !address.ip().is_loopback() {
            let text = format!("{address} can be reached by others; give 127.0.0.1 or [::1]");
            return Err(SandboxError::new(SandboxErrorKind::Address, text));
        }
        self.check()
            .map_err(|text| SandboxError::new(SandboxErrorKind::Config, text))?;
        let tls = match self.tls.take() {
            Some((chain, key)) => Some(server::tls_acceptor(&chain, &key)?),
            None => None,
        };
        let (listener, address) = server::bind(address).await?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let state = State::new(self, format!("{scheme}://{address}"));
        Ok(Running::new(state, address, listener, tls))
    }

    /// The algorithms that an assertion may be signed with.
    pub(crate) fn accepted_algorithms(&self) -> &[Algorithm] {
        if self.algorithms.is_empty() {
            self.dialect.algorithms()
        } else {
            &self.algorithms
        }
    }

    /// How many seconds ahead of the server's clock `exp` may lie.
    pub(crate) const fn max_life(&self) -> Option<i64> {
        match self.wording {
            Some(Wording::Epic) => Some(300),
            _ => self.dialect.max_life(),
        }
    }

    fn check(&self) -> Result<(), String> {
        if self.client_id.is_empty() {
            return Err("no app is registered; give its client id".into());
        }
        if self.dialect == Dialect::Box && self.client_secret.is_none() {
            return Err("an app at Box has a client secret; give one".into());
        }
        if self.dialect != Dialect::Box && !self.enterprises.is_empty() {
            return Err(format!(
                "{} knows no enterprises as subjects; give a user",
                self.dialect
            ));
        }
        if self.dialect != Dialect::Box && !self.logins.is_empty() {
            return Err(format!(
                "{} finds no users by e-mail address; give a user",
                self.dialect
            ));
        }
        if self.enterprises.iter().any(|id| id == "0") {
            return Err(
                "a Box account with the enterprise id 0 has no enterprise; give a user".into(),
            );
        }
        if let Some(condition) = self
            .conditions
            .iter()
            .find(|condition| !condition.suits(self.dialect))
        {
            return Err(format!("{} cannot be {condition}", self.dialect));
        }
        if let Some(algorithm) = self
            .algorithms
            .iter()
            .find(|algorithm| !self.dialect.algorithms().contains(algorithm))
        {
            return Err(format!("{} takes no {algorithm}", self.dialect));
        }
        if self.wording.is_some() && self.dialect != Dialect::Generic {
            return Err(format!(
                "{} has words of its own; only generic takes others",
                self.dialect
            ));
        }
        if self.login_limit.is_some() && self.dialect != Dialect::Salesforce {
            return Err(format!("{} counts no logins", self.dialect));
        }
        if self.dialect == Dialect::Salesforce {
            match &self.keys[..] {
                [] | [(None, _)] => {}
                [(Some(_), _)] => {
                    return Err("salesforce knows no `kid`; register the key without".into());
                }
                keys => {
                    return Err(format!(
                        "salesforce takes one certificate, and {} keys are registered",
                        keys.len()
                    ));
                }
            }
        }
        for (index, (kid, key)) in self.keys.iter().enumerate() {
            let unverifiable = match key.kind() {
                KeyKind::Rsa { bits, .. } => !(2048..=8192).contains(&bits),
                kind => matches!(kind, KeyKind::P521 | KeyKind::Secp256k1),
            };
            if unverifiable {
                return Err(format!(
                    "signatures of a {} key cannot be verified here",
                    key.kind()
                ));
            }
            if self.keys[..index].iter().any(|(other, _)| other == kid) {
                let kid = kid
                    .as_deref()
                    .map_or("no kid".into(), |kid| format!("the kid `{kid}`"));
                return Err(format!(
                    "two keys have {kid}; give each its own, so that an assertion can name it"
                ));
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Sandbox {
    /// Tells neither the client secret nor the key of TLS.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("dialect", &self.dialect)
            .field("client_id", &self.client_id)
            .field("keys", &self.keys)
            .field("enterprises", &self.enterprises)
            .field("users", &self.users)
            .field("logins", &self.logins)
            .field("audiences", &self.audiences)
            .field("skew", &self.skew)
            .field("token_lifetime", &self.token_lifetime)
            .field("conditions", &self.conditions)
            .field("algorithms", &self.algorithms)
            .field("wording", &self.wording)
            .field("login_limit", &self.login_limit)
            .finish_non_exhaustive()
    }
}
