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
    let mut session = session(&script);
    let request = request(PinPolicy::Always, TouchPolicy::Never);
    for _ in 0..2 {
        sign(&mut session, &request).unwrap();
    }
    script.is_done();
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
    let mut session = session(&script);
    let request = request(PinPolicy::Once, TouchPolicy::Never);
    for _ in 0..2 {
        sign(&mut session, &request).unwrap();
    }
    script.is_done();
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
fn a_wrong_pin_is_sent_once_and_never_again() {
    let script = Script::default()
        .opened()
        .asked()
        .begin()
        .then(QUERY, "63c3")
        .then(WRONG, "63c2")
        .end()
        .begin()
        .then(QUERY, "63c2")
        .end()
        .begin()
        .then(QUERY, "63c2")
        .end()
        .begin()
        .then(QUERY, "63c2")
        .then(VERIFY, "9000")
        .signed();
    let mut session = session(&script);
    let answers = Mutex::new(vec!["123456", "654321", "654321"]);
    let tries = Arc::new(Mutex::new(Vec::new()));
    let mut request = request(PinPolicy::Once, TouchPolicy::Never);
    request.pin = PinSource::Asked(Arc::new({
        let tries = Arc::clone(&tries);
        move |asked: PinRequest| {
            assert_eq!(
                (asked.serial(), asked.slot()),
                (12_345_678, Slot::SIGNATURE)
            );
            tries.lock().unwrap().push(asked.tries_left());
            Ok(SecretString::from(answers.lock().unwrap().pop().unwrap()))
        }
    }));
    fails(
        sign(&mut session, &request),
        SignErrorKind::AccessDenied,
        "the PIN is wrong for YubiKey 12345678, which takes 2 more tries",
    );
    fails(
        sign(&mut session, &request),
        SignErrorKind::AccessDenied,
        "has refused this PIN before",
    );
    sign(&mut session, &request).unwrap();
    assert_eq!(*tries.lock().unwrap(), [Some(3), Some(2), Some(2)]);
    script.is_done();
}

#[test]
fn the_last_try_is_spent_only_if_allowed() {
    let script = Script::default().opened().begin().then(QUERY, "63c1").end();
    let mut refusing = session(&script);
    let mut request = request(PinPolicy::Once, TouchPolicy::Never);
    request.pin = PinSource::Asked(Arc::new(|_| panic!("asked in vain")));
    fails(
        sign(&mut refusing, &request),
        SignErrorKind::AccessDenied,
        "one more try before its PIN is blocked, and it was not spent",
    );
    script.is_done();

    let script = Script::default()
        .opened()
        .begin()
        .then(QUERY, "63c1")
        .end()
        .begin()
        .then(QUERY, "63c1")
        .then(VERIFY, "63c0")
        .end();
    request.pin = PinSource::Given(Arc::new("123456".into()));
    request.spend_last_try = true;
    fails(
        sign(&mut session(&script), &request),
        SignErrorKind::AccessDenied,
        "wrong for the last time: the PIN of YubiKey 12345678 is blocked after too many wrong ones; set a new one with \
         the PUK: `ykman --device 12345678",
    );
    script.is_done();
}

/// A PIN that the blocked card did not look at may be the right one after it is unblocked.
#[test]
fn a_pin_that_met_a_blocked_card_may_be_sent_again() {
    let script = Script::default()
        .opened()
        .verified_first()
        .signed()
        .begin()
        .then(VERIFY, "6983")
        .end()
        .asked()
        .begin()
        .then(QUERY, "63c3")
        .then(VERIFY, "9000")
        .signed();
    let mut session = session(&script);
    let request = request(PinPolicy::Always, TouchPolicy::Never);
    sign(&mut session, &request).unwrap();
    fails(
        sign(&mut session, &request),
        SignErrorKind::AccessDenied,
        "unblock-pin",
    );
    sign(&mut session, &request).unwrap();
    script.is_done();
}

#[test]
fn a_blocked_pin_is_not_sent() {
    for status in ["6983", "63c0"] {
        let script = Script::default().opened().begin().then(QUERY, status).end();
        fails(
            sign(
                &mut session(&script),
                &request(PinPolicy::Always, TouchPolicy::Never),
            ),
            SignErrorKind::AccessDenied,
            "unblock-pin",
        );
        script.is_done();
    }
}

#[test]
fn without_a_pin_the_error_says_so() {
    let script = Script::default().opened().asked();
    let mut request = request(PinPolicy::Always, TouchPolicy::Never);
    request.pin = PinSource::None;
    fails(
        sign(&mut session(&script), &request),
        SignErrorKind::InteractionRequired,
        "the key in slot 9c of YubiKey 12345678 is used with the PIN, and none was given",
    );
    script.is_done();
}

#[test]
fn what_can_be_no_pin_is_not_sent() {
    for pin in ["", "12345", "123456789", "123456\n"] {
        let script = Script::default().opened().asked();
        let mut request = request(PinPolicy::Always, TouchPolicy::Never);
        request.pin = PinSource::Asked(Arc::new(move |_| Ok(pin.into())));
        fails(
            sign(&mut session(&script), &request),
            SignErrorKind::AccessDenied,
            "not sent",
        );
        script.is_done();
    }
}

#[test]
fn a_lost_connection_is_made_anew_once() {
    let lost = pcsc::Error::ResetCard;
    let script = Script::default()
        .opened()
        .verified_first()
        .signed()
        .begin_fails(lost)
        .opened()
        .begin()
        .then(QUERY, "63c3")
        .then(VERIFY, "9000")
        .signed()
        .begin_fails(lost)
        .opened()
        .begin_fails(pcsc::Error::RemovedCard);
    let mut session = session(&script);
    let request = request(PinPolicy::Once, TouchPolicy::Never);
    for _ in 0..2 {
        sign(&mut session, &request).unwrap();
    }
    fails(
        sign(&mut session, &request),
        SignErrorKind::Unavailable,
        "YubiKey 12345678 is not there any more",
    );
    script.is_done();
}

#[test]
fn a_proven_pin_is_not_spent_on_the_last_try_after_a_reconnection() {
    let script = Script::default()
        .opened()
        .verified_first()
        .signed()
        .begin_fails(pcsc::Error::RemovedCard)
        .opened()
        .begin()
        .then(QUERY, "63c1")
        .end();
    let mut session = session(&script);
    let request = request(PinPolicy::Always, TouchPolicy::Never);
    sign(&mut session, &request).unwrap();
    fails(
        sign(&mut session, &request),
        SignErrorKind::AccessDenied,
        "was not spent",
    );
    script.is_done();
}

#[test]
fn a_pin_lost_on_its_way_is_not_sent_again_in_the_same_call() {
    let script = Script::default()
        .opened()
        .asked()
        .begin()
        .then(QUERY, "63c3")
        .then_fails(VERIFY, pcsc::Error::RemovedCard)
        .end();
    fails(
        sign(
            &mut session(&script),
            &request(PinPolicy::Once, TouchPolicy::Never),
        ),
        SignErrorKind::Other,
        "broke while the PIN was on its way, which may have cost a try (",
    );
    script.is_done();
}

#[test]
fn an_unknown_answer_to_a_pin_is_final() {
    for (answer, kind, text) in [
        (
            "6581",
            SignErrorKind::Other,
            "answers with status 6581 where it was asked about its PIN",
        ),
        (
            "6300",
            SignErrorKind::AccessDenied,
            "the PIN is wrong for YubiKey 12345678",
        ),
    ] {
        let script = Script::default()
            .opened()
            .asked()
            .begin()
            .then(QUERY, "63c3")
            .then(VERIFY, answer)
            .end()
            .asked();
        let mut session = session(&script);
        let mut request = request(PinPolicy::Once, TouchPolicy::Never);
        fails(sign(&mut session, &request), kind, text);
        // It was not kept either.
        request.pin = PinSource::None;
        fails(
            sign(&mut session, &request),
            SignErrorKind::InteractionRequired,
            "none was given",
        );
        script.is_done();
    }
}

#[test]
fn an_unknown_answer_about_the_pin_sends_none() {
    let script = Script::default().opened().begin().then(QUERY, "6581").end();
    fails(
        sign(
            &mut session(&script),
            &request(PinPolicy::Once, TouchPolicy::Never),
        ),
        SignErrorKind::Other,
        "status 6581",
    );
    script.is_done();
}

/// Another program took the PIN back, after it had changed it or tried wrong ones.
#[test]
fn a_proven_pin_is_not_spent_on_the_last_try_after_it_was_taken_back() {
    for (state, text) in [("63c1", "was not spent"), ("6983", "unblock-pin")] {
        let script = Script::default()
            .opened()
            .verified_first()
            .signed()
            .begin()
            .then(SIGN, "6982")
            .then(QUERY, state)
            .end()
            .begin()
            .then(QUERY, state)
            .end();
        let mut session = session(&script);
        let request = request(PinPolicy::Once, TouchPolicy::Never);
        sign(&mut session, &request).unwrap();
        for _ in 0..2 {
            fails(
                sign(&mut session, &request),
                SignErrorKind::AccessDenied,
                text,
            );
        }
        script.is_done();
    }
    let script = Script::default()
        .opened()
        .verified_first()
        .signed()
        .begin()
        .then(SIGN, "6982")
        .then(QUERY, "6d00")
        .end()
        .opened()
        .begin()
        .then(QUERY, "63c3")
        .then(VERIFY, "9000")
        .signed();
    let mut session = session(&script);
    let request = request(PinPolicy::Once, TouchPolicy::Never);
    for _ in 0..2 {
        sign(&mut session, &request).unwrap();
    }
    script.is_done();
}

#[test]
fn a_refused_pin_stays_refused_in_the_next_session() {
    let script = Script::default()
        .opened()
        .asked()
        .begin()
        .then(QUERY, "63c3")
        .then(VERIFY, "63c2")
        .end()
        .opened()
        .begin()
        .then(QUERY, "63c2")
        .end();
    let request = request(PinPolicy::Once, TouchPolicy::Never);
    let mut first = session(&script);
    fails(
        sign(&mut first, &request),
        SignErrorKind::AccessDenied,
        "takes 2 more tries",
    );
    let mut second = Session::new(12_345_678, script.clone(), first.into_refused());
    fails(
        sign(&mut second, &request),
        SignErrorKind::AccessDenied,
        "has refused this PIN before",
    );
    script.is_done();
}

#[test]
fn a_token_that_is_away_is_told() {
    let script = Script::default().connect_fails(unavailable("plug it in"));
    fails(
        sign(
            &mut session(&script),
            &request(PinPolicy::Once, TouchPolicy::Never),
        ),
        SignErrorKind::Unavailable,
        "plug it in",
    );
    script.is_done();
}

#[test]
fn another_token_is_not_used() {
    let script = Script::default()
        .connect()
        .begin()
        .then(SELECT.0, SELECT.1)
        .then(SERIAL.0, "01 65ec15 9000")
        .end();
    fails(
        sign(
            &mut session(&script),
            &request(PinPolicy::Once, TouchPolicy::Never),
        ),
        SignErrorKind::Unavailable,
        "YubiKey 23456789 is plugged in where YubiKey 12345678 was",
    );
    script.is_done();

    let script = Script::default()
        .connect()
        .begin()
        .then(SELECT.0, SELECT.1)
        .then(SERIAL.0, "6d00")
        .then("00a4040008 a000000527200101", "6a82")
        .end();
    fails(
        sign(
            &mut session(&script),
            &request(PinPolicy::Once, TouchPolicy::Never),
        ),
        SignErrorKind::Unavailable,
        "another card is plugged in where YubiKey 12345678 was",
    );
    script.is_done();
}

#[test]
fn a_token_without_the_application_is_told() {
    let script = Script::default()
        .connect()
        .begin()
        .then(SELECT.0, "6a82")
        .end();
    fails(
        sign(
            &mut session(&script),
            &request(PinPolicy::Once, TouchPolicy::Never),
        ),
        SignErrorKind::Unavailable,
        "does not open its PIV application (status 6a82)",
    );
    script.is_done();
}

#[test]
fn another_application_is_left_again_once() {
    let script = Script::default()
        .opened()
        .begin()
        .then(SIGN, "6d00")
        .end()
        .opened()
        .begin()
        .signed()
        .begin()
        .then(SIGN, "6d00")
        .end()
        .opened()
        .begin()
        .then(SIGN, "6d00")
        .end();
    let mut session = session(&script);
    let request = request(PinPolicy::Never, TouchPolicy::Never);
    sign(&mut session, &request).unwrap();
    fails(
        sign(&mut session, &request),
        SignErrorKind::Other,
        "status 6d00, as if its PIV application were not selected",
    );
    script.is_done();
}

#[test]
fn the_pin_is_kept_when_another_application_was_selected() {
    let script = Script::default()
        .opened()
        .verified_first()
        .signed()
        .begin()
        .then(VERIFY, "6d00")
        .end()
        .opened()
        .begin()
        .then(QUERY, "63c3")
        .then(VERIFY, "9000")
        .signed();
    let mut session = session(&script);
    let request = request(PinPolicy::Always, TouchPolicy::Never);
    for _ in 0..2 {
        sign(&mut session, &request).unwrap();
    }
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
