//! The forms in which evidence stands in a text that people paste.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::refusal::Refusal;
use crate::secrets::MASK;

/// The first `most` octets, without what terminals add.
pub(crate) fn plain(text: &str, most: usize, notes: &mut Vec<String>) -> String {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    if end < text.len() {
        notes.push("The text is longer than 1 MiB; only the beginning was looked at.".into());
    }
    let mut plain = String::with_capacity(end);
    let mut chars = text[..end]
        .trim_start_matches('\u{feff}')
        .chars()
        .peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {}
            // The colours of terminals: escape, bracket, up to a letter.
            '\u{1b}' => {
                if chars.next_if_eq(&'[').is_some() {
                    while chars.next_if(|c| c.is_ascii_digit() || *c == ';').is_some() {}
                    chars.next_if(char::is_ascii_alphabetic);
                }
            }
            c => plain.push(c),
        }
    }
    plain
}

/// A PEM block.
pub(crate) struct Block {
    pub(crate) is_private: bool,
    pub(crate) text: String,
}

/// Takes every PEM block out of the text; one without an end goes up to the end of the text.
pub(crate) fn take_pem(text: &mut String) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(start) = text[from..].find("-----BEGIN ").map(|at| from + at) {
        let label_at = start + "-----BEGIN ".len();
        let label = text[label_at..].split("-----").next().unwrap_or_default();
        let label = label.get(..label.len().min(40)).unwrap_or_default();
        let end_line = format!("-----END {label}-----");
        let end = text[label_at..]
            .find(&end_line)
            .map_or(text.len(), |at| label_at + at + end_line.len());
        blocks.push(Block {
            is_private: label.contains("PRIVATE"),
            text: text[start..end].to_owned(),
        });
        rest.push_str(&text[from..start]);
        // That it was there is known of a configuration file too.
        rest.push_str(MASK);
        from = end;
    }
    rest.push_str(&text[from..]);
    *text = rest;
    blocks
}

/// A line, by the mark that curl puts before it.
pub(crate) enum Line<'a> {
    Sent(&'a str),
    Received(&'a str),
    Other(&'a str),
}

impl<'a> Line<'a> {
    pub(crate) fn of(line: &'a str) -> Self {
        if let Some(sent) = mark(line, '>') {
            Self::Sent(sent)
        } else if let Some(received) = mark(line, '<') {
            Self::Received(received)
        } else if line.starts_with("HTTP/") {
            Self::Received(line)
        } else {
            Self::Other(line)
        }
    }

    /// An error as a form, which old Salesforce hosts send.
    pub(crate) fn form_error(&self) -> Option<Refusal> {
        match self {
            Self::Other(text) => Refusal::of_form(text.trim()),
            _ => None,
        }
    }
}

/// What follows `> ` or `< `; a mark alone is an empty line. Markup such as `<html>` is no mark.
fn mark(line: &str, mark: char) -> Option<&str> {
    let rest = line.strip_prefix(mark)?;
    if rest.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix(' ')
}

/// The lines of one request and its reply: the last that asks for a token and did not get it, else the last. What
/// stands before the first request belongs to it, and so does a proxy's refusal to connect.
pub(crate) fn exchange<'a, 'b>(lines: &'b [Line<'a>]) -> &'b [Line<'a>] {
    let request = |at: usize| match &lines[at] {
        Line::Sent(text) => request_line(text).filter(|(method, _)| *method != "CONNECT"),
        _ => None,
    };
    let starts: Vec<_> = (0..lines.len())
        .filter(|at| request(*at).is_some())
        .collect();
    let end_of = |number: usize| starts.get(number + 1).copied().unwrap_or(lines.len());
    let is_refused = |number: &usize| {
        let own = &lines[starts[*number]..end_of(*number)];
        let status = own.iter().rev().find_map(|line| match line {
            Line::Received(text) => status_line(text),
            _ => None,
        });
        request(starts[*number])
            .is_some_and(|(method, target)| method == "POST" && target.contains("token"))
            && !matches!(status, Some(200..300))
    };
    let refused = (0..starts.len()).rev().find(is_refused);
    let Some(chosen) = refused.or(starts.len().checked_sub(1)) else {
        return lines;
    };
    let from = if chosen == 0 { 0 } else { starts[chosen] };
    &lines[from..end_of(chosen)]
}

/// How many requests for a token curl shows.
pub(crate) fn requests(lines: &[Line<'_>]) -> usize {
    let is_request = |line: &&Line<'_>| match line {
        Line::Sent(text) => request_line(text)
            .is_some_and(|(method, target)| method == "POST" && target.contains("token")),
        _ => false,
    };
    lines.iter().filter(is_request).count()
}

/// Whether a parameter's value is no mark in place of an assertion, such as `$JWT` or `x.y.z`.
pub(crate) fn may_be_assertion(value: &str) -> bool {
    value.len() >= 40 && !value.contains("...") && !value.contains(['$', '<', '[', '*', '…'])
}

/// Whether a line belongs to the body of a reply: after the empty line, without a mark.
pub(crate) fn is_body(line: &Line<'_>, in_body: bool) -> bool {
    match line {
        // `{ [100 bytes data]` and `* Connection #0` are curl's.
        Line::Other(text) => in_body && !text.starts_with("* ") && !text.contains(" bytes data]"),
        _ => false,
    }
}

/// `POST /path HTTP/1.1`.
pub(crate) fn request_line(text: &str) -> Option<(&str, &str)> {
    let mut words = text.split_whitespace();
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let is_method = method.bytes().all(|byte| byte.is_ascii_uppercase());
    (is_method && version.starts_with("HTTP/")).then_some((method, target))
}

/// `HTTP/1.1 400 Bad Request`.
pub(crate) fn status_line(text: &str) -> Option<u16> {
    let mut words = text.split_whitespace();
    words
        .next()
        .filter(|version| version.starts_with("HTTP/"))?;
    words.next()?.parse().ok()
}

/// `Name: value`, also with the colon in front that HTTP/2 has.
pub(crate) fn header(text: &str) -> Option<(&str, &str)> {
    let at = text.char_indices().skip(1).find(|(_, c)| *c == ':')?.0;
    let (name, value) = text.split_at(at);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_:".contains(c);
    (!name.is_empty() && name.chars().all(is_name)).then(|| (name, value[1..].trim()))
}

/// The scheme, which a request line does not tell.
pub(crate) fn scheme(host: &str) -> &'static str {
    let is_here = ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|here| host.starts_with(here));
    if is_here { "http" } else { "https" }
}

/// A line that is a form with an assertion.
pub(crate) fn is_form(text: &str) -> bool {
    let text = text.trim();
    !text.contains(' ')
        && !text.contains("://")
        && (text.contains("grant_type=") || text.contains("assertion="))
}

pub(crate) fn parameters(form: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(form.as_bytes())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

pub(crate) fn value<'a>(parameters: &'a [(String, String)], names: &[&str]) -> Option<&'a str> {
    let found = parameters
        .iter()
        .find(|(name, value)| names.contains(&name.as_str()) && !value.is_empty());
    found.map(|(_, value)| value.as_str())
}

/// The most JSON values that are read; a text of more is no evidence.
const MOST_JSON: usize = 256;

/// The most attempts that may go far and fail: what nests without end would be read again at each of its brackets.
const MOST_FAR: usize = 500;

/// JSON objects and arrays anywhere in the text, outermost first, with their text.
pub(crate) fn json_values(text: &str) -> Vec<(Value, &str)> {
    let mut values = Vec::new();
    let mut from = 0;
    let mut far = 0;
    while values.len() < MOST_JSON
        && far < MOST_FAR
        && let Some(at) = text[from..].find(['{', '[']).map(|at| from + at)
    {
        // Logs have much else in brackets.
        let is_list = text[at..].starts_with('[');
        if is_list && !text[at + 1..].trim_start().starts_with('{') {
            from = at + 1;
            continue;
        }
        let mut stream = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
        match stream.next() {
            Some(Ok(value)) => {
                let end = at + stream.byte_offset();
                values.push((value, &text[at..end]));
                from = end;
            }
            other => {
                let error = other.and_then(Result::err);
                far += usize::from(
                    error.is_some_and(|error| error.line() > 1 || error.column() > 200),
                );
                from = at + 1;
            }
        }
    }
    values
}

/// An error in a text within JSON, as logs have it.
pub(crate) fn inner_refusal(value: &Value) -> Option<String> {
    let members = value.as_object()?.values();
    let texts = members.filter_map(Value::as_str);
    let mut inner = texts.filter(|text| text.trim_start().starts_with(['{', '[']));
    let found = inner.find(|text| Refusal::of_json(text).is_some())?;
    Some(found.to_owned())
}

/// The text of a paste that is base64 alone.
pub(crate) fn decoded(text: &str) -> Option<String> {
    let compact: String = text.split_whitespace().collect();
    let compact = compact
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_");
    let octets = URL_SAFE_NO_PAD.decode(compact).ok()?;
    let decoded = String::from_utf8(octets).ok()?;
    decoded
        .trim_start()
        .starts_with(['{', '[', '<'])
        .then_some(decoded)
}

/// A body with the lengths of its chunks taken out, if it begins with one.
pub(crate) fn unchunked(body: &str) -> Option<String> {
    let is_length = |line: &&str| {
        let line = line.trim();
        (1..=8).contains(&line.len()) && line.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    body.lines().next().filter(is_length)?;
    Some(body.lines().filter(|line| !is_length(line)).collect())
}

/// Header and claims as an unsigned compact JWT.
pub(crate) fn compact(header: &Value, claims: &Value) -> String {
    let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.", encode(header), encode(claims))
}

/// What a program says, without what was sent and what is long.
pub(crate) fn words(lines: &[Line<'_>]) -> String {
    let is_sent = |line: &&&str| {
        ["client_secret", "assertion=", "\"assertion\"", "grant_type"]
            .iter()
            .any(|part| line.contains(part))
    };
    let said = lines.iter().filter_map(|line| match line {
        Line::Other(text) => Some(text),
        _ => None,
    });
    let words = said
        .filter(|line| !is_sent(line))
        .flat_map(|line| line.split_whitespace())
        .filter(|word| word.len() < 200)
        .take(4000);
    words.collect::<Vec<_>>().join(" ")
}
