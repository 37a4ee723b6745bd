use std::collections::BTreeMap;

use jwt_bearer::provider::RequestErrorKind;

use crate::args::ProfileCommand;
use crate::config::Config;
use crate::error::Failure;
use crate::settings::Settings;
use crate::write::{self, note};

pub(crate) async fn profile(command: &ProfileCommand) -> Result<(), Failure> {
    match command {
        ProfileCommand::List { config } => {
            let config = Config::read(config.config.as_deref())?;
            note(&config.path().display().to_string());
            write::result(
                &config
                    .profiles
                    .keys()
                    .map(|name| format!("{name}\n"))
                    .collect::<String>(),
            )
        }
        ProfileCommand::Show { profile, config } => {
            let config = Config::read(config.config.as_deref())?;
            let profiles = BTreeMap::from([(profile, config.profile(profile)?)]);
            let file = toml::to_string(&BTreeMap::from([("profiles", profiles)]));
            write::result(&file.map_err(|error| {
                Failure::other(format!("the profile cannot be written: {error}"))
            })?)
        }
        ProfileCommand::Check { profile, config } => {
            let config = Config::read(config.config.as_deref())?;
            let names: Vec<_> = match profile {
                Some(name) => vec![name.as_str()],
                None => config.profiles.keys().map(String::as_str).collect(),
            };
            if names.is_empty() {
                return Err(Failure::usage(format!(
                    "there are no profiles in {}",
                    config.path().display()
                )));
            }
            check(&config, &names).await
        }
    }
}

/// Checks each, and fails as the first that failed.
async fn check(config: &Config, names: &[&str]) -> Result<(), Failure> {
    let mut first = None;
    for name in names {
        match checked(config, name).await {
            Ok(summary) => write::result(&format!("{name}: ok, {summary}\n"))?,
            Err(failure) if names.len() == 1 => return Err(failure),
            Err(failure) => {
                write::result(&format!("{name}: {}\n", failure.text()))?;
                for (label, text) in failure.hints() {
                    write::result(&format!("  {label}: {text}\n"))?;
                }
                first = first.or(Some(failure));
            }
        }
    }
    first.map_or(Ok(()), |failure| Err(failure.among(names.len())))
}

/// A profile may be for assertions alone, and then has no token endpoint.
async fn checked(config: &Config, name: &str) -> Result<String, Failure> {
    let settings = Settings::resolved(config.profile(name)?)?;
    let assertion = settings.assertion_request()?.build_assertion()?;
    settings.transport()?;
    let signer = settings.signer().await?;
    assertion.check_algorithm(signer.algorithm())?;
    settings.named_secret()?;
    let asked_for = settings.secret_is_asked_for()?;
    let purpose = match settings.trial_request()?.build() {
        Ok(request) => format!("to {}", request.token_endpoint()),
        Err(error) if error.kind() == RequestErrorKind::Missing => "for assertions alone".into(),
        Err(error) => return Err(error.into()),
    };
    Ok(format!(
        "{} key with {}, thumbprint {}, {purpose}{}",
        signer.public_key().kind(),
        signer.algorithm(),
        signer.public_key().thumbprint(),
        if asked_for {
            ", with a client secret from a prompt"
        } else {
            ""
        },
    ))
}
