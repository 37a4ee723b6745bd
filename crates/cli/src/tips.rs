//! What to do in place of an argument that many try, and that is not there.

use clap::Error;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The error, with a tip that is better than the most similar word.
pub(crate) fn with_tip(mut error: Error) -> Error {
    if let Some((similar, tip)) = tip(&error) {
        error.insert(similar, ContextValue::None);
        let tip = ContextValue::StyledStrs(vec![StyledStr::from(tip)]);
        error.insert(ContextKind::Suggested, tip);
    }
    error
}

/// The tip, and what it stands in place of.
fn tip(error: &Error) -> Option<(ContextKind, String)> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg)?;
    match error.kind() {
        ErrorKind::UnknownArgument => {
            let rest = text(ContextKind::SuggestedArg)?.strip_prefix(argument)?;
            let is_secret = ["-env", "-file", "-fd"].contains(&rest);
            let tip = format!(
                "others can see arguments, so a secret is none: '{argument}-env NAME' and '{argument}-file FILE' \
                 name where it is"
            );
            is_secret.then_some((ContextKind::SuggestedArg, tip))
        }
        ErrorKind::InvalidValue if argument.starts_with("--to ") => {
            let tip = match text(ContextKind::InvalidValue)?.to_lowercase().as_str() {
                "pem" => "'pkcs8' is PEM, and what nearly everything reads",
                "der" => "'pkcs8-der' is the same as pkcs8 in DER",
                "jks" | "keystore" => {
                    "'pkcs12' first, of which Java's keytool makes a keystore: keytool -importkeystore -srckeystore \
                     NEW.p12 -srcstoretype PKCS12 -destkeystore NEW.jks -deststoretype JKS"
                }
                _ => return None,
            };
            Some((ContextKind::SuggestedValue, tip.into()))
        }
        _ => None,
    }
}
