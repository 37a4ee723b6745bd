use jwt_bearer_provider::{BoxConfig, Check};
use serde_json::Value;

use super::Case;
use crate::mark::{Hidden, is_mark};
use crate::observed::Observed;
use crate::redact::{masked, scrubbed};

/// Box's configuration file, without its secrets.
#[derive(Clone)]
pub(crate) struct Config(Result<Facts, String>);

#[derive(Clone)]
pub(crate) struct Facts {
    /// `None` if it is masked.
    pub(crate) client_id: Option<String>,
    pub(crate) key_id: Option<String>,
    has_key: bool,
    enterprise: Option<String>,
    has_user: bool,
}

impl Config {
    pub(crate) fn read(json: &str) -> Self {
        Self(match BoxConfig::from_json(json) {
            Err(error) => Err(error.to_string()),
            Ok(config) => {
                let json: Value =
                    serde_json::from_str(json.trim_start_matches('\u{feff}')).unwrap_or_default();
                let text = |name: &str| {
                    let text = json.get(name)?.as_str()?.trim();
                    (!text.is_empty()).then(|| text.to_owned())
                };
                Ok(Facts {
                    client_id: Some(config.client_id().to_owned()),
                    key_id: config.key_id().map(str::to_owned),
                    has_key: config.private_key().is_some(),
                    enterprise: text("enterpriseID"),
                    has_user: text("userID").is_some(),
                })
            }
        })
    }

    /// Takes the marks out that stand in place of values; what was taken.
    pub(crate) fn take_marks(&mut self) -> Vec<Hidden> {
        let mut hidden = Vec::new();
        if let Ok(facts) = &mut self.0 {
            facts.client_id.take_if(|id| is_mark(id));
            facts.enterprise.take_if(|id| is_mark(id));
            if facts.key_id.take_if(|id| is_mark(id)).is_some() {
                hidden.push(Hidden::ConfigKeyId);
            }
        }
        hidden
    }

    pub(crate) const fn facts(&self) -> Option<&Facts> {
        match &self.0 {
            Ok(facts) => Some(facts),
            Err(_) => None,
        }
    }
}

/// The configuration file against itself and against the assertion.
pub(crate) fn check(case: &Case<'_>, seen: &mut Observed) {
    let facts = match &case.evidence.config {
        None if case.evidence.has_no_config => {
            let all = [
                Check::ConfigUnreadable,
                Check::ConfigKeyEmpty,
                Check::ConfigKidEmpty,
                Check::ConfigOtherApp,
            ];
            return seen.passed(&all, "there is no configuration file");
        }
        None => return,
        Some(Config(Err(why))) => return seen.proven(Check::ConfigUnreadable, scrubbed(why)),
        Some(Config(Ok(facts))) => facts,
    };
    seen.passed(
        &[Check::ConfigUnreadable],
        "the configuration file is Box's",
    );
    if facts.has_key {
        seen.passed(
            &[Check::ConfigKeyEmpty],
            "the configuration file has a private key",
        );
    } else if case.evidence.signing_key.is_none() && case.evidence.key_file.is_none() {
        // Who shows the file takes the key out of it.
        seen.noted(
            Check::ConfigKeyEmpty,
            !case.evidence.is_pasted,
            "`privateKey` is missing or empty, and no key is given",
        );
    }
    match &facts.key_id {
        None => seen.hinted(Check::ConfigKidEmpty, "`publicKeyID` is missing or empty"),
        Some(_) => seen.passed(
            &[Check::ConfigKidEmpty],
            "the configuration file has a key id",
        ),
    }
    let asks_for_enterprise = case
        .claim("box_sub_type")
        .is_none_or(|kind| kind == "enterprise");
    let is_used = case.claim("sub").is_none_or(|subject| subject == "0");
    if is_used && facts.enterprise.as_deref() == Some("0") && !facts.has_user && asks_for_enterprise
    {
        seen.proven(
            Check::SubZero,
            "`enterpriseID` is 0 in the configuration file",
        );
    }
    let used = case.claim("iss").or(case.evidence.client_id.as_deref());
    match (used, &facts.client_id) {
        (Some(used), Some(own)) if used != own => {
            let line = format!(
                "the assertion is for {}, the file of {}",
                masked(used),
                masked(own)
            );
            seen.noted(Check::ConfigOtherApp, !case.may_be_mark(used), line);
        }
        (Some(_), Some(_)) => seen.passed(
            &[Check::ConfigOtherApp],
            "the configuration file is that of the app in `iss`",
        ),
        _ => {}
    }
}
