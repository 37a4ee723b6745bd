use std::fmt;
use std::str::FromStr;

/// A slot of the PIV application that can hold a key that signs.
///
/// Read from and written as two hexadecimal digits: `9a`, `9c`, `9d`, `9e`, or `82` to `95` for the retired ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(u8);

impl Slot {
    /// 9a, "PIV Authentication": the PIN once, unless the key was made with another policy.
    pub const AUTHENTICATION: Self = Self(0x9a);
    /// 9c, "Digital Signature": the PIN for every signature, unless the key was made with another policy.
    pub const SIGNATURE: Self = Self(0x9c);
    /// 9d, "Key Management": the PIN once, unless the key was made with another policy.
    pub const KEY_MANAGEMENT: Self = Self(0x9d);
    /// 9e, "Card Authentication": no PIN, unless the key was made with another policy.
    pub const CARD_AUTHENTICATION: Self = Self(0x9e);

    /// Every slot: the four named ones, then the twenty retired ones.
    pub fn all() -> impl Iterator<Item = Self> {
        [0x9a, 0x9c, 0x9d, 0x9e]
            .into_iter()
            .chain(0x82..=0x95)
            .map(Self)
    }

    /// The number of the slot, for example 0x9c.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The data object with the slot's certificate
    /// ([NIST SP 800-73-4](https://csrc.nist.gov/pubs/sp/800/73/4/upd1/final), part 1, table 3).
    pub(crate) const fn certificate_object(self) -> u32 {
        0x5f_c100
            + match self.0 {
                0x9a => 0x05,
                0x9c => 0x0a,
                0x9d => 0x0b,
                0x9e => 0x01,
                retired => retired as u32 - 0x82 + 0x0d,
            }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}", self.0)
    }
}

impl FromStr for Slot {
    type Err = UnknownSlot;

    /// Reads two hexadecimal digits in either case.
    fn from_str(text: &str) -> Result<Self, UnknownSlot> {
        Self::all()
            .find(|slot| slot.to_string().eq_ignore_ascii_case(text))
            .ok_or_else(|| UnknownSlot(text.into()))
    }
}

/// A text that names no slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownSlot(String);

impl fmt::Display for UnknownSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no slot; the slots are 9a, 9c, 9d, 9e, and 82 to 95 in hexadecimal",
            self.0.escape_debug()
        )
    }
}

impl std::error::Error for UnknownSlot {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_read_back() {
        assert_eq!(Slot::all().count(), 24);
        for slot in Slot::all() {
            assert_eq!(slot.to_string().parse(), Ok(slot));
            assert_eq!(slot.to_string().to_uppercase().parse(), Ok(slot));
        }
        assert_eq!("9c".parse(), Ok(Slot::SIGNATURE));
    }

    #[test]
    fn others_are_refused() {
        for text in ["", "9", "9b", "81", "96", "f9", "9c ", "0x9c", "130", "+9c"] {
            assert_eq!(
                text.parse::<Slot>().unwrap_err().to_string(),
                format!(
                    "`{text}` is no slot; the slots are 9a, 9c, 9d, 9e, and 82 to 95 in hexadecimal"
                )
            );
        }
    }

    #[test]
    fn each_slot_has_its_certificate() {
        let objects = ["9a", "9c", "9d", "9e", "82", "95"]
            .map(|slot| slot.parse::<Slot>().unwrap().certificate_object());
        assert_eq!(
            objects,
            [
                0x5f_c105, 0x5f_c10a, 0x5f_c10b, 0x5f_c101, 0x5f_c10d, 0x5f_c120
            ]
        );
    }
}
