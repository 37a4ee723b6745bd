use der::Encode;
use der::asn1::{AnyRef, Null, ObjectIdentifier, OctetStringRef};
use der::pem::LineEnding;
use jwt_bearer_signer::KeyKind;
use pkcs8::PrivateKeyInfoRef;
use pkcs8::spki::AlgorithmIdentifierRef;
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

use crate::{PrivateKey, ec, ed25519, rsa};

pub(crate) fn pkcs8_pem(key: &PrivateKey) -> Zeroizing<String> {
    // DER fails only for sizes that no key here has.
    Zeroizing::new(
        pkcs8(key)
            .and_then(|der| {
                Ok(der::pem::encode_string(
                    "PRIVATE KEY",
                    LineEnding::LF,
                    &der,
                )?)
            })
            .unwrap_or_default(),
    )
}

fn pkcs8(key: &PrivateKey) -> der::Result<Zeroizing<Vec<u8>>> {
    match key {
        PrivateKey::Rsa { pkcs1, .. } => wrap(rsa::OID, Some(Null.into()), pkcs1),
        PrivateKey::Ec {
            kind,
            scalar,
            point,
        } => {
            let curve: ObjectIdentifier = if *kind == KeyKind::P256 {
                ec::P256
            } else {
                ec::P384
            };
            let sec1 = EcPrivateKey {
                private_key: scalar,
                parameters: None,
                public_key: Some(point),
            };
            wrap(
                ec::OID,
                Some(AnyRef::from(&curve)),
                &Zeroizing::new(sec1.to_der()?),
            )
        }
        PrivateKey::Ed25519 { seed, .. } => {
            let octets = Zeroizing::new(OctetStringRef::new(&seed[..])?.to_der()?);
            wrap(ed25519::OID, None, &octets)
        }
    }
}

fn wrap(
    oid: ObjectIdentifier,
    parameters: Option<AnyRef<'_>>,
    key: &[u8],
) -> der::Result<Zeroizing<Vec<u8>>> {
    let algorithm = AlgorithmIdentifierRef { oid, parameters };
    PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(key)?)
        .to_der()
        .map(Zeroizing::new)
}
