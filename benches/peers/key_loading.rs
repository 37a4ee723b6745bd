//! The text of a key file to a key that signs, by `pem` and `ring` alone, by `LocalSigner`, and by OpenSSL.

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput};
use jwt_bearer::LocalSigner;
use openssl::pkey::PKey;
use ring::rsa;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/keyfile/testdata/rsa.pem");
    let text = fs::read_to_string(path)?;
    let mut group = criterion.benchmark_group("peers/key loading, RSA-2048");
    group.throughput(Throughput::Elements(1));
    group.bench_function("ring alone", |bencher| {
        bencher.iter(|| {
            let pem = pem::parse(black_box(&text)).expect("a key");
            rsa::KeyPair::from_pkcs8(pem.contents()).expect("a key")
        });
    });
    group.bench_function("jwt-bearer", |bencher| {
        bencher.iter(|| LocalSigner::from_pem(black_box(&text)).expect("a key"));
    });
    group.bench_function("openssl", |bencher| {
        bencher.iter(|| PKey::private_key_from_pem(black_box(text.as_bytes())).expect("a key"));
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
