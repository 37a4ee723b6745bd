use std::fmt;

use crate::{KeyFileErrorKind, pkcs12};

/// What the caller wants from a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    PrivateKey,
    PublicKey,
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PrivateKey => "a private key in PEM or DER",
            Self::PublicKey => "a public key or a certificate in PEM or DER",
        })
    }
}

/// What a file, or a block of one, can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    // Private keys that are read.
    Pkcs8,
    EncryptedPkcs8,
    Pkcs1,
    Sec1,
    // Public keys that are read.
    Spki,
    Pkcs1Public,
    Certificate,
    // Private keys in other clothes.
    Traditional,
    Pkcs12Ber,
    Bcfks,
    OpenSsh,
    Putty,
    DsaPrivate,
    Pkcs12,
    Jks,
    Jceks,
    Jwk,
    BoxConfig,
    ServiceAccount,
    // Everything else.
    Request,
    Pkcs7,
    Parameters,
    OpenSshPublic,
    Pgp,
    Json,
    Jwt,
    Html,
    Utf16,
    Empty,
    Text,
    OtherDer,
    Binary,
    /// Blocks, whatever is in them.
    Pem,
}

impl Form {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pkcs8 | Self::EncryptedPkcs8 | Self::Pkcs1 | Self::Sec1 => "a private key",
            Self::Spki | Self::Pkcs1Public => "a public key",
            Self::Certificate => "an X.509 certificate",
            Self::Traditional => {
                "a private key encrypted in OpenSSL's old way (`Proc-Type: 4,ENCRYPTED`)"
            }
            Self::OpenSsh => "an OpenSSH private key",
            Self::Putty => "a PuTTY private key",
            Self::DsaPrivate => "a DSA private key",
            Self::Pkcs12 => "a PKCS#12 store",
            Self::Pkcs12Ber => "a PKCS#12 store of NSS or Bouncy Castle, in BER",
            Self::Bcfks => "a Bouncy Castle keystore (BCFKS)",
            Self::Jks => "a Java keystore (JKS)",
            Self::Jceks => "a Java keystore (JCEKS)",
            Self::Jwk => "a JSON Web Key",
            Self::BoxConfig => "a Box configuration file",
            Self::ServiceAccount => "a Google service account file",
            Self::Request => "a certificate request",
            Self::Pkcs7 => "a PKCS#7 bundle",
            Self::Parameters => "parameters without a key",
            Self::OpenSshPublic => "an OpenSSH public key",
            Self::Pgp => "a PGP block",
            Self::Json => "a JSON file",
            Self::Jwt => "a JWT",
            Self::Html => "an HTML page",
            Self::Utf16 => "UTF-16 text",
            Self::Empty => "an empty file",
            Self::Text => "text that is neither PEM nor base64",
            Self::OtherDer => "DER that is no key",
            Self::Binary => "bytes of no known form",
            Self::Pem => "PEM",
        }
    }

    pub(crate) const fn error_kind(self, wanted: Wanted) -> KeyFileErrorKind {
        match (wanted, self) {
            (
                Wanted::PrivateKey,
                Self::Traditional
                | Self::OpenSsh
                | Self::Putty
                | Self::DsaPrivate
                | Self::Pkcs12Ber
                | Self::Jceks
                | Self::Bcfks,
            )
            | (Wanted::PublicKey, Self::OpenSshPublic | Self::Jwk) => KeyFileErrorKind::Unsupported,
            (Wanted::PrivateKey, _) => KeyFileErrorKind::NotAPrivateKey,
            (Wanted::PublicKey, _) => KeyFileErrorKind::NotAPublicKey,
        }
    }

    /// What to do, with a command where one mends it.
    pub(crate) const fn remedy(self, wanted: Wanted) -> &'static str {
        match wanted {
            Wanted::PrivateKey => self.remedy_for_private(),
            Wanted::PublicKey => self.remedy_for_public(),
        }
    }

    const fn remedy_for_private(self) -> &'static str {
        match self {
            Self::OpenSsh => {
                // It leaves an Ed25519 key as it is, and calls that a success.
                "`ssh-keygen -p -m PKCS8 -f FILE` rewrites it in place if it is RSA or ECDSA; in place of Ed25519 \
                 make a new key"
            }
            Self::Putty => "`puttygen FILE -O private-openssh -o NEW` converts it",
            Self::DsaPrivate => "JWTs are not signed with DSA; make an RSA, EC or Ed25519 key",
            Self::Pkcs12Ber => pkcs12::WRITE_PEM,
            Self::Jceks => {
                "`keytool -importkeystore -srckeystore FILE -srcstoretype JCEKS -destkeystore NEW.p12 -deststoretype \
                 PKCS12` converts it"
            }
            Self::Bcfks => {
                "`keytool -importkeystore -srckeystore FILE -srcstoretype BCFKS -providerpath bc-fips.jar \
                 -providerclass org.bouncycastle.jcajce.provider.BouncyCastleFipsProvider -destkeystore NEW.p12 \
                 -deststoretype PKCS12` converts it"
            }
            Self::Pkcs12 | Self::Jks => "name the keystore that has the private key too",
            Self::Jwk => "its private members are missing; name the file of the private key",
            Self::BoxConfig => "`appAuth.privateKey` is missing; name the file of the private key",
            Self::ServiceAccount => "`private_key` is missing; download the file anew",
            Self::Parameters => {
                "make the key too: `jwt-bearer key generate --type p-256 --out NEW`"
            }
            Self::Pgp => "PGP keys do not sign JWTs; make an RSA, EC or Ed25519 key",
            Self::Jwt => "a JWT is made with a key, and holds none; name the file of the key",
            Self::Pkcs8
            | Self::EncryptedPkcs8
            | Self::Pkcs1
            | Self::Sec1
            | Self::Traditional
            | Self::Spki
            | Self::Pkcs1Public
            | Self::Certificate
            | Self::Request
            | Self::Pkcs7
            | Self::OpenSshPublic => "name the file of the private key that belongs to it",
            Self::Json
            | Self::Html
            | Self::Utf16
            | Self::Empty
            | Self::Text
            | Self::OtherDer
            | Self::Binary
            | Self::Pem => self.remedy_for_both(),
        }
    }

    const fn remedy_for_public(self) -> &'static str {
        match self {
            Self::Request => {
                "`openssl req -in FILE -noout -pubkey -out NEW` takes the key out \
                 (with `-inform DER` from DER)"
            }
            Self::Pkcs7 => {
                "`openssl pkcs7 -in FILE -print_certs -out NEW` takes the certificates out \
                 (with `-inform DER` from DER)"
            }
            Self::OpenSshPublic => {
                "`ssh-keygen -e -m PKCS8 -f FILE > NEW` converts it, unless it is Ed25519"
            }
            Self::OpenSsh => {
                "`ssh-keygen -e -m PKCS8 -f FILE > NEW` writes the public key, unless it is Ed25519"
            }
            Self::Pkcs12 | Self::Pkcs12Ber => {
                "`openssl pkcs12 -in FILE -nokeys -clcerts -out NEW` takes the certificate out"
            }
            Self::Jks | Self::Jceks | Self::Bcfks => {
                "`keytool -exportcert -rfc -keystore FILE -alias ALIAS -file NEW` takes the \
                 certificate out"
            }
            Self::Pkcs8 | Self::EncryptedPkcs8 | Self::Pkcs1 | Self::Sec1 | Self::Traditional => {
                "`jwt-bearer key public --key FILE --out NEW` writes the public key; keep the private one to yourself"
            }
            Self::DsaPrivate => "JWTs are not signed with DSA; name another key",
            Self::Putty => {
                "`puttygen FILE -O public-openssh -o NEW.pub`, then \
                 `ssh-keygen -e -m PKCS8 -f NEW.pub > NEW` writes the public key"
            }
            Self::Jwk => {
                "if it is a private one, `jwt-bearer key public --key FILE --out NEW` writes the public key as PEM"
            }
            Self::Jwt => "a JWT holds no key; name the file of the key",
            Self::BoxConfig | Self::ServiceAccount => {
                "it holds a private key, whose public key `jwt-bearer key public --key FILE --out NEW` writes"
            }
            Self::Parameters => "name the file of the key",
            Self::Pgp => "PGP keys do not verify JWTs; name the file of another key",
            Self::Spki | Self::Pkcs1Public | Self::Certificate => "name the file of the key",
            Self::Json
            | Self::Html
            | Self::Utf16
            | Self::Empty
            | Self::Text
            | Self::OtherDer
            | Self::Binary
            | Self::Pem => self.remedy_for_both(),
        }
    }

    const fn remedy_for_both(self) -> &'static str {
        match self {
            Self::Html => "a download went wrong; fetch the file again",
            Self::Utf16 => "`iconv -f UTF-16 -t UTF-8 FILE > NEW` makes it readable",
            Self::Empty => "what should have written it has failed; make the file again",
            Self::Json => "keep the key in a file of its own, as PEM",
            _ => "name another file; PEM begins with `-----BEGIN`",
        }
    }
}
