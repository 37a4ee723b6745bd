//! The key that the user names, within bounds of time, and of money.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use criterion::Criterion;
use jwt_bearer::{KeyUri, NoInteraction, Signer};
use tokio::runtime::Runtime;

use crate::MESSAGE;

/// Signatures that are paid for end here, before they cost a cent or five.
const MOST: u32 = 3_000;

/// Of them, what criterion makes to warm up, and to measure. It plans by time.
const WARMING: u32 = 400;
const MEASURED: u32 = 2_000;

pub(crate) fn sign(
    criterion: &mut Criterion,
    runtime: &Runtime,
    uri: &str,
) -> Result<(), Box<dyn Error>> {
    // Cargo runs a benchmark in the folder of its package, and whoever starts it is above.
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let key = uri.parse::<KeyUri>()?.relative_to(&above);
    let is_paid = matches!(key, KeyUri::AwsKms { .. });
    let signer = runtime.block_on(key.open(None, Arc::new(NoInteraction)))?;
    let most = if is_paid { MOST } else { u32::MAX };
    if is_paid {
        eprintln!(
            "{uri}: each signature is a call to be paid, at about 0.03 dollars for 10000 with RSA-2048 and 0.15 with \
             another key; {MOST} and ten at most are made here"
        );
    }
    let once = runtime.block_on(quickest(&*signer))?;
    let made = AtomicU32::new(0);
    let mut group = crate::group(criterion, &format!("your key, {}", signer.algorithm()));
    group
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1).min(once * WARMING))
        .measurement_time(Duration::from_secs(5).min(once * MEASURED));
    group.bench_function("your key", |bencher| {
        bencher.to_async(runtime).iter(|| async {
            if made.fetch_add(1, Ordering::Relaxed) >= most {
                eprintln!(
                    "{MOST} signatures were made: that is enough; the key grew faster on the way"
                );
                std::process::exit(1);
            }
            // A benchmark of refusals would look fast.
            signer.sign(black_box(&MESSAGE)).await.expect("a signature")
        });
    });
    group.finish();
    Ok(())
}

/// How long the quickest of ten signatures takes.
async fn quickest(signer: &dyn Signer) -> Result<Duration, Box<dyn Error>> {
    let mut quickest = Duration::MAX;
    for _ in 0..10 {
        let start = Instant::now();
        signer.sign(&MESSAGE).await?;
        quickest = quickest.min(start.elapsed());
    }
    Ok(quickest)
}
