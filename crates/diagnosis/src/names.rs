//! Names that are known, masked in a text of others.

use crate::redact::masked;

/// The text with these names masked, wherever they stand as whole words. One that is short or a word of OAuth, such as
/// `client`, is masked only where it stands as a value: in quotes, behind `=` or `:`, or behind what it is the name of.
/// The rest of the sentence stays readable.
#[must_use]
pub fn without_names<N: AsRef<str>>(text: &str, names: &[N]) -> String {
    let mut names: Vec<_> = names
        .iter()
        .map(AsRef::as_ref)
        .filter(|name| !name.is_empty())
        .collect();
    // One name may be a part of another.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.dedup();
    let goes_on = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    names.into_iter().fold(text.to_owned(), |text, name| {
        let is_word = is_plain_word(name);
        let mut plain = String::with_capacity(text.len());
        let mut done = 0;
        for (start, _) in text.match_indices(name) {
            let (before, after) = (&text[..start], &text[start + name.len()..]);
            let is_whole = !goes_on(before.chars().next_back()) && !goes_on(after.chars().next());
            if is_whole && (!is_word || is_value(before)) {
                plain.push_str(&text[done..start]);
                plain.push_str(&masked(name));
                done = start + name.len();
            }
        }
        plain.push_str(&text[done..]);
        plain
    })
}

/// Whether it stands in sentences too.
fn is_plain_word(name: &str) -> bool {
    const WORDS: [&str; 36] = [
        "account",
        "admin",
        "application",
        "assertion",
        "audience",
        "auth",
        "authorization",
        "bearer",
        "certificate",
        "claim",
        "client",
        "code",
        "consumer",
        "credentials",
        "description",
        "enterprise",
        "error",
        "grant",
        "invalid",
        "issuer",
        "login",
        "oauth",
        "password",
        "request",
        "scope",
        "secret",
        "server",
        "service",
        "signature",
        "subject",
        "system",
        "token",
        "type",
        "user",
        "username",
        "with",
    ];
    let plain = name.to_ascii_lowercase();
    name.chars().count() < 4 || WORDS.contains(&plain.as_str())
}

/// Whether a value stands behind this.
fn is_value(before: &str) -> bool {
    const KINDS: [&str; 10] = [
        "account",
        "app",
        "application",
        "client",
        "consumer",
        "id",
        "issuer",
        "name",
        "subject",
        "user",
    ];
    let bare = before.trim_end_matches(' ');
    if bare.len() == before.len() {
        return bare.ends_with(['"', '\'', '`', '“', '‘', '«', '=', ':', '<', '(', '[']);
    }
    let is_name = |c: char| c.is_ascii_alphanumeric();
    let kind = bare.rsplit(|c| !is_name(c)).next().unwrap_or_default();
    bare.ends_with('=') || KINDS.contains(&kind.to_ascii_lowercase().as_str())
}
