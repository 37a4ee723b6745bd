use std::collections::HashSet;

use jwt_bearer::assertion::{Clock, SystemClock};
use jwt_bearer::{Client, TokenResponse};

use crate::args::{AssertionArgs, Output, TokenArgs};
use crate::error::{Failure, chain};
use crate::settings::Settings;
use crate::verbose::Verbose;
use crate::write;

pub(crate) async fn token(args: &TokenArgs, variables: &HashSet<String>) -> Result<(), Failure> {
    let settings = Settings::new(
        &args.request,
        variables,
        args.profile.as_deref(),
        &args.config,
    )?;
    // Whatever can be wrong without a secret is told before one is asked for.
    let trial = settings.trial_request()?.build()?;
    let transport = settings.transport()?;
    let signer = settings.signer().await?;
    trial
        .assertion_request()
        .check_algorithm(signer.algorithm())?;
    let request = settings.request()?.build()?;
    let client = match args.verbose {
        true => Client::new().transport(Verbose(transport)),
        false => Client::new().transport(transport),
    };
    let token = client
        .token(&request, &signer)
        .await
        .map_err(|error| Failure::exchange(&error, request.profile()))?;
    write::result(&written(&token, args.output))
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

fn written(token: &TokenResponse, output: Output) -> String {
    let access_token = token.access_token().expose();
    match output {
        Output::Token => format!("{access_token}\n"),
        Output::Json => format!("{:#}\n", token.to_json()),
        Output::Header => format!("Authorization: Bearer {access_token}\n"),
        Output::Env => {
            let mut lines = format!("export ACCESS_TOKEN={}\n", quoted(access_token));
            if let Some(url) = token.instance_url() {
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
