//! Command lines of curl.

use crate::Request;
use crate::paste::header;

/// What a command line of curl, or a part of one, has.
#[derive(Default)]
pub(crate) struct Curl {
    pub(crate) url: Option<String>,
    pub(crate) method: Option<String>,
    pub(crate) content_type: Option<String>,
    /// Whether the data go behind the URL.
    pub(crate) in_query: bool,
    pub(crate) data: Vec<String>,
    /// Whether some of the data cannot be seen: it is in a file or a variable, or has another form.
    pub(crate) is_hidden: bool,
}

/// Reads a line of a curl command; a command on several lines is read line by line.
pub(crate) fn curl(text: &str) -> Option<Curl> {
    let line = text.trim();
    const OPTIONS: [&str; 9] = [
        "-d",
        "--data",
        "-F",
        "--form",
        "--json",
        "-H",
        "--header",
        "--url",
        "--request",
    ];
    let first = line.split([' ', '\'', '"']).next().unwrap_or_default();
    let is_option = OPTIONS.iter().any(|option| first.starts_with(option))
        || ["-G", "--get", "-X"].contains(&first);
    let command = ["curl ", "curl.exe ", "curl.exe\" ", "curl.exe' "]
        .iter()
        .find_map(|name| Some(&line[line.find(name)? + name.len()..]));
    if command.is_none() && !is_option {
        return None;
    }
    let words = words_of_shell(command.unwrap_or(line));
    // A value can stand right behind a short option.
    let words: Vec<_> = words
        .into_iter()
        .flat_map(|word| match word.get(..2) {
            Some(option @ ("-d" | "-F" | "-H" | "-X")) if word.len() > 2 => {
                vec![option.to_owned(), word[2..].to_owned()]
            }
            _ => vec![word],
        })
        .collect();
    let mut curl = Curl::default();
    // What curl writes as the type by itself.
    let mut own_type = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-d" | "--data" | "--data-raw" | "--data-ascii" | "--data-binary" => {
                let data = words.next().cloned();
                curl.is_hidden |= data.as_deref().is_some_and(is_hidden);
                curl.data.extend(data);
            }
            "-X" | "--request" => curl.method = words.next().cloned(),
            "-G" | "--get" => {
                curl.in_query = true;
                curl.method = Some("GET".to_owned());
            }
            "-F" | "--form" | "--form-string" => {
                curl.is_hidden = true;
                own_type = Some("multipart/form-data");
                words.next();
            }
            "--json" => {
                curl.is_hidden = true;
                own_type = Some("application/json");
                words.next();
            }
            "-T" | "--upload-file" | "-K" | "--config" => {
                curl.is_hidden = true;
                words.next();
            }
            "--data-urlencode" => {
                curl.is_hidden |= words.clone().next().is_some_and(|data| is_hidden(data));
                let pair = words.next().and_then(|data| data.split_once('='));
                curl.data.extend(pair.map(|(name, value)| {
                    url::form_urlencoded::Serializer::new(String::new())
                        .append_pair(name, value)
                        .finish()
                }));
            }
            "-H" | "--header" => {
                if let Some((name, value)) = words.next().and_then(|text| header(text))
                    && name.eq_ignore_ascii_case("content-type")
                {
                    curl.content_type = Some(value.to_owned());
                }
            }
            word if takes_other(word) => {
                words.next();
            }
            word if word.starts_with("http://") || word.starts_with("https://") => {
                curl.url.get_or_insert_with(|| word.to_owned());
            }
            _ => {}
        }
    }
    curl.content_type = curl.content_type.or(own_type.map(str::to_owned));
    Some(curl)
}

/// Whether it is an option whose value is nothing of the request to the server, such as the address of a proxy.
fn takes_other(word: &str) -> bool {
    const LONG: [&str; 24] = [
        "--cacert",
        "--cert",
        "--connect-timeout",
        "--connect-to",
        "--cookie",
        "--cookie-jar",
        "--doh-url",
        "--dump-header",
        "--interface",
        "--key",
        "--max-time",
        "--noproxy",
        "--output",
        "--preproxy",
        "--proxy",
        "--proxy-header",
        "--proxy-user",
        "--referer",
        "--resolve",
        "--retry",
        "--socks5-hostname",
        "--user",
        "--user-agent",
        "--write-out",
    ];
    const SHORT: &str = "AbcDeEmoUuwxyYz";
    // Letters that take none can stand before it: `-sSx`.
    let letters = word.strip_prefix('-').unwrap_or_default();
    let is_short = !letters.is_empty()
        && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
        && letters.find(|c| SHORT.contains(c)) == letters.len().checked_sub(1);
    LONG.contains(&word) || is_short || word.starts_with("--socks")
}

/// Whether the shell or curl puts something else in its place: `@file`, `NAME@file`, `$VARIABLE`. A parameter whose value
/// nobody looks at is there all the same.
fn is_hidden(data: &str) -> bool {
    data.split('&').any(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let is_of_shell = |text: &str| text.contains(['$', '`']);
        name.contains('@') || is_of_shell(name) || is_of_shell(value) && Request::is_plain(name)
    })
}

/// Words with quotes taken off.
fn words_of_shell(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, c) if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (_, c) => word.push(c),
        }
    }
    if !word.is_empty() && word != "\\" {
        words.push(word);
    }
    words
}
