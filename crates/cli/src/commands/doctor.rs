//! Looks at everything that a token needs, in the order in which it is needed, and says what is wrong.

mod attempt;
mod case;
mod clock;
mod connection;
mod key;
mod metadata;
mod proxy;
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

use crate::args::{DoctorArgs, PageOutput};
use crate::diagnosed;
use crate::error::{Code, Failure};
use crate::interaction::bounded_file;
use crate::page::State;
use crate::settings::Settings;
use crate::write::note;

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
    let result = look(args, variables).await;
    if let (Err(failure), PageOutput::Json) = (&result, args.output)
        && failure.code() == Code::Configuration
        && !failure.text().is_empty()
    {
        case::unusable(failure)?;
    }
    result
}

async fn look(args: &DoctorArgs, variables: &HashSet<String>) -> Result<(), Failure> {
    let settings = Settings::new(
        &args.request,
        variables,
        args.profile.as_deref(),
        &args.config,
    )?;
    // What is incomplete cannot be looked at; it is said as `token` says it.
    let trial = settings.trial_request()?.build()?;
    let transport = settings.transport()?;
    let mut case = Case::new(&trial, settings.names());
    look_at_settings(&mut case, args, &settings)?;
    // What has to be typed comes before what takes time.
    let asking = match key::look(&mut case, &settings, &trial).await? {
        Some(signer) => Some(Asking {
            builder: settings.request()?,
            signer,
        }),
        None => None,
    };
    let mut server = match args.no_probe {
        true => Server::default(),
        false => look_at_way(&mut case, &settings, &trial, &transport).await,
    };
    match asking {
        Some(_) if case.outcome == Outcome::Unreachable => {
            let text = "not asked for: there is no way to the server";
            case.step("token", State::Skipped, text);
        }
        Some(asking) => ask(&mut case, &asking, &mut server, args, &settings, transport).await?,
        None => {}
    }
    if settings.login().is_some() {
        let text = "not looked up: the token asked for is the enterprise's";
        case.step("login", State::Skipped, text);
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
    let proxy = proxy::look(case, url);
    if proxy.is_none() && !connection::look(case, url, limit).await {
        case.is_unreachable();
        return Server::default();
    }
    // The first stop on the way is what cannot be reached.
    let stop = proxy.unwrap_or_else(|| diagnosed::host(url.as_str()));
    metadata::look(case, url, &stop, transport, limit).await
}

/// Asks once, and if that is refused for no certain cause, with variations.
async fn ask(
    case: &mut Case,
    asking: &Asking,
    server: &mut Server,
    args: &DoctorArgs,
    settings: &Settings,
    transport: HttpTransport,
) -> Result<(), Failure> {
    let Some(error) = attempt::attempt(case, asking, server, transport).await? else {
        return Ok(());
    };
    let plan = variations::plan(case, asking, server, &error)?;
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
