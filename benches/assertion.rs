//! Claims to a compact JWS, beside the bare signature of the same input; and the same without a signature.

mod keys;
mod pattern;

use std::error::Error;
use std::hint::black_box;

use async_trait::async_trait;
use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use jwt_bearer::assertion::{Assertion, Clock, SystemClock, Unsigned};
use jwt_bearer::signer::{PublicKey, SignError, Signature};
use jwt_bearer::{Algorithm, Signer};
use tokio::runtime::{Builder, Runtime};

use crate::keys::Key;
use crate::pattern::{claims, header};

const KEYS: [(&str, &str); 3] = [
    ("RS256", "rsa.pem"),
    ("ES256", "p256.pem"),
    ("EdDSA", "ed25519.pem"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let runtime = Builder::new_current_thread().build()?;
    let (header, claims) = (header(), claims());
    for (name, file) in KEYS {
        let key = Key::read(file)?;
        let signer: &dyn Signer = &key.signer;
        let input = Unsigned::for_signer(&header, &claims, signer, SystemClock.now())?;
        let mut octets = [0; 512];
        let mut group = criterion.benchmark_group(format!("assertion/{name}"));
        group.throughput(Throughput::Elements(1));
        group.bench_function("ring", |bencher| {
            bencher.iter(|| key.bare.sign(black_box(input.signing_input()), &mut octets));
        });
        assertion(&mut group, &runtime, "assertion", signer);
        let signature = key.signer.sign_now(input.signing_input())?;
        let null = Null {
            signature,
            public_key: key.signer.public_key().clone(),
        };
        assertion(&mut group, &runtime, "null signer", &null);
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}

fn assertion(
    group: &mut BenchmarkGroup<'_, WallTime>,
    runtime: &Runtime,
    name: &str,
    signer: &dyn Signer,
) {
    let (header, claims) = (header(), claims());
    group.bench_function(name, |bencher| {
        bencher.to_async(runtime).iter(|| {
            Assertion::sign(
                black_box(&header),
                black_box(&claims),
                signer,
                SystemClock.now(),
            )
        });
    });
}

/// Has a signature ready, so that what is left is the cost around one.
#[derive(Debug)]
struct Null {
    signature: Signature,
    public_key: PublicKey,
}

#[async_trait]
impl Signer for Null {
    fn algorithm(&self) -> Algorithm {
        self.signature.algorithm()
    }

    fn key_id(&self) -> Option<&str> {
        None
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    async fn sign(&self, _: &[u8]) -> Result<Signature, SignError> {
        Ok(self.signature)
    }
}
