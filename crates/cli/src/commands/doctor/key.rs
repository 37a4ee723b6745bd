//! The private key.

use std::sync::Arc;

use jwt_bearer::{KeyUri, Signer, TokenRequest};
use jwt_bearer_diagnosis::{diagnose, scrubbed};

use super::MAX_FILE;
use super::case::{Case, KeyId, Outcome};
use crate::error::{Code, Failure, chain};
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
        Err(failure) if failure.code() != Code::Key => return Err(failure),
        Err(failure) => {
            case.outcome = Outcome::Key;
            let hint = failure.hints().first().map(|(_, hint)| hint.clone());
            let error = without_folder(failure.text(), settings.key());
            learn(case, settings.key(), &error);
            let report = diagnose(&case.evidence);
            let is_told = report
                .findings()
                .iter()
                .any(|finding| finding.id() == "key-file");
            let text = match is_told {
                true => "it cannot be opened; see below".into(),
                false => with_flags(&scrubbed(&error)),
            };
            case.step("key", State::Failed, text);
            case.advise(hint);
            return Ok(None);
        }
    };
    let key = signer.public_key().clone();
    let thumbprint: String = key.thumbprint().chars().take(8).collect();
    let described = format!("{}, thumbprint {thumbprint}…", key.kind());
    let algorithm = signer.algorithm();
    learn_key_id(case, &*signer);
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

/// The key's id by its own file can be wrong; that of the same key as it is registered is right.
fn learn_key_id(case: &mut Case, signer: &dyn Signer) {
    let key = Some(signer.public_key());
    let registered = case.key_ids.iter().find(|known| known.key.as_ref() == key);
    if let Some(id) = registered.map(|known| known.id.clone()) {
        case.learn(|evidence| evidence.key_id(id));
    }
    if let Some(id) = signer.key_id() {
        case.mask(id.to_owned());
        case.key_ids.push(KeyId {
            id: id.to_owned(),
            change: "with the `kid` of the key's file",
            key: None,
        });
    }
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

/// What stands behind a flag for a secret is masked like a secret, and here it is the word for one.
fn with_flags(text: &str) -> String {
    text.replace("-env [masked]", "-env NAME")
        .replace("-file [masked]", "-file FILE")
        .replace("-fd [masked]", "-fd N")
}

/// Where a key lies in the user's folders is nobody's business.
fn without_folder(text: &str, uri: Option<&str>) -> String {
    let path = uri.map_or("", |uri| uri.strip_prefix("file:").unwrap_or(uri));
    match path.rfind(['/', '\\']) {
        Some(end) if end > 0 => text.replace(&path[..=end], "…/"),
        _ => text.into(),
    }
}
