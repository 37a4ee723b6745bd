use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jwt_bearer_signer::{Algorithm, Signature};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::{Defect, Part};

const TOLERANT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Seconds since 1970 beyond the year 5138: a time that large was meant as milliseconds.
const MILLISECONDS: f64 = 1e11;

/// A JWT taken apart for inspection. **Nothing is verified**: neither the signature nor any claim.
///
/// `Debug` shows header and claims, never the signature, without which the JWT is no credential.
#[derive(Clone)]
pub struct Decoded {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signature: Vec<u8>,
    defects: Vec<Defect>,
}

impl Decoded {
    pub(crate) fn new(text: &str) -> Result<Self, DecodeError> {
        let mut defects = Vec::new();
        let text = unwrap(text, &mut defects);
        if text.is_empty() {
            return Err(DecodeError(
                "the input is empty, where a JWT was expected".into(),
            ));
        }
        let parts: Vec<_> = text.split('.').collect();
        let (header, claims, signature) = match parts[..] {
            [header, claims] => (header, claims, ""),
            [header, claims, signature] => (header, claims, signature),
            [_, _, _, _, _] => {
                let text =
                    "this is an encrypted JWT (JWE, five parts), which only its recipient can read";
                return Err(DecodeError(text.into()));
            }
            _ => {
                let plural = if parts.len() == 1 { "" } else { "s" };
                let text = format!(
                    "this is no JWT: it has {} part{plural}, where a JWT has three",
                    parts.len()
                );
                return Err(DecodeError(text));
            }
        };
        let header = object(Part::Header, header, &mut defects).ok_or_else(|| {
            let why = defects
                .last()
                .map_or_else(String::new, |defect| format!(": {defect}"));
            DecodeError(format!("this is no JWT{why}"))
        })?;
        let claims = object(Part::Claims, claims, &mut defects).unwrap_or_default();
        let signature = octets(Part::Signature, signature, &mut defects).unwrap_or_default();
        let mut decoded = Self {
            header,
            claims,
            signature,
            defects,
        };
        decoded.examine_signature();
        decoded.examine_claims();
        Ok(decoded)
    }

    /// The JOSE header.
    #[must_use]
    pub const fn header(&self) -> &Map<String, Value> {
        &self.header
    }

    /// The claims; empty if they could not be read.
    #[must_use]
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The same without its signature, and so no credential any more.
    #[must_use]
    pub fn without_signature(mut self) -> Self {
        self.signature.clear();
        self
    }

    /// The octets of the signature as they stand; empty if there is none or it could not be read.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// What is wrong with it, by its form alone; empty if nothing was found.
    #[must_use]
    pub fn defects(&self) -> &[Defect] {
        &self.defects
    }

    /// The algorithm of the header, if it is one that is known here.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.header.get("alg")?.as_str()?.parse().ok()
    }

    /// The key id of the header.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.header.get("kid")?.as_str()
    }

    /// A time among the claims, such as `exp`, understood as it was meant: seconds or milliseconds, number or string.
    #[must_use]
    pub fn time(&self, claim: &str) -> Option<SystemTime> {
        let number = match self.claims.get(claim)? {
            Value::String(text) => text.trim().parse().ok()?,
            value => value.as_f64()?,
        };
        let seconds = if number >= MILLISECONDS {
            number / 1000.0
        } else {
            number
        };
        UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
    }

    fn examine_signature(&mut self) {
        let algorithm = match self.header.get("alg").and_then(Value::as_str) {
            None => return self.defects.push(Defect::NoAlgorithm),
            Some("none") => return self.defects.push(Defect::UnsignedAlgorithm),
            Some(name) => match name.parse::<Algorithm>() {
                Err(_) => return self.defects.push(Defect::OtherAlgorithm(name.into())),
                Ok(algorithm) => algorithm,
            },
        };
        if self.signature.is_empty() {
            if !self.defects.contains(&Defect::NotBase64(Part::Signature)) {
                self.defects.push(Defect::NoSignature);
            }
            return;
        }
        let Err(error) = Signature::from_jose(algorithm, &self.signature) else {
            return;
        };
        self.defects.push(
            match Signature::from_ecdsa_der(algorithm, &self.signature) {
                Ok(_) => Defect::DerSignature(algorithm),
                Err(_) => Defect::SignatureLength(error.to_string()),
            },
        );
    }

    fn examine_claims(&mut self) {
        if self.claims.contains_key("kid") {
            self.defects.push(Defect::KeyIdInClaims);
        }
        for claim in ["iss", "sub", "jti"] {
            if self
                .claims
                .get(claim)
                .is_some_and(|value| !value.is_string())
            {
                self.defects.push(Defect::NotText(claim));
            }
        }
        for claim in ["iat", "nbf", "exp"] {
            let number = match self.claims.get(claim) {
                None => continue,
                Some(Value::Number(number)) => {
                    if !(number.is_i64() || number.is_u64()) {
                        self.defects.push(Defect::TimeIsFraction(claim));
                    }
                    number.as_f64()
                }
                Some(Value::String(text)) => {
                    self.defects.push(Defect::TimeIsString(claim));
                    text.trim().parse().ok()
                }
                Some(_) => {
                    self.defects.push(Defect::TimeIsOther(claim));
                    None
                }
            };
            if number.is_some_and(|number| number >= MILLISECONDS) {
                self.defects.push(Defect::Milliseconds(claim));
            }
        }
        let unread = self.defects.iter().any(|defect| {
            matches!(
                defect,
                Defect::NotJson(Part::Claims, _) | Defect::NotBase64(Part::Claims)
            )
        });
        if !self.claims.contains_key("exp") && !unread {
            self.defects.push(Defect::NoExpiry);
        }
    }
}

impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded")
            .field("header", &self.header)
            .field("claims", &self.claims)
            .field("defects", &self.defects)
            .finish_non_exhaustive()
    }
}

/// Why nothing of a JWT could be read. It shows nothing of the input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DecodeError(String);

/// Takes off what people copy along: quotes, `Bearer `, the name of a form field, white space.
fn unwrap<'a>(text: &'a str, defects: &mut Vec<Defect>) -> Cow<'a, str> {
    let outer = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let mut inner = outer.trim_matches(['"', '\'', '`', ',', ';']).trim();
    for prefix in [
        "authorization:",
        "bearer ",
        "assertion=",
        "client_assertion=",
    ] {
        if inner
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        {
            inner = inner[prefix.len()..].trim_start();
        }
    }
    if inner.contains(char::is_whitespace) {
        defects.push(Defect::Wrapped);
        return inner.split_whitespace().collect();
    }
    if inner.len() != outer.len() {
        defects.push(Defect::Wrapped);
    }
    inner.into()
}

fn octets(part: Part, text: &str, defects: &mut Vec<Defect>) -> Option<Vec<u8>> {
    let mut url_safe = Cow::from(text);
    if text.ends_with('=') {
        defects.push(Defect::Padding(part));
    }
    if text.contains(['+', '/']) {
        defects.push(Defect::StandardAlphabet(part));
        url_safe = text.replace('+', "-").replace('/', "_").into();
    }
    let octets = TOLERANT.decode(url_safe.trim_end_matches('='));
    if octets.is_err() {
        defects.push(Defect::NotBase64(part));
    }
    octets.ok()
}

fn object(part: Part, text: &str, defects: &mut Vec<Defect>) -> Option<Map<String, Value>> {
    let octets = octets(part, text, defects)?;
    match serde_json::from_slice::<Members>(&octets) {
        Ok(Members { map, duplicates }) => {
            defects.extend(
                duplicates
                    .into_iter()
                    .map(|name| Defect::Duplicate(part, name)),
            );
            Some(map)
        }
        Err(error) => {
            // serde's own text can quote the input.
            let why = match error.classify() {
                serde_json::error::Category::Eof => "it ends too early",
                serde_json::error::Category::Data => "it is something else",
                _ => "it is damaged",
            };
            let why = format!("{why}, at line {} column {}", error.line(), error.column());
            defects.push(Defect::NotJson(part, why));
            None
        }
    }
}

/// A JSON object, and the names that stood in it twice.
struct Members {
    map: Map<String, Value>,
    duplicates: Vec<String>,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Members, A::Error> {
                let mut members = Members {
                    map: Map::new(),
                    duplicates: Vec::new(),
                };
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if members.map.insert(name.clone(), value).is_some() {
                        members.duplicates.push(name);
                    }
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Collect)
    }
}
