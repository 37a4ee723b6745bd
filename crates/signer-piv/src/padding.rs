use jwt_bearer_signer::Algorithm;
use ring::rand::{SecureRandom, SystemRandom};

/// The padded block for `message`, as long as the modulus; `None` for an algorithm that is not RSA, for a modulus too
/// short, or without random numbers.
pub(crate) fn padded(algorithm: Algorithm, message: &[u8], modulus_len: usize) -> Option<Vec<u8>> {
    match algorithm {
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => {
            emsa_pkcs1_v1_5(algorithm, message, modulus_len)
        }
        Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512 => {
            emsa_pss(algorithm, message, modulus_len)
        }
        _ => None,
    }
}

/// [RFC 8017 §9.2](https://www.rfc-editor.org/rfc/rfc8017#section-9.2).
fn emsa_pkcs1_v1_5(algorithm: Algorithm, message: &[u8], modulus_len: usize) -> Option<Vec<u8>> {
    let hash = algorithm.digest(message)?;
    let hash = hash.as_ref();
    // The last arc of the hash's identifier, 2.16.840.1.101.3.4.2.x.
    let arc = match hash.len() {
        32 => 1,
        48 => 2,
        _ => 3,
    };
    let len = hash.len() as u8;
    let digest_info = [
        0x30,
        17 + len,
        0x30,
        13,
        0x06,
        9,
        0x60,
        0x86,
        0x48,
        1,
        0x65,
        3,
        4,
        2,
        arc,
        0x05,
        0,
        0x04,
        len,
    ];
    let filling = modulus_len.checked_sub(3 + digest_info.len() + hash.len())?;
    let mut block = vec![0xff; modulus_len];
    block[..2].copy_from_slice(&[0, 1]);
    block[2 + filling] = 0;
    block[3 + filling..][..digest_info.len()].copy_from_slice(&digest_info);
    block[modulus_len - hash.len()..].copy_from_slice(hash);
    (filling >= 8).then_some(block)
}

/// [RFC 8017 §9.1.1](https://www.rfc-editor.org/rfc/rfc8017#section-9.1.1), with MGF1 over the same hash and a salt of
/// its length, as [RFC 7518 §3.5](https://www.rfc-editor.org/rfc/rfc7518#section-3.5) asks. The moduli of PIV keys
/// fill their octets, so the block is one bit shorter than they are.
fn emsa_pss(algorithm: Algorithm, message: &[u8], modulus_len: usize) -> Option<Vec<u8>> {
    let message_hash = algorithm.digest(message)?;
    let len = message_hash.as_ref().len();
    let filling = modulus_len.checked_sub(2 * len + 2)?;
    let mut salt = vec![0; len];
    SystemRandom::new().fill(&mut salt).ok()?;
    let hash = algorithm.digest(&[&[0; 8], message_hash.as_ref(), &salt].concat())?;
    let mut block = vec![0; filling];
    block.push(1);
    block.extend_from_slice(&salt);
    for (counter, chunk) in (0u32..).zip(block.chunks_mut(len)) {
        let mask = algorithm.digest(&[hash.as_ref(), &counter.to_be_bytes()].concat())?;
        for (octet, mask) in chunk.iter_mut().zip(mask.as_ref()) {
            *octet ^= mask;
        }
    }
    block[0] &= 0x7f;
    block.extend_from_slice(hash.as_ref());
    block.push(0xbc);
    Some(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pkcs1_blocks_are_the_known_ones() {
        let block = padded(Algorithm::Rs256, b"abc", 256).unwrap();
        assert_eq!(block.len(), 256);
        assert_eq!(block[..2], [0, 1]);
        assert!(block[2..204].iter().all(|octet| *octet == 0xff));
        assert_eq!(
            block[204..],
            [
                0, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
                0x02, 0x01, 0x05, 0x00, 0x04, 0x20, 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad
            ]
        );
        for (algorithm, len, info) in [
            (Algorithm::Rs384, 48, [0, 0x30, 0x41, 0x30, 0x0d]),
            (Algorithm::Rs512, 64, [0, 0x30, 0x51, 0x30, 0x0d]),
        ] {
            let block = padded(algorithm, b"abc", 512).unwrap();
            let filling = 512 - len - 19 - 3;
            assert!(block[2..][..filling].iter().all(|octet| *octet == 0xff));
            assert_eq!(block[2 + filling..][..5], info);
        }
    }

    #[test]
    fn pss_blocks_have_their_form_and_differ() {
        for (algorithm, len) in [
            (Algorithm::Ps256, 256),
            (Algorithm::Ps384, 384),
            (Algorithm::Ps512, 512),
        ] {
            let [one, two] = [0, 1].map(|_| padded(algorithm, b"abc", len).unwrap());
            assert_eq!(one.len(), len);
            assert_eq!((one[0] & 0x80, one[len - 1]), (0, 0xbc));
            assert_ne!(one, two);
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(padded(Algorithm::Ps512, b"abc", 128), None);
        assert_eq!(padded(Algorithm::Rs512, b"abc", 64), None);
        assert_eq!(padded(Algorithm::Es256, b"abc", 256), None);
    }
}
