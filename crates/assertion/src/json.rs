use serde::Serialize;
use serde_json::Value;
use smallvec::SmallVec;

use crate::{AssertionError, AssertionErrorKind};

/// A JSON object that is written member by member, without an allocation while it is short.
///
/// `serde_json` does the same for any type with some twice as many instructions, which a P-256 signature shows.
pub(crate) struct Json {
    octets: SmallVec<[u8; 512]>,
    /// What it is an error of if a value cannot be written.
    kind: AssertionErrorKind,
}

impl Json {
    pub(crate) fn new(kind: AssertionErrorKind) -> Self {
        let octets = SmallVec::new();
        Self { octets, kind }
    }

    /// Adds a member with a text.
    pub(crate) fn text(&mut self, name: &str, text: &str) -> Result<(), AssertionError> {
        self.name(name)?;
        self.string(text)
    }

    /// Adds a member with any value.
    pub(crate) fn value(&mut self, name: &str, value: &Value) -> Result<(), AssertionError> {
        match value {
            Value::String(text) => self.text(name, text),
            value => self.any(name, value),
        }
    }

    /// Adds a member with whatever `serde` knows.
    pub(crate) fn any(
        &mut self,
        name: &str,
        value: &impl Serialize,
    ) -> Result<(), AssertionError> {
        self.name(name)?;
        self.serialize(value)
    }

    /// The whole object.
    pub(crate) fn end(&mut self) -> &[u8] {
        self.octets.push(b'}');
        &self.octets
    }

    fn name(&mut self, name: &str) -> Result<(), AssertionError> {
        let before = if self.octets.is_empty() { b'{' } else { b',' };
        self.octets.push(before);
        self.string(name)?;
        self.octets.push(b':');
        Ok(())
    }

    fn string(&mut self, text: &str) -> Result<(), AssertionError> {
        // A fold and not `any`: without a way out in the middle, the compiler takes many octets at once.
        let is_plain = text.bytes().fold(true, |is_plain, octet| {
            is_plain & !matches!(octet, ..0x20 | b'"' | b'\\')
        });
        if !is_plain {
            return self.serialize(text);
        }
        self.octets.push(b'"');
        self.octets.extend_from_slice(text.as_bytes());
        self.octets.push(b'"');
        Ok(())
    }

    fn serialize(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), AssertionError> {
        serde_json::to_writer(&mut self.octets, value)
            .map_err(|source| AssertionError::new(self.kind, source))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn any_text_reads_back() {
        let every: String = (0..0x180).filter_map(char::from_u32).collect();
        let texts = ["", "a", "\"", "\\", "a\nb", "\u{7f}", "ä€😀", &every];
        for text in texts {
            let mut json = Json::new(AssertionErrorKind::Claims);
            json.text(text, text).unwrap();
            json.value("value", &json!(text)).unwrap();
            json.value("other", &json!([1, null, {"a": 1.5}])).unwrap();
            json.any("long", &"x".repeat(1000)).unwrap();
            let read: Value = serde_json::from_slice(json.end()).unwrap();
            assert_eq!(
                read,
                json!({
                    text: text,
                    "value": text,
                    "other": [1, null, {"a": 1.5}],
                    "long": "x".repeat(1000),
                })
            );
        }
    }
}
