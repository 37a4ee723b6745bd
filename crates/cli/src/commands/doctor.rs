//! Looks at everything that a token needs, in the order in which it is needed, and says what is wrong.

mod attempt;
mod case;
mod clock;
mod connection;
mod key;
mod login;
mod metadata;
mod registered;
mod variations;
mod witness;

use std::collections::HashSet;
use std::sync::Arc;

use jwt_bearer::exchange::HttpTransport;
use jwt_bearer::provider::RequestBuilder;
use jwt_bearer::{Signer, TokenRequest};
use jwt_bearer_diagnosis::{Evidence, masked_host};
use serde_json::Value;
use url::Url;

use crate::args::{DoctorArgs, PageOutput, Provider, RequestArgs};
use crate::diagnosed;
use crate::error::{Code, Failure};
use crate::interaction::bounded_file;
use crate::page::State;
use crate::proxy::Proxy;
use crate::settings::Settings;
use crate::write::note;

use attempt::Answer;
use case::{Case, KeyId, Outcome};
use metadata::Server;

/// A certificate, a public key or a key file: 1 MiB.
const MAX_FILE: u64 = 1 << 20;

/// What a token is asked for with.
struct Asking {
    builder: RequestBuilder,
    signer: Arc<dyn Signer>,
}

pub(crate) async fn doctor(args: &DoctorArgs, variables: &HashSet<String>) -> Result<(), Failure> {
    let set = Settings::layered(
        &args.request,
        variables,
        args.profile.as_deref(),
        &args.config,
    );
    // Whose they are is known also of settings that cannot be used.
    let provider = provider(set.as_ref().unwrap_or(&args.request));
    let result = match set.and_then(Settings::resolved) {
        Ok(settings) => look(args, &settings).await,
        Err(failure) => Err(failure),
    };
    if let (Err(failure), PageOutput::Json) = (&result, args.output)
        && failure.code() == Code::Configuration
        && !failure.text().is_empty()
    {
        case::unusable(failure, provider.map(Provider::profile))?;
    }
    result
}

/// The provider that is set, by its name or by its configuration file.
fn provider(set: &RequestArgs) -> Option<Provider> {
    let by_file = set.box_config.as_ref().map(|_| Provider::Box);
    set.provider.or(by_file)
}

async fn look(args: &DoctorArgs, settings: &Settings) -> Result<(), Failure> {
    // What is incomplete cannot be looked at; it is said as `token` says it.
    let trial = settings.trial_request()?.build()?;
    let transport = settings.transport()?;
    let mut case = Case::new(&trial, settings.names());
    look_at_settings(&mut case, args, settings)?;
    // What has to be typed comes before what takes time.
    let asking = match key::look(&mut case, settings, &trial).await? {
        Some(signer) => Some(Asking {
            builder: settings.request()?,
            signer,
        }),
        None => None,
    };
    let mut server = match args.no_probe {
        true => Server::default(),
        false => look_at_way(&mut case, settings, &trial, &transport).await,
    };
    match asking {
        Some(_) if case.outcome == Outcome::Unreachable => {
            let text = "not asked for: there is no way to the server";
            case.step("token", State::Skipped, text);
        }
        Some(asking) => ask(&mut case, asking, &mut server, args, settings, transport).await?,
        None => {}
    }
    case.finish(&trial, args)
}

fn look_at_settings(
    case: &mut Case,
    args: &DoctorArgs,
    settings: &Settings,
) -> Result<(), Failure> {
    let text = match case::provider(&settings.rules()?) {
        Some(title) => format!("complete, by the rules of {title}"),
        None => "complete".into(),
    };
    case.step("settings", State::Ok, text);
    if let Some(id) = settings.box_key_id() {
        case.key_ids.push(KeyId {
            id: id.to_owned(),
            change: "with the `kid` of Box's configuration file",
            key: None,
        });
    }
    if let Some(json) = settings.box_config_text()? {
        case.learn(|evidence| evidence.box_config(&json));
        let config: Value = serde_json::from_str(&json).unwrap_or_default();
        match &config["enterpriseID"] {
            Value::String(id) => case.mask(id.clone()),
            Value::Number(id) => case.mask(id.to_string()),
            _ => {}
        }
    } else {
        case.learn(Evidence::without_box_config);
    }
    if let Some(path) = &args.certificate {
        registered::look(case, &bounded_file("certificate", path, MAX_FILE)?);
    }
    Ok(())
}

/// The way to the server, without any secret.
async fn look_at_way(
    case: &mut Case,
    settings: &Settings,
    trial: &TokenRequest,
    transport: &HttpTransport,
) -> Server {
    let url = trial.token_endpoint().url();
    note(&format!("looking at {}", masked_host(url.as_str())));
    let limit = settings.timeout().min(connection::LIMIT);
    let proxy = look_for_proxy(case, url);
    if proxy.is_none() && !connection::look(case, url, limit).await {
        case.is_unreachable();
        return Server::default();
    }
    // The first stop on the way is what cannot be reached.
    let stop = proxy.unwrap_or_else(|| diagnosed::host(url.as_str()));
    metadata::look(case, url, &stop, transport, limit).await
}

/// The address of the proxy, if one stands between.
fn look_for_proxy(case: &mut Case, url: &Url) -> Option<String> {
    let proxy = Proxy::of(url)?;
    let shown = masked_host(&proxy.address);
    let text = format!(
        "the way goes through {shown}, by the variable {}",
        proxy.variable
    );
    case.step("proxy", State::Warning, text);
    case.learn(|evidence| evidence.probe(proxy.probe()));
    Some(proxy.address)
}

/// Asks once, and if that is refused for no certain cause, with variations. For a login, the user comes next.
async fn ask(
    case: &mut Case,
    asking: Asking,
    server: &mut Server,
    args: &DoctorArgs,
    settings: &Settings,
    transport: HttpTransport,
) -> Result<(), Failure> {
    let whose = match settings.login() {
        Some(_) => &login::ENTERPRISE,
        None => &attempt::ANY,
    };
    let answer = attempt::attempt(case, &asking, server, transport, whose).await?;
    let not_looked_up = |case: &mut Case, why: &str| {
        if settings.login().is_some() {
            case.step("login", State::Skipped, format!("not looked up, {why}"));
        }
    };
    let error = match (answer, settings.login()) {
        (Answer::Token(_), Some(_)) if args.no_probe => {
            not_looked_up(case, "because of --no-probe: the token is the enterprise's");
            return Ok(());
        }
        (Answer::Token(token), Some(login)) => {
            return login::look(case, asking, server, settings, &token, login).await;
        }
        (Answer::Token(_), None) => return Ok(()),
        (Answer::Refused(error), _) => error,
        (Answer::Nothing, _) => {
            not_looked_up(case, "for want of a token for the enterprise");
            return Ok(());
        }
    };
    not_looked_up(case, "for want of a token for the enterprise");
    let plan = variations::plan(case, &asking, server, &error)?;
    let off = match (args.no_probe, settings.retry()) {
        (true, _) => "not sent, because of --no-probe",
        (false, None) => "not sent, because of --no-retry",
        (false, Some(_)) => return variations::send(case, plan, settings).await,
    };
    if !plan.is_empty() {
        case.step("variations", State::Skipped, off);
    }
    Ok(())
}
