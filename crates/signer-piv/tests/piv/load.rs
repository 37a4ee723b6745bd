use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jwt_bearer_signer::{SignErrorKind, Signer};
use jwt_bearer_signer_piv::{PivKey, Slot};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::stand::{PIN, Stand, count, output, signs, source};

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn calls_are_answered_in_order() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "once", "never");
    a.generate("9d", "RSA2048", "always", "never");
    let signers = [a.open("9a").await, a.open("9d").await].map(Arc::new);
    let answered = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for number in 0..64 {
        let signer = Arc::clone(&signers[number % 2]);
        let answered = Arc::clone(&answered);
        tasks.spawn(async move {
            signs(&signer, &[number as u8]).await;
            answered.lock().await.push(number);
        });
    }
    tasks.join_all().await;
    let answered = answered.lock().await;
    assert_eq!(*answered, (0..64).collect::<Vec<_>>());
}

/// The card is pulled out and put back all the time. Every caller has an answer, and no try is spent.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_thousand_signatures_while_the_card_comes_and_goes() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "once", "never");
    a.generate("9c", "RSA2048", "always", "never");
    let signers = [a.open("9a").await, a.open("9c").await].map(Arc::new);
    // So that the card is busy most of the time when it is pulled.
    a.tell("delay sign 10");
    let mut tasks = JoinSet::new();
    for worker in 0..4 {
        let signer = Arc::clone(&signers[worker % 2]);
        tasks.spawn(async move {
            let (mut good, mut away) = (0, 0);
            while good < 250 {
                match signer.sign(b"header.claims").await {
                    Ok(_) => good += 1,
                    Err(error)
                        if error.kind() == SignErrorKind::Unavailable
                            || source(&error).contains("while the PIN was on its way") =>
                    {
                        away += 1;
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    Err(error) => panic!("{error}: {}", source(&error)),
                }
            }
            away
        });
    }
    let mut pulls = 0;
    let mut random = 7_u64;
    let mut away = 0;
    while !tasks.is_empty() {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        a.remove();
        tokio::time::sleep(Duration::from_millis(random >> 57)).await;
        a.insert();
        pulls += 1;
        tokio::time::sleep(Duration::from_millis(random >> 54)).await;
        while let Some(result) = tasks.try_join_next() {
            away += result.unwrap();
        }
        assert!(pulls < 300, "some caller has no answer");
    }
    assert!(away > 0 && pulls > 5, "{away} errors with {pulls} pulls");
    signs(&signers[0], b"a").await;
    assert_eq!(a.tries(), "pin=3 puk=3");
}

/// Says to [`two_processes_share_a_token`] in another process which slot it signs with.
const SLOT: &str = "JWT_BEARER_TEST_PIV_SLOT";

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn two_processes_share_a_token() {
    #[expect(
        clippy::disallowed_methods,
        reason = "set by this same test for its other processes"
    )]
    if let Ok(slot) = std::env::var(SLOT) {
        let slot: Slot = slot.parse().unwrap();
        let signer = PivKey::new(slot).serial(12_345_678).pin(PIN.into());
        let signer = signer.open().await.unwrap();
        for number in 0..50_u8 {
            signs(&signer, &[number]).await;
        }
        return;
    }
    let stand = Stand::new();
    stand.a.generate("9a", "ECCP256", "once", "never");
    stand.a.generate("9c", "ECCP256", "always", "never");
    let processes = ["9a", "9c"].map(|slot| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "load::two_processes_share_a_token"])
            .env(SLOT, slot)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    });
    for process in processes {
        let output = output(process);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains("1 passed"), "{printed}");
    }
    let apdus = stand.a.apdus();
    assert!(count(&apdus, "general-authenticate") >= 100, "{apdus}");
    assert_eq!(stand.a.tries(), "pin=3 puk=3");
}
