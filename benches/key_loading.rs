//! The text of a key file to a key that signs, by `LocalSigner`, and by `pem` and `ring` alone.

#[expect(dead_code, reason = "keys are made here")]
mod keys;

use std::error::Error;
use std::fs;
use std::hint::black_box;

use criterion::{Criterion, Throughput};
use jwt_bearer::LocalSigner;
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};

const KEYS: [(&str, &str); 6] = [
    ("RSA-2048", "rsa.pem"),
    ("RSA-3072", "rsa-3072.pem"),
    ("RSA-4096", "rsa-4096.pem"),
    ("P-256", "p256.pem"),
    ("P-384", "p384.pem"),
    ("Ed25519", "ed25519.pem"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    for (name, file) in KEYS {
        let text = fs::read_to_string(keys::path(file))?;
        // Unlike measurements would be compared in silence.
        LocalSigner::from_pem(&text)?;
        assert!(loads(name, &text), "{name}");
        let mut group = criterion.benchmark_group(format!("key_loading/{name}"));
        group.throughput(Throughput::Elements(1));
        group.bench_function("ring", |bencher| {
            bencher.iter(|| loads(name, black_box(&text)));
        });
        group.bench_function("from_pem", |bencher| {
            bencher.iter(|| LocalSigner::from_pem(black_box(&text)));
        });
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}

/// Whether `ring` takes the key, which is PKCS#8 in PEM.
fn loads(name: &str, text: &str) -> bool {
    let Ok(pem) = pem::parse(text) else {
        return false;
    };
    let der = pem.contents();
    let random = SystemRandom::new();
    match name {
        "P-256" => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random).is_ok(),
        "P-384" => EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, der, &random).is_ok(),
        "Ed25519" => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).is_ok(),
        _ => rsa::KeyPair::from_pkcs8(der).is_ok(),
    }
}
