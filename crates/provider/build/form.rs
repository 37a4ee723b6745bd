//! The form of the files of the catalogue.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

pub(crate) type Text = Spanned<String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Checks {
    pub(crate) check: Vec<Check>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    pub(crate) id: Text,
    pub(crate) class: Text,
    pub(crate) only: Option<Text>,
    pub(crate) what: Text,
    pub(crate) next: Text,
    /// It is about this program itself, and so written nowhere.
    #[serde(default)]
    pub(crate) ours: bool,
    #[serde(default)]
    pub(crate) source: Vec<Text>,
    #[serde(default)]
    pub(crate) at: BTreeMap<String, At>,
}

/// What is other at one provider.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct At {
    pub(crate) next: Option<Text>,
    pub(crate) source: Option<Vec<Text>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    pub(crate) entry: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) id: Text,
    pub(crate) error: Option<Text>,
    #[serde(default)]
    pub(crate) text: Vec<Text>,
    pub(crate) class: Text,
    #[serde(default)]
    pub(crate) shown: Vec<Text>,
    pub(crate) usual: Option<Text>,
    #[serde(default)]
    pub(crate) proves: bool,
    #[serde(default)]
    pub(crate) null: bool,
    #[serde(default)]
    pub(crate) wrapper: bool,
    pub(crate) cause: Text,
    pub(crate) remedy: Text,
    pub(crate) source: Vec<Text>,
    #[serde(default)]
    pub(crate) unseen: Vec<Unseen>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unseen {
    pub(crate) id: Text,
    pub(crate) class: Option<Text>,
    pub(crate) cause: Text,
    pub(crate) remedy: Text,
}
