//! What to do in place of an argument that many try, and that is not there.

use clap::Error;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The error, with a tip that is better than the most similar word.
pub(crate) fn with_tip(mut error: Error) -> Error {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg).unwrap_or_default();
    let (kind, similar, tip) = match error.kind() {
        ErrorKind::InvalidValue if argument.starts_with("--to ") => {
            let value = text(ContextKind::InvalidValue).unwrap_or_default();
            let Some((form, tip)) = form(&value.to_lowercase()) else {
                return error;
            };
            let similar = ContextValue::String(form.into());
            (ContextKind::SuggestedValue, similar, tip)
        }
        _ => {
            let similar = text(ContextKind::SuggestedArg).unwrap_or_default();
            let Some("-env" | "-file" | "-fd") = similar.strip_prefix(argument) else {
                return error;
            };
            let similar = ["env", "file"].map(|end| format!("{argument}-{end}"));
            let similar = ContextValue::Strings(similar.into());
            let tip = "others can see arguments, so a secret is none: these name where it is";
            (ContextKind::SuggestedArg, similar, tip)
        }
    };
    error.insert(kind, similar);
    let tip = ContextValue::StyledStrs(vec![StyledStr::from(tip)]);
    error.insert(ContextKind::Suggested, tip);
    // It names the flag that is most similar by its letters.
    error.insert(ContextKind::Usage, ContextValue::None);
    error
}

/// What to write for a form of that name, and why.
fn form(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "pem" => Some(("pkcs8", "pkcs8 is PEM, and what nearly everything reads")),
        "der" => Some(("pkcs8-der", "pkcs8-der is DER, and what many programs read")),
        "jks" | "keystore" => Some((
            "pkcs12",
            "of a PKCS#12 store Java's keytool makes a JKS: keytool -importkeystore -srckeystore NEW.p12 \
             -srcstoretype PKCS12 -destkeystore NEW.jks -deststoretype JKS",
        )),
        _ => None,
    }
}
