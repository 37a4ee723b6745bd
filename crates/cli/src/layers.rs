//! Which setting wins: flags over variables over the profile.

use std::collections::HashSet;

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde_json::{Map, Value};

use crate::args::RequestArgs;
use crate::error::Failure;

/// Settings by name, those that are not set left out.
type Layer = Map<String, Value>;

/// Settings of which one is used: whoever sets one drops the others from what is below.
const EXCLUSIVE: [&[&str]; 7] = [
    &["subject", "enterprise", "user"],
    &["subject", "user", "login"],
    &["token-endpoint", "host"],
    &["client-secret-env", "client-secret-file"],
    &["passphrase-env", "passphrase-file", "passphrase-fd"],
    &["pin-env", "pin-file"],
    &["issuer", "box-config"],
];

/// Settings of a profile that belong to one that flags or variables replace.
const BELONGING: [(&str, &[&str]); 2] = [
    (
        "key",
        &[
            "key-id",
            "passphrase-env",
            "passphrase-file",
            "passphrase-fd",
            "pin-env",
            "pin-file",
        ],
    ),
    (
        "box-config",
        &[
            "key",
            "key-id",
            "passphrase-env",
            "passphrase-file",
            "passphrase-fd",
            "pin-env",
            "pin-file",
        ],
    ),
];

/// Settings that a variable can also switch off.
const SWITCHES: [&str; 3] = ["cache", "no-retry", "spend-last-try"];

/// The names of the settings that came from variables of the environment.
pub(crate) fn from_variables(matches: &ArgMatches) -> HashSet<String> {
    let names = matches.ids().map(clap::Id::as_str);
    names
        .filter(|name| matches.value_source(name) == Some(ValueSource::EnvVariable))
        .map(|name| name.replace('_', "-"))
        .collect()
}

/// Flags over variables, which clap mixed in `args`, over the profile.
pub(crate) fn combined(
    args: &RequestArgs,
    variables: &HashSet<String>,
    profile: &RequestArgs,
) -> Result<RequestArgs, Failure> {
    let mut args = layer(args)?;
    for name in SWITCHES.iter().filter(|name| variables.contains(**name)) {
        args.entry(*name).or_insert(Value::Bool(false));
    }
    let (variables, flags): (Layer, Layer) = args
        .into_iter()
        .partition(|(name, _)| variables.contains(name));
    let set = over(flags, variables);
    let mut profile = layer(profile)?;
    for (replaced, belonging) in BELONGING {
        if set.contains_key(replaced) {
            profile.retain(|name, _| !belonging.contains(&name.as_str()));
        }
    }
    let settings = over(set, profile);
    serde_json::from_value(Value::Object(settings)).map_err(unreadable)
}

fn layer(args: &RequestArgs) -> Result<Layer, Failure> {
    match serde_json::to_value(args).map_err(unreadable)? {
        Value::Object(settings) => Ok(settings
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect()),
        _ => Ok(Layer::new()),
    }
}

fn over(upper: Layer, mut lower: Layer) -> Layer {
    for group in EXCLUSIVE {
        if group.iter().any(|name| upper.contains_key(*name)) {
            lower.retain(|name, _| !group.contains(&name.as_str()));
        }
    }
    for (name, value) in upper {
        match (lower.get_mut(&name), value) {
            // Claims, header members and form parameters: each by its own name.
            (Some(Value::Object(below)), Value::Object(above)) => below.extend(above),
            (_, value) => {
                lower.insert(name, value);
            }
        }
    }
    lower
}

fn unreadable(error: serde_json::Error) -> Failure {
    Failure::other(format!("the settings cannot be combined: {error}"))
}
