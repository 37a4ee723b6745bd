use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jwt_bearer_signer::{SignErrorKind, Signer};
use jwt_bearer_signer_piv::{PivSigner, TouchPolicy};
use pcsc::ShareMode;

use crate::stand::{PIN, Stand, Token, is, signs};

/// A signer, and how often a touch was announced.
async fn watched(token: &Token, slot: &str) -> (PivSigner, Arc<AtomicUsize>) {
    let announced = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&announced);
    let key = token.key(slot).pin(PIN.into()).on_touch(move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    (key.open().await.unwrap(), announced)
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_touch_not_given_is_told_from_a_missing_pin() {
    let stand = Stand::new();
    let a = &stand.a;
    for (slot, policy) in [("9a", "once"), ("9c", "always"), ("9e", "never")] {
        a.tell("touch now");
        a.generate(slot, "ECCP256", policy, "always");
        let (signer, announced) = watched(a, slot).await;
        assert_eq!(signer.touch_policy(), Some(TouchPolicy::Always));
        signs(&signer, b"a").await;
        a.tell("touch never");
        is(
            signer.sign(b"a").await,
            SignErrorKind::InteractionRequired,
            &format!("YubiKey 12345678 was not touched in time for the key in slot {slot}"),
        );
        a.tell("touch now");
        signs(&signer, b"a").await;
        assert_eq!(announced.load(Ordering::Relaxed), 3);
        assert_eq!(a.tries(), "pin=3 puk=3");
    }
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_slow_touch_is_waited_for() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "never", "always");
    let (signer, announced) = watched(a, "9a").await;
    a.tell("touch after 1500");
    signs(&signer, b"a").await;
    assert_eq!(announced.load(Ordering::Relaxed), 1);
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_caller_who_waits_for_a_touch_in_vain_is_told_so() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "never", "always");
    let key = a.key("9a").timeout(Duration::from_millis(500));
    let signer = key.open().await.unwrap();
    a.tell("touch never 2000");
    is(
        signer.sign(b"a").await,
        SignErrorKind::Timeout,
        "YubiKey 12345678 waits for a touch, and was not touched within 0.5 s",
    );
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_cached_touch_is_used_and_not_announced_again() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "never", "cached");
    let (signer, announced) = watched(a, "9a").await;
    signs(&signer, b"a").await;
    // From now on a touch would fail.
    a.tell("touch never");
    for _ in 0..3 {
        signs(&signer, b"a").await;
    }
    assert_eq!(announced.load(Ordering::Relaxed), 1);
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_callback_that_panics_ends_its_own_call_only() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "once", "always");
    let (signer, announced) = watched(a, "9a").await;
    signs(&signer, b"a").await;
    let other = a.other_program(ShareMode::Shared);
    let query = [0x00, 0x20, 0x00, 0x80, 0x00];
    assert_eq!(other.transmit(&query), [0x90, 0x00]);
    let key = a.key("9a").on_touch(|| panic!("on purpose"));
    let panicking = key.open().await.unwrap();
    is(
        panicking.sign(b"a").await,
        SignErrorKind::Other,
        "what asks for the PIN or the touch has panicked",
    );
    assert_eq!(other.transmit(&query), [0x63, 0xc3]);
    signs(&signer, b"a").await;
    assert_eq!(announced.load(Ordering::Relaxed), 2);
}
