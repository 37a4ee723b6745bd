//! What an assertion allocates beyond what its signature does: the text that comes out, and nothing else.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use allocation_counter::{AllocationInfo, measure};
use jwt_bearer_assertion::{Assertion, AssertionError, Claims, Header, Jti, TimeClaim, Unsigned};
use jwt_bearer_signer::Signer;
use jwt_bearer_signer_local::LocalSigner;

const NOW: SystemTime = UNIX_EPOCH;

#[test]
fn an_assertion_is_one_allocation() {
    for (name, all) in [
        ("p256.pem", Some(1)),
        ("p384.pem", Some(1)),
        ("ed25519.pem", Some(1)),
        ("rsa.pem", None),
        ("rsa-3072.pem", None),
        ("rsa-4096.pem", None),
    ] {
        let signer = signer(name);
        for jti in [Jti::base64url(16), Jti::hex(64)] {
            let (header, claims) = (header(), claims().jti(jti));
            let sign = || {
                let unsigned = Unsigned::for_signer(&header, &claims, &signer, NOW)?;
                let signature = signer.sign_now(unsigned.signing_input())?;
                unsigned.attach(&signature)
            };
            // The first of all finds out what the CPU can do, and other things that are then kept.
            let first = sign().unwrap();
            let input = first.as_str().rsplit_once('.').unwrap().0.as_bytes();

            let (bare, _) = counted(|| signer.sign_now(input).map_err(AssertionError::from));
            let (whole, assertion) = counted(sign);
            assert_eq!(whole.count_total, bare.count_total + 1, "{name}");
            let reallocated = whole.bytes_total - bare.bytes_total;
            assert!(assertion.as_str().len() as u64 <= reallocated, "{name}");
            assert!(all.is_none_or(|all| whole.count_total == all), "{name}");
        }
    }
}

#[test]
fn the_trait_adds_its_future() {
    let signer = signer("p256.pem");
    let signer: &dyn Signer = &signer;
    let (header, claims) = (header(), claims());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let sign = || runtime.block_on(Assertion::sign(&header, &claims, signer, NOW));
    sign().unwrap();
    assert_eq!(counted(sign).0.count_total, 2);
}

/// What it allocated, and what came out, which has to be something.
fn counted<T>(make: impl Fn() -> Result<T, AssertionError>) -> (AllocationInfo, T) {
    let mut made = None;
    let info = measure(|| made = Some(make()));
    (info, made.unwrap().unwrap())
}

fn signer(name: &str) -> LocalSigner {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../keyfile/testdata");
    LocalSigner::from_pem(&std::fs::read_to_string(path.join(name)).unwrap()).unwrap()
}

fn header() -> Header {
    Header::new().key_id("abcdefgh")
}

fn claims() -> Claims {
    Claims::new("abcdefghijklmnopqrstuvwxyz012345")
        .subject("1234567")
        .claim("box_sub_type", "enterprise")
        .audience("https://api.box.com/oauth2/token")
        .issued_at(TimeClaim::Now)
        .lifetime(Duration::from_secs(45))
}
