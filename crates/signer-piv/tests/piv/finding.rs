use std::time::Duration;

use jwt_bearer_signer::SignErrorKind;
use jwt_bearer_signer_piv::{PivKey, Slot, tokens};
use pcsc::ShareMode;

use crate::stand::{Stand, is, signs};

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn tokens_are_told_apart_by_serial() {
    let stand = Stand::new();
    let in_a = stand.a.generate("9e", "ECCP256", "never", "never");
    let in_b = stand.b.generate("9e", "ECCP256", "never", "never");
    for (token, pem) in [(&stand.a, in_a), (&stand.b, in_b)] {
        let signer = token.open("9e").await;
        assert_eq!(signer.serial(), token.serial);
        assert_eq!(
            jwt_bearer_signer::Signer::public_key(&signer).to_spki_pem(),
            pem
        );
        signs(&signer, b"a").await;
    }
    is(
        PivKey::new(Slot::CARD_AUTHENTICATION).open().await,
        SignErrorKind::KeyNotFound,
        "several tokens are plugged in, with the serial numbers 12345678, 23456789; name one of them \
         (`?serial=12345678` in a key URI)",
    );
    is(
        PivKey::new(Slot::CARD_AUTHENTICATION)
            .serial(7)
            .open()
            .await,
        SignErrorKind::Unavailable,
        "YubiKey 7 is not plugged in; plug it in, or correct its serial number (here is 12345678, 23456789)",
    );
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn the_only_token_needs_no_serial() {
    let stand = Stand::new();
    stand.b.generate("9e", "ECCP256", "never", "never");
    stand.a.remove();
    let signer = PivKey::new(Slot::CARD_AUTHENTICATION).open().await.unwrap();
    assert_eq!(signer.serial(), stand.b.serial);
    signs(&signer, b"a").await;
    stand.b.remove();
    is(
        PivKey::new(Slot::CARD_AUTHENTICATION).open().await,
        SignErrorKind::Unavailable,
        "no YubiKey with a PIV application is plugged in",
    );
    is(
        tokens().await,
        SignErrorKind::Unavailable,
        "no YubiKey with a PIV application is plugged in; plug it in",
    );
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn without_a_service_it_is_said_how_to_start_it() {
    let stand = Stand::new();
    stand.stop_pcscd();
    is(
        tokens().await,
        SignErrorKind::Unavailable,
        "the PC/SC service does not run; install it (package pcscd) and start it with `systemctl start pcscd`",
    );
    stand.restart_pcscd();
    assert_eq!(tokens().await.unwrap().len(), 2);
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_token_that_another_program_has_for_itself_is_told() {
    let stand = Stand::new();
    stand.a.generate("9e", "ECCP256", "never", "never");
    let holder = stand.a.other_program(ShareMode::Exclusive);
    is(
        stand.a.key("9e").open().await,
        SignErrorKind::Unavailable,
        "another program has the card in the reader `Yubico YubiKey CCID 00 00`, which may be YubiKey 12345678, for \
         itself; end it (for GnuPG: `gpgconf --kill scdaemon`)",
    );
    // The other token is not held up.
    let serials: Vec<_> = tokens().await.unwrap().iter().map(|t| t.serial()).collect();
    assert_eq!(serials, [stand.b.serial]);
    drop(holder);
    signs(&stand.a.open("9e").await, b"a").await;
}

/// The other one may be the one that is meant, and its tries are not to be spent in its place.
#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn without_a_serial_no_token_stands_in_for_one_that_is_held() {
    let stand = Stand::new();
    stand.b.generate("9e", "ECCP256", "never", "never");
    let holder = stand.a.other_program(ShareMode::Exclusive);
    is(
        PivKey::new(Slot::CARD_AUTHENTICATION).open().await,
        SignErrorKind::KeyNotFound,
        "the card in the reader `Yubico YubiKey CCID 00 00` cannot be looked at (",
    );
    signs(&stand.b.open("9e").await, b"a").await;
    drop(holder);
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn a_token_that_is_held_does_not_hold_up_the_other() {
    let stand = Stand::new();
    stand.b.generate("9e", "ECCP256", "never", "never");
    let signer = stand.b.open("9e").await;
    let mut other = stand.a.other_program(ShareMode::Shared);
    let transaction = other.card().transaction().unwrap();
    signs(&signer, b"a").await;
    stand.b.other_program(ShareMode::Shared).reset();
    signs(&signer, b"a").await;
    drop(transaction);
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn opening_has_a_limit_while_another_program_holds_the_token() {
    let stand = Stand::new();
    stand.a.generate("9e", "ECCP256", "never", "never");
    let mut other = stand.a.other_program(ShareMode::Shared);
    let transaction = other.card().transaction().unwrap();
    is(
        stand
            .a
            .key("9e")
            .timeout(Duration::from_millis(500))
            .open()
            .await,
        SignErrorKind::Timeout,
        "another program holds a token, and has not let go within 0.5 s",
    );
    drop(transaction);
    signs(&stand.a.open("9e").await, b"a").await;
}
