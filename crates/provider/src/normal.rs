/// A text as the catalogue has it: in lower case, without markup, with single spaces and straight quotes.
///
/// ```
/// use jwt_bearer_provider::normal;
///
/// assert_eq!(normal("<b>Bad</b>\n  &quot;JTI&quot;\u{2019}s"), "bad \"jti\"'s");
/// ```
#[must_use]
pub fn normal(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(tag) = tag(rest) {
            plain.push(' ');
            rest = &rest[tag..];
        } else if let Some((entity, c)) =
            ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity))
        {
            plain.push(*c);
            rest = &rest[entity.len()..];
        } else {
            plain.push(match c {
                '\u{2018}' | '\u{2019}' => '\'',
                '\u{201c}' | '\u{201d}' => '"',
                c => c,
            });
            rest = &rest[c.len_utf8()..];
        }
    }
    let words: Vec<_> = plain.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

const ENTITIES: [(&str, char); 7] = [
    ("&quot;", '"'),
    ("&#34;", '"'),
    ("&#39;", '\''),
    ("&#x27;", '\''),
    ("&apos;", '\''),
    ("&nbsp;", ' '),
    ("&amp;", '&'),
];

/// How long the tag is that the text begins with. A `<` that begins none is a letter like any other.
fn tag(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('<')?;
    let first = inner.trim_start_matches(['/', '!', '?']).chars().next()?;
    if !first.is_ascii_alphabetic() && !inner.starts_with("!--") {
        return None;
    }
    // Bounded, so that a text of many `<` takes no quadratic time.
    let end = inner.bytes().take(1024).position(|byte| byte == b'>')?;
    Some(end + 2)
}
