//! What is no usable private or public key is named, with what to do, in these very words.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(test)]
mod common;

use common::{file, text};
use jwt_bearer_keyfile::{KeyFileErrorKind as Kind, PrivateKey, read_public_key};

/// What is said of a private key of another kind than those that sign here.
fn other_key(name: &str) -> String {
    format!(
        "found {name}, expected RSA of 2048, 3072 or 4096 bits, EC on P-256 or P-384, or Ed25519: make a new key, for \
         example with `jwt-bearer key generate --out NEW`"
    )
}

fn other_encryption(name: &str) -> String {
    format!(
        "found a private key encrypted with {name}, expected PBES2 with AES or 3DES: `openssl pkcs8 -topk8 -provider \
         legacy -provider default -in FILE -out NEW` encrypts it anew"
    )
}

#[track_caller]
fn private(input: &[u8], kind: Kind, expected: &str) {
    let error = PrivateKey::read(input, Some(b"secret")).unwrap_err();
    assert_eq!((error.to_string().as_str(), error.kind()), (expected, kind));
    assert!(!error.is_retryable());
}

#[track_caller]
fn public(input: &[u8], kind: Kind, expected: &str) {
    let error = read_public_key(input).unwrap_err();
    assert_eq!((error.to_string().as_str(), error.kind()), (expected, kind));
}

#[test]
fn sound_keys_of_other_kinds() {
    let cases = [
        ("refused-rsa-1024.pem", "an RSA key of 1024 bits"),
        ("refused-rsa-2050.pem", "an RSA key of 2050 bits"),
        ("refused-rsa-8192.pem", "an RSA key of 8192 bits"),
        (
            "refused-rsa-e3.pem",
            "an RSA key with the public exponent 3",
        ),
        (
            "refused-rsa-e257.pem",
            "an RSA key with a public exponent below 65537 or above 33 bits",
        ),
        (
            "refused-rsa-3-primes.pem",
            "an RSA key with more than two primes",
        ),
        ("refused-rsa-pss.pem", "an RSA key restricted to PSS"),
        ("refused-p521.pem", "an EC key on the curve P-521"),
        (
            "refused-secp256k1.pem",
            "an EC key on the curve secp256k1 (not P-256)",
        ),
        (
            "refused-brainpool.pem",
            "an EC key on the curve 1.3.36.3.3.2.8.1.1.8",
        ),
        ("refused-ed448.pem", "an Ed448 key"),
        ("refused-x25519.pem", "an X25519 key (it cannot sign)"),
        ("refused-dsa.pem", "a DSA key"),
    ];
    for (name, found) in cases {
        private(&file(name), Kind::Unsupported, &other_key(found));
    }
    for name in ["refused-explicit.pem", "refused-explicit-pkcs8.pem"] {
        private(
            &file(name),
            Kind::Unsupported,
            "found an EC key with explicit curve parameters, expected the name of the curve: `openssl pkey -in FILE \
             -ec_param_enc named_curve -out NEW` writes it",
        );
    }
}

#[test]
fn other_encryptions() {
    let cases = [
        ("encrypted-md5-rc2.pem", "PBES1 (MD5 and RC2)"),
        ("encrypted-rc2.pem", "PBES2 (RC2)"),
        ("encrypted-aria.pem", "PBES2 (ARIA-128)"),
        ("encrypted-sha512-256.pem", "PBES2 (HMAC-SHA512/256)"),
    ];
    for (name, found) in cases {
        private(&file(name), Kind::Unsupported, &other_encryption(found));
    }
}

#[test]
fn private_keys_in_other_clothes() {
    let cases = [
        (
            "encrypted-traditional-camellia.pem",
            "found a private key encrypted in OpenSSL's old way with CAMELLIA-128-CBC, expected AES or 3DES in CBC \
             mode: `openssl pkcs8 -topk8 -in FILE -out NEW` encrypts it anew",
        ),
        (
            "openssh",
            "found an OpenSSH private key, expected a private key in PEM or DER: `ssh-keygen -p -m PKCS8 -f FILE` \
             rewrites it in place if it is RSA or ECDSA; in place of Ed25519 make a new key",
        ),
        (
            "p256-nss.p12",
            "found a PKCS#12 store of NSS or Bouncy Castle, in BER, expected a private key in PEM or DER: `openssl \
             pkcs12 -provider legacy -provider default -in FILE -out NEW` writes it as PEM",
        ),
        (
            "keystore.jceks",
            "found a Java keystore (JCEKS), expected a private key in PEM or DER: `keytool -importkeystore \
             -srckeystore FILE -srcstoretype JCEKS -destkeystore NEW.p12 -deststoretype PKCS12` converts it",
        ),
        (
            "refused-dsa-traditional.pem",
            "found a DSA private key, expected a private key in PEM or DER: JWTs are not signed with DSA; make an RSA, \
             EC or Ed25519 key",
        ),
    ];
    for (name, expected) in cases {
        private(&file(name), Kind::Unsupported, expected);
    }
    private(
        b"PuTTY-User-Key-File-3: ssh-rsa\r\nEncryption: none\r\n",
        Kind::Unsupported,
        "found a PuTTY private key, expected a private key in PEM or DER: `puttygen FILE -O private-openssh -o NEW` \
         converts it",
    );
    private(
        base64(&file("p256-nss.p12")).as_bytes(),
        Kind::Unsupported,
        cases[2].1,
    );
    // `ObjectStore` as Bouncy Castle writes it.
    private(
        b"\x30\x0f\x30\x05\x30\x00\x04\x01\x00\x30\x06\x30\x00\x30\x00\x04\x00",
        Kind::Unsupported,
        "found a Bouncy Castle keystore (BCFKS), expected a private key in PEM or DER: `keytool -importkeystore \
         -srckeystore FILE -srcstoretype BCFKS -providerpath bc-fips.jar -providerclass \
         org.bouncycastle.jcajce.provider.BouncyCastleFipsProvider -destkeystore NEW.p12 -deststoretype PKCS12` \
         converts it",
    );
}

#[test]
fn files_without_a_private_key() {
    let belongs = "name the file of the private key that belongs to it";
    let another = "name another file; PEM begins with `-----BEGIN`";
    let certificate = "an X.509 certificate";
    let jwt = b"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl";
    let utf16: Vec<u8> = text("p256.pem")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let utf16_be: Vec<u8> = text("p256.pem")
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let utf16_text = "`iconv -f UTF-16 -t UTF-8 FILE > NEW` makes it readable";
    let box_config = br#"{"boxAppSettings": {"appAuth": {"privateKey": ""}}}"#;
    let google = br#"{"type": "service_account", "private_key": null}"#;
    let store = "name the keystore that has the private key too";
    let cases: [(Vec<u8>, &str, &str); 33] = [
        (file("certificate.p12"), "a PKCS#12 store", store),
        (file("certificate.jks"), "a Java keystore (JKS)", store),
        (
            br#"{"kty": "EC", "crv": "P-256", "x": "", "y": ""}"#.into(),
            "a JSON Web Key",
            "its private members are missing; name the file of the private key",
        ),
        (file("rsa-certificate.pem"), certificate, belongs),
        (file("rsa-certificate.der"), certificate, belongs),
        (
            base64(&file("rsa-certificate.der")).into(),
            certificate,
            belongs,
        ),
        (file("rsa-public.pem"), "a public key", belongs),
        (file("p256-public.der"), "a public key", belongs),
        (file("rsa-public-pkcs1.pem"), "a public key", belongs),
        (file("p256-request.pem"), "a certificate request", belongs),
        (file("p256-request.der"), "a certificate request", belongs),
        (file("p256-pkcs7.pem"), "a PKCS#7 bundle", belongs),
        (file("openssh.pub"), "an OpenSSH public key", belongs),
        (
            pem("EC PARAMETERS", "BggqhkjOPQMBBw=="),
            "parameters without a key",
            "make the key too: `jwt-bearer key generate --type p-256 --out NEW`",
        ),
        (
            pem("PGP PRIVATE KEY BLOCK", "\nlQ\n=abcd"),
            "a PGP block",
            "PGP keys do not sign JWTs; make an RSA, EC or Ed25519 key",
        ),
        (
            pem("X509 CRL", "MA=="),
            "PEM of `X509 CRL`",
            "name another file",
        ),
        (
            box_config.into(),
            "a Box configuration file",
            "`appAuth.privateKey` is missing; name the file of the private key",
        ),
        (
            google.into(),
            "a Google service account file",
            "`private_key` is missing; download the file anew",
        ),
        (
            b"{\"a\": 1}".into(),
            "a JSON file",
            "keep the key in a file of its own, as PEM",
        ),
        (
            jwt.into(),
            "a JWT",
            "a JWT is made with a key, and holds none; name the file of the key",
        ),
        (
            b"<!DOCTYPE html>\n<html>".into(),
            "an HTML page",
            "a download went wrong; fetch the file again",
        ),
        (
            b"\n<HTML>".into(),
            "an HTML page",
            "a download went wrong; fetch the file again",
        ),
        (
            [&[0xff, 0xfe][..], &utf16].concat(),
            "UTF-16 text",
            utf16_text,
        ),
        (
            [&[0xfe, 0xff][..], &utf16_be].concat(),
            "UTF-16 text",
            utf16_text,
        ),
        (utf16, "UTF-16 text", utf16_text),
        (utf16_be, "UTF-16 text", utf16_text),
        (
            b"".into(),
            "an empty file",
            "what should have written it has failed; make the file again",
        ),
        (
            b"\xef\xbb\xbf \r\n".into(),
            "an empty file",
            "what should have written it has failed; make the file again",
        ),
        (
            b"\"\"".into(),
            "an empty file",
            "what should have written it has failed; make the file again",
        ),
        (
            b"hunter2".into(),
            "text that is neither PEM nor base64",
            another,
        ),
        (
            b"/etc/keys/box.pem\n".into(),
            "text that is neither PEM nor base64",
            another,
        ),
        (
            b"\x30\x03\x02\x01\x00".into(),
            "DER that is no key",
            another,
        ),
        (
            b"\x7fELF\x02\x01\x01\x00".into(),
            "bytes of no known form",
            another,
        ),
    ];
    for (input, found, remedy) in cases {
        let expected = format!("found {found}, expected a private key in PEM or DER: {remedy}");
        private(&input, Kind::NotAPrivateKey, &expected);
    }
}

#[test]
fn several_keys() {
    let three = format!(
        "{}{}{}",
        text("p256.pem"),
        text("p256-certificate.pem"),
        text("rsa-traditional.pem")
    );
    private(
        three.as_bytes(),
        Kind::SeveralKeys,
        "found 2 keys in one file, expected a private key in PEM or DER: keep each in a file of its own",
    );
    let two = format!("{}{}", text("p256-public.pem"), text("rsa-public.pem"));
    public(
        two.as_bytes(),
        Kind::SeveralKeys,
        "found 2 keys in one file, expected a public key or a certificate in PEM or DER: keep each in a file of its own",
    );
}

#[test]
fn damaged_files() {
    let pem = text("p256-traditional.pem");
    let lines: Vec<_> = pem.lines().collect();
    let der = file("p256.der");
    let (scalar, point) = (36, der.len() - 1);
    let flipped = |at: usize| {
        let mut der = der.clone();
        der[at] ^= 1;
        der
    };
    let no_end = "the PEM of `EC PRIVATE KEY` has no END line, so the file is cut off; take a fresh copy of it";
    let base64 = "the base64 between BEGIN and END of `EC PRIVATE KEY` is damaged or cut off; take a fresh copy of the \
                  file";
    let cut = "the file is cut off, or its DER is damaged; take a fresh copy of it";
    let begin = "the BEGIN line of the PEM is damaged; it has a label between five dashes on each side, as in \
                 `-----BEGIN PRIVATE KEY-----`";
    let mismatch = "the public point in the EC key does not belong to its private number; take a fresh copy of the file";
    let other_end = "the PEM begins as `EC PRIVATE KEY` and ends as something else; take a fresh copy of the file";
    let trailing = "there is something after the end of the DER; take a fresh copy of the file";
    let cases: [(Vec<u8>, &str); 12] = [
        (lines[..2].join("\n").into(), no_end),
        (format!("{}\n{pem}", lines[0]).into(), no_end),
        (pem.replace("END EC", "END RSA").into(), other_end),
        (pem.replacen("MH", "M*", 1).into(), base64),
        (
            pem.replacen("MHcCAQ", "MHcC", 1)
                .replacen("==", "=", 1)
                .into(),
            base64,
        ),
        ([lines[0], lines[1], lines[4]].join("\n").into(), cut),
        (der[..100].into(), cut),
        ([&der[..], b"\n"].concat(), trailing),
        (flipped(scalar), mismatch),
        (flipped(point), mismatch),
        (
            b"-----BEGIN PRIVATE KEYMIIEvQ-----END PRIVATE KEY-----".into(),
            begin,
        ),
        (b"-----BEGIN ".into(), begin),
    ];
    for (input, expected) in cases {
        private(&input, Kind::Malformed, expected);
    }
}

#[test]
fn passphrases() {
    let error = PrivateKey::read(&file("rsa-aes256.pem"), None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "found an encrypted private key and no passphrase: give the passphrase that it was encrypted with"
    );
    let error = PrivateKey::read(&file("rsa-aes256.pem"), Some(b"wrong")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the passphrase does not decrypt the private key: it is the wrong one, or the file is damaged"
    );
}

#[test]
fn a_private_key_where_a_public_one_is_wanted() {
    let expected = "found a private key, expected a public key or a certificate in PEM or DER: `jwt-bearer key \
                    public --key FILE --out NEW` writes the public key; keep the private one to yourself";
    for name in [
        "rsa.pem",
        "rsa.der",
        "rsa-traditional.pem",
        "rsa-traditional.der",
        "p256-two-blocks.pem",
        "p256-traditional.der",
        "rsa-aes256.pem",
        "rsa-aes256.der",
        "refused-rsa-1024.pem",
    ] {
        public(&file(name), Kind::NotAPublicKey, expected);
    }
    // The file names a certificate, and holds a private key.
    let relabelled = text("p256.pem").replace("PRIVATE KEY", "CERTIFICATE");
    public(relabelled.as_bytes(), Kind::NotAPublicKey, expected);
}

#[test]
fn files_without_a_public_key() {
    let cases = [
        (
            "p256-request.pem",
            Kind::NotAPublicKey,
            "a certificate request",
            "`openssl req -in FILE -noout -pubkey -out NEW` takes the key out (with `-inform DER` from DER)",
        ),
        (
            "p256-pkcs7.pem",
            Kind::NotAPublicKey,
            "a PKCS#7 bundle",
            "`openssl pkcs7 -in FILE -print_certs -out NEW` takes the certificates out (with `-inform DER` from DER)",
        ),
        (
            "p256.p12",
            Kind::NotAPublicKey,
            "a PKCS#12 store",
            "`openssl pkcs12 -in FILE -nokeys -clcerts -out NEW` takes the certificate out",
        ),
        (
            "keystore.jks",
            Kind::NotAPublicKey,
            "a Java keystore (JKS)",
            "`keytool -exportcert -rfc -keystore FILE -alias ALIAS -file NEW` takes the certificate out",
        ),
        (
            "openssh.pub",
            Kind::Unsupported,
            "an OpenSSH public key",
            "`ssh-keygen -e -m PKCS8 -f FILE > NEW` converts it, unless it is Ed25519",
        ),
        (
            "openssh",
            Kind::NotAPublicKey,
            "an OpenSSH private key",
            "`ssh-keygen -e -m PKCS8 -f FILE > NEW` writes the public key, unless it is Ed25519",
        ),
    ];
    for (name, kind, found, remedy) in cases {
        let expected = format!(
            "found {found}, expected a public key or a certificate in PEM or DER: {remedy}"
        );
        public(&file(name), kind, &expected);
    }
    public(
        b"",
        Kind::NotAPublicKey,
        "found an empty file, expected a public key or a certificate in PEM or DER: what should have written it has \
         failed; make the file again",
    );
    public(
        &pem(
            "PUBLIC KEY",
            "MCowBQYDK2VuAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
        Kind::Unsupported,
        "the public key cannot be read: an X25519 key, which cannot sign",
    );
}

fn pem(label: &str, body: &str) -> Vec<u8> {
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n").into()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
