use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::Value;

use crate::secrets::{MASK, without_named, without_private_members};

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

/// A URL or host as a report shows it: those that are the same for everybody in full, of others two letters of each
/// label, with the ending that tells the provider; no address, and never a query.
#[must_use]
pub fn masked_host(url: &str) -> String {
    let (scheme, rest) = url
        .split_once("://")
        .map_or(("", url), |(scheme, rest)| (scheme, rest));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let path: Vec<_> = path
        .split('/')
        .map(|part| {
            let is_id = part.len() > 16 || part.bytes().filter(u8::is_ascii_digit).count() > 3;
            if is_id { "…" } else { part }
        })
        .collect();
    let separator = if scheme.is_empty() { "" } else { "://" };
    let host = masked_labels(host);
    printable(&format!("{scheme}{separator}{host}{}", path.join("/")))
}

fn masked_labels(host: &str) -> String {
    /// The same for everybody.
    const PUBLIC: [&str; 14] = [
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
        "the token endpoint",
        "localhost",
        "127.0.0.1",
    ];
    /// Labels before a provider's ending that tell its kind and nobody's name.
    const KIND: [&str; 6] = ["my", "sandbox", "lightning", "develop", "scratch", "login"];
    let (bare, port) = host.find(':').map_or((host, ""), |at| host.split_at(at));
    if PUBLIC.contains(&bare) {
        return host.to_owned();
    }
    if is_address(bare) || host.starts_with('[') {
        return "[address]".to_owned();
    }
    let ending =
        crate::whose::ending(bare).unwrap_or_else(|| bare.rsplit('.').next().unwrap_or_default());
    let Some(own) = bare.strip_suffix(ending).filter(|own| !own.is_empty()) else {
        return format!("{}…{port}", bare.chars().take(2).collect::<String>());
    };
    let own: Vec<_> = own
        .trim_end_matches('.')
        .split('.')
        .map(|label| {
            if KIND.contains(&label) && ending.contains('.') {
                return label.to_owned();
            }
            format!("{}…", label.chars().take(2).collect::<String>())
        })
        .collect();
    format!("{}.{ending}{port}", own.join("."))
}

/// Whether it is an IPv4 address.
fn is_address(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

/// Whether an IPv4 address of another machine is in it, such as behind `=` or `/`.
fn has_address(run: &str) -> bool {
    run.split(|c: char| !c.is_ascii_digit() && c != '.')
        .map(|part| part.trim_matches('.'))
        .any(|part| is_address(part) && part != "127.0.0.1")
}

/// The word with IPv6 addresses masked, in brackets or not; that of this machine tells nothing.
fn without_ipv6(word: &str) -> String {
    let is_part = |c: char| c.is_ascii_hexdigit() || c == ':' || c == '.';
    let mut plain = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(start) = rest.find(is_part) {
        let (before, run) = rest.split_at(start);
        let (run, after) = run.split_at(run.find(|c| !is_part(c)).unwrap_or(run.len()));
        let is_within = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let is_whole = !is_within(before.chars().next_back()) && !is_within(after.chars().next());
        // A sentence can go on behind it.
        let bare = run.trim_end_matches('.');
        let bare = match bare.strip_suffix(':') {
            Some(less) if !less.ends_with(':') => less,
            _ => bare,
        };
        let is_address = is_whole
            && bare.bytes().filter(|byte| *byte == b':').count() >= 2
            && bare
                .parse::<Ipv6Addr>()
                .is_ok_and(|address| !address.is_loopback());
        plain.push_str(before);
        if is_address {
            plain.push_str("[address]");
            plain.push_str(&run[bare.len()..]);
        } else {
            plain.push_str(run);
        }
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// The text with paths in users' folders masked, also where they have blanks in them.
fn without_folders(text: &str) -> String {
    const FOLDERS: [&str; 6] = [
        "/home/",
        "/root/",
        "/Users/",
        "\\Users\\",
        "\\users\\",
        "\\Documents and Settings\\",
    ];
    let is_end = |c: char| "'\"`<>|*?:,;()[]{}“”".contains(c) || c.is_control();
    let mut plain = String::with_capacity(text.len());
    let mut done = 0;
    while let Some(at) = FOLDERS
        .iter()
        .filter_map(|folder| text[done..].find(folder))
        .min()
        .map(|at| done + at)
    {
        let from = text[done..at]
            .rfind(|c: char| c.is_whitespace() || is_end(c) || c == '=')
            .map_or(done, |before| {
                let before = done + before;
                before + text[before..].chars().next().map_or(0, char::len_utf8)
            });
        let end = text[at..].find(is_end).map_or(text.len(), |end| at + end);
        // Blanks are of the path as long as a separator follows.
        let last = text[at..end]
            .rfind(['/', '\\'])
            .map_or(at, |last| at + last);
        let end = text[last..end]
            .find(char::is_whitespace)
            .map_or(end, |blank| last + blank);
        plain.push_str(&text[done..from]);
        plain.push_str(MASK);
        done = end;
    }
    plain.push_str(&text[done..]);
    plain
}

/// A text of a server or a program, in one line, without what looks like a credential, an id, an address of a machine
/// or of a person, or a path. A name in a sentence looks like any other word, and stays.
#[must_use]
pub fn scrubbed(text: &str) -> String {
    /// More is never shown.
    const LONGEST: usize = 4096;
    let text: String = text.chars().take(LONGEST).collect();
    let text = without_private_members(&text).unwrap_or(text);
    let text = without_named(&text).text;
    let words: Vec<_> = text.split_whitespace().take(80).collect();
    let text = without_folders(&printable(&words.join(" ")));
    let words: Vec<_> = text
        .split(' ')
        .map(|word| scrubbed_word(&without_ipv6(word)))
        .collect();
    words.join(" ").chars().take(400).collect()
}

fn scrubbed_word(word: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || "-_+./=@!~%\\".contains(c);
    let mut plain = String::new();
    let mut rest = word;
    while let Some(start) = rest.find(is_part) {
        plain.push_str(&rest[..start]);
        let end = rest[start..]
            .find(|c| !is_part(c))
            .map_or(rest.len(), |end| start + end);
        let run = &rest[start..end];
        // The name of a file whose folders are left out already.
        let is_short = plain.ends_with('…') && run.rfind('/') == Some(0) && run.contains('.');
        plain.push_str(&if is_short {
            run.to_owned()
        } else {
            scrubbed_run(run)
        });
        rest = &rest[end..];
    }
    plain.push_str(rest);
    plain
}

fn scrubbed_run(run: &str) -> String {
    if let Some(host) = run.strip_prefix("//") {
        return format!("//{}", masked_host(host));
    }
    let bare = run.trim_end_matches(['.', '/']);
    if has_address(bare) {
        return "[address]".to_owned();
    }
    if crate::whose::ending(&bare.to_ascii_lowercase()).is_some() {
        return masked_host(run);
    }
    if is_host(bare) {
        return masked_host(run);
    }
    let rest = without_algorithms(run);
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    let letters = rest.bytes().filter(u8::is_ascii_alphabetic).count();
    let is_secret = (rest.len() >= 20 && digits >= 3 && letters >= 3)
        || run.len() >= 60
        || run.starts_with("eyJ")
        || (run.contains('@') && run.len() > 1)
        || run.contains("%40")
        || is_path(run)
        || (has_number(&rest) && !is_code(run));
    if is_secret {
        return MASK.to_owned();
    }
    run.to_owned()
}

/// Whether it looks like the name of a machine: three labels or more, or an ending that only those have.
fn is_host(run: &str) -> bool {
    const ENDINGS: [&str; 12] = [
        "ch", "com", "corp", "de", "edu", "eu", "internal", "lan", "local", "net", "org", "uk",
    ];
    let labels: Vec<_> = run.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let Some(last) = labels.last().filter(|_| labels.iter().all(is_label)) else {
        return false;
    };
    let is_ending = last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_lowercase());
    is_ending && (labels.len() > 2 || labels.len() == 2 && ENDINGS.contains(last))
}

/// A path on a machine, or the name of a user or a key behind its kind.
fn is_path(run: &str) -> bool {
    const PUBLIC: [&str; 4] = [
        "/token",
        "/oauth2/token",
        "/oauth/token",
        "/services/oauth2/token",
    ];
    const KINDS: [&str; 9] = [
        "user",
        "users",
        "home",
        "role",
        "assumed-role",
        "group",
        "alias",
        "key",
        "federated-user",
    ];
    if let Some((first, rest)) = run.split_once('/') {
        let is_own = first.is_empty() || first == "~" || first.starts_with('.');
        return is_own && run.len() > 1 && !PUBLIC.contains(&run)
            || KINDS.contains(&first) && !rest.is_empty();
    }
    run.trim_start_matches('\\').contains('\\') || run.starts_with("\\") && run.len() > 3
}

/// A number of five digits or more.
fn has_number(run: &str) -> bool {
    run.split(|c: char| !c.is_ascii_digit())
        .any(|number| number.len() >= 5)
}

/// Without the names of algorithms, curves and kinds of keys that look like an id, and are the same for everybody.
fn without_algorithms(run: &str) -> String {
    const NAMES: [&str; 8] = [
        "ed25519",
        "x25519",
        "curve25519",
        "rsassa_pkcs1_v1_5_sha_",
        "sha256withrsaencryption",
        "sha384withrsaencryption",
        "sha512withrsaencryption",
        "pbkdf2withhmacsha256",
    ];
    let plain = run.to_ascii_lowercase();
    NAMES
        .iter()
        .fold(plain, |plain, name| plain.replace(name, ""))
}

/// A code of Entra ID or of Snowflake, which is the same for everybody.
fn is_code(run: &str) -> bool {
    run.len() <= 13 && run.starts_with("AADSTS")
        || run.len() == 6 && (run.starts_with("3943") || run.starts_with("3901"))
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
                *value = MASK.into();
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
