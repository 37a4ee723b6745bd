//! What is sent of a PIN, and what never.

use super::*;

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
    signs(&script, &request(PinPolicy::Once, TouchPolicy::Never), 2);
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
