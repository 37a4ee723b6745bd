use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode, Tag, Tagged};
use jwt_bearer_signer::KeyKind;
use p256::elliptic_curve::sec1::ToSec1Point;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
};
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

use crate::{KeyFileError, PrivateKey, names, recognise};

/// `id-ecPublicKey`.
pub(crate) const OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(crate) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
pub(crate) const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// Reads the DER of SEC1 `ECPrivateKey`; `parameters` are those of a PKCS#8 around it.
///
/// The point is always held against the scalar, or computed from it: some writers leave it out, others compress it,
/// and one that does not belong to the scalar gives away that the file is damaged.
pub(crate) fn read(der: &[u8], parameters: Option<AnyRef<'_>>) -> Result<PrivateKey, KeyFileError> {
    // The crate sec1 knows named curves only, and calls anything else damaged.
    let own = recognise::elements(der)?
        .into_iter()
        .find(|element| is_explicit_tag(element.tag(), 0));
    let own = own.and_then(|element| AnyRef::from_der(element.value()).ok());
    let parameters = parameters.or(own).ok_or_else(|| {
        KeyFileError::malformed("the EC key does not name its curve; take a fresh copy of the file")
    })?;
    if parameters.tag() == Tag::Sequence || own.is_some_and(|own| own.tag() == Tag::Sequence) {
        return Err(KeyFileError::unsupported(
            "found an EC key with explicit curve parameters, expected the name of the curve: `openssl pkey -in FILE \
             -ec_param_enc named_curve -out NEW` writes it",
        ));
    }
    let curve = parameters
        .decode_as::<ObjectIdentifier>()
        .map_err(|_| damaged())?;
    let (kind, len): (_, usize) = match curve {
        P256 => (KeyKind::P256, 32),
        P384 => (KeyKind::P384, 48),
        _ => return Err(KeyFileError::unsupported_key(&names::curve(curve))),
    };

    let key = EcPrivateKey::from_der(der).map_err(|_| damaged())?;
    assemble(kind, len, key.private_key, key.public_key)
}

/// A key of the secret number, big-endian, which may be too short or have zeros in front, and of a point that is
/// checked if there is one.
pub(crate) fn assemble(
    kind: KeyKind,
    len: usize,
    number: &[u8],
    public: Option<&[u8]>,
) -> Result<PrivateKey, KeyFileError> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = &number[zeros..];
    let padding = len.checked_sub(number.len()).ok_or_else(damaged)?;
    let mut scalar = Zeroizing::new(vec![0; len]);
    scalar[padding..].copy_from_slice(number);

    if let Some(point) = public
        && is_pair(kind, &scalar, point)
    {
        return Ok(PrivateKey::Ec {
            kind,
            scalar,
            point: point.to_vec(),
        });
    }
    let (point, compressed) = points(kind, &scalar).ok_or_else(damaged)?;
    let belongs = match public {
        None => true,
        Some([2 | 3, ..]) => public == Some(&compressed),
        // 06 and 07 are the hybrid form, which repeats in the first octet what y says.
        Some([4 | 6 | 7, coordinates @ ..]) => *coordinates == point[1..],
        Some(_) => false,
    };
    if !belongs {
        return Err(KeyFileError::malformed(
            "the public point in the EC key does not belong to its private number; take a fresh copy of the file",
        ));
    }
    Ok(PrivateKey::Ec {
        kind,
        scalar,
        point,
    })
}

fn damaged() -> KeyFileError {
    KeyFileError::malformed("the EC key is damaged; take a fresh copy of the file")
}

/// Whether this uncompressed point belongs to the scalar. `ring` takes no other form and gives no reason, but is many
/// times faster.
fn is_pair(kind: KeyKind, scalar: &[u8], point: &[u8]) -> bool {
    let algorithm = match kind {
        KeyKind::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        _ => &ECDSA_P256_SHA256_FIXED_SIGNING,
    };
    let random = SystemRandom::new();
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar, point, &random).is_ok()
}

/// The public point, uncompressed and compressed; `None` if the scalar is zero or too large.
fn points(kind: KeyKind, scalar: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    macro_rules! on {
        ($curve:ident) => {{
            let point = $curve::SecretKey::from_slice(scalar).ok()?.public_key();
            let octets = |compress| point.to_sec1_point(compress).as_bytes().to_vec();
            Some((octets(false), octets(true)))
        }};
    }
    match kind {
        KeyKind::P256 => on!(p256),
        KeyKind::P384 => on!(p384),
        _ => None,
    }
}

fn is_explicit_tag(tag: Tag, wanted: u32) -> bool {
    matches!(tag, Tag::ContextSpecific { constructed: true, number } if number.value() == wanted)
}
