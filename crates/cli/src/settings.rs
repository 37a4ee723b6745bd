//! From flags and profile to a request and a key.

use std::error::Error;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jwt_bearer::assertion::Header;
use jwt_bearer::exchange::HttpTransport;
use jwt_bearer::provider::{RequestBuilder, SecretRule};
use jwt_bearer::secrecy::{ExposeSecret, SecretString};
use jwt_bearer::{Algorithm, BoxConfig, Grant, KeyUri, Profile, Signer, Subject, read_key};
use serde_json::Value;

use crate::args::{ConfigArgs, Provider, RequestArgs};
use crate::config::Config;
use crate::error::Failure;
use crate::interaction::{Passphrase, Reference, prompt, text_file};
use crate::pairs::Pair;

const MAX_BOX_CONFIG: u64 = 1 << 20;
const MAX_CA_FILE: u64 = 16 << 20;

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
        profile: Option<&str>,
        config: &ConfigArgs,
    ) -> Result<Self, Failure> {
        let Some(name) = profile else {
            return Self::resolved(args.clone());
        };
        let config = Config::read(config.config.as_deref())?;
        eprintln!("profile `{name}` of {}", config.path().display());
        Self::resolved(over(args.clone(), config.profile(name)?))
    }

    pub(crate) fn resolved(args: RequestArgs) -> Result<Self, Failure> {
        let box_config = match &args.box_config {
            Some(path) => {
                let json = text_file("Box configuration", path, MAX_BOX_CONFIG)?;
                Some(
                    BoxConfig::from_json(&json)
                        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?,
                )
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
        if settings.box_config.is_some() && settings.args.issuer.is_some() {
            return Err(Failure::usage(
                "both --issuer and --box-config are set; the client id is in Box's file",
            ));
        }
        Ok(settings)
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

    /// The request, with the client secret if the exchange needs one.
    pub(crate) fn request(&self) -> Result<RequestBuilder, Failure> {
        let mut request = self.assertion_request()?;
        // What is wrong with the rest is told before anybody is asked for a secret.
        request.clone().build_assertion()?;
        let rules = self.rules()?;
        let reference = Reference {
            what: "client secret",
            flag: "client-secret",
            env: self.args.client_secret_env.as_deref(),
            file: self.args.client_secret_file.as_deref(),
        };
        let wanted =
            rules.client_secret == SecretRule::Required && self.grant() == Grant::JwtBearer;
        match reference.read()? {
            Some(secret) => request = request.client_secret(secret),
            None if wanted && self.box_config.is_none() => match prompt("Client secret") {
                Some(secret) => request = request.client_secret(secret),
                None => {
                    return Err(Failure::usage(format!("the client secret is missing: {} wants it besides the assertion", rules.title))
                        .hint("name it with --client-secret-env NAME or --client-secret-file FILE, or run this in a terminal"));
                }
            },
            None => {}
        }
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
        let mut request = match &self.box_config {
            Some(config) => config.request(),
            None => self
                .rules()?
                .request(args.issuer.clone().unwrap_or_default()),
        };
        request = request.grant(self.grant()).header(self.header()?);
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

    /// Opens the key.
    pub(crate) async fn signer(&self) -> Result<Arc<dyn Signer>, Failure> {
        let args = &self.args;
        let algorithm = match &args.algorithm {
            Some(name) => Some(algorithm(name).map_err(Failure::usage)?),
            None => None,
        };
        let mut passphrase = Passphrase {
            env: args.passphrase_env.clone(),
            file: args.passphrase_file.clone(),
            configured: None,
        };
        if let Some(key) = &args.key {
            let uri: KeyUri = key
                .parse()
                .map_err(|error| Failure::usage(format!("{error}")))?;
            return Ok(uri.open(algorithm, &passphrase).await?);
        }
        let Some(config) = &self.box_config else {
            return Err(Failure::usage(
                "no key is set: use --key FILE, or --key env:NAME for a variable with PEM in it",
            ));
        };
        let Some(pem) = config.private_key() else {
            return Err(Failure::usage(
                "Box's configuration file has no private key in it; name the key with --key",
            ));
        };
        passphrase.configured = config
            .passphrase()
            .map(|secret| SecretString::from(secret.expose_secret()));
        let name = "the private key in Box's configuration file";
        Ok(Arc::new(read_key(
            name,
            pem.expose_secret().as_bytes(),
            algorithm,
            &passphrase,
        )?))
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
        self.args.grant.map_or_else(Grant::default, Grant::from)
    }

    fn header(&self) -> Result<Header, Failure> {
        let mut header = Header::new();
        let configured = self.box_config.as_ref().and_then(BoxConfig::key_id);
        if let Some(key_id) = self.args.key_id.as_deref().or(configured) {
            header = header.key_id(key_id);
        }
        for member in &self.args.header {
            let (name, value) = (member.name.as_str(), &member.value);
            let wrong =
                |wanted| Failure::usage(format!("the header member `{name}` is not {wanted}"));
            header = match (name, value) {
                ("kid", _) => {
                    return Err(Failure::usage(
                        "the header member `kid` has a setting of its own: --key-id",
                    ));
                }
                ("typ", Value::String(typ)) => header.typ(Some(typ)),
                ("typ", Value::Null) => header.typ(None::<String>),
                ("typ", _) => return Err(wrong("a text, or null to leave it out")),
                ("x5t", _) => header.x5t(
                    &digest(value)
                        .ok_or_else(|| wrong("the base64url of 20 octets, a SHA-1 digest"))?,
                ),
                ("x5t#S256", _) => header.x5t_s256(
                    &digest(value)
                        .ok_or_else(|| wrong("the base64url of 32 octets, a SHA-256 digest"))?,
                ),
                ("x5c", _) => header
                    .x5c(chain(value).ok_or_else(|| {
                        wrong("an array of certificates, each the base64 of DER")
                    })?),
                _ => header.member(name, value.clone()),
            };
        }
        Ok(header)
    }
}

/// The algorithm of this name, in upper or lower case.
pub(crate) fn algorithm(name: &str) -> Result<Algorithm, String> {
    let mut all = Algorithm::ALL.into_iter();
    let found = all.find(|algorithm| algorithm.name().eq_ignore_ascii_case(name));
    found.map_or_else(
        || {
            name.parse()
                .map_err(|error| format!("the algorithm {error}"))
        },
        Ok,
    )
}

fn digest<const N: usize>(value: &Value) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD
        .decode(value.as_str()?)
        .ok()?
        .try_into()
        .ok()
}

fn chain(value: &Value) -> Option<Vec<Vec<u8>>> {
    value
        .as_array()?
        .iter()
        .map(|certificate| STANDARD.decode(certificate.as_str()?).ok())
        .collect()
}

/// Settings from flags and variables over those of a profile. Settings that exclude each other go together.
fn over(flags: RequestArgs, profile: RequestArgs) -> RequestArgs {
    let subject = flags.subject.is_some() || flags.enterprise.is_some() || flags.user.is_some();
    let endpoint = flags.token_endpoint.is_some() || flags.host.is_some();
    let secret = flags.client_secret_env.is_some() || flags.client_secret_file.is_some();
    let passphrase = flags.passphrase_env.is_some() || flags.passphrase_file.is_some();
    fn unless<T>(replaced: bool, value: Option<T>) -> Option<T> {
        value.filter(|_| !replaced)
    }
    fn merged<V>(flags: Vec<Pair<V>>, mut profile: Vec<Pair<V>>) -> Vec<Pair<V>> {
        profile.retain(|old| flags.iter().all(|new| new.name != old.name));
        profile.extend(flags);
        profile
    }
    RequestArgs {
        provider: flags.provider.or(profile.provider),
        issuer: flags.issuer.or(profile.issuer),
        subject: flags.subject.or(unless(subject, profile.subject)),
        enterprise: flags.enterprise.or(unless(subject, profile.enterprise)),
        user: flags.user.or(unless(subject, profile.user)),
        audience: flags.audience.or(profile.audience),
        token_endpoint: flags
            .token_endpoint
            .or(unless(endpoint, profile.token_endpoint)),
        host: flags.host.or(unless(endpoint, profile.host)),
        key: flags.key.or(profile.key),
        key_id: flags.key_id.or(profile.key_id),
        algorithm: flags.algorithm.or(profile.algorithm),
        lifetime: flags.lifetime.or(profile.lifetime),
        scope: flags.scope.or(profile.scope),
        claim: merged(flags.claim, profile.claim),
        header: merged(flags.header, profile.header),
        form: merged(flags.form, profile.form),
        client_id: flags.client_id.or(profile.client_id),
        client_secret_env: flags
            .client_secret_env
            .or(unless(secret, profile.client_secret_env)),
        client_secret_file: flags
            .client_secret_file
            .or(unless(secret, profile.client_secret_file)),
        passphrase_env: flags
            .passphrase_env
            .or(unless(passphrase, profile.passphrase_env)),
        passphrase_file: flags
            .passphrase_file
            .or(unless(passphrase, profile.passphrase_file)),
        grant: flags.grant.or(profile.grant),
        box_config: flags.box_config.or(profile.box_config),
        ca_file: flags.ca_file.or(profile.ca_file),
        timeout: flags.timeout.or(profile.timeout),
    }
}
