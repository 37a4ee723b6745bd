//! From flags and profile to a request and a key.

mod header;
mod key;

use std::collections::HashSet;
use std::error::Error;
use std::time::Duration;

use jwt_bearer::exchange::{HttpTransport, Retry};
use jwt_bearer::provider::{Check, RequestBuilder, SecretRule, SubjectRule};
use jwt_bearer::secrecy::SecretString;
use jwt_bearer::{BoxConfig, Grant, Profile, Subject};
use zeroize::Zeroizing;

use crate::args::{ConfigArgs, Provider, RequestArgs};
use crate::cache::Cache;
use crate::config::Config;
use crate::error::Failure;
use crate::interaction::{Reference, prompt, text_file};
use crate::layers;
use crate::pairs::{Pair, Seconds};
use crate::write::note;

pub(crate) use key::named_key;

const MAX_BOX_CONFIG: u64 = 1 << 20;
const MAX_CA_FILE: u64 = 16 << 20;
/// How long everything that is sent may take, unless it is set.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The same where a person is asked for a PIN, for whom the token alone waits up to 60 seconds.
const TIMEOUT_WITH_PIN: Duration = Duration::from_secs(90);

/// Everything that was set, wherever.
#[derive(Debug)]
pub(crate) struct Settings {
    args: RequestArgs,
    box_config: Option<BoxConfig>,
}

impl Settings {
    /// The flags and variables in `args` over the profile, if one is named.
    pub(crate) fn new(
        args: &RequestArgs,
        variables: &HashSet<String>,
        profile: Option<&str>,
        config: &ConfigArgs,
    ) -> Result<Self, Failure> {
        Self::resolved(Self::layered(args, variables, profile, config)?)
    }

    /// The same before it is looked at: what is set where may not go together, and no file but the profile's is read.
    pub(crate) fn layered(
        args: &RequestArgs,
        variables: &HashSet<String>,
        profile: Option<&str>,
        config: &ConfigArgs,
    ) -> Result<RequestArgs, Failure> {
        // The layers know each name once.
        once("claim", &args.claim)?;
        once("header member", &args.header)?;
        once("form parameter", &args.form)?;
        let below = match profile {
            None => RequestArgs::default(),
            Some(name) => {
                let config = Config::read(config.config.as_deref())?;
                let below = config.profile(name)?;
                note(&format!("profile `{name}` of {}", config.path().display()));
                below
            }
        };
        layers::combined(args, variables, &below)
    }

    pub(crate) fn resolved(args: RequestArgs) -> Result<Self, Failure> {
        let box_config = match &args.box_config {
            Some(path) => {
                let json = text_file("Box configuration", path, MAX_BOX_CONFIG).map_err(|failure| {
                    failure.hint("it is the JSON file that Box's Developer Console gives out; in a profile, its path counts from the folder of the profile's file")
                })?;
                Some(BoxConfig::from_json(&json).map_err(|error| {
                    Failure::usage(format!("{}: {error}", path.display()))
                        .about(Check::ConfigUnreadable)
                        .hint(Check::ConfigUnreadable.next(Profile::BOX.name))
                })?)
            }
            None => None,
        };
        let settings = Self { args, box_config };
        if settings.box_config.is_some()
            && settings
                .args
                .provider
                .is_some_and(|provider| provider != Provider::Box)
        {
            return Err(Failure::usage("--box-config is for --provider box alone"));
        }
        if settings.args.login.is_some()
            && settings
                .args
                .provider
                .is_some_and(|provider| provider != Provider::Box)
        {
            return Err(Failure::usage("--login is for --provider box alone"));
        }
        if settings.box_config.is_some() && settings.args.issuer.is_some() {
            return Err(Failure::usage(
                "both --issuer and --box-config are set; the client id is in Box's file",
            ));
        }
        Ok(settings)
    }

    /// The same for a request that has neither assertion nor user, only the client: what nobody set of them is made up.
    pub(crate) fn for_client(mut self) -> Result<Self, Failure> {
        let rules = self.rules()?;
        let is_named = self.secret_is_named();
        let args = &mut self.args;
        args.login = None;
        // With a secret, the issuer is the client id.
        let needs_issuer = rules.client_secret == SecretRule::Required || is_named;
        if args.issuer.is_none() && self.box_config.is_none() {
            let nobody = || (!needs_issuer).then(|| "nobody".to_owned());
            args.issuer = args.client_id.clone().or_else(nobody);
        }
        let is_set = args.subject.is_some() || args.enterprise.is_some() || args.user.is_some();
        if !is_set {
            match rules.subject {
                SubjectRule::EnterpriseOrUser => args.user = Some("1".into()),
                SubjectRule::Required(_) => args.subject = Some("nobody".into()),
                _ => {}
            }
        }
        Ok(self)
    }

    /// The provider's rules.
    pub(crate) fn rules(&self) -> Result<Profile, Failure> {
        match (self.args.provider, &self.box_config) {
            (Some(provider), _) => Ok(provider.profile()),
            (None, Some(_)) => Ok(Profile::BOX),
            (None, None) => Err(Failure::usage(
                "no provider is set: use --provider box, salesforce or generic, or name a profile",
            )
            .hint("`jwt-bearer token --help` has examples; `jwt-bearer demo` shows it work")),
        }
    }

    /// The request, with the client secret if the exchange needs one: asked for at last, when all else is in order.
    pub(crate) fn request(&self) -> Result<RequestBuilder, Failure> {
        let request = self.request_without_secret()?;
        if let Some(secret) = self.named_secret()? {
            return Ok(request.client_secret(secret));
        }
        if !self.secret_is_asked_for()? {
            return Ok(request);
        }
        match prompt("Client secret").map_err(Failure::usage)? {
            Some(secret) => Ok(request.client_secret(secret)),
            None => Err(Failure::usage(format!(
                "the client secret is missing: {} wants it besides the assertion",
                self.rules()?.title
            ))
            .hint("name it with --client-secret-env NAME or --client-secret-file FILE, or run this in a terminal")),
        }
    }

    /// The client secret, if a variable or a file is named for it.
    pub(crate) fn named_secret(&self) -> Result<Option<SecretString>, Failure> {
        let args = &self.args;
        Reference::client_secret(
            args.client_secret_env.as_ref(),
            args.client_secret_file.as_deref(),
        )
        .read()
    }

    /// Whether the provider wants a client secret and none is set anywhere.
    pub(crate) fn secret_is_asked_for(&self) -> Result<bool, Failure> {
        let wanted =
            self.rules()?.client_secret == SecretRule::Required && self.grant() == Grant::JwtBearer;
        Ok(wanted && !self.secret_is_named() && self.box_config.is_none())
    }

    fn secret_is_named(&self) -> bool {
        self.args.client_secret_env.is_some() || self.args.client_secret_file.is_some()
    }

    /// The request with nothing in place of a client secret that is still to come: to check all else.
    pub(crate) fn trial_request(&self) -> Result<RequestBuilder, Failure> {
        let request = self.request_without_secret()?;
        Ok(if self.secret_is_named() || self.secret_is_asked_for()? {
            request.client_secret(SecretString::default())
        } else {
            request
        })
    }

    /// The request but for a client secret that is not in Box's configuration file.
    fn request_without_secret(&self) -> Result<RequestBuilder, Failure> {
        let mut request = self.assertion_request()?;
        if let Some(client_id) = &self.args.client_id {
            request = request.client_id(client_id);
        }
        if let Some(scope) = &self.args.scope {
            request = request.scope(scope);
        }
        for parameter in &self.args.form {
            request = request.form(&parameter.name, &parameter.value);
        }
        Ok(request)
    }

    /// What goes into the assertion.
    pub(crate) fn assertion_request(&self) -> Result<RequestBuilder, Failure> {
        let args = &self.args;
        let issuer = || args.issuer.clone().unwrap_or_default();
        let mut request = match (self.grant(), &self.box_config) {
            (Grant::JwtBearer, Some(config)) => config.request(),
            (Grant::JwtBearer, None) => self.rules()?.request(issuer()),
            (_, Some(_)) => {
                return Err(Failure::usage(
                    "--box-config is for the grant jwt-bearer alone",
                ));
            }
            (_, None) => self.rules()?.client_authentication(issuer()),
        };
        request = request.header(header::header(&args.header)?);
        if let Some(key_id) = &args.key_id {
            request = request.key_id(key_id);
        }
        let subjects = [
            args.subject.clone().map(Subject::Name),
            args.enterprise.clone().map(Subject::Enterprise),
            args.user.clone().map(Subject::User),
        ];
        let mut subjects = subjects.into_iter().flatten();
        if let Some(subject) = subjects.next() {
            request = request.subject(subject);
        }
        if subjects.next().is_some() {
            return Err(Failure::usage(
                "more than one of --subject, --enterprise and --user is set; set one",
            ));
        }
        if args.login.is_some() && (args.user.is_some() || args.subject.is_some()) {
            return Err(Failure::usage(
                "--login is set besides another user; it needs the enterprise alone, to look the user up in",
            ));
        }
        if args.login.is_some() && args.enterprise.is_none() && self.box_config.is_none() {
            return Err(Failure::usage(
                "--login needs --enterprise, to look the user up in",
            ));
        }
        if let Some(audience) = &args.audience {
            request = request.audience(audience.as_str());
        }
        if let Some(url) = &args.token_endpoint {
            request = request.token_endpoint(url);
        }
        if let Some(host) = &args.host {
            request = request.host(host);
        }
        if let Some(lifetime) = args.lifetime {
            request = request.lifetime(lifetime.duration());
        }
        for member in &args.claim {
            request = request.claim(&member.name, member.value.clone());
        }
        Ok(request)
    }

    /// What names the app, its user and its key.
    pub(crate) fn names(&self) -> Vec<String> {
        let args = &self.args;
        let given = [
            &args.issuer,
            &args.client_id,
            &args.subject,
            &args.enterprise,
            &args.user,
            &args.login,
            &args.key_id,
        ];
        let given = given.into_iter().flatten().cloned();
        let config = self.box_config.iter();
        let config = config.flat_map(|config| [Some(config.client_id()), config.key_id()]);
        given.chain(config.flatten().map(str::to_owned)).collect()
    }

    /// The key as it is named.
    pub(crate) fn key(&self) -> Option<&str> {
        self.args.key.as_deref()
    }

    /// Box's configuration file, with its secrets.
    pub(crate) fn box_config_text(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        let path = self.args.box_config.as_deref();
        path.map(|path| text_file("Box configuration", path, MAX_BOX_CONFIG))
            .transpose()
    }

    /// The `kid` in Box's configuration file, which a flag may overrule.
    pub(crate) fn box_key_id(&self) -> Option<&str> {
        self.box_config.as_ref()?.key_id()
    }

    /// Whether Box's configuration file has a private key in it.
    pub(crate) fn box_has_key(&self) -> bool {
        let config = self.box_config.as_ref();
        config.is_some_and(|config| config.private_key().is_some())
    }

    /// The e-mail address of the Box user whom the token is for.
    pub(crate) fn login(&self) -> Option<&str> {
        self.args.login.as_deref()
    }

    /// How long everything that is sent for one token may take.
    pub(crate) fn timeout(&self) -> Duration {
        let args = &self.args;
        let is_token = args.key.as_ref().is_some_and(|key| key.starts_with("piv:"));
        let asks = is_token && args.pin_env.is_none() && args.pin_file.is_none();
        let usual = if asks { TIMEOUT_WITH_PIN } else { TIMEOUT };
        args.timeout.map_or(usual, Seconds::duration)
    }

    /// How to try again, within the time limit; `None` for one try.
    pub(crate) fn retry(&self) -> Option<Retry> {
        (!self.args.no_retry).then(|| Retry::new().budget(self.timeout()))
    }

    /// Whether the token is to be kept between runs.
    pub(crate) const fn is_cached(&self) -> bool {
        self.args.cache
    }

    /// Where the token is kept between runs: named by everything that makes it different.
    pub(crate) fn cache(&self) -> Result<Cache, Failure> {
        let args = RequestArgs {
            cache: false,
            no_retry: false,
            spend_last_try: false,
            timeout: None,
            ca_file: None,
            ..self.args.clone()
        };
        let app = self.box_config.as_ref().map(|config| format!("{config:?}"));
        let settings = serde_json::to_string(&(args, app))
            .map_err(|error| Failure::other(format!("the settings cannot be written: {error}")))?;
        Cache::new(&settings)
    }

    /// What carries the request.
    pub(crate) fn transport(&self) -> Result<HttpTransport, Failure> {
        let mut transport = HttpTransport::new();
        if let Some(timeout) = self.args.timeout {
            transport = transport.timeout(timeout.duration());
        }
        if let Some(path) = &self.args.ca_file {
            let pem = text_file("certificates to trust", path, MAX_CA_FILE)?;
            transport = transport.trust(pem.as_bytes()).map_err(|error| {
                let why = error.source().map_or_else(String::new, ToString::to_string);
                Failure::usage(format!("{}: {why}", path.display()))
            })?;
        }
        Ok(transport)
    }

    fn grant(&self) -> Grant {
        self.args.grant.map_or(Grant::JwtBearer, Grant::from)
    }
}

fn once<V>(what: &str, pairs: &[Pair<V>]) -> Result<(), Failure> {
    let twice = |(i, pair): (usize, &Pair<V>)| pairs[..i].iter().any(|old| old.name == pair.name);
    match pairs.iter().enumerate().find(|numbered| twice(*numbered)) {
        Some((_, pair)) => Err(Failure::usage(format!(
            "the {what} `{}` is set twice; set it once",
            pair.name
        ))),
        None => Ok(()),
    }
}
