use std::fmt;
use std::time::SystemTime;

use jwt_bearer_assertion::{Assertion, Decoded};
use jwt_bearer_keyfile::{KeyFileErrorKind, PrivateKey, read_public_key};
use jwt_bearer_provider::{Check, Profile};
use jwt_bearer_signer::PublicKey;

use crate::checks::config::Config;
use crate::mark::Hidden;
use crate::{Probe, Reply, Request};

/// What is known of a failed token request. Every part is optional; the more there is, the surer the findings.
///
/// Private keys, secrets and signatures that come along are looked at and forgotten, or kept where neither `Debug` nor a
/// [`Report`](crate::Report) shows them.
#[derive(Clone, Default)]
pub struct Evidence {
    pub(crate) profile: Option<Profile>,
    pub(crate) client_id: Option<String>,
    pub(crate) key_id: Option<String>,
    pub(crate) request: Option<Request>,
    pub(crate) assertion: Option<Decoded>,
    /// The assertion as it was given, to verify its signature.
    pub(crate) compact: Option<String>,
    /// Why the text given as assertion is none.
    pub(crate) no_assertion: Option<String>,
    /// Whether of the assertion only the claims are known.
    pub(crate) is_claims_alone: bool,
    /// Whether header and claims were shown apart from the JWT, whose form is not known then.
    pub(crate) is_taken_apart: bool,
    /// Whether it stood where a request has it, and so is the one that the reply answers.
    pub(crate) is_in_request: bool,
    /// What a person masked.
    pub(crate) hidden: Vec<Hidden>,
    /// Whether it had a signature, of which a mask in the rest leaves nothing to tell.
    pub(crate) is_signature_lost: bool,
    /// Whether a name in it, as it was signed, is one from an example: it may stand in place of another.
    pub(crate) has_example: bool,
    /// Whether the assertion was signed by the caller, with the signing key.
    pub(crate) is_signed_here: bool,
    /// Whether a person wrote or copied it, who may have left out what is secret.
    pub(crate) is_pasted: bool,
    pub(crate) earlier: Option<Decoded>,
    pub(crate) reply: Option<Reply>,
    pub(crate) message: Option<String>,
    /// Whose server a text around the evidence speaks of.
    pub(crate) mentioned: Option<&'static str>,
    pub(crate) signing_key: Option<PublicKey>,
    pub(crate) registered: Vec<Registered>,
    /// What is wrong with the file of the private key, or nothing.
    pub(crate) key_file: Option<Result<(), String>>,
    pub(crate) config: Option<Config>,
    pub(crate) has_no_config: bool,
    pub(crate) sent_at: Option<SystemTime>,
    pub(crate) received_at: Option<SystemTime>,
    pub(crate) probes: Vec<Probe>,
    /// What the caller saw fail.
    pub(crate) failed: Vec<(Check, String)>,
    /// What likely is behind a failure that the caller saw.
    pub(crate) suspected: Vec<(Check, String)>,
    /// Failures of which nobody knows whether they are of the way to the token endpoint.
    pub(crate) doubtful: Vec<Probe>,
}

impl Evidence {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The profile of the server. Without one it is told from hosts and texts.
    #[must_use]
    pub const fn profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// The client id of the configuration, with which `iss` is compared.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The id under which the public key is registered, with which `kid` is compared.
    #[must_use]
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// The request, apart from the assertion.
    #[must_use]
    pub fn request(mut self, request: Request) -> Self {
        self.request = Some(request);
        self
    }

    /// The assertion, decoded; with its signature or without.
    #[must_use]
    pub fn assertion(mut self, assertion: Decoded) -> Self {
        self.assertion = Some(assertion);
        self
    }

    /// The assertion as it was sent. Its signature is verified if the registered key is known.
    #[must_use]
    pub fn assertion_text(mut self, text: &str) -> Self {
        match Assertion::decode(text) {
            Ok(decoded) => {
                self.assertion = Some(decoded);
                self.compact = Some(text.trim().to_owned());
            }
            Err(error) => self.no_assertion = Some(error.to_string()),
        }
        self
    }

    /// That the caller signed the assertion itself, with the signing key: its signature and the form of it are right.
    #[must_use]
    pub const fn signed_here(mut self) -> Self {
        self.is_signed_here = true;
        self
    }

    /// An assertion that was sent before this one.
    #[must_use]
    pub fn earlier_assertion(mut self, earlier: Decoded) -> Self {
        self.earlier = Some(earlier);
        self
    }

    /// The reply.
    #[must_use]
    pub fn reply(mut self, reply: Reply) -> Self {
        self.reply = Some(reply);
        self
    }

    /// What a program printed in place of the reply: an exception, a line of a log.
    #[must_use]
    pub fn message(mut self, text: impl Into<String>) -> Self {
        self.message = Some(text.into());
        self
    }

    /// The public key of the key that signs.
    #[must_use]
    pub fn signing_key(mut self, key: PublicKey) -> Self {
        self.signing_key = Some(key);
        self
    }

    /// What is registered with the provider: a certificate or a public key, in PEM, DER, or base64 of either. Of several
    /// one that fits is enough.
    #[must_use]
    pub fn registered(mut self, bytes: &[u8]) -> Self {
        self.registered.push(Registered::read(bytes));
        self
    }

    /// What is given as the private key. It is looked at and forgotten.
    #[must_use]
    pub fn key_file(mut self, bytes: &[u8]) -> Self {
        self.key_file = Some(match PrivateKey::read(bytes, None) {
            Err(error) if error.kind() != KeyFileErrorKind::PassphraseNeeded => {
                Err(error.to_string())
            }
            _ => Ok(()),
        });
        self
    }

    /// The JSON configuration file of Box's developer console. Its secrets are looked at and forgotten.
    #[must_use]
    pub fn box_config(mut self, json: &str) -> Self {
        self.config = Some(Config::read(json));
        self
    }

    /// That no configuration file is used; without it, nothing is known of one.
    #[must_use]
    pub const fn without_box_config(mut self) -> Self {
        self.has_no_config = true;
        self
    }

    /// When the request was sent, by this machine's clock.
    #[must_use]
    pub const fn sent_at(mut self, time: SystemTime) -> Self {
        self.sent_at = Some(time);
        self
    }

    /// When the reply was there, by this machine's clock.
    #[must_use]
    pub const fn received_at(mut self, time: SystemTime) -> Self {
        self.received_at = Some(time);
        self
    }

    /// That the caller saw this fail by itself, and how that showed: a text in one line, which is redacted.
    #[must_use]
    pub fn failed(mut self, check: Check, line: impl Into<String>) -> Self {
        self.failed.push((check, line.into()));
        self
    }

    /// That this is likely behind a failure that the caller saw, and how that showed: a text in one line, which is
    /// redacted.
    #[must_use]
    pub fn suspected(mut self, check: Check, line: impl Into<String>) -> Self {
        self.suspected.push((check, line.into()));
        self
    }

    /// Forgets the reply: what failed came after it, and elsewhere.
    #[must_use]
    pub fn without_reply(mut self) -> Self {
        self.reply = None;
        self
    }

    /// Adds what a probe found.
    #[must_use]
    pub fn probe(mut self, probe: Probe) -> Self {
        self.probes.push(probe);
        self
    }
}

impl Evidence {
    /// The names and ids that are known, and that a server may repeat.
    pub(crate) fn names(&self) -> Vec<String> {
        let claims = self.assertion.iter().flat_map(|assertion| {
            let claim = |name: &str| assertion.claims().get(name)?.as_str();
            [claim("iss"), claim("sub"), claim("prn"), assertion.key_id()]
        });
        let request = self.request.as_ref();
        let client_id = request.and_then(|request| request.parameter("client_id"));
        let own = [client_id, self.client_id.as_deref(), self.key_id.as_deref()];
        claims.chain(own).flatten().map(str::to_owned).collect()
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evidence")
            .field("profile", &self.profile.map(|profile| profile.name))
            .field("request", &self.request)
            .field("assertion", &self.assertion)
            .field("reply", &self.reply)
            .field("signing_key", &self.signing_key)
            .field("probes", &self.probes)
            .finish_non_exhaustive()
    }
}

/// What is registered with the provider.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) key: Result<PublicKey, String>,
    pub(crate) is_certificate: bool,
    pub(crate) octets: usize,
}

impl Registered {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let is_pem = text.contains("-BEGIN ");
        let key = read_public_key(bytes).map_err(|error| error.to_string());
        let is_certificate = match (&key, is_pem) {
            (Err(_), _) => false,
            (Ok(_), true) => text.contains("CERTIFICATE-") && !text.contains("PUBLIC KEY-"),
            // DER of a public key ends with the key and has little before it; a certificate has much more around.
            (Ok(key), false) => bytes.len() > key.as_spki_der().len() * 4 / 3 + 8,
        };
        Self {
            key,
            is_certificate,
            octets: bytes.len(),
        }
    }
}
