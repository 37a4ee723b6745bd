//! Files that no program writes.

pub(crate) const INTEGER: u8 = 2;
pub(crate) const OCTETS: u8 = 4;
pub(crate) const OID: u8 = 6;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const BMP_STRING: u8 = 0x1e;
pub(crate) const SET: u8 = 0x31;
pub(crate) const CONTEXT: u8 = 0xa0;

pub(crate) const PBES2: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
pub(crate) const PBKDF2: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
pub(crate) const SCRYPT: [u8; 9] = [0x2b, 6, 1, 4, 1, 0xda, 0x47, 4, 11];
pub(crate) const AES_256_CBC: [u8; 9] = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42];

pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let [_, top, high, low] = (value.len() as u32).to_be_bytes();
    let length = match value.len() {
        0..128 => vec![low],
        128..256 => vec![0x81, low],
        256..65536 => vec![0x82, high, low],
        _ => vec![0x83, top, high, low],
    };
    [&[tag][..], &length, &value].concat()
}

pub(crate) fn integer(number: u128) -> Vec<u8> {
    let octets = number.to_be_bytes();
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    tlv(
        INTEGER,
        &[&[0], &octets[zeros..]][usize::from(zeros < 16 && octets[zeros] < 128)..],
    )
}

pub(crate) fn encrypted(kdf: &[u8], salt: usize, numbers: &[u128]) -> Vec<u8> {
    let numbers: Vec<u8> = numbers.iter().copied().flat_map(integer).collect();
    let parameters = tlv(SEQUENCE, &[&tlv(OCTETS, &[&vec![7; salt]]), &numbers]);
    let kdf = tlv(SEQUENCE, &[&tlv(OID, &[kdf]), &parameters]);
    let cipher = tlv(
        SEQUENCE,
        &[&tlv(OID, &[&AES_256_CBC]), &tlv(OCTETS, &[&[7; 16]])],
    );
    let scheme = tlv(
        SEQUENCE,
        &[&tlv(OID, &[&PBES2]), &tlv(SEQUENCE, &[&kdf, &cipher])],
    );
    tlv(SEQUENCE, &[&scheme, &tlv(OCTETS, &[&[7; 32]])])
}

/// A PKCS#12 store without encryption, around these bags; with a MAC of so many iterations, if any.
pub(crate) fn pkcs12(bags: &[u8], iterations: Option<u128>) -> Vec<u8> {
    let data = tlv(OID, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1]]);
    let content = |octets: &[u8]| {
        tlv(
            SEQUENCE,
            &[&data, &tlv(CONTEXT, &[&tlv(OCTETS, &[octets])])],
        )
    };
    let safes = tlv(SEQUENCE, &[&content(&tlv(SEQUENCE, &[bags]))]);
    let sha1 = tlv(SEQUENCE, &[&tlv(OID, &[&[0x2b, 14, 3, 2, 26]])]);
    let mac = iterations.map(|count| {
        let info = tlv(SEQUENCE, &[&sha1, &tlv(OCTETS, &[&[7; 20]])]);
        tlv(
            SEQUENCE,
            &[&info, &tlv(OCTETS, &[&[7; 8]]), &integer(count)],
        )
    });
    let mac = mac.unwrap_or_default();
    tlv(SEQUENCE, &[&integer(3), &content(&safes), &mac])
}

pub(crate) fn key_bag(key: &[u8]) -> Vec<u8> {
    let oid: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 2];
    tlv(SEQUENCE, &[&tlv(OID, &[oid]), &tlv(CONTEXT, &[key])])
}

/// The last octet of the object identifiers of a key bag that is encrypted, and of a certificate bag.
pub(crate) const KEY: u8 = 2;
pub(crate) const CERTIFICATE: u8 = 3;

/// A bag of PKCS#12 with a name and a local key id.
pub(crate) fn bag(kind: u8, content: &[u8], name: &[u8], id: &[u8]) -> Vec<u8> {
    let oid: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, kind];
    let x509: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1];
    let certificate = || {
        let octets = tlv(CONTEXT, &[&tlv(OCTETS, &[content])]);
        tlv(SEQUENCE, &[&tlv(OID, &[x509]), &octets])
    };
    let content = match kind {
        CERTIFICATE => certificate(),
        _ => content.to_vec(),
    };
    let attribute = |last: u8, value: &[u8]| {
        let oid = tlv(OID, &[&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, last]]);
        tlv(SEQUENCE, &[&oid, &tlv(SET, &[value])])
    };
    let mut attributes = attribute(21, &tlv(OCTETS, &[id]));
    if !name.is_empty() {
        attributes.extend(attribute(20, &tlv(BMP_STRING, &[name])));
    }
    tlv(
        SEQUENCE,
        &[
            &tlv(OID, &[oid]),
            &tlv(CONTEXT, &[&content]),
            &tlv(SET, &[&attributes]),
        ],
    )
}

/// A Java keystore of `keys` entries, each with so many certificates behind it.
pub(crate) fn jks(
    version: u8,
    keys: usize,
    alias: &[u8],
    certificates: usize,
    certificate: &[u8],
) -> Vec<u8> {
    let number = |number: usize| (number as u32).to_be_bytes();
    let alias = [&(alias.len() as u16).to_be_bytes()[..], alias].concat();
    let mut chain = Vec::new();
    for _ in 0..certificates {
        if version == 2 {
            chain.extend([0, 1, b'x']);
        }
        chain.extend(number(certificate.len()));
        chain.extend(certificate);
    }
    let head = [&number(1)[..], &alias, &[0; 8], &number(0)].concat();
    let entry = [&head[..], &number(certificates), &chain].concat();
    let magic = [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, version];
    [&magic[..], &number(keys), &entry.repeat(keys), &[7; 20]].concat()
}
