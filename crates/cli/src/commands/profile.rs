use crate::args::ProfileCommand;
use crate::config::Config;
use crate::error::Failure;
use crate::settings::Settings;
use crate::write;

pub(crate) async fn profile(command: &ProfileCommand) -> Result<(), Failure> {
    match command {
        ProfileCommand::List { config } => {
            let config = Config::read(config.config.as_deref())?;
            eprintln!("{}", config.path().display());
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
            let settings = toml::to_string(&config.profile(profile)?).map_err(|error| {
                Failure::other(format!("the profile cannot be written: {error}"))
            })?;
            write::result(&format!(
                "[profiles.{profile}]\n{}",
                nested(&settings, profile)
            ))
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

/// Tables within a profile carry its name.
fn nested(settings: &str, profile: &str) -> String {
    settings.replace("\n[", &format!("\n[profiles.{profile}."))
}

/// Checks each, and fails as the first that failed.
async fn check(config: &Config, names: &[&str]) -> Result<(), Failure> {
    let mut first = None;
    for name in names {
        match checked(config, name).await {
            Ok(summary) => write::result(&format!("{name}: ok, {summary}\n"))?,
            Err(failure) => {
                write::result(&format!("{name}: {}\n", failure.text()))?;
                first = first.or(Some(failure));
            }
        }
    }
    match first {
        Some(failure) => Err(failure.retold("not every profile is in order")),
        None => Ok(()),
    }
}

async fn checked(config: &Config, name: &str) -> Result<String, Failure> {
    let settings = Settings::resolved(config.profile(name)?)?;
    let request = settings.request()?.build()?;
    settings.transport()?;
    let signer = settings.signer().await?;
    request
        .assertion_request()
        .check_algorithm(signer.algorithm())?;
    Ok(format!(
        "{} key with {}, thumbprint {}, to {}",
        signer.public_key().kind(),
        signer.algorithm(),
        signer.public_key().thumbprint(),
        request.token_endpoint(),
    ))
}
