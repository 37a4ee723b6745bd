//! Claims to a compact JWS, beside the bare signature of the same input; and the same without a signature.

#![allow(clippy::expect_used, reason = "a benchmark is a program of its own")]

mod keys;
mod pattern;

use std::error::Error;
use std::hint::black_box;

use criterion::{BenchmarkGroup, Criterion, Throughput, measurement::WallTime};
use jwt_bearer::Signer;
use jwt_bearer::assertion::{Assertion, Clock, SystemClock, Unsigned};
use tokio::runtime::{Builder, Runtime};

use crate::keys::Key;
use crate::pattern::{claims, header};

const KEYS: [(&str, &str); 4] = [
    ("RS256", "RSA-2048"),
    ("ES256", "P-256"),
    ("ES384", "P-384"),
    ("EdDSA", "Ed25519"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let runtime = Builder::new_current_thread().build()?;
    for (name, kind) in KEYS {
        // Of its own, since a header is written once, for the first signer.
        let (header, claims) = (header(), claims());
        let key = Key::new(&keys::make(kind)?, None)?;
        let signer: &dyn Signer = &key.signer;
        let input = Unsigned::for_signer(&header, &claims, signer, SystemClock.now())?;
        let mut octets = [0; 512];
        let mut group = criterion.benchmark_group(format!("assertion/{name}"));
        group.throughput(Throughput::Elements(1));
        group.bench_function("ring", |bencher| {
            bencher.iter(|| {
                let len = key.bare.sign(black_box(input.signing_input()), &mut octets);
                len.expect("a signature")
            });
        });
        let (header, claims) = (&header, &claims);
        let unsigned = || {
            let (header, claims) = (black_box(header), black_box(claims));
            let unsigned = Unsigned::for_signer(header, claims, signer, SystemClock.now());
            unsigned.expect("claims")
        };
        group.bench_function("sign_now", |bencher| {
            bencher.iter(|| {
                let unsigned = unsigned();
                let signature = key.signer.sign_now(unsigned.signing_input());
                let assertion = unsigned.attach(&signature.expect("a signature"));
                assertion.expect("its algorithm")
            });
        });
        assertion(&mut group, &runtime, "dyn Signer", signer);
        let signature = key.signer.sign_now(input.signing_input())?;
        group.bench_function("no signature", |bencher| {
            bencher.iter(|| {
                let assertion = unsigned().attach(black_box(&signature));
                assertion.expect("its algorithm")
            });
        });
        group.finish();
    }

    let mut group = criterion.benchmark_group("assertion/of which");
    group.bench_function("random octets of a jti", |bencher| {
        bencher.iter(|| {
            let mut octets = [0; 16];
            getrandom::fill(black_box(&mut octets)).expect("random numbers");
            octets
        });
    });
    group.bench_function("clock", |bencher| bencher.iter(|| SystemClock.now()));
    group.finish();
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
        bencher.to_async(runtime).iter(|| async {
            let (header, claims) = (black_box(&header), black_box(&claims));
            let assertion = Assertion::sign(header, claims, signer, SystemClock.now());
            assertion.await.expect("an assertion")
        });
    });
}
