//! Secrets that are known, where else they stand.

use jwt_bearer_provider::Entry;

use crate::secrets::{MASK, is_code};

/// The text without these secrets wherever else they stand as whole words. What is short stands in other words too, and
/// a word of the texts that servers say is evidence.
pub(crate) fn without(text: String, secrets: &[&str]) -> String {
    /// Of more nobody knows any more what they are.
    const MOST: usize = 64;
    let mut own: Vec<_> = secrets
        .iter()
        .flat_map(|secret| [*secret, secret.split_once(':').map_or("", |(_, own)| own)])
        .map(str::trim)
        .filter(|secret| secret.len() >= 6)
        .collect();
    own.sort_unstable();
    own.dedup();
    own.into_iter()
        .take(MOST)
        .filter(|secret| !is_said_by_servers(secret))
        .fold(text, |text, secret| without_word(&text, secret))
}

/// Whether it is a word, or a part, of a text or a code that servers are known to say.
fn is_said_by_servers(secret: &str) -> bool {
    let plain = secret.to_ascii_lowercase();
    is_code(&plain)
        || Entry::all().any(|entry| {
            let mut texts = entry.texts.iter().chain(&entry.error);
            texts.any(|text| is_whole_in(text, &plain))
        })
}

fn is_whole_in(text: &str, part: &str) -> bool {
    text.match_indices(part)
        .any(|(at, _)| is_whole(text, at, part.len()))
}

/// Whether no word goes on before or behind. A line break that is written as `\\n` is none of the word.
fn is_whole(text: &str, at: usize, length: usize) -> bool {
    let (before, after) = (&text[..at], &text[at + length..]);
    let is_break = ["\\n", "\\r", "\\t"]
        .iter()
        .any(|end| before.ends_with(end));
    let goes_on = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    (is_break || !goes_on(before.chars().next_back())) && !goes_on(after.chars().next())
}

fn without_word(text: &str, secret: &str) -> String {
    // This long and with digits it is no part of any word.
    let is_random = secret.len() >= 16 && secret.bytes().any(|byte| byte.is_ascii_digit());
    let mut plain = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(secret) {
        if is_random || is_whole(text, at, secret.len()) {
            plain.push_str(&text[done..at]);
            plain.push_str(MASK);
            done = at + secret.len();
        }
    }
    plain.push_str(&text[done..]);
    plain
}
