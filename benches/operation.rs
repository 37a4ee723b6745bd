//! Does one operation so many times; `instructions` runs it under valgrind and counts what one of them executes.

#![cfg_attr(
    feature = "aws-kms",
    allow(
        clippy::disallowed_methods,
        reason = "the environment tells where the emulator is"
    )
)]

#[expect(
    dead_code,
    reason = "a key is read: making one executes another number of instructions each time"
)]
mod keys;
#[cfg(feature = "aws-kms")]
mod kms;
mod pattern;

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;

use jwt_bearer::Signer;
use jwt_bearer::assertion::{Assertion, Clock, SystemClock, Unsigned};
use jwt_bearer::keyfile::PrivateKey;
use tokio::runtime::Builder;

use crate::keys::Key;
use crate::pattern::{claims, header};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, key, operation, count, ..] = &arguments[..] else {
        return Err("this is for `benches/instructions`: KEY OPERATION COUNT".into());
    };
    #[cfg(feature = "aws-kms")]
    if key == "kms" {
        return at_kms(operation, count.parse()?);
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/keyfile/testdata")
        .join(key);
    let Key { signer, bare } = Key::new(&PrivateKey::read(&fs::read(file)?, None)?, None)?;
    let (header, claims) = (header(), claims());
    let unsigned = || Unsigned::for_signer(&header, &claims, &signer, SystemClock.now());
    let input = unsigned()?;
    let signature = signer.sign_now(input.signing_input())?;
    let mut octets = [0; 512];
    let runtime = Builder::new_current_thread().build()?;
    let dynamic: &dyn Signer = &signer;
    for _ in 0..count.parse()? {
        match operation.as_str() {
            "ring" => {
                bare.sign(black_box(input.signing_input()), &mut octets)?;
            }
            "sign_now" => {
                black_box(signer.sign_now(black_box(input.signing_input()))?);
            }
            "assertion" => {
                let unsigned = unsigned()?;
                let signature = signer.sign_now(unsigned.signing_input())?;
                black_box(unsigned.attach(&signature)?);
            }
            "no signature" => {
                black_box(unsigned()?.attach(black_box(&signature))?);
            }
            "dyn Signer" => {
                let now = SystemClock.now();
                let assertion = Assertion::sign(&header, &claims, dynamic, now);
                black_box(runtime.block_on(assertion)?);
            }
            other => return Err(format!("`{other}` is no operation").into()),
        }
    }
    Ok(())
}

/// The same with a key in a KMS emulator.
#[cfg(feature = "aws-kms")]
fn at_kms(operation: &str, count: u32) -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let key = kms::KmsKey::make().await?;
        let key = key.ok_or("JWT_BEARER_TEST_KMS is not set")?;
        for _ in 0..count {
            match operation {
                "AWS SDK" => key.call(&[b'a'; 300]).await?,
                "dyn Signer" => drop(key.signer.sign(&[b'a'; 300]).await?),
                "unverified" => drop(key.unverified.sign(&[b'a'; 300]).await?),
                other => return Err(format!("`{other}` is no operation").into()),
            }
        }
        Ok(())
    })
}
