use std::collections::HashSet;
use std::io::{IsTerminal, Read, stdin};

use jwt_bearer::exchange::{AccessToken, Revocation};
use zeroize::Zeroizing;

use crate::args::RevokeArgs;
use crate::cache;
use crate::error::Failure;
use crate::session::client;
use crate::settings::Settings;
use crate::write::note;

/// Access tokens are shorter than this: 64 KiB.
const MAX_TOKEN: u64 = 64 << 10;

pub(crate) async fn revoke(args: &RevokeArgs, variables: &HashSet<String>) -> Result<(), Failure> {
    let settings = Settings::new(
        &args.request,
        variables,
        args.profile.as_deref(),
        &args.config,
    )?
    .for_client()?;
    settings.trial_request()?.build()?;
    let token = token_from_input()?;
    let client = client(&settings, args.verbose)?;
    let request = settings.request()?.build()?;
    let endpoint = request.token_endpoint();
    let mut revocation = Revocation::beside(endpoint, &token).ok_or_else(|| {
        Failure::usage(format!("the token endpoint {endpoint} does not end with /token, so that none is known to revoke at"))
    })?;
    if let Some(id) = request.client_id() {
        revocation = revocation.client(id, request.client_secret().cloned());
    }
    let revoke = || client.revoke(&revocation);
    let result = match settings.retry() {
        Some(retry) => retry.run(revoke).await,
        None => revoke().await,
    };
    result.map_err(|error| Failure::exchange(&error, request.profile()))?;
    cache::forget(&token);
    note(&format!(
        "{} accepted it; it does not tell whether it knew the token",
        revocation.endpoint()
    ));
    Ok(())
}

fn token_from_input() -> Result<AccessToken, Failure> {
    if stdin().is_terminal() {
        return Err(
            Failure::usage("no token is given: it is read from standard input")
                .hint("jwt-bearer revoke box-prod <token"),
        );
    }
    let mut text = Zeroizing::new(String::with_capacity(4096));
    stdin()
        .take(MAX_TOKEN)
        .read_to_string(&mut text)
        .map_err(|error| Failure::usage(format!("standard input cannot be read: {error}")))?;
    // The start of a longer text is another token.
    let token = AccessToken::new(text.trim()).filter(|_| (text.len() as u64) < MAX_TOKEN);
    token.ok_or_else(|| {
        Failure::usage("what came on standard input is no access token: one line of visible ASCII characters was expected")
            .hint("give the token alone, as `jwt-bearer token` prints it, without `Authorization: Bearer`")
    })
}
