//! A signature by `ring` alone, by `LocalSigner`, and by the trait; or by the key that `JWT_BEARER_BENCH_KEY` names.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a benchmark is a program of its own"
)]

mod keys;

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use criterion::{Criterion, Throughput};
use jwt_bearer::{KeyUri, NoInteraction, Signer};
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

/// Signatures that are paid for end here, before they cost a cent or five.
const MOST: u32 = 3_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let runtime = Builder::new_current_thread().enable_all().build()?;
    match std::env::var("JWT_BEARER_BENCH_KEY") {
        Ok(uri) => sign_with(&mut criterion, &runtime, &uri)?,
        Err(_) => {
            for (name, file) in KEYS {
                sign(&mut criterion, &runtime, name, Key::read(file)?);
            }
        }
    }
    criterion.final_summary();
    Ok(())
}

/// Ten samples in some five seconds: a service counts calls, and has them paid.
fn sign_with(
    criterion: &mut Criterion,
    runtime: &Runtime,
    uri: &str,
) -> Result<(), Box<dyn Error>> {
    // Cargo runs a benchmark in the folder of its package, and whoever starts it is above.
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let key = uri.parse::<KeyUri>()?.relative_to(&above);
    let is_paid = matches!(key, KeyUri::AwsKms { .. });
    let signer = runtime.block_on(key.open(None, Arc::new(NoInteraction)))?;
    eprintln!(
        "{uri} signs for some ten seconds; at AWS KMS each signature is a call that is paid for, {MOST} \
         at most, 0.03 dollars for 10000 with RSA-2048 and 0.15 with another key"
    );
    let made = AtomicU32::new(0);
    let mut group = criterion.benchmark_group(format!("sign/{}", signer.algorithm()));
    group.throughput(Throughput::Elements(1)).sample_size(10);
    group
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5));
    group.bench_function("your key", |bencher| {
        bencher.to_async(runtime).iter(|| async {
            let is_allowed = made.fetch_add(1, Ordering::Relaxed) < MOST;
            // What is fast in this process costs nothing, and needs no bound.
            assert!(is_allowed || !is_paid, "{MOST} signatures were made");
            // A benchmark of refusals would look fast.
            signer.sign(black_box(&MESSAGE)).await.expect("a signature")
        });
    });
    group.finish();
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
