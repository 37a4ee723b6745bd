//! The text of a key file to a key that signs, by `LocalSigner`, and by `pem` and `ring` alone.

#[expect(dead_code, reason = "keys are loaded here")]
mod keys;

use std::error::Error;
use std::hint::black_box;

use criterion::{Criterion, Throughput};
use jwt_bearer::LocalSigner;
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};

const KINDS: [&str; 6] = [
    "RSA-2048", "RSA-3072", "RSA-4096", "P-256", "P-384", "Ed25519",
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    for name in KINDS {
        let text = keys::make(name)?.to_pkcs8_pem()?;
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
