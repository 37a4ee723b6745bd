use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

/// A JWS in compact serialization, taken apart without any leniency: three parts of base64url without padding and
/// with zero trailing bits, of which two are JSON objects that name each member once.
pub(crate) struct Assertion<'a> {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    pub(crate) signing_input: &'a str,
    pub(crate) signature: Vec<u8>,
}

impl<'a> Assertion<'a> {
    /// Takes it apart; the error says in plain words what is wrong.
    pub(crate) fn decode(text: &'a str) -> Result<Self, &'static str> {
        let parts: Vec<&str> = text.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            return Err("it does not have three parts with a dot between each");
        };
        Ok(Self {
            header: object(header)?,
            claims: object(claims)?,
            signing_input: &text[..header.len() + 1 + claims.len()],
            signature: octets(signature)?,
        })
    }
}

fn octets(part: &str) -> Result<Vec<u8>, &'static str> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| "a part is not base64url without padding")
}

fn object(part: &str) -> Result<Map<String, Value>, &'static str> {
    serde_json::from_slice(&octets(part)?)
        .map(|Members(members)| members)
        .map_err(|_| "header or claims are not a JSON object that names each member once")
}

/// A JSON object that names each member once; those within its values are not looked at.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member twice"));
                    }
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    #[test]
    fn a_sound_one_is_taken_apart() {
        let text = format!("{}.{}.AQID", part(r#"{"alg":"x"}"#), part(r#"{"a":1}"#));
        let assertion = Assertion::decode(&text).unwrap();
        assert_eq!(assertion.header["alg"], "x");
        assert_eq!(assertion.claims["a"], 1);
        assert_eq!(assertion.signature, [1, 2, 3]);
        assert_eq!(assertion.signing_input, text.strip_suffix(".AQID").unwrap());
    }

    #[test]
    fn the_rest_is_refused() {
        let object = part("{}");
        let cases = [
            (String::new(), "three parts"),
            (format!("{object}.{object}"), "three parts"),
            (format!("{object}.{object}.AQID."), "three parts"),
            (format!("{object}.{object}.AQ=="), "base64url"),
            (format!("{object}.{object}.A+/_"), "base64url"),
            (format!("{object}.{object}.AR"), "base64url"),
            (format!(" {object}.{object}.AQID"), "base64url"),
            (format!("{}.{object}.AQID", part("[]")), "JSON object"),
            (format!("{object}..AQID"), "JSON object"),
            (format!("{object}.{}.AQID", part("{} ")), ""),
            (format!("{object}.{}.AQID", part("{}{}")), "JSON object"),
            (
                format!("{object}.{}.AQID", part(r#"{"sub":"a","sub":"b"}"#)),
                "each member once",
            ),
            (
                format!("{object}.{}.AQID", part(r#"{"sub":"a","s\u0075b":"b"}"#)),
                "each member once",
            ),
        ];
        for (text, expected) in cases {
            match Assertion::decode(&text) {
                Ok(_) => assert!(expected.is_empty(), "{text}"),
                Err(found) => assert!(
                    !expected.is_empty() && found.contains(expected),
                    "{text}: {found}"
                ),
            }
        }
    }
}
