use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jwt_bearer_signer::{SignErrorKind, Signer};
use jwt_bearer_signer_piv::PivSigner;
use pcsc::ShareMode;
use tokio::task::JoinSet;

use crate::stand::{PIN, Stand, Token, count, is, signs, wait_until};

/// A signer, and how often it asked for the PIN.
async fn asking(token: &Token, slot: &str) -> (PivSigner, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let key = token.key(slot).pin_from(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(PIN.into())
    });
    (key.open().await.unwrap(), asked)
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_token_that_was_away_is_used_again_without_a_question() {
    let stand = Stand::new();
    let a = &stand.a;
    for (slot, policy) in [("9a", "once"), ("9c", "always"), ("9e", "never")] {
        a.generate(slot, "RSA2048", policy, "never");
        let (signer, asked) = asking(a, slot).await;
        signs(&signer, b"a").await;
        a.remove();
        for _ in 0..2 {
            is(
                signer.sign(b"a").await,
                SignErrorKind::Unavailable,
                "YubiKey 12345678 is not plugged in; plug it in, or correct its serial number (here is 23456789)",
            );
        }
        a.insert();
        for _ in 0..2 {
            signs(&signer, b"a").await;
        }
        assert_eq!(
            asked.load(Ordering::Relaxed),
            usize::from(policy != "never")
        );
        assert_eq!(a.tries(), "pin=3 puk=3");
    }
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_token_pulled_out_between_two_calls_is_not_noticed() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "once", "never");
    let (signer, asked) = asking(a, "9a").await;
    for _ in 0..3 {
        signs(&signer, b"a").await;
        a.remove();
        a.insert();
    }
    signs(&signer, b"a").await;
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn other_programs_are_got_over() {
    let stand = Stand::new();
    let a = &stand.a;
    for (slot, policy) in [("9a", "once"), ("9c", "always"), ("9e", "never")] {
        a.generate(slot, "ECCP256", policy, "never");
        let (signer, asked) = asking(a, slot).await;
        signs(&signer, b"a").await;
        a.other_program(ShareMode::Shared).reset();
        signs(&signer, b"a").await;
        // Another application of the token is selected, and left so.
        let management = [
            0x00, 0xa4, 0x04, 0x00, 0x08, 0xa0, 0x00, 0x00, 0x05, 0x27, 0x47, 0x11, 0x17,
        ];
        let reply = a.other_program(ShareMode::Shared).transmit(&management);
        assert!(reply.ends_with(&[0x90, 0x00]), "{reply:02x?}");
        signs(&signer, b"a").await;
        a.ykman(&["info"]);
        signs(&signer, b"a").await;
        a.tell("reset");
        signs(&signer, b"a").await;
        assert_eq!(
            asked.load(Ordering::Relaxed),
            usize::from(policy != "never")
        );
        assert_eq!(a.tries(), "pin=3 puk=3");
    }
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn pcscd_may_be_started_anew() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "once", "never");
    let (signer, asked) = asking(a, "9a").await;
    signs(&signer, b"a").await;
    stand.restart_pcscd();
    signs(&signer, b"a").await;
    stand.stop_pcscd();
    is(
        signer.sign(b"a").await,
        SignErrorKind::Unavailable,
        "the PC/SC service does not run; install it",
    );
    stand.restart_pcscd();
    signs(&signer, b"a").await;
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let open_files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let before = open_files();
    for _ in 0..2 {
        stand.restart_pcscd();
        signs(&signer, b"a").await;
    }
    assert_eq!(open_files(), before);
}

/// The limit counts even while nobody looks at the future.
#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_future_that_is_not_polled_spends_no_try() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9c", "ECCP256", "always", "never");
    let key = a.key("9c").pin("456456".into());
    let wrong = key.timeout(Duration::from_millis(500)).open().await;
    let wrong = wrong.unwrap();
    let mut other = a.other_program(ShareMode::Shared);
    let transaction = other.card().transaction().unwrap();
    let mut signature = wrong.sign(b"a");
    let looked = tokio::time::timeout(Duration::from_millis(100), &mut signature);
    assert!(looked.await.is_err());
    std::thread::sleep(Duration::from_millis(600));
    a.apdus();
    drop(transaction);
    drop(other);
    let right = a.key("9c").pin(PIN.into()).open().await.unwrap();
    signs(&right, b"a").await;
    assert_eq!(signature.await.unwrap_err().kind(), SignErrorKind::Timeout);
    assert_eq!(a.tries(), "pin=3 puk=3");
    assert_eq!(count(&a.apdus(), "general-authenticate"), 1);
}

/// While a token is away, the other one is looked at, but does not forget its PIN.
#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_search_leaves_the_pin_of_the_other_token_alone() {
    let stand = Stand::new();
    stand.a.generate("9e", "ECCP256", "never", "never");
    let signer = stand.a.open("9e").await;
    signs(&signer, b"a").await;
    stand.a.remove();
    let other = stand.b.other_program(ShareMode::Shared);
    let select = [0x00, 0xa4, 0x04, 0x00, 0x05, 0xa0, 0x00, 0x00, 0x03, 0x08];
    assert!(other.transmit(&select).ends_with(&[0x90, 0x00]));
    let pin = [&[0x00, 0x20, 0x00, 0x80, 0x08][..], b"123456\xff\xff"].concat();
    assert_eq!(other.transmit(&pin), [0x90, 0x00]);
    is(
        signer.sign(b"a").await,
        SignErrorKind::Unavailable,
        "YubiKey 12345678 is not plugged in",
    );
    let query = [0x00, 0x20, 0x00, 0x80, 0x00];
    assert_eq!(other.transmit(&query), [0x90, 0x00]);
    stand.a.insert();
    signs(&signer, b"a").await;
}

/// However many openings are given up while another program holds a token, one thread waits for it.
#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn openings_that_are_given_up_do_not_pile_up() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9e", "ECCP256", "never", "never");
    let threads = || {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names = tasks
            .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
        names.filter(|name| name == "piv\n").count()
    };
    let mut other = a.other_program(ShareMode::Shared);
    let transaction = other.card().transaction().unwrap();
    for _ in 0..5 {
        let opened = a.key("9e").timeout(Duration::from_millis(100)).open().await;
        assert_eq!(opened.unwrap_err().kind(), SignErrorKind::Timeout);
    }
    assert_eq!(threads(), 1);
    stand.b.apdus();
    drop(transaction);
    wait_until("the thread has ended", || threads() == 0);
    // Nobody waits, so no other token was looked at.
    assert_eq!(stand.b.apdus(), "");
    signs(&a.open("9e").await, b"a").await;
}

/// A held token delays nobody longer than his limit; what he gave up is not done later, and no try is spent.
#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_held_token_does_not_hold_the_caller() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9c", "ECCP256", "always", "never");
    let key = a.key("9c").pin("654321".into());
    let wrong = key
        .timeout(Duration::from_millis(700))
        .open()
        .await
        .unwrap();
    let mut other = a.other_program(ShareMode::Shared);
    let transaction = other.card().transaction().unwrap();
    a.apdus();
    let mut others = JoinSet::new();
    others.spawn(async {
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    for _ in 0..2 {
        is(
            wrong.sign(b"a").await,
            SignErrorKind::Timeout,
            "another program holds YubiKey 12345678, and has not let go within 0.7 s",
        );
    }
    // The only thread of the runtime was free meanwhile.
    assert!(others.try_join_next().is_some());
    drop(transaction);
    drop(other);
    let right = a.key("9c").pin(PIN.into()).open().await.unwrap();
    signs(&right, b"a").await;
    let apdus = a.apdus();
    // Two questions for the tries and the right PIN: the wrong one was never sent.
    assert_eq!(count(&apdus, "general-authenticate"), 1, "{apdus}");
    assert_eq!(count(&apdus, "verify"), 3, "{apdus}");
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_dropped_future_leaves_nothing_behind() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9e", "ECCP256", "never", "never");
    let signer = Arc::new(a.open("9e").await);
    signs(&signer, b"a").await;
    a.tell("delay sign 400");
    a.apdus();
    let mut tasks = JoinSet::new();
    for _ in 0..5 {
        let signer = Arc::clone(&signer);
        tasks.spawn(async move { signer.sign(b"a").await });
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    tasks.shutdown().await;
    a.tell("delay sign 0");
    signs(&signer, b"a").await;
    // The first had begun, four had not, and this one.
    assert_eq!(a.apdus(), "general-authenticate=2");
}
