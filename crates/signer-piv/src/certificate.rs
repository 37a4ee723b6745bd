use std::io::Read;

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use flate2::read::GzDecoder;
use x509_cert::Certificate;

use crate::apdu::value;
use crate::token::{PinPolicy, SlotCertificate, TouchPolicy};

/// PIN policy and touch policy, an octet each, in an attestation
/// ([Yubico's description](https://developers.yubico.com/PIV/Introduction/PIV_attestation.html)).
const POLICIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.41482.3.8");

/// No certificate is longer, in octets: a data object takes some 3,000, and what is compressed in it grows little.
const MAX_LEN: u64 = 16_384;

/// Reads the certificate in a data object of a slot, compressed or not; `None` if there is none that can be read.
pub(crate) fn from_object(object: &[u8]) -> Option<SlotCertificate> {
    let octets = value(0x70, object)?;
    let is_compressed = value(0x71, object).is_some_and(|info| info.first() == Some(&1));
    let mut der = Vec::new();
    if is_compressed {
        let mut unpacked = GzDecoder::new(octets).take(MAX_LEN);
        unpacked.read_to_end(&mut der).ok()?;
    } else {
        der.extend_from_slice(octets);
    }
    let subject = Certificate::from_der(&der)
        .ok()?
        .tbs_certificate()
        .subject()
        .to_string();
    Some(SlotCertificate { der, subject })
}

/// The public key in a certificate, as SPKI in DER.
pub(crate) fn public_key(der: &[u8]) -> Option<Vec<u8>> {
    let certificate = Certificate::from_der(der).ok()?;
    let spki = certificate.tbs_certificate().subject_public_key_info();
    spki.to_der().ok()
}

/// The policies that an attestation tells.
pub(crate) fn policies(der: &[u8]) -> Option<(PinPolicy, TouchPolicy)> {
    let certificate = Certificate::from_der(der).ok()?;
    let extensions = certificate.tbs_certificate().extensions()?;
    let policies = extensions.iter().find(|one| one.extn_id == POLICIES)?;
    match policies.extn_value.as_bytes() {
        [pin, touch] => Some((
            PinPolicy::from_octet(*pin)?,
            TouchPolicy::from_octet(*touch)?,
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;
    use crate::apdu::tlv;

    /// Self-signed with P-256, subject `CN=slot`, with the extension of an attestation: `once`, `cached`.
    const CERTIFICATE: &[u8] = include_bytes!("../testdata/attestation.crt.der");

    fn object(octets: &[u8], info: u8) -> Vec<u8> {
        [tlv(0x70, octets), tlv(0x71, &[info]), tlv(0xfe, &[])].concat()
    }

    fn zipped(octets: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(octets).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn compressed_or_not_it_is_the_same() {
        for object in [object(CERTIFICATE, 0), object(&zipped(CERTIFICATE), 1)] {
            let certificate = from_object(&object).unwrap();
            assert_eq!(certificate.der, CERTIFICATE);
            assert_eq!(certificate.subject, "CN=slot");
        }
        assert_eq!(
            policies(CERTIFICATE),
            Some((PinPolicy::Once, TouchPolicy::Cached))
        );
        assert!(public_key(CERTIFICATE).is_some());
    }

    #[test]
    fn what_is_no_certificate_is_left_out() {
        let bomb = zipped(&vec![0; 10_000_000]);
        for object in [
            vec![],
            object(&[], 0),
            object(&[], 1),
            object(CERTIFICATE, 1),
            object(&zipped(CERTIFICATE), 0),
            object(&bomb, 1),
            object(CERTIFICATE, 0)[..300].to_vec(),
        ] {
            assert!(from_object(&object).is_none());
        }
        assert_eq!(public_key(b"0"), None);
        assert_eq!(policies(b"0"), None);
    }

    proptest! {
        #[test]
        fn no_object_panics(octets: Vec<u8>, info: u8) {
            let _ = from_object(&octets);
            let _ = from_object(&object(&octets, info));
        }
    }
}
