//! A signature by `ring` alone, by `LocalSigner`, and by the trait.

mod keys;

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput};
use jwt_bearer::Signer;
use tokio::runtime::{Builder, Runtime};

use crate::keys::Key;

const KEYS: [(&str, &str); 6] = [
    ("RS256, 2048 bits", "rsa.pem"),
    ("RS256, 3072 bits", "rsa-3072.pem"),
    ("RS256, 4096 bits", "rsa-4096.pem"),
    ("ES256", "p256.pem"),
    ("ES384", "p384.pem"),
    ("EdDSA", "ed25519.pem"),
];

/// As long as the signing input of a usual assertion.
const MESSAGE: [u8; 300] = [b'a'; 300];

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let runtime = Builder::new_current_thread().build()?;
    for (name, file) in KEYS {
        sign(&mut criterion, &runtime, name, Key::read(file)?);
    }
    criterion.final_summary();
    Ok(())
}

fn sign(criterion: &mut Criterion, runtime: &Runtime, name: &str, key: Key) {
    let mut group = criterion.benchmark_group(format!("sign/{name}"));
    group.throughput(Throughput::Elements(1));
    let mut octets = [0; 512];
    group.bench_function("ring", |bencher| {
        bencher.iter(|| key.bare.sign(black_box(&MESSAGE), &mut octets));
    });
    group.bench_function("sign_now", |bencher| {
        bencher.iter(|| key.signer.sign_now(black_box(&MESSAGE)));
    });
    let signer: Arc<dyn Signer> = Arc::new(key.signer);
    group.bench_function("dyn Signer", |bencher| {
        bencher
            .to_async(runtime)
            .iter(|| signer.sign(black_box(&MESSAGE)));
    });
    group.finish();
}
