//! The signer with a YubiKey that is plugged in. Uses the one slot that it is told, and changes nothing.
#![allow(
    clippy::print_stderr,
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
use std::time::Duration;

use jwt_bearer_signer::{KeyKind, SignErrorKind, Signer};
use jwt_bearer_signer_piv::{PivKey, Slot};

#[tokio::test]
#[ignore = "needs a YubiKey; set JWT_BEARER_TEST_YUBIKEY=SERIAL:SLOT"]
async fn a_yubikey_signs() {
    let named = var("JWT_BEARER_TEST_YUBIKEY").expect("JWT_BEARER_TEST_YUBIKEY is SERIAL:SLOT");
    let (serial, slot) = named.split_once(':').expect("SERIAL:SLOT");
    let (serial, slot): (u32, Slot) = (serial.parse().unwrap(), slot.parse().unwrap());

    // For each signature, and for the touch that it may want.
    let limit = Duration::from_secs(30);
    let mut key = PivKey::new(slot).serial(serial).timeout(limit);
    if let Ok(pin) = var("JWT_BEARER_TEST_YUBIKEY_PIN") {
        key = key.pin(pin.into());
    }
    key = key.on_touch(|| eprintln!("touch the YubiKey"));
    let usual = key.clone().open().await.unwrap();
    for algorithm in KeyKind::algorithms(usual.public_key().kind()) {
        let signer = key.clone().algorithm(*algorithm).open().await.unwrap();
        assert_eq!(signer.public_key(), usual.public_key());
        for length in [1, 63, 64, 254, 255, 256, 500, 1010, 1015, 3062] {
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
        }
    }
}
