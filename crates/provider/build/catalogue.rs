//! From the files of the catalogue to Rust constants. What is wrong in form is refused with file and line.

#[expect(unreachable_pub, reason = "public in the crate, private to the build")]
#[path = "../src/normal.rs"]
mod normal;

mod form;

use std::collections::HashMap;
use std::fmt::Write;

use serde::Deserialize;
use toml::Spanned;

use form::{Check, Checks, Entry, Provider, Text};

const CHECKS: &str = "checks";
const CLASSES: [&str; 5] = ["configuration", "key", "clock", "account", "network"];

/// Makes the code of these files, each a name without its ending and a text; or tells everything that is wrong.
pub(crate) fn generate(files: &[(String, String)]) -> Result<String, Vec<String>> {
    let mut build = Build::default();
    let checks = files
        .iter()
        .find(|(name, _)| name == CHECKS)
        .ok_or_else(|| vec!["catalogue/checks.toml is missing".to_owned()])?;
    let others = files.iter().filter(|(name, _)| name != CHECKS);
    let providers: Vec<_> = others.clone().map(|(name, _)| name.as_str()).collect();
    build.checks(checks, &providers);
    for file in others {
        build.provider(file);
    }
    if build.errors.is_empty() {
        Ok(build.finish())
    } else {
        Err(build.errors)
    }
}

#[derive(Default)]
struct Build {
    errors: Vec<String>,
    /// Every id, and where it stands.
    ids: HashMap<String, String>,
    /// The id of each check, and its name as a variant.
    variants: Vec<(String, String)>,
    check_code: String,
    provider_code: String,
    providers: Vec<String>,
}

impl Build {
    fn checks(&mut self, (name, text): &(String, String), providers: &[&str]) {
        let Some(Checks { check: checks }) = self.parse(name, text) else {
            return;
        };
        let at = Place { name, text };
        for check in &checks {
            self.id(&at, &check.id);
            self.class(&at, &check.class);
            self.sentence(&at, &check.what);
            self.sentence(&at, &check.next);
            let sources = self.sources_of(&at, check, &check.source);
            let own = self.own(&at, check, providers);
            let variant = camel(check.id.get_ref());
            _ = writeln!(
                self.check_code,
                "CheckText {{ id: {:?}, class: Class::{}, only: {:?}, what: {:?}, next: {:?}, sources: &{sources:?}, \
                 at: &[{own}] }},",
                check.id.get_ref(),
                camel(check.class.get_ref()),
                check.only.as_ref().map(Spanned::get_ref),
                check.what.get_ref(),
                check.next.get_ref(),
            );
            self.variants.push((check.id.get_ref().clone(), variant));
        }
    }

    /// What is other at some providers, each of which has a file.
    fn own(&mut self, at: &Place<'_>, check: &Check, providers: &[&str]) -> String {
        let named = check.at.keys().map(String::as_str);
        for name in named.chain(check.only.as_ref().map(|only| only.get_ref().as_str())) {
            if !providers.contains(&name) {
                self.errors.push(format!(
                    "{}: {name:?} is no provider with a file in the catalogue",
                    at.of(&check.id)
                ));
            }
        }
        let mut code = String::new();
        for (provider, own) in &check.at {
            let next = own.next.as_ref().unwrap_or(&check.next);
            self.sentence(at, next);
            let sources = own.source.as_ref().unwrap_or(&check.source);
            let sources = self.sources_of(at, check, sources);
            _ = write!(
                code,
                "At {{ provider: {provider:?}, next: {:?}, sources: &{sources:?} }}, ",
                next.get_ref()
            );
        }
        code
    }

    fn provider(&mut self, (name, text): &(String, String)) {
        let Some(Provider { entry: entries }) = self.parse(name, text) else {
            return;
        };
        let at = Place { name, text };
        let constant = name.to_uppercase().replace('-', "_");
        let mut code = String::new();
        let mut causes = String::new();
        let mut earlier: Vec<(&str, &str)> = Vec::new();
        for entry in &entries {
            self.entry(&at, entry, &mut code);
            let error = entry.error.as_ref().map_or("", |error| error.get_ref());
            let texts: Vec<&str> = match &entry.text[..] {
                [] => vec![""],
                texts => texts.iter().map(|text| text.get_ref().as_str()).collect(),
            };
            for text in texts {
                if let Some((_, first)) = earlier
                    .iter()
                    .find(|(other, first)| *other == error && text.contains(first))
                {
                    self.errors.push(format!(
                        "{}: this entry is never found: the text {first:?} of an earlier one takes all of {text:?}",
                        at.of(&entry.id)
                    ));
                }
                earlier.push((error, text));
                if !error.is_empty() {
                    _ = writeln!(
                        causes,
                        "Cause {{ error: {error:?}, description: {text:?}, cause: {:?}, remedy: {:?} }},",
                        entry.cause.get_ref(),
                        entry.remedy.get_ref(),
                    );
                }
            }
        }
        _ = writeln!(
            self.provider_code,
            "const {constant}: &[Entry] = &[\n{code}];"
        );
        if matches!(name.as_str(), "box" | "salesforce" | "generic") {
            _ = writeln!(
                self.provider_code,
                "pub(crate) const {constant}_CAUSES: &[Cause] = &[\n{causes}];"
            );
        }
        self.providers.push(constant);
    }

    fn entry(&mut self, at: &Place<'_>, entry: &Entry, code: &mut String) {
        self.id(at, &entry.id);
        self.class(at, &entry.class);
        self.sentence(at, &entry.cause);
        self.sentence(at, &entry.remedy);
        let sources = self.sources(at, &entry.id, &entry.source);
        for text in entry.text.iter().chain(&entry.error) {
            if text.get_ref().is_empty() || normal::normal(text.get_ref()) != *text.get_ref() {
                self.errors.push(format!(
                    "{}: write this in lower case, with single spaces and without markup: {:?}",
                    at.of(text),
                    normal::normal(text.get_ref())
                ));
            }
        }
        if entry.error.is_none() && entry.text.is_empty() {
            self.errors.push(format!(
                "{}: an entry needs `error` or `text`",
                at.of(&entry.id)
            ));
        }
        let mut shown = String::new();
        for id in &entry.shown {
            match self
                .variants
                .iter()
                .find(|(check, _)| check == id.get_ref())
            {
                Some((_, variant)) => _ = write!(shown, "Check::{variant}, "),
                None => self.errors.push(format!(
                    "{}: there is no check {:?} in checks.toml",
                    at.of(id),
                    id.get_ref()
                )),
            }
        }
        let mut unseen = String::new();
        for cause in &entry.unseen {
            self.id(at, &cause.id);
            self.sentence(at, &cause.cause);
            self.sentence(at, &cause.remedy);
            let class = cause.class.as_ref().unwrap_or(&entry.class);
            self.class(at, class);
            _ = write!(
                unseen,
                "Unseen {{ id: {:?}, class: Class::{}, cause: {:?}, remedy: {:?} }}, ",
                cause.id.get_ref(),
                camel(class.get_ref()),
                cause.cause.get_ref(),
                cause.remedy.get_ref()
            );
        }
        if let Some(usual) = &entry.usual {
            let mut known = entry.shown.iter().chain(entry.unseen.iter().map(|u| &u.id));
            if !known.any(|id| id.get_ref() == usual.get_ref()) {
                self.errors.push(format!(
                    "{}: {:?} stands neither in `shown` nor in `unseen` of this entry",
                    at.of(usual),
                    usual.get_ref()
                ));
            }
        }
        if entry.proves && !entry.unseen.is_empty() {
            self.errors.push(format!(
                "{}: a text that proves its cause has no `unseen` ones",
                at.of(&entry.id)
            ));
        }
        let texts: Vec<_> = entry.text.iter().map(Spanned::get_ref).collect();
        _ = writeln!(
            code,
            "Entry {{ id: {:?}, provider: {:?}, error: {:?}, texts: &{texts:?}, class: Class::{}, cause: {:?}, \
             remedy: {:?}, shown: &[{shown}], unseen: &[{unseen}], usual: {:?}, proves: {}, without_text: {}, \
             wrapper: {}, sources: &{sources:?} }},",
            entry.id.get_ref(),
            at.name,
            entry.error.as_ref().map(Spanned::get_ref),
            camel(entry.class.get_ref()),
            entry.cause.get_ref(),
            entry.remedy.get_ref(),
            entry.usual.as_ref().map(Spanned::get_ref),
            entry.proves,
            entry.null,
            entry.wrapper,
        );
    }

    fn parse<T: for<'de> Deserialize<'de>>(&mut self, name: &str, text: &str) -> Option<T> {
        match toml::from_str(text) {
            Ok(file) => Some(file),
            Err(error) => {
                let line = error.span().map_or(1, |span| line(text, span.start));
                self.errors
                    .push(format!("catalogue/{name}.toml:{line}: {}", error.message()));
                None
            }
        }
    }

    fn id(&mut self, at: &Place<'_>, id: &Text) {
        let form = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let place = at.of(id);
        let id = id.get_ref();
        if id.is_empty()
            || !id.chars().all(form)
            || !id.starts_with(|c: char| c.is_ascii_lowercase())
        {
            self.errors.push(format!(
                "{place}: an id has lower-case letters, digits and hyphens: {id:?}"
            ));
        }
        if let Some(first) = self.ids.insert(id.clone(), place.clone()) {
            self.errors
                .push(format!("{place}: the id {id:?} stands in {first} already"));
        }
    }

    fn class(&mut self, at: &Place<'_>, class: &Text) {
        if !CLASSES.contains(&class.get_ref().as_str()) {
            self.errors.push(format!(
                "{}: {:?} is none of the classes {}",
                at.of(class),
                class.get_ref(),
                CLASSES.join(", ")
            ));
        }
    }

    fn sentence(&mut self, at: &Place<'_>, sentence: &Text) {
        let text = sentence.get_ref();
        let why = if text.trim().is_empty() {
            "is empty"
        } else if text.trim() != text || text.contains(['\n', '\t']) {
            "has white space around it or a line end in it"
        } else if text.ends_with('.') {
            "ends with a full stop"
        } else {
            return;
        };
        self.errors
            .push(format!("{}: this text {why}", at.of(sentence)));
    }

    /// The addresses of a check; one of ours has none.
    fn sources_of(&mut self, at: &Place<'_>, check: &Check, sources: &[Text]) -> Vec<String> {
        if !check.ours {
            return self.sources(at, &check.id, sources);
        }
        if !sources.is_empty() {
            self.errors.push(format!(
                "{}: a check of ours has no source",
                at.of(&check.id)
            ));
        }
        Vec::new()
    }

    /// Addresses; there must be one.
    fn sources(&mut self, at: &Place<'_>, id: &Text, sources: &[Text]) -> Vec<String> {
        if sources.is_empty() {
            self.errors
                .push(format!("{}: there is no source", at.of(id)));
        }
        let mut addresses = Vec::new();
        for source in sources {
            match address(source.get_ref()) {
                Some(address) => addresses.push(address),
                None => self.errors.push(format!(
                    "{}: a source is `owner/repository#number`, `RFC 7523 §3` or an https address, not {:?}",
                    at.of(source),
                    source.get_ref()
                )),
            }
        }
        addresses
    }

    fn finish(self) -> String {
        let Self {
            variants,
            check_code,
            provider_code,
            providers,
            ..
        } = self;
        let mut code = String::from(
            "/// Something that can be seen from outside, without asking the server, and that explains refusals.\n\
             #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]\n#[non_exhaustive]\npub enum Check {\n",
        );
        for (id, variant) in &variants {
            _ = writeln!(code, "/// `{id}`\n{variant},");
        }
        let all: Vec<_> = variants
            .iter()
            .map(|(_, variant)| format!("Self::{variant}"))
            .collect();
        _ = writeln!(
            code,
            "}}\nimpl Check {{\n/// Every check, in the order of the catalogue.\npub const ALL: &'static [Self] = &[{}];\n}}\n\
             static CHECKS: [CheckText; {}] = [\n{check_code}];\n{provider_code}\
             const CATALOGUE: &[&[Entry]] = &[{}];",
            all.join(", "),
            variants.len(),
            providers.join(", ")
        );
        code
    }
}

/// A file, to tell places in it.
struct Place<'a> {
    name: &'a str,
    text: &'a str,
}

impl Place<'_> {
    fn of(&self, text: &Text) -> String {
        let line = line(self.text, text.span().start);
        format!("catalogue/{}.toml:{line}", self.name)
    }
}

fn line(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

fn camel(id: &str) -> String {
    id.split('-')
        .map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_uppercase() + rest
        })
        .collect()
}

fn address(source: &str) -> Option<String> {
    if source.starts_with("https://") && !source.contains(char::is_whitespace) {
        return Some(source.to_owned());
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(rfc) = source.strip_prefix("RFC ") {
        let (number, section) = rfc.split_once(" §")?;
        let valid = digits(number) && section.starts_with(|c: char| c.is_ascii_digit());
        return valid
            .then(|| format!("https://www.rfc-editor.org/rfc/rfc{number}#section-{section}"));
    }
    let (repository, number) = source.split_once('#')?;
    let (owner, name) = repository.split_once('/')?;
    let valid = !owner.is_empty() && !name.is_empty() && !name.contains('/') && digits(number);
    valid.then(|| format!("https://github.com/{repository}/issues/{number}"))
}
