//! The private key.

use std::sync::Arc;

use jwt_bearer::provider::{Check, Class};
use jwt_bearer::{KeyUri, Signer, TokenRequest};
use jwt_bearer_diagnosis::{Certainty, Finding, diagnose, scrubbed};

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
            let error = without_folder(failure.text(), settings.key());
            learn(case, settings.key(), &error);
            let is_told = is_of_key(case, |finding| finding.id() == Check::KeyFile.id());
            let text = match is_told {
                true => "it cannot be opened; see below".into(),
                false => with_flags(&scrubbed(&error)),
            };
            tell(case, &failure, &text);
            case.step("key", State::Failed, text);
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
        let text = format!("{described}: {}", chain(&error));
        if !is_of_key(case, |_| true) {
            case.learn(|evidence| evidence.failed(Check::AlgNotAllowed, &text));
        }
        case.step("key", State::Failed, text);
        return Ok(None);
    }
    case.step("key", State::Ok, format!("{described}, signs {algorithm}"));
    Ok(Some(signer))
}

/// Makes a finding of a failure of the key, unless its software said what is known better.
pub(super) fn tell(case: &mut Case, failure: &Failure, text: &str) {
    let check = failure.check().unwrap_or(Check::KeyUnusable);
    if !is_of_key(case, |finding| finding.certainty() > Certainty::Possible) {
        case.learn(|evidence| evidence.failed(check, text));
    }
    let hint = failure.hints().first();
    case.advice = hint.map(|(_, hint)| (check, hint.clone()));
}

/// Whether something like this is found wrong with the key.
fn is_of_key(case: &Case, is_it: impl Fn(&Finding) -> bool) -> bool {
    let report = diagnose(&case.evidence);
    let mut findings = report.findings().iter();
    findings.any(|finding| finding.class() == Class::Key && is_it(finding))
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
