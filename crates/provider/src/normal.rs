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
    let mut close = text.find('>');
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if close.is_some_and(|close| close < at) {
            close = text[at..].find('>').map(|close| at + close);
        }
        let rest = &text[at..];
        // Bounded, so that one `<` alone does not take a page away.
        let near = close.filter(|close| close - at <= LONGEST_TAG && is_tag(rest));
        if let Some(close) = near {
            plain.push(' ');
            at = close + 1;
        } else if let Some((entity, c)) =
            ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity))
        {
            plain.push(*c);
            at += entity.len();
        } else {
            plain.push(match c {
                '\u{2018}' | '\u{2019}' => '\'',
                '\u{201c}' | '\u{201d}' => '"',
                c => c,
            });
            at += c.len_utf8();
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

const LONGEST_TAG: usize = 1024;

/// Whether a tag begins here, if it is closed. A `<` that begins none is a letter like any other.
fn is_tag(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('<') else {
        return false;
    };
    let name = inner.trim_start_matches(['/', '?']);
    name.starts_with(|c: char| c.is_ascii_alphabetic()) || inner.starts_with('!')
}
