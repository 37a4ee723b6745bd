use std::collections::HashSet;

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
