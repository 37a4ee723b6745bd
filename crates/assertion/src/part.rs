use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::{AssertionError, AssertionErrorKind};

const LEN: usize = 256;

/// The members of a JSON object that are the same in every assertion, in base64url, which is made once.
///
/// White space brings the octets to a multiple of three, so that the base64url of the [`Rest`] can be appended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fixed(OnceLock<String>);

impl Fixed {
    /// Begins an object with them at the end of `text`; the first time with what `members` returns.
    pub(crate) fn begin<'a, M: Serialize>(
        &self,
        text: &'a mut String,
        members: impl FnOnce() -> Result<M, AssertionError>,
    ) -> Result<Rest<'a>, AssertionError> {
        if let Some(fixed) = self.0.get() {
            text.push_str(fixed);
        } else {
            let fixed = encode(&members()?)?;
            text.push_str(self.0.get_or_init(|| fixed));
        }
        Ok(Rest {
            text,
            octets: [0; LEN],
            len: 0,
        })
    }
}

fn encode(members: &impl Serialize) -> Result<String, AssertionError> {
    let mut json = serde_json::to_vec(members)
        .map_err(|error| AssertionError::new(AssertionErrorKind::Claims, error))?;
    json.pop();
    if json.len() > 1 {
        json.push(b',');
    }
    while json.len() % 3 != 0 {
        json.push(b' ');
    }
    Ok(URL_SAFE_NO_PAD.encode(json))
}

/// The last members of a JSON object, which are of one assertion: gathered without an allocation, and then encoded.
///
/// There is room for three times and a `jti` as long as it may be.
pub(crate) struct Rest<'a> {
    text: &'a mut String,
    octets: [u8; LEN],
    len: usize,
}

impl Rest<'_> {
    /// Adds a member with a text in ASCII of which nothing has to be escaped.
    pub(crate) fn plain(&mut self, name: &str, text: &[u8]) {
        self.name(name);
        self.push(b"\"");
        self.push(text);
        self.push(b"\",");
    }

    /// Adds a member with a number.
    pub(crate) fn number(&mut self, name: &str, mut number: u64) {
        let mut digits = [b'0'; 20];
        let mut start = digits.len();
        while number > 0 || start == digits.len() {
            start -= 1;
            digits[start] += (number % 10) as u8;
            number /= 10;
        }
        self.name(name);
        self.push(&digits[start..]);
        self.push(b",");
    }

    /// Ends the object, which must have been given a member here.
    pub(crate) fn end(mut self) {
        self.len -= 1;
        self.push(b"}");
        URL_SAFE_NO_PAD.encode_string(&self.octets[..self.len], self.text);
    }

    fn name(&mut self, name: &str) {
        self.push(b"\"");
        self.push(name.as_bytes());
        self.push(b"\":");
    }

    fn push(&mut self, octets: &[u8]) {
        self.octets[self.len..][..octets.len()].copy_from_slice(octets);
        self.len += octets.len();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What is read back: all that follows `before.`.
    fn written(fixed: &Fixed, members: &Value, write: impl FnOnce(&mut Rest<'_>)) -> Value {
        let mut text = String::from("before.");
        let members = || Ok(members.as_object().unwrap().clone());
        let mut rest = fixed.begin(&mut text, members).unwrap();
        write(&mut rest);
        rest.end();
        let part = text.strip_prefix("before.").unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn the_fixed_part_may_have_any_length() {
        for len in 0..10 {
            let text = "\u{1}\"".repeat(len);
            let read = written(&Fixed::default(), &json!({"fixed": text}), |rest| {
                rest.plain("plain", b"text");
            });
            assert_eq!(read, json!({"fixed": text, "plain": "text"}));
        }
    }

    #[test]
    fn there_is_room_for_the_most_that_claims_have() {
        let read = written(&Fixed::default(), &json!({}), |rest| {
            for time in ["iat", "nbf", "exp"] {
                rest.number(time, u64::MAX);
            }
            rest.plain("jti", &[b'a'; 128]);
        });
        assert_eq!(read.as_object().unwrap().len(), 4);
    }

    #[test]
    fn any_number_reads_back() {
        for number in [0, 1, 9, 10, 1_800_000_000, u64::MAX] {
            let read = written(&Fixed::default(), &json!({}), |rest| {
                rest.number("number", number);
            });
            assert_eq!(read, json!({"number": number}));
        }
    }

    #[test]
    fn the_fixed_part_is_made_once() {
        let fixed = Fixed::default();
        for number in 0..2 {
            let read = written(&fixed, &json!({"made": number}), |rest| {
                rest.number("number", number);
            });
            assert_eq!(read, json!({"made": 0, "number": number}));
        }
    }
}
