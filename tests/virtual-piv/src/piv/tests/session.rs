//! What is allowed when: PIN, PUK, touch, management key.

use super::*;
use crate::control::Touch;

const DENIED: Status = Status::SECURITY;

#[test]
fn policy_once_wants_the_pin_once() {
    let mut bench = Bench::new(OLD);
    bench.manage();
    bench.generate(0x9a, 0x11, 2, 0).unwrap();
    assert_eq!(bench.sign(0x9a, 0x11, &[1; 32]), Err(DENIED));
    bench.verify(&RIGHT).unwrap();
    assert!(bench.sign(0x9a, 0x11, &[1; 32]).is_ok());
    assert!(bench.sign(0x9a, 0x11, &[1; 32]).is_ok());
    assert_eq!(bench.verify(b"000000\xff\xff"), Err(Status(0x63c2)));
    assert_eq!(bench.sign(0x9a, 0x11, &[1; 32]), Err(DENIED));
}

#[test]
fn policy_always_wants_the_pin_just_before() {
    let mut bench = Bench::new(OLD);
    bench.manage();
    bench.generate(0x9c, 0x11, 0, 0).unwrap();
    bench.verify(&RIGHT).unwrap();
    assert!(bench.sign(0x9c, 0x11, &[1; 32]).is_ok());
    assert_eq!(bench.sign(0x9c, 0x11, &[1; 32]), Err(DENIED));
    bench.verify(&RIGHT).unwrap();
    bench.send([0, 0xfd, 0, 0], &[]).unwrap();
    assert_eq!(bench.sign(0x9c, 0x11, &[1; 32]), Err(DENIED));
}

#[test]
fn policy_never_wants_no_pin() {
    let mut bench = Bench::new(OLD);
    bench.manage();
    bench.generate(0x9e, 0x11, 0, 0).unwrap();
    assert!(bench.sign(0x9e, 0x11, &[1; 32]).is_ok());
}

#[test]
fn selection_and_reset_forget_the_pin_and_the_management_key() {
    let forget: [fn(&mut Bench); 3] = [
        Bench::select,
        |bench| {
            bench.card.reset();
            bench.select();
        },
        |bench| {
            bench
                .send([0, 0xa4, 4, 0], &[0xa0, 0, 0, 5, 0x27, 0x47, 0x11, 0x17])
                .unwrap();
            bench.select();
        },
    ];
    let mut bench = Bench::new(OLD);
    for forget in forget {
        bench.manage();
        bench.generate(0x9a, 0x11, 0, 0).unwrap();
        bench.verify(&RIGHT).unwrap();
        assert_eq!(bench.verify(&[]), Ok(vec![]));
        forget(&mut bench);
        assert_eq!(bench.verify(&[]), Err(Status(0x63c3)));
        assert_eq!(bench.sign(0x9a, 0x11, &[1; 32]), Err(DENIED));
        assert_eq!(bench.generate(0x9a, 0x11, 0, 0), Err(DENIED));
    }
}

#[test]
fn touch_is_asked_for_as_the_policy_says() {
    let mut bench = Bench::new(OLD);
    bench.manage();
    for (slot, touch) in [(0x82, 1), (0x83, 2), (0x84, 3)] {
        bench.generate(slot, 0x11, 1, touch).unwrap();
    }
    let refused = Touch::Never(std::time::Duration::ZERO);
    bench.controls.touch(refused);
    let signs =
        |bench: &mut Bench| [0x82, 0x83, 0x84].map(|slot| bench.sign(slot, 0x11, &[1; 32]).is_ok());
    assert_eq!(signs(&mut bench), [true, false, false]);
    bench.controls.touch(Touch::Now);
    assert_eq!(signs(&mut bench), [true, true, true]);
    bench.controls.touch(refused);
    assert_eq!(signs(&mut bench), [true, false, true]);
}

#[test]
fn a_blocked_pin_is_set_anew_with_the_puk_and_a_token_blocked_altogether_is_reset() {
    let mut bench = Bench::new(OLD);
    bench.manage();
    bench.generate(0x9a, 0x11, 0, 0).unwrap();
    for status in [
        Status(0x63c2),
        Status(0x63c1),
        Status::BLOCKED,
        Status::BLOCKED,
    ] {
        assert_eq!(bench.verify(b"000000\xff\xff"), Err(status));
    }
    assert_eq!(bench.verify(&RIGHT), Err(Status::BLOCKED));
    assert_eq!(bench.send([0, 0xfb, 0, 0], &[]), Err(Status::CONDITIONS));
    assert_eq!(
        bench.send([0, 0x2c, 0, 0x80], b"12345678654321\xff\xff"),
        Ok(vec![])
    );
    assert_eq!(bench.verify(b"654321\xff\xff"), Ok(vec![]));
    for reference in [0x80, 0x81] {
        for _ in 0..3 {
            assert!(
                bench
                    .send([0, 0x24, 0, reference], b"00000000654321\xff\xff")
                    .is_err()
            );
        }
    }
    assert_eq!(bench.card.tries(), (0, 0));
    assert_eq!(bench.send([0, 0xfb, 0, 0], &[]), Ok(vec![]));
    assert_eq!(bench.verify(&RIGHT), Ok(vec![]));
    assert_eq!(
        bench.sign(0x9a, 0x11, &[1; 32]),
        Err(Status::REFERENCE_NOT_FOUND)
    );
    assert!(bench.send([0, 0xf7, 0, 0xf9], &[]).is_ok());
}

#[test]
fn a_wrong_block_of_pin_spends_no_try() {
    let mut bench = Bench::new(OLD);
    assert_eq!(bench.verify(b"123456"), Err(Status::WRONG_DATA));
    assert_eq!(bench.card.tries(), (3, 3));
}

#[test]
fn the_log_tells_no_pin() {
    let mut bench = Bench::new(OLD);
    bench.controls.clear();
    bench.verify(&RIGHT).unwrap();
    assert_eq!(bench.controls.log(), "00200080 8 9000 verify\n");
}
