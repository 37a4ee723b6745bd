//! PIN and PUK: a value and its counter of tries.

use openssl::memcmp;

use crate::apdu::Status;

/// The bytes of a PIN or PUK, padded with FF.
pub(crate) const LENGTH: usize = 8;
const TRIES: u8 = 3;
const SHORTEST: usize = 6;

/// A PIN or a PUK. `Debug` is not derived: it would show the value.
pub(crate) struct Reference {
    default: [u8; LENGTH],
    value: [u8; LENGTH],
    left: u8,
    tries: u8,
}

impl Reference {
    /// A value, which is also the one that `reset` goes back to.
    pub(crate) fn new(default: [u8; LENGTH]) -> Self {
        Self {
            default,
            value: default,
            left: TRIES,
            tries: TRIES,
        }
    }

    /// Compares, and counts a failure.
    pub(crate) fn check(&mut self, given: &[u8]) -> Result<(), Status> {
        if given.len() != LENGTH {
            return Err(Status::WRONG_DATA);
        }
        if self.left == 0 {
            return Err(Status::BLOCKED);
        }
        if !memcmp::eq(&self.value, given) {
            self.left -= 1;
            return Err(self.status());
        }
        self.left = self.tries;
        Ok(())
    }

    /// Sets another value, and all tries again.
    pub(crate) fn change(&mut self, value: &[u8]) -> Result<(), Status> {
        let length = value
            .iter()
            .position(|byte| *byte == 0xff)
            .unwrap_or(value.len());
        let padded = value.iter().skip(length).all(|byte| *byte == 0xff);
        let value = value.try_into().map_err(|_| Status::WRONG_DATA)?;
        if length < SHORTEST || !padded {
            return Err(Status::WRONG_DATA);
        }
        self.value = value;
        self.left = self.tries;
        Ok(())
    }

    /// Goes back to the default value, with so many tries.
    pub(crate) fn reset(&mut self, tries: u8) {
        *self = Self {
            default: self.default,
            value: self.default,
            left: tries,
            tries,
        };
    }

    /// What a question for the tries is answered, as long as the value is not verified.
    pub(crate) fn status(&self) -> Status {
        Status::wrong_pin(self.left)
    }

    pub(crate) fn left(&self) -> u8 {
        self.left
    }

    pub(crate) fn tries(&self) -> u8 {
        self.tries
    }

    pub(crate) fn is_default(&self) -> bool {
        self.value == self.default
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_count_down_block_and_come_back() {
        let mut pin = Reference::new(*b"123456\xff\xff");
        assert_eq!(pin.check(b"654321\xff\xff"), Err(Status(0x63c2)));
        assert_eq!(pin.check(b"123456\xff\xff"), Ok(()));
        assert_eq!(pin.left(), 3);
        for status in [
            Status(0x63c2),
            Status(0x63c1),
            Status::BLOCKED,
            Status::BLOCKED,
        ] {
            assert_eq!(pin.check(b"654321\xff\xff"), Err(status));
        }
        assert_eq!(pin.check(b"123456\xff\xff"), Err(Status::BLOCKED));
        assert_eq!(pin.change(b"1234567\xff"), Ok(()));
        assert_eq!(pin.check(b"1234567\xff"), Ok(()));
        assert!(!pin.is_default());
        pin.reset(5);
        assert_eq!(pin.check(b"000000\xff\xff"), Err(Status(0x63c4)));
        assert!(pin.is_default());
    }

    #[test]
    fn a_block_of_the_wrong_length_spends_no_try() {
        let mut pin = Reference::new(*b"123456\xff\xff");
        assert_eq!(pin.check(b"123456"), Err(Status::WRONG_DATA));
        assert_eq!(pin.left(), 3);
    }

    #[test]
    fn short_and_badly_padded_values_are_refused() {
        let mut pin = Reference::new(*b"123456\xff\xff");
        for value in [
            &b"12345\xff\xff\xff"[..],
            b"123456\xff7",
            b"1234567",
            b"123456789",
        ] {
            assert_eq!(pin.change(value), Err(Status::WRONG_DATA), "{value:02x?}");
        }
    }
}
