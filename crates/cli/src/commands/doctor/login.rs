//! The Box user behind an e-mail address, and the token for that user.

use jwt_bearer::Subject;
use jwt_bearer::exchange::{Client, ExchangeError, TokenResponse};
use jwt_bearer::provider::Check;
use jwt_bearer_diagnosis::Evidence;

use super::Asking;
use super::attempt::{self, Whose};
use super::case::{Case, Outcome};
use super::metadata::Server;
use crate::diagnosed;
use crate::error::Failure;
use crate::page::State;
use crate::session::api;
use crate::settings::Settings;
use crate::write::note;

/// The token for the enterprise, by which the user is looked up.
pub(super) const ENTERPRISE: Whose = Whose {
    step: "token",
    suffix: " for the enterprise",
    is_last: false,
};

const USER: Whose = Whose {
    step: "user token",
    suffix: " for the user",
    is_last: true,
};

/// Looks the user up by the token for the enterprise, and asks for the user's own, as `token` does.
pub(super) async fn look(
    case: &mut Case,
    asking: Asking,
    server: &mut Server,
    settings: &Settings,
    token: &TokenResponse,
    login: &str,
) -> Result<(), Failure> {
    // The token was given; what fails from here on is something else.
    case.learn(Evidence::without_reply);
    let client = Client::new().transport(settings.transport()?);
    let api = api(&asking.builder.clone().build()?)?;
    note("looking the login up: one request to the API");
    let user = match client.box_user(&api, token.access_token(), login).await {
        Ok(user) => user,
        Err(error) => {
            attempt::failed(case, "login", &error);
            learn(case, &error);
            return Ok(());
        }
    };
    let Some(user) = user else {
        let text = "the users that this app sees have nobody with that address";
        case.step("login", State::Failed, text);
        case.learn(|evidence| evidence.failed(Check::LoginUnknown, text));
        case.outcome = Outcome::Refused;
        return Ok(());
    };
    case.step(
        "login",
        State::Ok,
        "the enterprise has a user who logs in so",
    );
    case.mask(user.id.clone());
    let asking = Asking {
        builder: asking.builder.subject(Subject::User(user.id)),
        signer: asking.signer,
    };
    // What could be varied was right for the enterprise.
    let transport = settings.transport()?;
    attempt::attempt(case, &asking, server, transport, &USER).await?;
    Ok(())
}

/// What it means that no list of users came. It is no reply of a token endpoint, of which other things are known.
fn learn(case: &mut Case, error: &ExchangeError) {
    let text = attempt::told(case, error);
    let status = error.attempt().and_then(|attempt| attempt.status());
    let outcome = case.outcome;
    case.learn(|evidence| match (outcome, status) {
        (Outcome::Unreachable, _) => diagnosed::with_failure(evidence, error),
        (_, Some(403)) => evidence.suspected(Check::UsersDenied, text),
        _ => evidence.failed(Check::UsersUnreadable, text),
    });
}
