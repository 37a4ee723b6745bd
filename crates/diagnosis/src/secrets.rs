//! Secrets, told by the names before them: whatever their length and letters.

use crate::repeated::without;

/// What stands in place of a secret.
pub(crate) const MASK: &str = "[masked]";

/// The text without passwords, secrets and tokens.
pub(crate) struct Plain<'a> {
    pub(crate) text: String,
    /// Those that it had.
    pub(crate) secrets: Vec<&'a str>,
    /// Whether there was more than cookies that a reply sets, as every server's log has them.
    pub(crate) is_warned: bool,
}

/// Takes passwords, secrets and tokens out.
pub(crate) fn without_named(text: &str) -> Plain<'_> {
    let mut secrets = Vec::new();
    let mut is_warned = false;
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
            is_warned |= name.plain != "set_cookie";
            (from, at) = (end, end);
        }
    }
    plain.push_str(&text[from..]);
    Plain {
        text: plain,
        secrets,
        is_warned,
    }
}

/// The text without the private members of keys in JSON (RFC 7518), and whether there were any.
pub(crate) fn without_private_members(text: &str) -> Option<String> {
    const MEMBERS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];
    if !text.contains("kty") {
        return None;
    }
    let mut values = Vec::new();
    let mut plain = String::with_capacity(text.len());
    let (mut from, mut at) = (0, 0);
    while let Some(start) = text[at..].find(is_name).map(|start| at + start) {
        let name = Name::of(text, start, run_end(text, start));
        at = name.end;
        if !MEMBERS.contains(&&text[name.start..name.end]) {
            continue;
        }
        let is_quote = |c: char| matches!(c, '"' | '\'');
        if let Some(value) = Value::after(text, &name)
            && text[..value.start].ends_with(is_quote)
            && !["", MASK].contains(&value.within(text))
        {
            plain.push_str(&text[from..value.start]);
            plain.push_str(MASK);
            values.push(value.within(text));
            (from, at) = (value.end, value.end);
        }
    }
    plain.push_str(&text[from..]);
    (!values.is_empty()).then(|| without(plain, &values))
}

/// An error code of OAuth ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)), or one formed like it.
pub(crate) fn is_code(plain: &str) -> bool {
    const STARTS: [&str; 4] = ["invalid_", "unauthorized_", "unsupported_", "insufficient_"];
    const CODES: [&str; 4] = [
        "access_denied",
        "server_error",
        "temporarily_unavailable",
        "inactive_user",
    ];
    STARTS.iter().any(|start| plain.starts_with(start))
        && plain
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        || CODES.contains(&plain)
}

const fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn run_end(text: &str, start: usize) -> usize {
    let end = text[start..].find(|c| !is_name(c));
    end.map_or(text.len(), |end| start + end)
}

/// `clientSecret`, `CLIENT-SECRET` and `client_secret` are all `client_secret`.
fn words_of(name: &str) -> String {
    let octets = name.as_bytes();
    let mut plain = String::with_capacity(name.len() + 4);
    for (at, c) in name.char_indices() {
        let is_upper = |at: usize| octets.get(at).is_some_and(u8::is_ascii_uppercase);
        let is_lower = |at: usize| octets.get(at).is_some_and(u8::is_ascii_lowercase);
        let is_start = at > 0 && is_upper(at) && (is_lower(at - 1) || is_lower(at + 1));
        if is_start && !plain.ends_with('_') {
            plain.push('_');
        }
        plain.push(if c == '-' {
            '_'
        } else {
            c.to_ascii_lowercase()
        });
    }
    plain
}

/// Whether it is written as words are: `Please`, `failed`, `access/refresh`, `NOT`.
fn is_written(text: &str) -> bool {
    text.split(|c: char| c.is_ascii_punctuation()).all(|word| {
        let rest = word.get(1..).unwrap_or_default();
        word.bytes().all(|byte| byte.is_ascii_alphabetic())
            && (!rest.bytes().any(|byte| byte.is_ascii_uppercase())
                || !word.bytes().any(|byte| byte.is_ascii_lowercase()))
    })
}

/// What may be the name of a secret.
struct Name {
    start: usize,
    end: usize,
    /// In small letters, its words apart.
    plain: String,
}

impl Name {
    fn of(text: &str, start: usize, end: usize) -> Self {
        // No name is longer, and what is longer need not be copied.
        let name = &text[start..end.min(start + 64)];
        let plain = words_of(name);
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
        let is_prose = self.is_prose(text, &value);
        (!is_none && !is_assertion && !is_prose).then_some(value.span())
    }

    /// Whether what follows is a code or the begin of a sentence, as in a log: `getting token: invalid_grant`.
    fn is_prose(&self, text: &str, value: &Value) -> bool {
        /// What is said of a secret that is not shown.
        const SAID: [&str; 12] = [
            "denied",
            "error",
            "expired",
            "failed",
            "incorrect",
            "invalid",
            "missing",
            "rejected",
            "required",
            "unauthorized",
            "unknown",
            "wrong",
        ];
        let secret = value.within(text);
        let first = secret.split_whitespace().next().unwrap_or_default();
        let word = first.trim_matches(|c: char| c.is_ascii_punctuation());
        let plain = word.to_ascii_lowercase();
        if is_code(&plain) {
            return true;
        }
        // In quotes and behind `=` there are values alone.
        let before = text[self.end..value.start].trim_end_matches([' ', '\t']);
        if before != ":" {
            return false;
        }
        if !self.plain.contains("token") {
            return SAID.contains(&plain.as_str());
        }
        let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
        let is_status = word.len() <= 3 || word.len() <= 6 && plain.parse::<u32>().is_ok();
        let is_begun = ["aadsts", "http/", "http://", "https://"]
            .iter()
            .any(|start| plain.starts_with(start));
        let is_class = ["error", "exception", "failure"]
            .iter()
            .any(|end| plain.ends_with(end));
        is_status || is_begun || !has_digit && (is_class || word.len() <= 24 && is_written(word))
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
        let is_prose = secret.is_empty()
            || PROSE.contains(&word.to_ascii_lowercase().as_str())
            || is_code(word);
        let is_masked = secret.starts_with(['$', '<', '{', '[', '*', '…']);
        (!is_challenge && !is_assertion && !is_prose && !is_masked).then_some(value.span())
    }

    /// Whether a secret stands behind it: by its last words, so that neither `TokenError` nor `token_type` is one.
    fn is_secret(&self) -> bool {
        const ENDINGS: [&str; 8] = [
            "secret",
            "passphrase",
            "password",
            "passwd",
            "apikey",
            "privatekey",
            "token",
            "tokens",
        ];
        const WHOLE: [&str; 4] = ["pin", "pass", "pwd", "cookie"];
        // `client_secret_value` is one still, and so is `SECRET_KEY`.
        const WITHIN: [&str; 4] = ["secret", "password", "passphrase", "token"];
        const NOUNS: [&str; 6] = ["key", "value", "string", "hash", "base64", "old"];
        const VERBS: [&str; 10] = [
            "acquire", "create", "decode", "fetch", "generate", "get", "getting", "obtain",
            "parse", "retrieve",
        ];
        const NONE: [&str; 3] = ["invalid", "unsupported", "missing"];
        let words: Vec<_> = self
            .plain
            .split('_')
            .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
            .filter(|word| !word.is_empty())
            .collect();
        let Some((last, before)) = words.split_last() else {
            return false;
        };
        let first = words.first().unwrap_or(last);
        if VERBS.contains(first) || words.iter().any(|word| NONE.contains(word)) {
            return false;
        }
        let is_within = |word: &&&str| WITHIN.iter().any(|end| word.ends_with(end));
        WHOLE.contains(last)
            || ENDINGS.iter().any(|end| last.ends_with(end))
            || *last == "key"
                && before
                    .last()
                    .is_some_and(|it| ["api", "private"].contains(it))
            || NOUNS.contains(last) && before.iter().any(|word| is_within(&word))
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
