//! Kinds of keys, and which token has which.

use openssl::nid::Nid;
use openssl::pkey::Id;

use crate::card::Version;

/// The kind of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// With so many bits.
    Rsa(u32),
    P256,
    P384,
    Ed25519,
    X25519,
}

impl Algorithm {
    /// The algorithm of this number, where a token of this version has it.
    pub(crate) fn from_byte(byte: u8, version: Version) -> Option<Self> {
        let algorithm = match byte {
            0x06 => Self::Rsa(1024),
            0x07 => Self::Rsa(2048),
            0x05 => Self::Rsa(3072),
            0x16 => Self::Rsa(4096),
            0x11 => Self::P256,
            0x14 => Self::P384,
            0xe0 => Self::Ed25519,
            0xe1 => Self::X25519,
            _ => return None,
        };
        (version >= algorithm.since()).then_some(algorithm)
    }

    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Rsa(1024) => 0x06,
            Self::Rsa(2048) => 0x07,
            Self::Rsa(3072) => 0x05,
            Self::Rsa(_) => 0x16,
            Self::P256 => 0x11,
            Self::P384 => 0x14,
            Self::Ed25519 => 0xe0,
            Self::X25519 => 0xe1,
        }
    }

    /// The curve, where it has a short Weierstrass form.
    pub(crate) fn curve(self) -> Option<Nid> {
        match self {
            Self::P256 => Some(Nid::X9_62_PRIME256V1),
            Self::P384 => Some(Nid::SECP384R1),
            _ => None,
        }
    }

    /// What OpenSSL calls a curve of the other form.
    pub(crate) fn raw_id(self) -> Option<Id> {
        match self {
            Self::Ed25519 => Some(Id::ED25519),
            Self::X25519 => Some(Id::X25519),
            _ => None,
        }
    }

    /// Bytes of the modulus, or of a coordinate.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Rsa(bits) => bits as usize / 8,
            Self::P384 => 48,
            Self::P256 | Self::Ed25519 | Self::X25519 => 32,
        }
    }

    fn since(self) -> Version {
        match self {
            Self::Rsa(3072 | 4096) | Self::Ed25519 | Self::X25519 => Version(5, 7, 0),
            Self::Rsa(_) | Self::P256 => Version(4, 0, 0),
            Self::P384 => Version(4, 3, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_names_the_same_algorithm_both_ways() {
        let known = (0..=255)
            .filter_map(|byte| Some((byte, Algorithm::from_byte(byte, Version(5, 7, 1))?)));
        let known: Vec<_> = known.collect();
        assert_eq!(known.len(), 8);
        for (byte, algorithm) in known {
            assert_eq!(algorithm.byte(), byte);
        }
    }

    #[test]
    fn a_token_before_5_7_lacks_the_newer_ones() {
        let lacking = |byte: &u8| Algorithm::from_byte(*byte, Version(5, 4, 3)).is_none();
        assert_eq!(
            [0x05, 0x06, 0x07, 0x11, 0x14, 0x16, 0xe0, 0xe1]
                .into_iter()
                .filter(lacking)
                .collect::<Vec<u8>>(),
            [0x05, 0x16, 0xe0, 0xe1]
        );
    }
}
