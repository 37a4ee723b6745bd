use serde_json::Value;

/// A name or an id as a report shows it: of more than eight characters the first three and the last two, of fewer the
/// first alone. Enough to tell two apart, too little to use.
#[must_use]
pub fn masked(text: &str) -> String {
    let count = text.chars().count();
    let (head, tail) = match count {
        0 => return String::new(),
        1..=8 => (1, 0),
        _ => (3, 2),
    };
    let head: String = text.chars().take(head).collect();
    let tail: String = text.chars().skip(count - tail).collect();
    printable(&format!("{head}…{tail} ({count} characters)"))
}

/// A URL or host as a report shows it: those that are the same for everybody in full, of others the first label masked,
/// and never a query.
#[must_use]
pub fn masked_host(url: &str) -> String {
    const PUBLIC: [&str; 13] = [
        "api.box.com",
        "app.box.com",
        "www.box.com",
        "account.box.com",
        "login.salesforce.com",
        "test.salesforce.com",
        "oauth2.googleapis.com",
        "account.docusign.com",
        "account-d.docusign.com",
        "login.microsoftonline.com",
        "api.github.com",
        "localhost",
        "127.0.0.1",
    ];
    let (scheme, rest) = url
        .split_once("://")
        .map_or(("", url), |(scheme, rest)| (scheme, rest));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let bare = host.split(':').next().unwrap_or_default();
    let host = if PUBLIC.contains(&bare) {
        host.to_owned()
    } else {
        let (first, others) = host.find('.').map_or((host, ""), |at| host.split_at(at));
        let first: String = first.chars().take(2).collect();
        format!("{first}…{others}")
    };
    let path: Vec<_> = path
        .split('/')
        .map(|part| {
            let is_id = part.len() > 16 || part.bytes().filter(u8::is_ascii_digit).count() > 3;
            if is_id { "…" } else { part }
        })
        .collect();
    let separator = if scheme.is_empty() { "" } else { "://" };
    printable(&format!("{scheme}{separator}{host}{}", path.join("/")))
}

/// A text of a server or a program, in one line, without what looks like a credential, an id or an address.
#[must_use]
pub fn scrubbed(text: &str) -> String {
    let words: Vec<_> = printable(text)
        .split_whitespace()
        .take(80)
        .map(scrubbed_word)
        .collect();
    words.join(" ").chars().take(400).collect()
}

fn scrubbed_word(word: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || "-_+./=@!~%".contains(c);
    let mut plain = String::new();
    let mut rest = word;
    while let Some(start) = rest.find(is_part) {
        plain.push_str(&rest[..start]);
        let end = rest[start..]
            .find(|c| !is_part(c))
            .map_or(rest.len(), |end| start + end);
        let run = &rest[start..end];
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        let letters = run.bytes().filter(u8::is_ascii_alphabetic).count();
        let is_secret = (run.len() >= 20 && digits >= 3 && letters >= 3)
            || run.len() >= 60
            || digits > 10
            || run.starts_with("eyJ")
            || (run.contains('@') && run.len() > 1);
        let is_url = run.starts_with("//") || run.starts_with("www.");
        if is_secret && !is_url {
            plain.push_str("[masked]");
        } else {
            plain.push_str(run);
        }
        rest = &rest[end..];
    }
    plain.push_str(rest);
    plain
}

/// Without control characters, which a terminal would obey, and without those that turn the direction of writing.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ' ',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect()
}

/// The body of a reply without the tokens in it.
pub(crate) fn without_secrets(body: &str) -> String {
    let Ok(mut json) = serde_json::from_str::<Value>(body) else {
        return body.to_owned();
    };
    let mut masked = false;
    if let Some(members) = json.as_object_mut() {
        for name in [
            "access_token",
            "refresh_token",
            "id_token",
            "token",
            "client_secret",
            "assertion",
        ] {
            if let Some(value) = members.get_mut(name) {
                *value = "[masked]".into();
                masked = true;
            }
        }
    }
    if masked {
        json.to_string()
    } else {
        body.to_owned()
    }
}
