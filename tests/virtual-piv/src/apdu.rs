//! Commands to a card and its status words (ISO 7816-4).

use openssl::error::ErrorStack;

/// A status word, the last two bytes of each answer.
///
/// What a real YubiKey answers is known from manuals and from clients, not from hardware, in these cases: use of an
/// empty slot (here `REFERENCE_NOT_FOUND`), attestation of an imported key (`WRONG_DATA`), a PIN block of the wrong
/// length (`WRONG_DATA`), whether policy "always" lets another command come between VERIFY and the signature (here it does
/// not), and whether selection of an unknown applet leaves the PIN verified (here it does).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) u16);

impl Status {
    pub(crate) const OK: Self = Self(0x9000);
    pub(crate) const WRONG_LENGTH: Self = Self(0x6700);
    pub(crate) const SECURITY: Self = Self(0x6982);
    pub(crate) const BLOCKED: Self = Self(0x6983);
    pub(crate) const CONDITIONS: Self = Self(0x6985);
    pub(crate) const WRONG_DATA: Self = Self(0x6a80);
    pub(crate) const NOT_FOUND: Self = Self(0x6a82);
    pub(crate) const NO_SPACE: Self = Self(0x6a84);
    pub(crate) const WRONG_PARAMETERS: Self = Self(0x6a86);
    pub(crate) const REFERENCE_NOT_FOUND: Self = Self(0x6a88);
    pub(crate) const UNKNOWN_INSTRUCTION: Self = Self(0x6d00);
    pub(crate) const INTERNAL: Self = Self(0x6f00);

    /// A wrong PIN or PUK, after which so many tries are left.
    pub(crate) fn wrong_pin(left: u8) -> Self {
        if left == 0 {
            Self::BLOCKED
        } else {
            Self(0x63c0 | u16::from(left.min(15)))
        }
    }

    /// So many more bytes wait for GET RESPONSE.
    pub(crate) fn more(waiting: usize) -> Self {
        Self(0x6100 | u16::from(u8::try_from(waiting).unwrap_or(0)))
    }
}

impl From<ErrorStack> for Status {
    fn from(_: ErrorStack) -> Self {
        Self::INTERNAL
    }
}

/// The data of an answer, or the status word of a refusal.
pub(crate) type Answer = Result<Vec<u8>, Status>;

/// An instruction byte.
pub(crate) mod ins {
    pub(crate) const READ_CONFIGURATION: u8 = 0x1d;
    pub(crate) const VERIFY: u8 = 0x20;
    pub(crate) const CHANGE_REFERENCE: u8 = 0x24;
    pub(crate) const RESET_RETRY: u8 = 0x2c;
    pub(crate) const GENERATE: u8 = 0x47;
    pub(crate) const GENERAL_AUTHENTICATE: u8 = 0x87;
    pub(crate) const SELECT: u8 = 0xa4;
    pub(crate) const GET_RESPONSE: u8 = 0xc0;
    pub(crate) const GET_DATA: u8 = 0xcb;
    pub(crate) const PUT_DATA: u8 = 0xdb;
    pub(crate) const MOVE_KEY: u8 = 0xf6;
    pub(crate) const GET_METADATA: u8 = 0xf7;
    pub(crate) const GET_SERIAL: u8 = 0xf8;
    pub(crate) const ATTEST: u8 = 0xf9;
    pub(crate) const SET_RETRIES: u8 = 0xfa;
    pub(crate) const RESET: u8 = 0xfb;
    pub(crate) const GET_VERSION: u8 = 0xfd;
    pub(crate) const IMPORT: u8 = 0xfe;
    pub(crate) const SET_MANAGEMENT_KEY: u8 = 0xff;
}

/// A command. `Debug` is not derived: the data may be a PIN.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) class: u8,
    pub(crate) instruction: u8,
    pub(crate) p1: u8,
    pub(crate) p2: u8,
    pub(crate) data: Vec<u8>,
    pub(crate) extended: bool,
}

impl Command {
    /// Reads a command of any of the seven forms. The length of answer that it expects is ignored.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Status> {
        let [class, instruction, p1, p2, ref body @ ..] = *bytes else {
            return Err(Status::WRONG_LENGTH);
        };
        let (data, extended) = match *body {
            [] | [_] => (&[][..], false),
            [0, _, _] => (&[][..], true),
            [0, high, low, ref rest @ ..] => (
                counted(rest, usize::from(u16::from_be_bytes([high, low])), 2)?,
                true,
            ),
            [length, ref rest @ ..] => (counted(rest, usize::from(length), 1)?, false),
        };
        Ok(Self {
            class,
            instruction,
            p1,
            p2,
            data: data.to_vec(),
            extended,
        })
    }

    /// Whether another part of this command follows.
    pub(crate) fn is_chained(&self) -> bool {
        self.class & 0x10 != 0
    }
}

/// The data, where nothing follows it but the expected length of so many bytes, or not even that.
fn counted(bytes: &[u8], length: usize, expected: usize) -> Result<&[u8], Status> {
    let (data, rest) = bytes.split_at_checked(length).ok_or(Status::WRONG_LENGTH)?;
    if length == 0 || !(rest.is_empty() || rest.len() == expected) {
        return Err(Status::WRONG_LENGTH);
    }
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<(Vec<u8>, bool), Status> {
        Command::parse(bytes).map(|command| (command.data, command.extended))
    }

    #[test]
    fn all_seven_forms_are_read() {
        assert_eq!(read(&[0, 1, 2, 3]), Ok((vec![], false)));
        assert_eq!(read(&[0, 1, 2, 3, 0]), Ok((vec![], false)));
        assert_eq!(read(&[0, 1, 2, 3, 2, 8, 9]), Ok((vec![8, 9], false)));
        assert_eq!(read(&[0, 1, 2, 3, 2, 8, 9, 0]), Ok((vec![8, 9], false)));
        assert_eq!(read(&[0, 1, 2, 3, 0, 1, 0]), Ok((vec![], true)));
        assert_eq!(read(&[0, 1, 2, 3, 0, 0, 2, 8, 9]), Ok((vec![8, 9], true)));
        assert_eq!(
            read(&[0, 1, 2, 3, 0, 0, 2, 8, 9, 0, 0]),
            Ok((vec![8, 9], true))
        );
    }

    #[test]
    fn the_header_is_read() {
        let command = Command::parse(&[0x10, 0x87, 0x07, 0x9a, 1, 5]).unwrap_or_else(|_| panic!());
        assert_eq!(
            (command.class, command.instruction, command.p1, command.p2),
            (0x10, 0x87, 7, 0x9a)
        );
        assert!(command.is_chained());
    }

    #[test]
    fn wrong_lengths_are_refused() {
        for bytes in [
            &[][..],
            &[0, 1, 2],
            &[0, 1, 2, 3, 2, 8],
            &[0, 1, 2, 3, 1, 8, 0, 0],
            &[0, 1, 2, 3, 0, 0, 2, 8],
            &[0, 1, 2, 3, 0, 0],
            &[0, 1, 2, 3, 0, 0, 1, 8, 0],
        ] {
            assert_eq!(read(bytes), Err(Status::WRONG_LENGTH), "{bytes:02x?}");
        }
    }

    #[test]
    fn status_words_carry_their_number() {
        assert_eq!(Status::wrong_pin(2), Status(0x63c2));
        assert_eq!(Status::wrong_pin(0), Status::BLOCKED);
        assert_eq!(Status::more(8), Status(0x6108));
        assert_eq!(Status::more(256), Status(0x6100));
        assert_eq!(Status::more(300), Status(0x6100));
    }
}
