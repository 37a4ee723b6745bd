use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::KeyFileError;
use crate::form::Form;
use crate::traditional::Traditional;

const BEGIN: &[u8] = b"-BEGIN ";
const END: &[u8] = b"-END ";
/// The labels in use are shorter. A longer one may be a key whose line ends were lost.
const MAX_LABEL: usize = 32;
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// One block of PEM, its body still in base64.
pub(crate) struct Block<'a> {
    pub(crate) label: &'a str,
    pub(crate) body: &'a [u8],
}

impl Block<'_> {
    /// What the label says; `None` for a private key, whose form only its DER tells, and for unknown labels.
    pub(crate) fn form(&self) -> Option<Form> {
        Some(match self.label {
            "PUBLIC KEY" => Form::Spki,
            "RSA PUBLIC KEY" => Form::Pkcs1Public,
            "CERTIFICATE" | "X509 CERTIFICATE" => Form::Certificate,
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => Form::Request,
            "PKCS7" | "CMS" => Form::Pkcs7,
            "OPENSSH PRIVATE KEY" => Form::OpenSsh,
            "EC PARAMETERS" | "DSA PARAMETERS" | "DH PARAMETERS" => Form::Parameters,
            label if label.starts_with("PGP ") => Form::Pgp,
            _ if Traditional::is_in(self.body) => Form::Traditional,
            _ => return None,
        })
    }

    pub(crate) fn is_private_key(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }

    /// The DER in it.
    pub(crate) fn decode(&self) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        base64(self.body).ok_or_else(|| {
            KeyFileError::malformed(format!(
                "the base64 between BEGIN and END of `{}` is damaged or cut off; take a fresh copy \
                 of the file",
                self.label
            ))
        })
    }
}

/// The blocks of a text that went through [`unescape`].
///
/// Only the BEGIN and END lines count: whatever mail, editors and YAML do to white space does no harm.
pub(crate) fn blocks(mut text: &[u8]) -> Result<Vec<Block<'_>>, KeyFileError> {
    let mut blocks = Vec::new();
    while let Some(start) = find(text, BEGIN) {
        let (label, rest) = label(&text[start + BEGIN.len()..]).ok_or_else(|| {
            KeyFileError::malformed(
                "the BEGIN line of the PEM is damaged; it has a label between five dashes on each \
                 side, as in `-----BEGIN PRIVATE KEY-----`",
            )
        })?;
        let end = find(rest, END)
            .filter(|end| find(&rest[..*end], BEGIN).is_none())
            .ok_or_else(|| {
                KeyFileError::malformed(format!(
                    "the PEM of `{label}` has no END line, so the file is cut off; take a fresh copy of it"
                ))
            })?;
        let (end_label, after) = self::label(&rest[end + END.len()..]).unwrap_or(("", b""));
        if end_label != label {
            return Err(KeyFileError::malformed(format!(
                "the PEM begins as `{label}` and ends as something else; take a fresh copy of the file"
            )));
        }
        let body = trim_dashes(&rest[..end]);
        blocks.push(Block { label, body });
        text = after;
    }
    Ok(blocks)
}

/// Whether there is a BEGIN line.
pub(crate) fn is_pem(text: &[u8]) -> bool {
    find(text, BEGIN).is_some()
}

/// Undoes `\n` and `\r` as two characters, which JSON, shells and environment variables leave behind.
pub(crate) fn unescape(text: &[u8]) -> Zeroizing<Vec<u8>> {
    if !text.contains(&b'\\') {
        return Zeroizing::new(text.to_vec());
    }
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            plain.push(byte);
        } else if bytes.next_if(|next| matches!(next, b'n' | b'r')).is_some() {
            plain.push(b'\n');
        }
    }
    plain
}

/// Decodes base64 or base64url, whatever the white space, with or without padding.
pub(crate) fn base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut packed = Zeroizing::new(Vec::with_capacity(text.len()));
    for part in text.split(u8::is_ascii_whitespace) {
        packed.extend_from_slice(part);
    }
    let mut decoded = Zeroizing::new(vec![0; packed.len()]);
    let len = [BASE64, BASE64_URL]
        .iter()
        .find_map(|engine| engine.decode_slice(&*packed, decoded.as_mut_slice()).ok())?;
    decoded.truncate(len);
    Some(decoded)
}

/// Splits `LABEL-----rest` before the dashes, which a next block may share when newlines were lost.
fn label(text: &[u8]) -> Option<(&str, &[u8])> {
    let end = text.iter().position(|byte| *byte == b'-')?;
    let (label, rest) = text.split_at(end);
    let label = std::str::from_utf8(label.trim_ascii()).ok()?;
    let known =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b" .#".contains(&byte);
    if label.is_empty() || label.len() > MAX_LABEL || !label.bytes().all(known) {
        return None;
    }
    Some((label, rest))
}

fn trim_dashes(mut text: &[u8]) -> &[u8] {
    while let [b'-', inner @ ..] | [inner @ .., b'-'] = text {
        text = inner;
    }
    text
}

/// Where `needle` first begins.
pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
