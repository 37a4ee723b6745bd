use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jwt_bearer::assertion::Header;
use serde_json::Value;

use crate::error::Failure;
use crate::pairs::Pair;

/// The header with these members.
pub(super) fn header(members: &[Pair<Value>]) -> Result<Header, Failure> {
    let mut header = Header::new();
    for member in members {
        let (name, value) = (member.name.as_str(), &member.value);
        let wrong = |wanted| Failure::usage(format!("the header member `{name}` is not {wanted}"));
        header = match (name, value) {
            ("kid", _) => {
                return Err(Failure::usage(
                    "the header member `kid` has a setting of its own: --key-id",
                ));
            }
            ("typ", Value::String(typ)) => header.typ(Some(typ)),
            ("typ", Value::Null) => header.typ(None::<String>),
            ("typ", _) => return Err(wrong("a text, or null to leave it out")),
            ("x5t", _) => header.x5t(
                &digest(value)
                    .ok_or_else(|| wrong("the base64url of 20 octets, a SHA-1 digest"))?,
            ),
            ("x5t#S256", _) => header.x5t_s256(
                &digest(value)
                    .ok_or_else(|| wrong("the base64url of 32 octets, a SHA-256 digest"))?,
            ),
            ("x5c", _) => header.x5c(
                chain(value)
                    .ok_or_else(|| wrong("an array of certificates, each the base64 of DER"))?,
            ),
            _ => header.member(name, value.clone()),
        };
    }
    Ok(header)
}

fn digest<const N: usize>(value: &Value) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD
        .decode(value.as_str()?)
        .ok()?
        .try_into()
        .ok()
}

fn chain(value: &Value) -> Option<Vec<Vec<u8>>> {
    value
        .as_array()?
        .iter()
        .map(|certificate| STANDARD.decode(certificate.as_str()?).ok())
        .collect()
}
