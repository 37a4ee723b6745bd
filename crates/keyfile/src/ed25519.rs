use der::Decode;
use der::asn1::{ObjectIdentifier, OctetStringRef};
use zeroize::Zeroizing;

use crate::{KeyFileError, PrivateKey};

/// `id-Ed25519`.
pub(crate) const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Reads `CurvePrivateKey` ([RFC 8410 §7](https://www.rfc-editor.org/rfc/rfc8410#section-7)) and the public key that
/// PKCS#8 version 2 has beside it.
pub(crate) fn read(der: &[u8], public: Option<&[u8]>) -> Result<PrivateKey, KeyFileError> {
    let damaged =
        || KeyFileError::malformed("the Ed25519 key is damaged; take a fresh copy of the file");
    let octets = <&OctetStringRef>::from_der(der)
        .map_err(|_| damaged())?
        .as_bytes();
    let mut seed = Zeroizing::new([0; 32]);
    if octets.len() != seed.len() {
        return Err(damaged());
    }
    seed.copy_from_slice(octets);
    let public = public
        .map(<[u8; 32]>::try_from)
        .transpose()
        .map_err(|_| damaged())?;
    Ok(PrivateKey::Ed25519 { seed, public })
}
