use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use zeroize::Zeroizing;

/// The ciphers of the schemes that no crate decrypts; all in CBC mode, padded as PKCS#7 does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    Des,
    Des2,
    Des3,
    Rc2With40,
    Rc2With128,
}

impl Cipher {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Aes128 => "AES-128",
            Self::Aes192 => "AES-192",
            Self::Aes256 => "AES-256",
            Self::Des => "DES",
            Self::Des2 => "2DES",
            Self::Des3 => "3DES",
            Self::Rc2With40 => "RC2-40",
            Self::Rc2With128 => "RC2-128",
        }
    }

    /// The length of a key in octets.
    pub(crate) const fn key_len(self) -> usize {
        match self {
            Self::Rc2With40 => 5,
            Self::Des => 8,
            Self::Aes128 => 16,
            Self::Des2 | Self::Rc2With128 => 16,
            Self::Aes192 | Self::Des3 => 24,
            Self::Aes256 => 32,
        }
    }

    /// The length of an initialization vector, which is that of a block, in octets.
    pub(crate) const fn iv_len(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
            _ => 8,
        }
    }

    /// The plain text; `None` if a length or the padding is wrong, as it nearly always is with a wrong key.
    pub(crate) fn decrypt(
        self,
        key: &[u8],
        iv: &[u8],
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Aes128 => cbc::<aes::Aes128>(key, iv, ciphertext),
            Self::Aes192 => cbc::<aes::Aes192>(key, iv, ciphertext),
            Self::Aes256 => cbc::<aes::Aes256>(key, iv, ciphertext),
            Self::Des => cbc::<des::Des>(key, iv, ciphertext),
            Self::Des2 => cbc::<des::TdesEde2>(key, iv, ciphertext),
            Self::Des3 => cbc::<des::TdesEde3>(key, iv, ciphertext),
            Self::Rc2With40 | Self::Rc2With128 => cbc::<rc2::Rc2>(key, iv, ciphertext),
        }
    }
}

fn cbc<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    ciphertext: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let decryptor = Decryptor::<C>::new_from_slices(key, iv).ok()?;
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let len = decryptor.decrypt_padded::<Pkcs7>(&mut buffer).ok()?.len();
    buffer.truncate(len);
    Some(buffer)
}
