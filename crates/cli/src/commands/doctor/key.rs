//! The private key.

use std::sync::Arc;

use jwt_bearer::{KeyUri, Signer, TokenRequest};
use jwt_bearer_diagnosis::{diagnose, scrubbed};

use super::MAX_FILE;
use super::case::{Case, Outcome};
use crate::error::{Failure, chain};
use crate::interaction::bounded_file;
use crate::page::State;
use crate::settings::Settings;

/// Opens the key; `None` if it is of no use.
pub(super) async fn look(
    case: &mut Case,
    settings: &Settings,
    trial: &TokenRequest,
) -> Result<Option<Arc<dyn Signer>>, Failure> {
    let signer = match settings.signer().await {
        Ok(signer) => signer,
        // A setting that is missing is no matter of the key.
        Err(failure) if failure.code() != 3 => return Err(failure),
        Err(failure) => {
            case.outcome = Outcome::Key;
            let error = without_folder(failure.text(), settings.key());
            learn(case, settings.key(), &error);
            let report = diagnose(&case.evidence);
            let is_told = report
                .findings()
                .iter()
                .any(|finding| finding.id() == "key-file");
            let text = match is_told {
                true => "it cannot be opened; see below".into(),
                false => scrubbed(&error),
            };
            case.step("key", State::Failed, text);
            return Ok(None);
        }
    };
    let key = signer.public_key().clone();
    let thumbprint: String = key.thumbprint().chars().take(8).collect();
    let described = format!("{}, thumbprint {thumbprint}…", key.kind());
    let algorithm = signer.algorithm();
    case.learn(|evidence| evidence.signing_key(key));
    if let Err(error) = trial.assertion_request().check_algorithm(algorithm) {
        case.outcome = Outcome::Key;
        case.step(
            "key",
            State::Failed,
            format!("{described}: {}", chain(&error)),
        );
        return Ok(None);
    }
    case.step("key", State::Ok, format!("{described}, signs {algorithm}"));
    Ok(Some(signer))
}

/// What a file holds in place of a key is known by looking at it; of other keys, what their software says.
fn learn(case: &mut Case, uri: Option<&str>, error: &str) {
    let file = match uri.map(str::parse) {
        Some(Ok(KeyUri::File { path, .. })) => bounded_file("key", &path, MAX_FILE).ok(),
        _ => None,
    };
    let error = error.to_owned();
    case.learn(|evidence| match file {
        Some(bytes) => evidence.key_file(&bytes),
        None => evidence.message(error),
    });
}

/// Where a key lies in the user's folders is nobody's business.
fn without_folder(text: &str, uri: Option<&str>) -> String {
    let path = uri.map_or("", |uri| uri.strip_prefix("file:").unwrap_or(uri));
    match path.rfind(['/', '\\']) {
        Some(end) if end > 0 => text.replace(&path[..=end], "…/"),
        _ => text.into(),
    }
}
