use std::fmt;
use std::str::FromStr;

use der::asn1::{Any, ObjectIdentifier, SetOfVec};
use der::{Decode, Encode, Tag};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::Name;

use crate::{X509Error, X509ErrorKind};

/// The longest subject in octets of DER. It stands in a certificate twice, and with an RSA key of 4096 bits the whole
/// is under 4 KB in PEM even so.
const MAX_LEN: usize = 640;

/// What may stand in a subject: the name, its object identifier, the most characters by
/// [RFC 5280 §A.1](https://www.rfc-editor.org/rfc/rfc5280#appendix-A.1), and the type of string.
type Attribute = (&'static str, ObjectIdentifier, usize, Tag);

const ATTRIBUTES: [Attribute; 10] = [
    ("CN", oid("2.5.4.3"), 64, Tag::Utf8String),
    ("O", oid("2.5.4.10"), 64, Tag::Utf8String),
    ("OU", oid("2.5.4.11"), 64, Tag::Utf8String),
    ("L", oid("2.5.4.7"), 128, Tag::Utf8String),
    ("ST", oid("2.5.4.8"), 128, Tag::Utf8String),
    ("STREET", oid("2.5.4.9"), 128, Tag::Utf8String),
    ("C", oid("2.5.4.6"), 2, Tag::PrintableString),
    ("DC", oid("0.9.2342.19200300.100.1.25"), 63, Tag::Ia5String),
    (
        "UID",
        oid("0.9.2342.19200300.100.1.1"),
        255,
        Tag::Utf8String,
    ),
    (
        "emailAddress",
        oid("1.2.840.113549.1.9.1"),
        255,
        Tag::Ia5String,
    ),
];

const fn oid(dotted: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(dotted)
}

/// Whom a certificate is for: a distinguished name, such as `CN=box,O=Example\, Inc.,C=DE`.
///
/// Read as [RFC 4514](https://www.rfc-editor.org/rfc/rfc4514#section-3) has it: a backslash before `,` `+` `"` `\` `<`
/// `>` `;`, or before two hex digits; `+` between attributes of one step. Blanks around the parts are dropped. Known are
/// `CN`, `O`, `OU`, `L`, `ST`, `STREET`, `C`, `DC`, `UID` and `emailAddress`, in upper or lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    name: Name,
}

impl Subject {
    pub(crate) const fn name(&self) -> &Name {
        &self.name
    }
}

impl FromStr for Subject {
    type Err = X509Error;

    /// # Errors
    /// `Subject`, for everything that is wrong with it.
    fn from_str(text: &str) -> Result<Self, X509Error> {
        if text.trim().is_empty() {
            return Err(wrong("the subject is empty; write CN= and a name"));
        }
        if text.starts_with('/') {
            return Err(wrong(
                "the subject is in OpenSSL's form with slashes; write it with commas, such as CN=box,O=Example",
            ));
        }
        let mut steps = split(text, ',')
            .into_iter()
            .map(step)
            .collect::<Result<Vec<_>, _>>()?;
        // The text begins with the end that is encoded last.
        steps.reverse();
        let too_long = |_: der::Error| wrong("the subject is too long; shorten it");
        let der = steps.to_der().map_err(too_long)?;
        if der.len() > MAX_LEN {
            return Err(wrong(format!(
                "the subject has {} octets in all, where {MAX_LEN} are the limit; shorten it",
                der.len()
            )));
        }
        Ok(Self {
            name: Name::from_der(&der).map_err(too_long)?,
        })
    }
}

impl fmt::Display for Subject {
    /// Writes a text that is read back as the same subject.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<_> = self.name.iter_rdn().collect();
        for (i, step) in steps.iter().rev().enumerate() {
            for (j, attribute) in step.iter().enumerate() {
                let separator = match (i, j) {
                    (0, 0) => "",
                    (_, 0) => ",",
                    _ => "+",
                };
                let known = ATTRIBUTES.iter().find(|known| known.1 == attribute.oid);
                let name = known.map_or("", |known| known.0);
                let value = str::from_utf8(attribute.value.value()).unwrap_or_default();
                write!(f, "{separator}{name}={}", escape(value))?;
            }
        }
        Ok(())
    }
}

/// One step of the name: mostly one attribute, or some with `+` between.
fn step(text: &str) -> Result<SetOfVec<AttributeTypeAndValue>, X509Error> {
    let attributes = split(text, '+')
        .into_iter()
        .map(attribute)
        .collect::<Result<Vec<_>, _>>()?;
    let is_again = |(i, attribute): (usize, &AttributeTypeAndValue)| {
        attributes[..i]
            .iter()
            .any(|before| before.oid == attribute.oid)
    };
    if attributes.iter().enumerate().any(is_again) {
        let text = text.trim();
        return Err(wrong(format!(
            "`{text}` in the subject has one name twice; write a comma in place of the `+`"
        )));
    }
    SetOfVec::try_from(attributes).map_err(|_| wrong("the subject is too long; shorten it"))
}

fn attribute(text: &str) -> Result<AttributeTypeAndValue, X509Error> {
    let (name, value) = text.split_once('=').ok_or_else(|| {
        wrong(format!(
            "`{}` in the subject has no `=`; write NAME=VALUE, and a comma within a value as `\\,`",
            text.trim()
        ))
    })?;
    let (name, value) = (name.trim(), unescape(name, trim(value))?);
    let known = |attribute: &&Attribute| attribute.0.eq_ignore_ascii_case(name);
    let Some((name, oid, max, tag)) = ATTRIBUTES.iter().find(known) else {
        let hint = match name {
            "E" | "e" | "EMAIL" | "email" => "write emailAddress=",
            _ => "known are CN, O, OU, L, ST, STREET, C, DC, UID and emailAddress",
        };
        return Err(wrong(format!(
            "`{name}=` in the subject is unknown; {hint}"
        )));
    };
    check(name, &value, *max, *tag)?;
    Ok(AttributeTypeAndValue {
        oid: *oid,
        value: Any::new(*tag, value.as_bytes())
            .map_err(|_| wrong(format!("`{name}=` in the subject is too long")))?,
    })
}

/// What the encoding would let through, and readers of the certificate would not.
fn check(name: &str, value: &str, max: usize, tag: Tag) -> Result<(), X509Error> {
    let len = value.chars().count();
    if value.is_empty() {
        return Err(wrong(format!(
            "`{name}=` in the subject has no value; give one or leave it out"
        )));
    }
    if value.contains(char::is_control) {
        return Err(wrong(format!(
            "`{name}=` in the subject has a control character in its value; take it out"
        )));
    }
    if name == "C" && !(len == 2 && value.chars().all(|c| c.is_ascii_uppercase())) {
        return Err(wrong(format!(
            "`C={value}` in the subject is no country; write its two capital letters, such as C=DE"
        )));
    }
    if len > max {
        return Err(wrong(format!(
            "`{name}=` in the subject has {len} characters, where {max} are the limit; shorten it"
        )));
    }
    if tag == Tag::Ia5String && !value.is_ascii() {
        return Err(wrong(format!(
            "`{name}=` in the subject has letters beyond ASCII, which it cannot hold; write it in ASCII"
        )));
    }
    Ok(())
}

/// The parts between the separators that no backslash stands before.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut escaped = false;
    text.split(|c| {
        let separates = !escaped && c == separator;
        escaped = !escaped && c == '\\';
        separates
    })
    .collect()
}

/// Without the blanks around it; the last may be one that a backslash keeps.
fn trim(value: &str) -> &str {
    let value = value.trim_start_matches(' ');
    let trimmed = value.trim_end_matches(' ');
    let backslashes = trimmed.bytes().rev().take_while(|byte| *byte == b'\\');
    let kept = backslashes.count() % 2;
    value.get(..trimmed.len() + kept).unwrap_or(trimmed)
}

/// Takes the backslashes away.
fn unescape(name: &str, value: &str) -> Result<String, X509Error> {
    let hex = |digit: u8| char::from(digit).to_digit(16).map(|digit| digit as u8);
    let stray = |what: &str| {
        wrong(format!(
            "`{}=` in the subject has {what}; write a backslash before each of , + \" \\ < > ;",
            name.trim()
        ))
    };
    if value.starts_with('#') {
        return Err(stray(
            "a value in hex, which is not read here, or a `#` at its beginning",
        ));
    }
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, after @ ..] = rest {
        rest = match (first, after) {
            (b'\\', [c, after @ ..]) if b" #=,+\"\\<>;".contains(c) => {
                octets.push(*c);
                after
            }
            (b'\\', [high, low, after @ ..]) => {
                let (Some(high), Some(low)) = (hex(*high), hex(*low)) else {
                    return Err(stray("a backslash before something that needs none"));
                };
                octets.push(high << 4 | low);
                after
            }
            (b'\\', _) => return Err(stray("a backslash at its end")),
            (b'"' | b'<' | b'>' | b';', _) => {
                return Err(stray(&format!("`{}` in its value", char::from(*first))));
            }
            _ => {
                octets.push(*first);
                after
            }
        };
    }
    String::from_utf8(octets).map_err(|_| stray("hex digits that are not UTF-8"))
}

/// The value with a backslash before whatever [`unescape`] or [`trim`] would take for something else.
fn escape(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut escaped = String::with_capacity(value.len());
    for (i, c) in value.chars().enumerate() {
        let at_an_end = (i == 0 || i == last) && c == ' ';
        if at_an_end || (i == 0 && c == '#') || ",+\"\\<>;".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn wrong(text: impl Into<String>) -> X509Error {
    X509Error::new(X509ErrorKind::Subject, text.into())
}
