//! Data objects: certificates and what else clients store.

use std::collections::BTreeMap;

use crate::apdu::{Answer, Status};
use crate::tlv;

const NAME: u16 = 0x5c;
const VALUE: u16 = 0x53;
/// Most bytes of one object on a real token.
const MOST: usize = 3052;
/// The discovery object, which nobody writes: the applet's name, and that the PIN is the application's own.
const DISCOVERY: [u8; 20] = [
    0x7e, 0x12, 0x4f, 0x0b, 0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00, 0x5f,
    0x2f, 0x02, 0x40, 0x00,
];
/// Objects that want the PIN: fingerprints, facial image, printed information, iris images.
const PRIVATE: [[u8; 3]; 4] = [
    [0x5f, 0xc1, 0x03],
    [0x5f, 0xc1, 0x08],
    [0x5f, 0xc1, 0x09],
    [0x5f, 0xc1, 0x21],
];
/// The certificate of the attestation key.
pub(crate) const ATTESTATION: [u8; 3] = [0x5f, 0xff, 0x01];

/// The objects of a token, by name.
#[derive(Default)]
pub(crate) struct Objects(BTreeMap<Vec<u8>, Vec<u8>>);

impl Objects {
    /// Answers GET DATA.
    pub(crate) fn get(&self, request: &[u8], pin_verified: bool) -> Answer {
        let name = tlv::find(&tlv::read(request)?, NAME).ok_or(Status::WRONG_DATA)?;
        if name == [0x7e] {
            return Ok(DISCOVERY.to_vec());
        }
        if !pin_verified && PRIVATE.iter().any(|private| private == name) {
            return Err(Status::SECURITY);
        }
        let value = self.0.get(name).ok_or(Status::NOT_FOUND)?;
        Ok(tlv::element(VALUE, value))
    }

    /// Carries out PUT DATA. An empty value removes the object.
    pub(crate) fn put(&mut self, request: &[u8]) -> Answer {
        let elements = tlv::read(request)?;
        let (Some(name), Some(value)) = (tlv::find(&elements, NAME), tlv::find(&elements, VALUE))
        else {
            return Err(Status::WRONG_DATA);
        };
        if value.len() > MOST {
            return Err(Status::NO_SPACE);
        }
        if value.is_empty() {
            self.0.remove(name);
        } else {
            self.0.insert(name.to_vec(), value.to_vec());
        }
        Ok(Vec::new())
    }

    /// Stores a certificate in the wrapping that PIV prescribes.
    pub(crate) fn put_certificate(&mut self, name: &[u8], der: &[u8]) {
        let mut value = tlv::element(0x70, der);
        tlv::push(&mut value, 0x71, &[0]);
        tlv::push(&mut value, 0xfe, &[]);
        self.0.insert(name.to_vec(), value);
    }

    /// The DER of a certificate, as `put_certificate` and most clients store it.
    pub(crate) fn certificate(&self, name: &[u8]) -> Answer {
        let elements = tlv::read(self.0.get(name).ok_or(Status::NOT_FOUND)?)?;
        Ok(tlv::find(&elements, 0x70)
            .ok_or(Status::NOT_FOUND)?
            .to_vec())
    }

    /// Removes everything but the certificate of the attestation key.
    pub(crate) fn reset(&mut self) {
        self.0.retain(|name, _| *name == ATTESTATION);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: [u8; 5] = [0x5c, 3, 0x5f, 0xc1, 0x05];

    fn put(objects: &mut Objects, name: &[u8], value: &[u8]) -> Answer {
        let mut request = tlv::element(NAME, name);
        tlv::push(&mut request, VALUE, value);
        objects.put(&request)
    }

    #[test]
    fn what_was_put_is_got_until_it_is_removed() {
        let mut objects = Objects::default();
        assert_eq!(objects.get(&GET, false), Err(Status::NOT_FOUND));
        assert_eq!(put(&mut objects, &GET[2..], &[1, 2, 3]), Ok(vec![]));
        assert_eq!(objects.get(&GET, false), Ok(vec![0x53, 3, 1, 2, 3]));
        assert_eq!(put(&mut objects, &GET[2..], &[]), Ok(vec![]));
        assert_eq!(objects.get(&GET, false), Err(Status::NOT_FOUND));
    }

    #[test]
    fn printed_information_wants_the_pin() {
        let mut objects = Objects::default();
        let get = [0x5c, 3, 0x5f, 0xc1, 0x09];
        assert_eq!(put(&mut objects, &get[2..], &[1]), Ok(vec![]));
        assert_eq!(objects.get(&get, false), Err(Status::SECURITY));
        assert_eq!(objects.get(&get, true), Ok(vec![0x53, 1, 1]));
    }

    #[test]
    fn an_object_too_large_is_refused() {
        let mut objects = Objects::default();
        assert_eq!(put(&mut objects, &GET[2..], &[0; MOST]), Ok(vec![]));
        assert_eq!(
            put(&mut objects, &GET[2..], &[0; MOST + 1]),
            Err(Status::NO_SPACE)
        );
    }

    #[test]
    fn reset_leaves_the_attestation_certificate() {
        let mut objects = Objects::default();
        objects.put_certificate(&ATTESTATION, &[1]);
        objects.put_certificate(&GET[2..], &[2]);
        objects.reset();
        assert_eq!(objects.get(&GET, false), Err(Status::NOT_FOUND));
        let kept = objects.get(&[0x5c, 3, 0x5f, 0xff, 0x01], false);
        assert_eq!(kept, Ok(vec![0x53, 8, 0x70, 1, 1, 0x71, 1, 0, 0xfe, 0]));
    }
}
