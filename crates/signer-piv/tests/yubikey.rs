//! The signer with a YubiKey that is plugged in. Uses the one slot that it is told, and changes nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "the environment tells which token and which slot may be used"
)]

use std::env::var;
use std::sync::Arc;

use jwt_bearer_signer::{SignErrorKind, Signer};
use jwt_bearer_signer_piv::{PivKey, Slot, tokens};
use tokio::task::JoinSet;

#[tokio::test]
#[ignore = "needs a YubiKey; set JWT_BEARER_TEST_YUBIKEY=SERIAL:SLOT"]
async fn a_yubikey_signs() {
    let named = var("JWT_BEARER_TEST_YUBIKEY").expect("JWT_BEARER_TEST_YUBIKEY is SERIAL:SLOT");
    let (serial, slot) = named.split_once(':').expect("SERIAL:SLOT");
    let (serial, slot): (u32, Slot) = (serial.parse().unwrap(), slot.parse().unwrap());

    let tokens = tokens().await.unwrap();
    let token = tokens.iter().find(|token| token.serial() == serial);
    let keys = token.expect("the token is plugged in").keys();
    let described = keys.iter().find(|key| key.slot() == slot);
    let algorithms = described.expect("the slot has a key").algorithms();
    assert!(!algorithms.is_empty(), "{described:?}");

    let mut key = PivKey::new(slot).serial(serial);
    if let Ok(pin) = var("JWT_BEARER_TEST_YUBIKEY_PIN") {
        key = key.pin(pin.into());
    }
    for algorithm in algorithms {
        let signer = key.clone().algorithm(*algorithm).open().await.unwrap();
        let signer = Arc::new(signer);
        assert_eq!(described.unwrap().public_key(), Some(signer.public_key()));
        let lengths = [1, 63, 64, 254, 255, 256, 500, 1010, 1015, 3062];
        let mut tasks = JoinSet::new();
        for length in lengths.into_iter().cycle().take(40) {
            let signer = Arc::clone(&signer);
            tasks.spawn(async move {
                let message = vec![7; length];
                match signer.sign(&message).await {
                    Ok(signature) => signer
                        .public_key()
                        .verify(signer.algorithm(), &message, signature.as_bytes())
                        .unwrap(),
                    Err(error) => assert!(
                        error.kind() == SignErrorKind::InputLength && length > 1000,
                        "{length} octets: {error:?}"
                    ),
                }
            });
        }
        assert_eq!(tasks.join_all().await.len(), 40);
    }
}
