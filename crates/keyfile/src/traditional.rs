//! OpenSSL's old encryption of PEM: `Proc-Type: 4,ENCRYPTED` and `DEK-Info`.

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use crate::cipher::Cipher;
use crate::encrypted::{passphrase_needed, wrong_passphrase};
use crate::{Encryption, KeyFileError, pem};

const DEK_INFO: &[u8] = b"DEK-Info:";
const CIPHERS: [(&str, Cipher); 5] = [
    ("AES-128-CBC", Cipher::Aes128),
    ("AES-192-CBC", Cipher::Aes192),
    ("AES-256-CBC", Cipher::Aes256),
    ("DES-CBC", Cipher::Des),
    ("DES-EDE3-CBC", Cipher::Des3),
];

/// A private key encrypted in this way.
#[derive(Clone, Debug)]
pub(crate) struct Traditional {
    cipher: Cipher,
    iv: Vec<u8>,
    ciphertext: Zeroizing<Vec<u8>>,
}

impl Traditional {
    /// Whether the body of a PEM block has these headers.
    pub(crate) fn is_in(body: &[u8]) -> bool {
        pem::find(body, b"4,ENCRYPTED").is_some()
    }

    /// Reads headers and base64, also where the ends of lines were lost.
    pub(crate) fn read(body: &[u8]) -> Result<Self, KeyFileError> {
        let damaged = || {
            KeyFileError::malformed(
                "the headers of the encrypted private key (`DEK-Info`) are damaged; take a fresh copy of the file",
            )
        };
        let start = pem::find(body, DEK_INFO).ok_or_else(damaged)?;
        let header = body[start + DEK_INFO.len()..].trim_ascii_start();
        let comma = header
            .iter()
            .take(32)
            .position(|byte| *byte == b',')
            .ok_or_else(damaged)?;
        let name = std::str::from_utf8(&header[..comma])
            .map_err(|_| damaged())?
            .trim();
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !name.bytes().all(is_name) {
            return Err(damaged());
        }
        let known = CIPHERS.iter().find(|(known, _)| *known == name);
        let &(_, cipher) = known.ok_or_else(|| unknown(name))?;
        let (hex, rest) = header[comma + 1..]
            .split_at_checked(2 * cipher.iv_len())
            .ok_or_else(damaged)?;
        let iv = hex.chunks(2).map(octet).collect::<Option<_>>();
        Ok(Self {
            cipher,
            iv: iv.ok_or_else(damaged)?,
            ciphertext: pem::base64(rest).ok_or_else(damaged)?,
        })
    }

    /// The DER of PKCS#1 or SEC1, if the passphrase is the right one; a wrong one can pass by chance.
    pub(crate) fn decrypt(
        &self,
        passphrase: Option<&[u8]>,
    ) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
        let passphrase = passphrase.ok_or_else(passphrase_needed)?;
        let key = derive_key(passphrase, &self.iv, self.cipher.key_len());
        self.cipher
            .decrypt(&key, &self.iv, &self.ciphertext)
            .ok_or_else(wrong_passphrase)
    }

    pub(crate) fn encryption(&self) -> Encryption {
        Encryption::weak(
            format!("OpenSSL's old way (`DEK-Info`) with {}", self.cipher.name()),
            "a single round of MD5 makes the key of the passphrase, so that many passphrases can be tried in little \
             time: `openssl pkcs8 -topk8 -in FILE -out NEW` encrypts it better",
        )
    }
}

/// OpenSSL's `EVP_BytesToKey` with MD5 and one round, salted with the first eight octets of the vector.
fn derive_key(passphrase: &[u8], iv: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(vec![0; len]);
    let mut block = Zeroizing::new([0; 16]);
    for (i, part) in key.chunks_mut(block.len()).enumerate() {
        let before: &[u8] = if i == 0 { &[] } else { &*block };
        *block = Md5::new()
            .chain_update(before)
            .chain_update(passphrase)
            .chain_update(&iv[..8])
            .finalize()
            .into();
        part.copy_from_slice(&block[..part.len()]);
    }
    key
}

fn octet(hex: &[u8]) -> Option<u8> {
    let [high, low] = *hex else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    Some((digit(high)? << 4 | digit(low)?) as u8)
}

fn unknown(name: &str) -> KeyFileError {
    KeyFileError::unsupported(format!(
        "found a private key encrypted in OpenSSL's old way with {name}, expected AES or 3DES in CBC mode: `openssl \
         pkcs8 -topk8 -in FILE -out NEW` encrypts it anew"
    ))
}
