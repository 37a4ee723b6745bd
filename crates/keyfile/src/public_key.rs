use der::{Encode, Tag, Tagged};
use jwt_bearer_signer::{FormatErrorKind, PublicKey};

use crate::form::{Form, Wanted};
use crate::pem::{self, Block};
use crate::recognise::{self, Content};
use crate::{KeyFileError, KeyFileErrorKind};

/// Reads a public key: SPKI, PKCS#1 `RSAPublicKey`, or the one in an X.509 certificate; as PEM, DER, or base64 of
/// either.
///
/// Takes PEM as tolerantly as [`PrivateKey::read`](crate::PrivateKey::read) does. Of several certificates the first is
/// taken, which is the key's own in a chain. Nothing about a certificate is verified, not even its dates.
///
/// # Errors
/// `NotAPublicKey` if it is something else, a private key in particular: the public key is not derived from that.
/// `SeveralKeys`, `Malformed` and `Unsupported` as they say.
pub fn read_public_key(bytes: &[u8]) -> Result<PublicKey, KeyFileError> {
    match Content::of(bytes) {
        Content::Pem(text) => {
            let blocks = pem::blocks(&text)?;
            from_der(&the_public_key(&blocks)?.decode()?)
        }
        Content::Der(der) => from_der(&der),
        Content::Json(text) => Err(KeyFileError::found(
            recognise::form_of_json(&text),
            Wanted::PublicKey,
        )),
        Content::Jks(_) => Err(KeyFileError::found(Form::Jks, Wanted::PublicKey)),
        Content::Other(form) => Err(KeyFileError::found(form, Wanted::PublicKey)),
    }
}

pub(crate) fn from_der(der: &[u8]) -> Result<PublicKey, KeyFileError> {
    let key = match recognise::form_of_der(der)? {
        Form::Spki => PublicKey::from_spki_der(der),
        Form::Pkcs1Public => PublicKey::from_rsa_der(der),
        Form::Certificate => PublicKey::from_spki_der(&spki(der)?),
        form => return Err(KeyFileError::found(form, Wanted::PublicKey)),
    };
    key.map_err(|error| {
        let kind = match error.kind() {
            FormatErrorKind::Unsupported => KeyFileErrorKind::Unsupported,
            _ => KeyFileErrorKind::Malformed,
        };
        KeyFileError::new(kind, format!("the public key cannot be read: {error}"))
    })
}

/// The `SubjectPublicKeyInfo` of a certificate ([RFC 5280 §4.1](https://www.rfc-editor.org/rfc/rfc5280#section-4.1)).
///
/// Walks there instead of parsing everything: a certificate is no less readable for an overlong serial number.
fn spki(certificate: &[u8]) -> Result<Vec<u8>, KeyFileError> {
    let damaged = || {
        KeyFileError::malformed("the X.509 certificate is damaged; take a fresh copy of the file")
    };
    let tbs = recognise::elements(certificate)?
        .first()
        .and_then(recognise::inner)
        .ok_or_else(damaged)?;
    // All but version 1 have the version in front of the serial number.
    let serial_number = tbs.iter().position(|element| element.tag() == Tag::Integer);
    let spki = serial_number
        .and_then(|at| tbs.get(at + 5))
        .ok_or_else(damaged)?;
    spki.to_der().map_err(|_| damaged())
}

/// The public key among the blocks, or the first certificate.
fn the_public_key<'a>(blocks: &'a [Block<'a>]) -> Result<&'a Block<'a>, KeyFileError> {
    let of = |forms: &'static [Form]| {
        blocks
            .iter()
            .filter(move |block| block.form().is_some_and(|form| forms.contains(&form)))
    };
    let keys: Vec<_> = of(&[Form::Spki, Form::Pkcs1Public]).collect();
    match keys[..] {
        [key] => Ok(key),
        [] => of(&[Form::Certificate])
            .next()
            .ok_or_else(|| KeyFileError::found_blocks(blocks, Wanted::PublicKey)),
        _ => Err(KeyFileError::several(keys.len(), Wanted::PublicKey)),
    }
}
