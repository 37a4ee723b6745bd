//! Values of flags that are more than a text.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

/// A name and a value.
#[derive(Clone, Debug)]
pub(crate) struct Pair<V> {
    pub(crate) name: String,
    pub(crate) value: V,
}

/// `NAME=JSON`: a claim or a header member.
pub(crate) type Member = Pair<Value>;

/// `NAME=VALUE`: a form parameter.
pub(crate) type Parameter = Pair<String>;

impl FromStr for Member {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, json) = split(text, "NAME=JSON")?;
        let value = serde_json::from_str(json).map_err(|_| {
            format!("the value after `{name}=` is not JSON; a text stands in quotes, as in '{name}=\"text\"'")
        })?;
        Ok(Self {
            name: name.into(),
            value,
        })
    }
}

impl FromStr for Parameter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = split(text, "NAME=VALUE")?;
        Ok(Self {
            name: name.into(),
            value: value.into(),
        })
    }
}

/// `[KID=]FILE`: a public key for the sandbox.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) key_id: Option<String>,
    pub(crate) path: PathBuf,
}

impl FromStr for Registration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key_id, path) = match text.split_once('=') {
            Some((key_id, path)) => (Some(key_id.to_owned()).filter(|id| !id.is_empty()), path),
            None => (None, text),
        };
        if path.is_empty() {
            return Err("no file is named; it looks like key-1=public.pem".into());
        }
        Ok(Self {
            key_id,
            path: path.into(),
        })
    }
}

/// Seconds, as `45`, `45s` or `3m`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seconds(pub(crate) u64);

impl Seconds {
    pub(crate) const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, factor) = match text.strip_suffix('m') {
            Some(minutes) => (minutes, 60),
            None => (text.strip_suffix('s').unwrap_or(text), 1),
        };
        number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(factor))
            .filter(|seconds| *seconds > 0)
            .map(Self)
            .ok_or_else(|| {
                "expected whole seconds above 0, such as 45, or minutes, such as 3m".into()
            })
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(u64),
            Text(String),
        }
        match Form::deserialize(deserializer) {
            Ok(Form::Number(seconds)) => seconds.to_string().parse(),
            Ok(Form::Text(text)) => text.parse(),
            Err(_) => {
                "expected whole seconds above 0, such as 45, or minutes, such as \"3m\"".parse()
            }
        }
        .map_err(de::Error::custom)
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Pairs as a table of the configuration file.
pub(crate) mod table {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Pair;

    pub(crate) fn deserialize<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Pair<V>>, D::Error> {
        let table: BTreeMap<String, V> = BTreeMap::deserialize(deserializer)?;
        Ok(table
            .into_iter()
            .map(|(name, value)| Pair { name, value })
            .collect())
    }

    pub(crate) fn serialize<V: Serialize, S: Serializer>(
        pairs: &[Pair<V>],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(pairs.iter().map(|pair| (&pair.name, &pair.value)))
    }
}

fn split<'a>(text: &'a str, form: &str) -> Result<(&'a str, &'a str), String> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| format!("expected {form}"))
}
