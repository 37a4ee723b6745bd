mod pin;
mod recovery;

use std::cell::Cell;
use std::error::Error;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use secrecy::SecretString;

use super::*;
use crate::caller::StageCell;
use crate::card::scripted::Script;

const SELECT: (&str, &str) = ("00a4040005 a000000308", "61114f06 9000");
const SERIAL: (&str, &str) = ("00f8000000", "00bc614e 9000");
const QUERY: &str = "0020008000";
const VERIFY: &str = "0020008008 313233343536ffff";
const WRONG: &str = "0020008008 363534333231ffff";
/// A digest of two octets, to keep it short.
const SIGN: &str = "0087119c08 7c06 8200 8102 abcd";
const SIGNED: &str = "7c04 8202 1234 9000";

impl Script {
    fn opened(self) -> Self {
        self.connect()
            .begin()
            .then(SELECT.0, SELECT.1)
            .then(SERIAL.0, SERIAL.1)
            .end()
    }

    /// The PIN has three tries, which is looked at before it is asked for, and before it is sent.
    fn asked(self) -> Self {
        self.begin().then(QUERY, "63c3").end()
    }

    fn verified_first(self) -> Self {
        self.asked()
            .begin()
            .then(QUERY, "63c3")
            .then(VERIFY, "9000")
    }

    fn signed(self) -> Self {
        self.then(SIGN, SIGNED).end()
    }
}

fn request(pin: PinPolicy, touch: TouchPolicy) -> Request {
    Request {
        slot: Slot::SIGNATURE,
        algorithm: Algorithm::Es256,
        reference: 0x11,
        pin_policy: Some(pin),
        touch_policy: Some(touch),
        pin: PinSource::Given(Arc::new("123456".into())),
        spend_last_try: false,
        on_touch: None,
    }
}

fn session(script: &Script) -> Session<Script> {
    Session::new(12_345_678, script.clone(), Vec::new())
}

fn sign(session: &mut Session<Script>, request: &Request) -> Result<Vec<u8>, SignError> {
    sign_unless(session, request, &|| false)
}

fn sign_unless(
    session: &mut Session<Script>,
    request: &Request,
    has_gone: &dyn Fn() -> bool,
) -> Result<Vec<u8>, SignError> {
    session.sign(&Job {
        request,
        payload: &[0xab, 0xcd],
        caller: Caller {
            has_gone,
            stage: &StageCell::default(),
        },
    })
}

fn given(pin: &'static str) -> PinSource {
    PinSource::Given(Arc::new(pin.into()))
}

#[track_caller]
fn fails(result: Result<Vec<u8>, SignError>, kind: SignErrorKind, text: &str) {
    let error = result.unwrap_err();
    let source = error.source().unwrap().to_string();
    assert!(source.contains(text), "{source}");
    assert_eq!(error.kind(), kind, "{source}");
}

/// Signs so often, and all that the script foresees happens.
fn signs(script: &Script, request: &Request, times: usize) {
    let mut session = session(script);
    for _ in 0..times {
        sign(&mut session, request).unwrap();
    }
    script.is_done();
}

#[test]
fn never_takes_no_verify() {
    let script = Script::default().opened().begin().signed().begin().signed();
    let mut session = session(&script);
    let mut request = request(PinPolicy::Never, TouchPolicy::Never);
    request.pin = PinSource::None;
    for _ in 0..2 {
        assert_eq!(sign(&mut session, &request).unwrap(), [0x12, 0x34]);
    }
    session.log_out();
    script.is_done();
}

#[test]
fn once_takes_one_verify_and_takes_the_pin_back_at_the_end() {
    let script = Script::default()
        .opened()
        .verified_first()
        .signed()
        .begin()
        .signed()
        .begin()
        .then("0020ff8000", "9000")
        .end();
    let mut session = session(&script);
    let request = request(PinPolicy::Once, TouchPolicy::Never);
    for _ in 0..2 {
        sign(&mut session, &request).unwrap();
    }
    session.log_out();
    script.is_done();
}

#[test]
fn always_takes_a_verify_each_time() {
    let script = Script::default()
        .opened()
        .verified_first()
        .signed()
        .begin()
        .then(VERIFY, "9000")
        .signed();
    signs(&script, &request(PinPolicy::Always, TouchPolicy::Never), 2);
}

#[test]
fn a_pin_that_another_program_took_back_is_given_again_in_the_same_transaction() {
    let script = Script::default()
        .opened()
        .verified_first()
        .signed()
        .begin()
        .then(SIGN, "6982")
        .then(QUERY, "63c3")
        .then(VERIFY, "9000")
        .signed();
    signs(&script, &request(PinPolicy::Once, TouchPolicy::Never), 2);
}

#[test]
fn an_unknown_policy_is_that_of_the_slot_until_the_card_says_otherwise() {
    let script = Script::default()
        .opened()
        .begin()
        .then("0087119e08 7c06 8200 8102 abcd", "6982")
        .then(QUERY, "63c3")
        .end()
        .verified_first()
        .then("0087119e08 7c06 8200 8102 abcd", SIGNED)
        .end();
    let mut session = session(&script);
    let request = Request {
        slot: Slot::CARD_AUTHENTICATION,
        pin_policy: None,
        touch_policy: None,
        ..request(PinPolicy::Never, TouchPolicy::Never)
    };
    sign(&mut session, &request).unwrap();
    script.is_done();
}

#[test]
fn a_touch_not_given_is_told_from_a_missing_pin() {
    let script = Script::default()
        .opened()
        .verified_first()
        .then(SIGN, "6982")
        .end()
        .begin()
        .then(SIGN, "6982")
        .then(QUERY, "9000")
        .end();
    let mut session = session(&script);
    let request = request(PinPolicy::Once, TouchPolicy::Always);
    for _ in 0..2 {
        fails(
            sign(&mut session, &request),
            SignErrorKind::InteractionRequired,
            "YubiKey 12345678 was not touched in time for the key in slot 9c",
        );
    }
    script.is_done();
}

#[test]
fn a_touch_is_announced_when_it_is_needed() {
    for (policy, announced) in [
        (TouchPolicy::Never, 0),
        (TouchPolicy::Cached, 1),
        (TouchPolicy::Always, 2),
    ] {
        let script = Script::default().opened().begin().signed().begin().signed();
        let mut session = session(&script);
        let count = Arc::new(AtomicUsize::new(0));
        let mut request = request(PinPolicy::Never, policy);
        request.on_touch = Some(Arc::new({
            let count = Arc::clone(&count);
            move || {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }));
        for _ in 0..2 {
            sign(&mut session, &request).unwrap();
        }
        assert_eq!(count.load(Ordering::Relaxed), announced, "{policy}");
        script.is_done();
    }
}

#[test]
fn refusals_have_their_kinds() {
    for (algorithm, status, kind, text) in [
        (
            Algorithm::Es256,
            "6a80",
            SignErrorKind::InvalidKey,
            "of another kind",
        ),
        (
            Algorithm::EdDsa,
            "6a80",
            SignErrorKind::InputLength,
            "2 octets",
        ),
        (
            Algorithm::EdDsa,
            "6700",
            SignErrorKind::InputLength,
            "status 6700",
        ),
        (
            Algorithm::Es256,
            "6a88",
            SignErrorKind::KeyNotFound,
            "holds no key",
        ),
        (
            Algorithm::Es256,
            "6f00",
            SignErrorKind::Other,
            "with status 6f00",
        ),
        (
            Algorithm::Es256,
            "6982",
            SignErrorKind::AccessDenied,
            "refuses to sign",
        ),
        (
            Algorithm::Es256,
            "9000",
            SignErrorKind::Other,
            "not in the form of PIV",
        ),
    ] {
        let script = Script::default().opened().begin().then(SIGN, status).end();
        let mut request = request(PinPolicy::Never, TouchPolicy::Never);
        request.algorithm = algorithm;
        fails(sign(&mut session(&script), &request), kind, text);
        script.is_done();
    }
}

#[test]
fn nothing_is_done_for_a_caller_who_has_gone() {
    // Gone when the card is had, and gone while it is asked how many tries there are.
    for (gone_after, script) in [
        (0, Script::default().opened().begin().end()),
        (1, Script::default().opened().asked().begin().end()),
    ] {
        // The next caller's PIN is his own, not that of the one before.
        let script = script
            .asked()
            .begin()
            .then(QUERY, "63c3")
            .then(WRONG, "63c2")
            .end();
        let mut session = session(&script);
        let mut request = request(PinPolicy::Always, TouchPolicy::Never);
        let looked = Cell::new(0);
        let result = sign_unless(&mut session, &request, &|| {
            looked.replace(looked.get() + 1) >= gone_after
        });
        assert_eq!(result.unwrap_err().kind(), SignErrorKind::Timeout);
        request.pin = given("654321");
        fails(
            sign(&mut session, &request),
            SignErrorKind::AccessDenied,
            "takes 2 more tries",
        );
        script.is_done();
    }
}

#[test]
fn nothing_is_signed_for_a_caller_who_goes_while_a_touch_is_announced() {
    let script = Script::default().opened().begin().end();
    let gone = Arc::new(AtomicUsize::new(0));
    let mut request = request(PinPolicy::Never, TouchPolicy::Always);
    request.on_touch = Some(Arc::new({
        let gone = Arc::clone(&gone);
        move || {
            gone.fetch_add(1, Ordering::Relaxed);
        }
    }));
    let result = sign_unless(&mut session(&script), &request, &|| {
        gone.load(Ordering::Relaxed) > 0
    });
    fails(
        result,
        SignErrorKind::Timeout,
        "the limit of the call was over",
    );
    script.is_done();
}
