use std::collections::HashSet;

use jwt_bearer::Profile;
use jwt_bearer::exchange::TokenExchange;

use crate::args::DownscopeArgs;
use crate::commands::token::written;
use crate::error::Failure;
use crate::session::Session;
use crate::settings::Settings;
use crate::write;

pub(crate) async fn downscope(
    args: &DownscopeArgs,
    variables: &HashSet<String>,
) -> Result<(), Failure> {
    let settings = Settings::new(
        &args.token.request,
        variables,
        args.token.profile.as_deref(),
        &args.token.config,
    )?;
    check(args, &settings)?;
    let mut session = Session::new(&settings, args.token.verbose).await?;
    let token = session.token(&settings).await?;
    let mut exchange = TokenExchange::new(
        session.request.token_endpoint().clone(),
        token.access_token(),
    )
    .scope(&args.to);
    if let Some(url) = &args.resource {
        exchange = exchange.resource(url);
    }
    if let Some(url) = &args.shared_link {
        exchange = exchange.box_shared_link(url);
    }
    let narrow = session
        .send(|| session.client.exchange_token(&exchange))
        .await?;
    write::result(&written(&narrow.to_json(), args.token.output))
}

/// What no server would do is told before one is asked.
fn check(args: &DownscopeArgs, settings: &Settings) -> Result<(), Failure> {
    let rules = settings.rules()?;
    if ![Profile::BOX.name, Profile::GENERIC.name].contains(&rules.name) {
        return Err(Failure::usage(format!(
            "{} does not exchange tokens for narrower ones; only Box can downscope",
            rules.title
        )));
    }
    for (flag, url) in [
        ("--resource", &args.resource),
        ("--shared-link", &args.shared_link),
    ] {
        // The value is not repeated: whoever has a shared link has the file.
        if url
            .as_deref()
            .is_some_and(|url| url::Url::parse(url).is_err())
        {
            let example = "such as https://api.box.com/2.0/files/ID";
            return Err(Failure::usage(format!(
                "what stands after {flag} is no URL; give a whole one, {example}"
            )));
        }
    }
    Ok(())
}
