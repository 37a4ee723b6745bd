//! A signature by `ring` alone, by `LocalSigner`, and by the trait; where there are emulators, by AWS KMS and by a token
//! too; or by the key that `JWT_BEARER_BENCH_KEY` names.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a benchmark is a program of its own"
)]

#[path = "../keys/mod.rs"]
mod keys;
#[cfg(feature = "aws-kms")]
#[path = "../kms/mod.rs"]
mod kms;
#[cfg(feature = "piv")]
#[path = "../piv/mod.rs"]
mod piv;
mod your_key;

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use jwt_bearer::{Algorithm, Signer};
use tokio::runtime::{Builder, Runtime};

use crate::keys::Key;

const KEYS: [(&str, &str, Algorithm); 11] = [
    ("RS256, 2048 bits", "RSA-2048", Algorithm::Rs256),
    ("RS384, 2048 bits", "RSA-2048", Algorithm::Rs384),
    ("RS512, 2048 bits", "RSA-2048", Algorithm::Rs512),
    ("PS256, 2048 bits", "RSA-2048", Algorithm::Ps256),
    ("PS384, 2048 bits", "RSA-2048", Algorithm::Ps384),
    ("PS512, 2048 bits", "RSA-2048", Algorithm::Ps512),
    ("RS256, 3072 bits", "RSA-3072", Algorithm::Rs256),
    ("RS256, 4096 bits", "RSA-4096", Algorithm::Rs256),
    ("ES256", "P-256", Algorithm::Es256),
    ("ES384", "P-384", Algorithm::Es384),
    ("EdDSA", "Ed25519", Algorithm::EdDsa),
];

/// As long as the signing input of a usual assertion.
pub(crate) const MESSAGE: [u8; 300] = [b'a'; 300];

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    match std::env::var("JWT_BEARER_BENCH_KEY") {
        Ok(uri) => your_key::sign(&mut criterion, &runtime, &uri)?,
        Err(_) => {
            for (name, kind, algorithm) in KEYS {
                let key = Key::new(&keys::make(kind)?, Some(algorithm))?;
                sign(&mut criterion, &runtime, name, key)?;
            }
            #[cfg(feature = "aws-kms")]
            if let Some(key) = runtime.block_on(kms::KmsKey::make())? {
                let mut group = group(&mut criterion, "AWS KMS emulator");
                group.bench_function("AWS SDK", |bencher| {
                    bencher.to_async(&runtime).iter(|| async {
                        let called = key.call(black_box(&MESSAGE)).await;
                        called.expect("a signature");
                    });
                });
                dynamic(&mut group, "dyn Signer", &runtime, &key.signer);
                dynamic(&mut group, "verify(false)", &runtime, &key.unverified);
            }
            #[cfg(feature = "piv")]
            if let Some(key) = runtime.block_on(piv::PivSlot::make())? {
                let mut group = group(&mut criterion, "virtual PIV token");
                group.bench_function("APDU", |bencher| {
                    bencher.iter(|| key.exchange(black_box(&MESSAGE)).expect("a signature"));
                });
                dynamic(&mut group, "dyn Signer", &runtime, &key.signer);
            }
        }
    }
    criterion.final_summary();
    Ok(())
}

pub(crate) fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(format!("sign/{name}"));
    group.throughput(Throughput::Elements(1));
    group
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3));
    group
}

fn sign(
    criterion: &mut Criterion,
    runtime: &Runtime,
    name: &str,
    key: Key,
) -> Result<(), Box<dyn Error>> {
    let mut group = group(criterion, name);
    let mut octets = [0; 512];
    group.bench_function("ring", |bencher| {
        bencher.iter(|| {
            let len = key.bare.sign(black_box(&MESSAGE), &mut octets);
            len.expect("a signature")
        });
    });
    group.bench_function("sign_now", |bencher| {
        bencher.iter(|| {
            let signature = key.signer.sign_now(black_box(&MESSAGE));
            signature.expect("a signature")
        });
    });
    group.bench_function("Signer", |bencher| {
        bencher.to_async(runtime).iter(|| async {
            let signature = key.signer.sign(black_box(&MESSAGE)).await;
            signature.expect("a signature")
        });
    });
    let signer: Arc<dyn Signer> = Arc::new(key.signer);
    dynamic(&mut group, "dyn Signer", runtime, &*signer);
    Ok(())
}

/// By the trait. A benchmark of refusals would look fast.
fn dynamic(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    runtime: &Runtime,
    signer: &dyn Signer,
) {
    group.bench_function(name, |bencher| {
        bencher.to_async(runtime).iter(|| async {
            let signature = signer.sign(black_box(&MESSAGE)).await;
            signature.expect("a signature")
        });
    });
}
