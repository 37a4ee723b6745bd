use der::asn1::AnyRef;
use der::{Decode, ErrorKind, Tag, Tagged};
use zeroize::Zeroizing;

use crate::KeyFileError;
use crate::form::Form;
use crate::pem;

/// A file by its outermost layer.
pub(crate) enum Content {
    /// Text with at least one BEGIN line, without escapes.
    Pem(Zeroizing<Vec<u8>>),
    /// Bytes that begin as DER does.
    Der(Zeroizing<Vec<u8>>),
    /// JSON, by its first character.
    Json(Zeroizing<Vec<u8>>),
    /// A Java keystore, by its first bytes.
    Jks(Zeroizing<Vec<u8>>),
    /// Nothing that a key could be read from.
    Other(Form),
}

impl Content {
    /// Looks at the bytes only, never at a file name.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match bytes {
            [0xff, 0xfe, ..]
            | [0xfe, 0xff, ..]
            | [0, b'-', 0, b'-', ..]
            | [b'-', 0, b'-', 0, ..] => {
                return Self::Other(Form::Utf16);
            }
            [0xfe, 0xed, 0xfe, 0xed, ..] => return Self::Jks(Zeroizing::new(bytes.to_vec())),
            [0xce, 0xce, 0xce, 0xce, ..] => return Self::Other(Form::Jceks),
            // BER of indefinite length, as NSS and Bouncy Castle write PKCS#12.
            [0x30, 0x80, 2, 1, 3, ..] => return Self::Other(Form::Pkcs12Ber),
            _ => {}
        }
        let trimmed = bytes.trim_ascii();
        if trimmed.starts_with(b"{") {
            return Self::Json(Zeroizing::new(trimmed.to_vec()));
        }
        if pem::is_pem(bytes) {
            return Self::Pem(pem::unescape(bytes));
        }
        let binary = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
        match bytes.iter().any(binary) {
            true if bytes[0] == 0x30 => Self::Der(Zeroizing::new(bytes.to_vec())),
            true => Self::Other(Form::Binary),
            false => Self::of_text(trimmed),
        }
    }

    /// Text without a BEGIN line: a key in bare base64, as environment variables hold them, or no key.
    fn of_text(text: &[u8]) -> Self {
        let text = pem::unescape(text);
        let quote = |byte: &u8| matches!(byte, b'"' | b'\'') || byte.is_ascii_whitespace();
        let start = text.iter().take_while(|byte| quote(byte)).count();
        let end = text[start..]
            .iter()
            .rev()
            .take_while(|byte| quote(byte))
            .count();
        let text = &text[start..text.len() - end];
        if text.is_empty() {
            return Self::Other(Form::Empty);
        }
        let starts = |prefix: &str| {
            text.get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        if starts("PuTTY-User-Key-File-") {
            return Self::Other(Form::Putty);
        }
        if starts("<!doctype html") || starts("<html") {
            return Self::Other(Form::Html);
        }
        if starts("ssh-") || starts("ecdsa-sha2-") || starts("---- BEGIN SSH2") {
            return Self::Other(Form::OpenSshPublic);
        }
        if starts("eyJ") && text.iter().filter(|byte| **byte == b'.').count() == 2 {
            return Self::Other(Form::Jwt);
        }
        match pem::base64(text).map(|decoded| Self::of(&decoded)) {
            None | Some(Self::Other(Form::Binary | Form::Text | Form::Empty)) => {
                Self::Other(Form::Text)
            }
            Some(content) => content,
        }
    }
}

/// What a DER document is, by the tags of its outermost elements.
///
/// PEM labels are not asked: people change them by hand.
pub(crate) fn form_of_der(der: &[u8]) -> Result<Form, KeyFileError> {
    use Tag::{BitString, Integer, ObjectIdentifier, OctetString, Sequence};

    let elements = elements(der)?;
    let tags: Vec<_> = elements.iter().map(Tagged::tag).collect();
    Ok(match tags[..] {
        [Integer, Sequence, OctetString, ..] => Form::Pkcs8,
        [Sequence, OctetString] => Form::EncryptedPkcs8,
        [Integer, OctetString, ..] => Form::Sec1,
        [Integer, Integer] => Form::Pkcs1Public,
        [Integer, Integer, Integer, Integer, Integer, Integer] => Form::DsaPrivate,
        [Integer, Integer, Integer, ..] => Form::Pkcs1,
        [Sequence, BitString] => Form::Spki,
        [Sequence, Sequence, BitString] if is_request(elements[0]) => Form::Request,
        [Sequence, Sequence, BitString] => Form::Certificate,
        [Integer, Sequence, ..] if elements[0].value() == [3] => Form::Pkcs12,
        [Sequence, Sequence] if is_bcfks(elements[0]) => Form::Bcfks,
        [ObjectIdentifier, ..] => Form::Pkcs7,
        _ => Form::OtherDer,
    })
}

/// The elements of a DER sequence.
pub(crate) fn elements(der: &[u8]) -> Result<Vec<AnyRef<'_>>, KeyFileError> {
    Vec::<AnyRef<'_>>::from_der(der).map_err(|error| {
        KeyFileError::malformed(match error.kind() {
            ErrorKind::Incomplete { .. } => {
                "the file is cut off, or its DER is damaged; take a fresh copy of it"
            }
            ErrorKind::TrailingData { .. } => {
                "there is something after the end of the DER; take a fresh copy of the file"
            }
            _ => "the DER is damaged; take a fresh copy of the file",
        })
    })
}

/// The elements of a sequence inside another.
pub(crate) fn inner<'a>(sequence: &AnyRef<'a>) -> Option<Vec<AnyRef<'a>>> {
    sequence.decode_as::<Vec<AnyRef<'a>>>().ok()
}

/// The elements that stand one behind the other.
pub(crate) fn each(mut octets: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let mut elements = Vec::new();
    while !octets.is_empty() {
        let (element, rest) = AnyRef::from_der_partial(octets).ok()?;
        elements.push(element);
        octets = rest;
    }
    Some(elements)
}

/// `CertificationRequestInfo` has three or four elements, `TBSCertificate` six at least.
fn is_request(information: AnyRef<'_>) -> bool {
    inner(&information).is_some_and(|elements| elements.len() <= 4)
}

/// `ObjectStore` of Bouncy Castle: what is encrypted, and what guards its integrity.
fn is_bcfks(data: AnyRef<'_>) -> bool {
    let tags = inner(&data).map(|elements| elements.iter().map(Tagged::tag).collect::<Vec<_>>());
    tags.is_some_and(|tags| tags == [Tag::Sequence, Tag::OctetString])
}

/// What a JSON text is, by the names in it.
pub(crate) fn form_of_json(text: &[u8]) -> Form {
    let has = |member: &[u8]| pem::find(text, member).is_some();
    if has(b"\"boxAppSettings\"") {
        Form::BoxConfig
    } else if has(b"\"service_account\"") {
        Form::ServiceAccount
    } else if has(b"\"kty\"") {
        Form::Jwk
    } else {
        Form::Json
    }
}
