use std::collections::HashSet;

use jwt_bearer::assertion::{Clock, SystemClock};
use serde_json::Value;

use crate::args::{AssertionArgs, Output, TokenArgs};
use crate::cache::Cache;
use crate::error::{Failure, chain};
use crate::session::Session;
use crate::settings::Settings;
use crate::write;

pub(crate) async fn token(args: &TokenArgs, variables: &HashSet<String>) -> Result<(), Failure> {
    let settings = Settings::new(
        &args.request,
        variables,
        args.profile.as_deref(),
        &args.config,
    )?;
    let cache = if settings.is_cached() {
        Some(settings.cache()?)
    } else {
        None
    };
    let kept = || cache.as_ref().filter(|_| !args.fresh).and_then(Cache::read);
    if let Some(reply) = kept() {
        return write::result(&written(&reply, args.output));
    }
    // Nobody waits for a run that waits for a person: what is asked for comes before the lock.
    let mut session = Session::new(&settings, args.verbose).await?;
    let _lock = match &cache {
        Some(cache) => cache.lock(settings.timeout()).await?,
        None => None,
    };
    if let Some(reply) = kept() {
        return write::result(&written(&reply, args.output));
    }
    let token = session.token(&settings).await?;
    if let Some(cache) = &cache {
        cache.write(&token);
    }
    write::result(&written(&token.to_json(), args.output))
}

pub(crate) async fn assertion(
    args: &AssertionArgs,
    variables: &HashSet<String>,
) -> Result<(), Failure> {
    let settings = Settings::new(
        &args.request,
        variables,
        args.profile.as_deref(),
        &args.config,
    )?;
    if settings.login().is_some() {
        return Err(Failure::usage(
            "--login is set, and nobody is asked for the user's id; set --user ID",
        ));
    }
    let request = settings.assertion_request()?.build_assertion()?;
    let signer = settings.signer().await?;
    request.check_algorithm(signer.algorithm())?;
    let assertion = request.sign(&signer, SystemClock.now()).await;
    let assertion = assertion.map_err(|error| match error.sign_error().cloned() {
        Some(error) => Failure::from(error),
        None => Failure::other(chain(&error)),
    })?;
    write::result(&format!("{}\n", assertion.as_str()))
}

/// A token endpoint's reply, as the user wants it.
pub(crate) fn written(reply: &Value, output: Output) -> String {
    let text = |name: &str| reply[name].as_str();
    let access_token = text("access_token").unwrap_or_default();
    match output {
        Output::Token => format!("{access_token}\n"),
        Output::Json => format!("{reply:#}\n"),
        Output::Header => format!("Authorization: Bearer {access_token}\n"),
        Output::Env => {
            let mut lines = format!("export ACCESS_TOKEN={}\n", quoted(access_token));
            if let Some(url) = text("instance_url") {
                lines += &format!("export INSTANCE_URL={}\n", quoted(url));
            }
            lines
        }
    }
}

/// A text in single quotes, which no shell looks into.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
