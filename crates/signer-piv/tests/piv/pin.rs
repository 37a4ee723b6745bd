use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jwt_bearer_signer::{SignErrorKind, Signer};
use jwt_bearer_signer_piv::PinPolicy;
use pcsc::ShareMode;

use crate::stand::{PIN, Stand, is, signs};

const QUERY: [u8; 5] = [0x00, 0x20, 0x00, 0x80, 0x00];

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn each_policy_takes_the_fewest_commands() {
    let stand = Stand::new();
    let b = &stand.b;
    b.generate("9a", "ECCP256", "never", "never");
    b.generate("9c", "ECCP256", "once", "never");
    b.generate("9d", "RSA2048", "always", "never");
    let rsa = "part=1 general-authenticate=1 get-response=1 verify=1";
    for (slot, policy, each) in [
        ("9a", PinPolicy::Never, "general-authenticate=1"),
        ("9c", PinPolicy::Once, "general-authenticate=1"),
        ("9d", PinPolicy::Always, rsa),
    ] {
        let signer = b.open(slot).await;
        assert_eq!(signer.pin_policy(), Some(policy));
        signs(&signer, b"first").await;
        b.apdus();
        for message in [b"two", b"one"] {
            signs(&signer, message).await;
            assert_eq!(sorted(&b.apdus()), sorted(each), "{slot}");
        }
    }
}

fn sorted(counts: &str) -> Vec<&str> {
    let mut counts: Vec<_> = counts.split(' ').collect();
    counts.sort_unstable();
    counts
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_wrong_pin_counts_down_once_and_is_not_sent_again() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9c", "ECCP256", "always", "never");
    let signer = a.key("9c").pin("654321".into()).open().await.unwrap();
    is(
        signer.sign(b"a").await,
        SignErrorKind::AccessDenied,
        "the PIN is wrong for YubiKey 12345678, which takes 2 more tries before it blocks",
    );
    for _ in 0..5 {
        is(
            signer.sign(b"a").await,
            SignErrorKind::AccessDenied,
            "has refused this PIN before",
        );
    }
    assert_eq!(a.tries(), "pin=2 puk=3");

    // Another signer of the same token, with the right one.
    let right = a.open("9c").await;
    signs(&right, b"a").await;
    assert_eq!(a.tries(), "pin=3 puk=3");

    // Nor is it sent after all signers have gone.
    drop((signer, right));
    for _ in 0..3 {
        let signer = a.key("9c").pin("654321".into()).open().await.unwrap();
        is(
            signer.sign(b"a").await,
            SignErrorKind::AccessDenied,
            "has refused this PIN before",
        );
    }
    assert_eq!(a.tries(), "pin=3 puk=3");
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn the_last_try_is_kept_and_a_blocked_pin_is_told() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "once", "never");
    for wrong in ["111111", "222222"] {
        let signer = a.key("9a").pin(wrong.into()).open().await.unwrap();
        is(
            signer.sign(b"a").await,
            SignErrorKind::AccessDenied,
            "wrong",
        );
    }
    assert_eq!(a.tries(), "pin=1 puk=3");

    let careful = a.open("9a").await;
    is(
        careful.sign(b"a").await,
        SignErrorKind::AccessDenied,
        "takes one more try before its PIN is blocked, and it was not spent",
    );
    assert_eq!(a.tries(), "pin=1 puk=3");
    drop(careful);

    let key = a.key("9a").pin("333333".into()).spend_last_try(true);
    let reckless = key.open().await.unwrap();
    for _ in 0..2 {
        is(
            reckless.sign(b"a").await,
            SignErrorKind::AccessDenied,
            "is blocked after too many wrong ones; set a new one with the PUK: `ykman --device 12345678 piv access \
             unblock-pin`",
        );
    }
    assert_eq!(a.tries(), "pin=0 puk=3");
    drop(reckless);

    // The way out works.
    a.ykman(&["access", "unblock-pin", "-p", "12345678", "-n", "757575"]);
    let signer = a.key("9a").pin("757575".into()).open().await.unwrap();
    signs(&signer, b"a").await;
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn what_can_be_no_pin_reaches_no_token() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "once", "never");
    for (pin, text) in [
        ("", "the PIN is empty, and was not sent"),
        ("12345", "the PIN has fewer than 6 octets"),
        ("123456\n", "has a line end"),
        ("123456789", "the PIN has more than 8 octets"),
    ] {
        let opened = a.key("9a").pin(pin.into()).open().await;
        is(opened, SignErrorKind::AccessDenied, text);
        assert_eq!(a.apdus(), "");

        let key = a.key("9a").pin_from(move |_| Ok(pin.into()));
        let signer = key.open().await.unwrap();
        is(signer.sign(b"a").await, SignErrorKind::AccessDenied, text);
        // Of the VERIFYs one was made, without a PIN, to ask for the tries.
        assert!(a.tell("count").contains("verify=1"));
        assert_eq!(a.tries(), "pin=3 puk=3");
        drop(signer);
        a.apdus();
    }
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn the_pin_is_asked_for_once_and_late() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "once", "never");
    a.generate("9c", "ECCP256", "always", "never");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let key = a.key("9a").pin_from(move |request| {
        count.fetch_add(1, Ordering::Relaxed);
        assert_eq!(request.serial(), 12_345_678);
        assert_eq!(request.slot().to_string(), "9a");
        assert_eq!(request.tries_left(), Some(3));
        Ok(PIN.into())
    });
    let signer = key.open().await.unwrap();
    let _ = signer.public_key().to_spki_pem();
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    for _ in 0..3 {
        signs(&signer, b"a").await;
    }
    // The other slot of the same token needs nobody any more.
    let other = a.key("9c").open().await.unwrap();
    for _ in 0..2 {
        signs(&other, b"a").await;
        signs(&signer, b"a").await;
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

/// Whoever does not answer is not asked again by a retry, and a late answer serves nobody.
#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_pin_that_does_not_come_in_time_is_not_sent() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "once", "never");
    let key = a.key("9a").timeout(Duration::from_millis(500));
    let key = key.pin_from(|_| {
        std::thread::sleep(Duration::from_millis(1500));
        Ok(PIN.into())
    });
    let signer = key.open().await.unwrap();
    is(
        signer.sign(b"a").await,
        SignErrorKind::InteractionRequired,
        "the PIN of YubiKey 12345678 was not given within 0.5 s",
    );
    let other = a.key("9a").open().await.unwrap();
    a.apdus();
    is(
        other.sign(b"a").await,
        SignErrorKind::InteractionRequired,
        "none was given",
    );
    assert_eq!(a.apdus(), "verify=1");
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn without_a_pin_only_keys_without_policy_sign() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "once", "never");
    a.generate("9e", "ECCP256", "never", "never");
    let signer = a.key("9a").open().await.unwrap();
    is(
        signer.sign(b"a").await,
        SignErrorKind::InteractionRequired,
        "the key in slot 9a of YubiKey 12345678 is used with the PIN, and none was given",
    );
    signs(&a.key("9e").open().await.unwrap(), b"a").await;
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn the_last_signer_takes_the_pin_back() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "once", "never");
    let signer = a.open("9a").await;
    signs(&signer, b"a").await;
    let other = a.other_program(ShareMode::Shared);
    assert_eq!(other.transmit(&QUERY), [0x90, 0x00]);
    drop(signer);
    assert_eq!(other.transmit(&QUERY), [0x63, 0xc3]);
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_pin_that_another_program_took_back_is_given_again() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "once", "never");
    let signer = a.open("9a").await;
    signs(&signer, b"a").await;
    let other = a.other_program(ShareMode::Shared);
    let select = [0x00, 0xa4, 0x04, 0x00, 0x05, 0xa0, 0x00, 0x00, 0x03, 0x08];
    assert!(other.transmit(&select).ends_with(&[0x90, 0x00]));
    a.apdus();
    signs(&signer, b"a").await;
    assert_eq!(sorted(&a.apdus()), ["general-authenticate=2", "verify=2"]);
}
