//! Does one operation so many times; `instructions` runs it under valgrind and counts what one of them executes.

mod keys;
mod pattern;

use std::error::Error;
use std::hint::black_box;

use jwt_bearer::Signer;
use jwt_bearer::assertion::{Assertion, Clock, SystemClock, Unsigned};
use tokio::runtime::Builder;

use crate::keys::Key;
use crate::pattern::{claims, header};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, file, operation, count, ..] = &arguments[..] else {
        return Err("this is for `benches/instructions`: KEY OPERATION COUNT".into());
    };
    let Key { signer, bare } = Key::read(file)?;
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
