//! Cards that are away, are another, or have another application selected.

use super::*;

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
    signs(&script, &request(PinPolicy::Always, TouchPolicy::Never), 2);
}
