//! The JWT in a text that people paste, and which of them can be the assertion.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use jwt_bearer_assertion::Assertion;

use crate::paste::parameters;

/// A text with the form of a JWT.
pub(crate) struct Found {
    pub(crate) text: String,
    pub(crate) place: Place,
}

impl Found {
    /// Whether it is the assertion, by where it stands or by its claims; others have JWT too.
    pub(crate) fn is_assertion(&self, provider: &str, is_alone: bool) -> bool {
        let is_place = match self.place {
            Place::Assertion => true,
            Place::Bearer => matches!(provider, "github" | "snowflake"),
            Place::Line => is_alone || self.is_like_one(),
            Place::Words => self.is_like_one(),
            Place::Other => false,
        };
        is_place && !is_sample(&self.text)
    }

    /// Whether its claims are those that an assertion has: `aud` is an address, or they are Box's.
    fn is_like_one(&self) -> bool {
        let Ok(decoded) = Assertion::decode(&self.text) else {
            return false;
        };
        let claims = decoded.claims();
        let audience = claims.get("aud").map(ToString::to_string);
        let is_address = audience.is_some_and(|audience| audience.contains(['.', '/', ':']));
        let is_own = is_address || claims.contains_key("box_sub_type");
        claims.contains_key("iss") && claims.contains_key("exp") && is_own
    }
}

/// Where a JWT stands, which tells what it is.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// Behind `assertion` or `client_assertion`.
    Assertion,
    /// Behind `Authorization: Bearer`.
    Bearer,
    /// Behind the name of something else, such as `subject_token` or a header.
    Other,
    /// At the beginning of a line.
    Line,
    /// Behind other words.
    Words,
}

impl Place {
    /// Whether a request has its assertion there.
    pub(crate) const fn is_of_request(self) -> bool {
        matches!(self, Self::Assertion | Self::Bearer)
    }

    /// By what stands before it in its line.
    fn of(before: &str) -> Self {
        let before = before.trim_end_matches([' ', '\t', '"', '\'', '`', '\\']);
        if before.is_empty() {
            return Self::Line;
        }
        let plain = before.to_ascii_lowercase();
        if plain.ends_with("bearer") {
            return Self::Bearer;
        }
        let name = plain.trim_end_matches([' ', '"', '\'', '\\', '=', ':', '>']);
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let last = name.rsplit(|c| !is_name(c)).next().unwrap_or_default();
        if name.len() == plain.len() {
            Self::Words
        } else if last.ends_with("assertion") {
            Self::Assertion
        } else if last.contains("token") && last != "token" || last.contains('-') {
            Self::Other
        } else {
            Self::Words
        }
    }
}

/// The text with every JWT on one line that a mail or a terminal broke into several.
pub(crate) fn joined(text: &str) -> String {
    /// Nobody breaks lines that are shorter.
    const SHORTEST: usize = 40;
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut joined = String::with_capacity(text.len());
    // The length of the line before, if a JWT goes up to its end.
    let mut broken = None;
    let mut jwt = String::new();
    for line in text.split_inclusive('\n') {
        let own = line.trim();
        // The mark of a soft end of a line in a mail.
        let part = own.strip_suffix('=').unwrap_or(own);
        let is_next = broken.is_some_and(|length| own.len() <= length)
            && !part.is_empty()
            && part.chars().all(is_part)
            && !part.starts_with("eyJ")
            && part.contains(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit())
            && (broken == Some(own.len()) || !is_full(&jwt));
        if is_next {
            joined.truncate(joined.trim_end().trim_end_matches('=').len());
            joined.push_str(line.trim_start());
            jwt.push_str(part);
        } else {
            joined.push_str(line);
            let run = part.rsplit(|c| !is_part(c)).next().unwrap_or_default();
            jwt = run.find("eyJ").map_or("", |at| &run[at..]).to_owned();
        }
        let is_long = own.len() >= SHORTEST && jwt.len() >= SHORTEST / 2;
        broken = is_long.then_some(own.len());
    }
    joined
}

/// Whether it has a signature of a length that signatures have.
pub(crate) fn is_full(jwt: &str) -> bool {
    let signature = jwt.split('.').nth(2).unwrap_or_default();
    [43, 64, 86, 128, 171, 176, 342, 512, 683].contains(&signature.len())
}

/// Every text that begins as a JWT does and has a dot in it, in order.
pub(crate) fn jwts(text: &str) -> Vec<Found> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.+/=%".contains(c);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("eyJ").map(|at| from + at) {
        let end = text[at..]
            .find(|c| !is_part(c))
            .map_or(text.len(), |end| at + end);
        let whole = &text[at..end];
        let run = whole.trim_end_matches('.');
        // Of one that was cut, the last part is none. Behind a dot the dots are in place of a part.
        let dots = whole.len() - run.len();
        let is_masked = text[end..].starts_with(['…', '[']) || text[end..].starts_with("***");
        let is_cut = matches!(dots, 2 | 3) || dots == 0 && is_masked;
        let run = match run.rsplit_once('.') {
            Some((start, _)) if is_cut => start,
            _ => run,
        };
        if run.contains('.') && run.len() > 40 {
            let decoded = if run.contains('%') {
                let form = format!("a={}", run.replace('+', "%2B"));
                parameters(&form).into_iter().next().map(|(_, value)| value)
            } else {
                None
            };
            let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
            found.push(Found {
                text: decoded.unwrap_or_else(|| run.to_owned()),
                place: Place::of(&text[line..at]),
            });
        }
        from = end;
    }
    found
}

/// Header and claims of a compact JWT, without the signature.
pub(crate) fn signed_part(text: &str) -> &str {
    match text.match_indices('.').nth(1) {
        Some((at, _)) => &text[..at],
        None => text,
    }
}

/// Whether it is the sample of jwt.io, which stands in place of another: by its `iat`.
pub(crate) fn is_sample(jwt: &str) -> bool {
    let claims = jwt.split('.').nth(1).unwrap_or_default();
    let claims = URL_SAFE_NO_PAD.decode(claims).unwrap_or_default();
    String::from_utf8_lossy(&claims).contains("1516239022")
}
