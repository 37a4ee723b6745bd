use der::asn1::ObjectIdentifier;

const ALGORITHMS: [(&str, &str); 7] = [
    ("1.2.840.113549.1.1.10", "an RSA key restricted to PSS"),
    ("1.2.840.10040.4.1", "a DSA key"),
    ("1.2.840.113549.1.3.1", "a Diffie-Hellman key"),
    ("1.3.101.110", "an X25519 key (it cannot sign)"),
    ("1.3.101.111", "an X448 key (it cannot sign)"),
    ("1.3.101.113", "an Ed448 key"),
    ("1.2.156.10197.1.301", "an SM2 key"),
];
const CURVES: [(&str, &str); 7] = [
    ("1.3.132.0.35", "P-521"),
    ("1.3.132.0.10", "secp256k1 (not P-256)"),
    ("1.3.132.0.33", "P-224"),
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"),
];
const ENCRYPTIONS: [(&str, &str); 16] = [
    ("1.2.840.113549.1.5.1", "PBES1 (MD2 and DES)"),
    ("1.2.840.113549.1.5.4", "PBES1 (MD2 and RC2)"),
    ("1.2.840.113549.1.5.6", "PBES1 (MD5 and RC2)"),
    ("1.2.840.113549.1.5.11", "PBES1 (SHA-1 and RC2)"),
    ("1.2.840.113549.1.12.1.1", "a PKCS#12 scheme (RC4-128)"),
    ("1.2.840.113549.1.12.1.2", "a PKCS#12 scheme (RC4-40)"),
    ("1.2.840.113549.2.6", "PBES2 (HMAC-MD5)"),
    ("1.2.840.113549.2.12", "PBES2 (HMAC-SHA512/224)"),
    ("1.2.840.113549.2.13", "PBES2 (HMAC-SHA512/256)"),
    ("1.3.14.3.2.7", "PBES2 (DES)"),
    ("1.2.840.113549.3.2", "PBES2 (RC2)"),
    ("1.3.6.1.4.1.3029.1.2", "PBES2 (Blowfish)"),
    ("1.2.392.200011.61.1.1.1.2", "PBES2 (Camellia-128)"),
    ("1.2.392.200011.61.1.1.1.4", "PBES2 (Camellia-256)"),
    ("1.2.410.200046.1.1.2", "PBES2 (ARIA-128)"),
    ("1.2.410.200046.1.1.12", "PBES2 (ARIA-256)"),
];

/// What to call a key of an algorithm that is not read.
pub(crate) fn algorithm(oid: ObjectIdentifier) -> String {
    look_up(&ALGORITHMS, oid).map_or_else(|| format!("a key of the algorithm {oid}"), Into::into)
}

/// What to call an EC key on a curve that is not read.
pub(crate) fn curve(oid: ObjectIdentifier) -> String {
    look_up(&CURVES, oid).map_or_else(
        || format!("an EC key on the curve {oid}"),
        |name| format!("an EC key on the curve {name}"),
    )
}

/// What to call an encryption that is not read.
pub(crate) fn encryption(oid: ObjectIdentifier) -> String {
    look_up(&ENCRYPTIONS, oid).map_or_else(|| format!("the scheme {oid}"), Into::into)
}

fn look_up(names: &[(&str, &'static str)], oid: ObjectIdentifier) -> Option<&'static str> {
    let oid = oid.to_string();
    names
        .iter()
        .find(|(dotted, _)| *dotted == oid)
        .map(|(_, name)| *name)
}
