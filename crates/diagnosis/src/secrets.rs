//! Secrets, told by the names before them: whatever their length and letters.

/// What stands in place of a secret.
pub(crate) const MASK: &str = "[masked]";

/// The text without passwords, secrets and tokens, and those that it had.
pub(crate) fn without_named(text: &str) -> (String, Vec<&str>) {
    let mut secrets = Vec::new();
    let mut plain = String::with_capacity(text.len());
    // GitHub and Snowflake take the assertion itself behind `Bearer`.
    let is_assertion_sent = ["api.github.com", "snowflakecomputing.com"]
        .iter()
        .any(|host| text.contains(host));
    let mut from = 0;
    let mut at = 0;
    while let Some(start) = text[at..].find(is_name).map(|start| at + start) {
        let end = run_end(text, start);
        at = end;
        let name = Name::of(text, start, end);
        if let Some((start, end)) = name.secret(text, is_assertion_sent) {
            plain.push_str(&text[from..start]);
            plain.push_str(MASK);
            secrets.push(&text[start..end]);
            (from, at) = (end, end);
        }
    }
    plain.push_str(&text[from..]);
    (plain, secrets)
}

/// The text without these secrets wherever they stand; what is short stands in other words too.
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
        .fold(text, |text, secret| text.replace(secret, MASK))
}

const fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn run_end(text: &str, start: usize) -> usize {
    let end = text[start..].find(|c| !is_name(c));
    end.map_or(text.len(), |end| start + end)
}

/// What may be the name of a secret.
struct Name {
    start: usize,
    end: usize,
    plain: String,
}

impl Name {
    fn of(text: &str, start: usize, end: usize) -> Self {
        // No name is longer, and what is longer need not be copied.
        let name = &text[start..end.min(start + 64)];
        let plain = name.to_ascii_lowercase().replace('-', "_");
        Self { start, end, plain }
    }

    /// Where the secret behind this name stands.
    fn secret(&self, text: &str, is_assertion_sent: bool) -> Option<(usize, usize)> {
        let rest = &text[self.end..];
        if rest.starts_with("://") {
            return user_info(text, self.end + 3);
        }
        if matches!(self.plain.as_str(), "bearer" | "basic") {
            return self.scheme(text, is_assertion_sent);
        }
        let is_user = matches!(self.plain.as_str(), "_u" | "__user" | "__proxy_user");
        if is_user {
            let value = Value::word(text, self.end)?;
            return value.within(text).contains(':').then_some(value.span());
        }
        if !self.is_secret() {
            return None;
        }
        let value = Value::after(text, self)?;
        let secret = value.within(text);
        let is_none = ["", "null", "none", "true", "false"].contains(&secret)
            || secret.starts_with(['$', '<', '{', '[', '@', '…', '`', '%'])
            || secret.bytes().all(|byte| byte == b'*');
        // An assertion is evidence, and is masked wherever it is shown.
        let is_assertion = secret.starts_with("eyJ") && !self.is_of_reply();
        let is_prose = self.plain == "token"
            && text[..self.start].ends_with(' ')
            // Words, or the number of a status.
            && (secret.len() <= 3 || !secret.bytes().any(|byte| byte.is_ascii_digit()));
        (!is_none && !is_assertion && !is_prose).then_some(value.span())
    }

    /// What follows `Bearer` or `Basic`, unless it is a challenge or a sentence.
    fn scheme(&self, text: &str, is_assertion_sent: bool) -> Option<(usize, usize)> {
        const PROSE: [&str; 8] = [
            "token",
            "tokens",
            "auth",
            "authentication",
            "authorization",
            "scheme",
            "assertion",
            "grant",
        ];
        let value = Value::word(text, self.end)?;
        let secret = value.within(text);
        let is_challenge = ["realm=", "error=", "scope="]
            .iter()
            .any(|start| secret.starts_with(start));
        let is_assertion = is_assertion_sent && secret.starts_with("eyJ");
        let word = secret.trim_end_matches(|c: char| c.is_ascii_punctuation());
        let is_prose = secret.is_empty() || PROSE.contains(&word.to_ascii_lowercase().as_str());
        let is_masked = secret.starts_with(['$', '<', '{', '[', '*', '…']);
        (!is_challenge && !is_assertion && !is_prose && !is_masked).then_some(value.span())
    }

    fn is_secret(&self) -> bool {
        const PARTS: [&str; 9] = [
            "secret",
            "passphrase",
            "password",
            "passwd",
            "token",
            "apikey",
            "api_key",
            "privatekey",
            "private_key",
        ];
        const OTHERS: [&str; 10] = [
            "type",
            "endpoint",
            "url",
            "uri",
            "expir",
            "method",
            "lifetime",
            "invalid",
            "unsupported",
            "missing",
        ];
        const WHOLE: [&str; 5] = ["pin", "pass", "pwd", "cookie", "set_cookie"];
        let plain = self.plain.trim_matches('_');
        WHOLE.contains(&plain)
            || plain.ends_with("_pin")
            || plain.ends_with("_pass")
            || PARTS.iter().any(|part| plain.contains(part))
                && !OTHERS.iter().any(|part| plain.contains(part))
    }

    /// Whether it names a token that a server gave.
    fn is_of_reply(&self) -> bool {
        ["access", "id_token", "idtoken", "refresh", "session"]
            .iter()
            .any(|part| self.plain.contains(part))
    }
}

/// The secret in `user:secret@host`.
fn user_info(text: &str, start: usize) -> Option<(usize, usize)> {
    let rest = &text[start..];
    let end = rest.find(|c: char| c.is_whitespace() || "/?#\"'<>".contains(c));
    let authority = &rest[..end.unwrap_or(rest.len())];
    let at = authority.rfind('@')?;
    let colon = authority[..at].find(':')?;
    (&authority[colon + 1..at] != MASK).then_some((start + colon + 1, start + at))
}

struct Value {
    start: usize,
    end: usize,
}

impl Value {
    /// The next word on the line, without quotes.
    fn word(text: &str, from: usize) -> Option<Self> {
        let blank = text[from..].find(|c| c != ' ' && c != '\t')?;
        (blank > 0).then(|| Self::quoted(text, from + blank, false))
    }

    /// What is behind `=` or `:`; behind an option of a command, the next word.
    fn after(text: &str, name: &Name) -> Option<Self> {
        let rest = &text[name.end..];
        if text[name.start..].starts_with("--") && rest.starts_with([' ', '\t']) {
            return Self::word(text, name.end).filter(|value| !value.within(text).starts_with('-'));
        }
        let unquoted = rest.trim_start_matches(['\\', '"', '\'', ']']);
        let is_quoted = unquoted.len() < rest.len();
        let mark = unquoted.trim_start_matches([' ', '\t']);
        let value = mark.strip_prefix([':', '='])?;
        let value = value.trim_start_matches(['=', '>']);
        // In a form, what follows an empty value is the next word of the command.
        let is_tight = mark.starts_with('=') && mark.len() == unquoted.len();
        let value = if is_tight {
            value
        } else {
            value.trim_start_matches([' ', '\t'])
        };
        let start = text.len() - value.len();
        // In a file of settings all of the line is the value.
        let before = text[..name.start].trim_end_matches([' ', '\t']);
        let is_setting = (before.is_empty() || before.ends_with('\n'))
            && !is_quoted
            && mark.starts_with(':')
            && !name.plain.contains("token");
        Some(Self::quoted(text, start, is_setting))
    }

    fn quoted(text: &str, start: usize, is_line: bool) -> Self {
        let rest = &text[start..];
        let inner = rest.trim_start_matches('\\');
        if let Some(quote @ ('"' | '\'')) = inner.chars().next() {
            let start = text.len() - inner.len() + 1;
            let mut is_escaped = false;
            let is_end = |c: char| {
                let ends = c == '\n' || c == quote && (!is_escaped || inner.len() < rest.len());
                is_escaped = c == '\\' && !is_escaped;
                ends
            };
            let end = text[start..].find(is_end);
            let end = end.map_or(text.len(), |end| start + end);
            // The quotes themselves can be escaped.
            let end = start + text[start..end].trim_end_matches('\\').len();
            return Self { start, end };
        }
        let ends = |c: char| {
            c == '\n'
                || !is_line
                    && (c.is_whitespace() || matches!(c, ',' | ';' | '&' | '}' | '"' | '\''))
        };
        let end = rest.find(ends).map_or(text.len(), |end| start + end);
        Self { start, end }
    }

    fn within<'a>(&self, text: &'a str) -> &'a str {
        text[self.start..self.end].trim()
    }

    const fn span(&self) -> (usize, usize) {
        (self.start, self.end)
    }
}
