use crate::form::{Form, Wanted};
use crate::pem::Block;
use crate::{encrypted, pkcs12};

/// Why a file is not the key that it should be: what was found, what was expected, and what to do.
///
/// The text quotes nothing of the file but what names a thing: a PEM label, a size, an object identifier. There is no
/// source, since the errors of parsers can quote keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct KeyFileError {
    kind: KeyFileErrorKind,
    text: String,
}

impl KeyFileError {
    pub(crate) fn new(kind: KeyFileErrorKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }

    pub(crate) fn malformed(text: impl Into<String>) -> Self {
        Self::new(KeyFileErrorKind::Malformed, text)
    }

    pub(crate) fn unsupported(text: impl Into<String>) -> Self {
        Self::new(KeyFileErrorKind::Unsupported, text)
    }

    /// The file is of this form, which is not what was wanted.
    pub(crate) fn found(form: Form, wanted: Wanted) -> Self {
        let text = format!(
            "found {}, expected {wanted}: {}",
            form.name(),
            form.remedy(wanted)
        );
        Self::new(form.error_kind(wanted), text)
    }

    /// Blocks of PEM, none of which is what was wanted: names the first that says something.
    pub(crate) fn found_blocks(blocks: &[Block<'_>], wanted: Wanted) -> Self {
        let telling = |block: &&Block<'_>| block.form() != Some(Form::Parameters);
        let Some(block) = blocks.iter().find(telling).or(blocks.first()) else {
            return Self::found(Form::Text, wanted);
        };
        match block.form() {
            Some(form) => Self::found(form, wanted),
            None if block.is_private_key() => Self::found(Form::Pkcs8, wanted),
            None => Self::new(
                Form::Text.error_kind(wanted),
                format!(
                    "found PEM of `{}`, expected {wanted}: name another file",
                    block.label
                ),
            ),
        }
    }

    /// A sound private key that cannot sign here.
    pub(crate) fn unsupported_key(name: &str) -> Self {
        Self::unsupported(format!(
            "found {name}, expected RSA of 2048, 3072 or 4096 bits, EC on P-256 or P-384, or Ed25519: make a new key, \
             for example with `jwt-bearer key generate --out NEW`"
        ))
    }

    pub(crate) fn several(count: usize, wanted: Wanted) -> Self {
        Self::new(
            KeyFileErrorKind::SeveralKeys,
            format!(
                "found {count} keys in one file, expected {wanted}: keep each in a file of its own"
            ),
        )
    }

    /// The same of a key in a PKCS#12 store, which other commands mend.
    pub(crate) fn of_store(mut self) -> Self {
        for remedy in [encrypted::RENEW, encrypted::RENEW_OLD] {
            self.text = self.text.replace(remedy, pkcs12::WRITE_PEM);
        }
        self
    }

    pub(crate) fn mismatched() -> Self {
        Self::malformed(
            "the parts of the key do not belong together; take a fresh copy of its file",
        )
    }

    pub(crate) fn no_random_numbers() -> Self {
        Self::new(
            KeyFileErrorKind::Random,
            "the system gives no random numbers; nothing was made",
        )
    }

    /// Several keys in a store, where one was not named.
    pub(crate) fn unnamed(aliases: &[&str]) -> Self {
        Self::new(
            KeyFileErrorKind::SeveralKeys,
            format!(
                "found {} private keys, and no alias that names one: write it behind the file, as in \
                 `file:FILE?alias=NAME`; there are {}",
                aliases.len(),
                list(aliases)
            ),
        )
    }

    /// An alias for a file whose keys have none.
    pub(crate) fn no_aliases() -> Self {
        Self::new(
            KeyFileErrorKind::NoSuchAlias,
            "found a private key without an alias, and an alias that names one: only keystores and JWKs have aliases; \
             leave it away",
        )
    }

    /// An alias that belongs to no private key, or to several.
    pub(crate) fn alias(alias: &str, count: usize, aliases: &[&str]) -> Self {
        let number = if count == 0 {
            "no".into()
        } else {
            count.to_string()
        };
        let ending = if count == 0 { "" } else { "s" };
        Self::new(
            KeyFileErrorKind::NoSuchAlias,
            format!(
                "found {number} private key{ending} with the alias {}: there are {}",
                list(&[alias]),
                list(aliases)
            ),
        )
    }

    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> KeyFileErrorKind {
        self.kind
    }

    /// Always false: the same bytes fail again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        false
    }
}

/// Sorted names between backticks: the first twenty, none of them endless or with characters that a terminal obeys.
fn list(names: &[&str]) -> String {
    let short = |name: &&str| {
        let name = name.chars().take(64).flat_map(|c| match c {
            '`' => vec!['\''],
            // Others change the order in which a terminal shows what follows.
            '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => c.escape_unicode().collect(),
            c if c.is_control() => c.escape_default().collect(),
            c => vec![c],
        });
        format!("`{}`", name.collect::<String>())
    };
    let mut names = names.to_vec();
    names.sort_unstable();
    let mut listed: Vec<_> = names.iter().take(20).map(short).collect();
    if names.len() > listed.len() {
        listed.push("others".into());
    }
    listed.join(", ")
}

/// The kinds of [`KeyFileError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyFileErrorKind {
    /// A private key was expected, and this is something else, which the text names.
    NotAPrivateKey,
    /// A public key or certificate was expected, and this is something else, which the text names.
    NotAPublicKey,
    /// More than one key, so that it is not clear which is meant.
    SeveralKeys,
    /// An alias that does not name one private key of the file.
    NoSuchAlias,
    /// A key that is damaged, cut off, or whose parts do not belong together.
    Malformed,
    /// A sound key, of a kind or in a form that is not supported here.
    Unsupported,
    /// The key is encrypted, and no passphrase was given.
    PassphraseNeeded,
    /// The passphrase does not decrypt the key, or the file is damaged: the two cannot be told apart.
    WrongPassphrase,
    /// A certificate that belongs to another key.
    OtherKey,
    /// The system gives no random numbers.
    Random,
    /// Reading or decrypting it would take more time or memory than any honest file asks for.
    TooExpensive,
}
