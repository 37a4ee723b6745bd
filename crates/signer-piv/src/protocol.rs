use crate::apdu::{Broken, Channel, Command, tlv, value};
use crate::pin::Pin;

/// The first five octets of the PIV application's name.
const PIV: [u8; 5] = [0xa0, 0x00, 0x00, 0x03, 0x08];
/// The name of the application that tells the serial number of tokens before version 5.
const OTP: [u8; 8] = [0xa0, 0x00, 0x00, 0x05, 0x27, 0x20, 0x01, 0x01];

pub(crate) const SUCCESS: u16 = 0x9000;
/// No PIN was given, or no touch.
pub(crate) const NOT_SATISFIED: u16 = 0x6982;

/// What the card says of its PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PinState {
    /// It was given, and stays so until the card is reset or an application is selected.
    Verified,
    /// It was not given, or wrong; so many tries are left.
    TriesLeft(u8),
    /// It takes no PIN any more, right or wrong.
    Blocked,
    /// Another status word.
    Unknown(u16),
}

/// Whether a status is that of a class, an instruction or parameters that an application does not know: another one than
/// PIV is selected.
pub(crate) const fn is_unselected(status: u16) -> bool {
    matches!(
        status,
        0x6d00 | 0x6e00 | 0x6881 | 0x6884 | 0x6a81 | 0x6a86 | 0x6b00
    )
}

/// Selects the PIV application, which forgets the PIN.
pub(crate) fn select(channel: &mut dyn Channel) -> Result<u16, Broken> {
    select_application(channel, &PIV)
}

/// The serial number of the token whose PIV application is selected. One before version 5 tells it by another
/// application, after which PIV is selected again.
pub(crate) fn serial(channel: &mut dyn Channel) -> Result<Option<u32>, Broken> {
    if let Some(serial) = serial_of_5(channel)? {
        return Ok(Some(serial));
    }
    if select_application(channel, &OTP)? != SUCCESS {
        return Ok(None);
    }
    let serial = number(channel, 0x01, 0x10)?;
    select(channel)?;
    Ok(serial)
}

/// The serial number, if the PIV application is selected, and the token is of version 5.
pub(crate) fn serial_of_5(channel: &mut dyn Channel) -> Result<Option<u32>, Broken> {
    number(channel, 0xf8, 0x00)
}

fn number(channel: &mut dyn Channel, ins: u8, p1: u8) -> Result<Option<u32>, Broken> {
    let command = Command {
        ins,
        p1,
        p2: 0x00,
        data: &[],
    };
    let reply = command.send(channel)?;
    if reply.status != SUCCESS {
        return Ok(None);
    }
    match reply.data[..] {
        [a, b, c, d] => Ok(Some(u32::from_be_bytes([a, b, c, d]))),
        _ => Err(Broken::Reply),
    }
}

fn select_application(channel: &mut dyn Channel, name: &[u8]) -> Result<u16, Broken> {
    let command = Command {
        ins: 0xa4,
        p1: 0x04,
        p2: 0x00,
        data: name,
    };
    Ok(command.send(channel)?.status)
}

/// Gives the PIN; without one, asks how it stands with it, which costs no try.
pub(crate) fn verify(channel: &mut dyn Channel, pin: Option<&Pin>) -> Result<PinState, Broken> {
    let command = Command {
        ins: 0x20,
        p1: 0x00,
        p2: 0x80,
        data: pin.map_or(&[], |pin| pin.padded()),
    };
    Ok(match command.send(channel)?.status {
        SUCCESS => PinState::Verified,
        0x6983 => PinState::Blocked,
        status @ 0x63c0..=0x63cf => PinState::TriesLeft(status as u8 & 0x0f),
        status => PinState::Unknown(status),
    })
}

/// Takes the PIN back, for whoever uses the card next. Where the token does not know how to, PIV is selected anew, which
/// does the same.
pub(crate) fn log_out(channel: &mut dyn Channel) -> Result<(), Broken> {
    let command = Command {
        ins: 0x20,
        p1: 0xff,
        p2: 0x80,
        data: &[],
    };
    if command.send(channel)?.status != SUCCESS {
        select(channel)?;
    }
    Ok(())
}

/// Signs a padded block, a digest or a message: RSA octets, ECDSA DER or Ed25519 octets; or the status of the refusal.
pub(crate) fn sign(
    channel: &mut dyn Channel,
    algorithm: u8,
    slot: u8,
    payload: &[u8],
) -> Result<Result<Vec<u8>, u16>, Broken> {
    let template = [tlv(0x82, &[]), tlv(0x81, payload)].concat();
    let reply = Command {
        ins: 0x87,
        p1: algorithm,
        p2: slot,
        data: &tlv(0x7c, &template),
    }
    .send(channel)?;
    if reply.status != SUCCESS {
        return Ok(Err(reply.status));
    }
    let signature = value(0x7c, &reply.data).and_then(|template| value(0x82, template));
    Ok(Ok(signature.ok_or(Broken::Reply)?.to_vec()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::card::scripted::Script;

    #[test]
    fn an_rsa_signature_takes_255_and_11_octets() {
        let signature = "5a".repeat(256);
        let reply = format!("7c82010482820100{signature}");
        let script = Script::default()
            .then(
                &format!("1087079aff 7c820106 8200 81820100 0001{}", "ff".repeat(243)),
                "9000",
            )
            .then(
                &format!("0087079a0b {}", "ff".repeat(11)),
                &format!("{} 6108", &reply[..512]),
            )
            .then("00c0000000", &format!("{} 9000", &reply[512..]));
        let mut block = vec![0xff; 256];
        block[..2].copy_from_slice(&[0, 1]);
        let signed = sign(&mut script.channel(), 0x07, 0x9a, &block).unwrap();
        assert_eq!(signed, Ok(vec![0x5a; 256]));
        script.is_done();
    }

    #[test]
    fn a_digest_takes_one_command() {
        let script = Script::default().then(
            &format!("0087119c26 7c24 8200 8120{}", "11".repeat(32)),
            "7c0a 8208 3006020101020101 9000",
        );
        let signed = sign(&mut script.channel(), 0x11, 0x9c, &[0x11; 32]).unwrap();
        assert_eq!(signed, Ok(vec![0x30, 6, 2, 1, 1, 2, 1, 1]));
        script.is_done();
    }

    #[test]
    fn refusals_and_wrong_replies_are_told_apart() {
        for (reply, expected) in [
            ("6982", Ok(Err(0x6982))),
            ("6a80", Ok(Err(0x6a80))),
            ("9000", Err(Broken::Reply)),
            ("7c00 9000", Err(Broken::Reply)),
            ("7c03 8101aa 9000", Err(Broken::Reply)),
            ("7c03 8205aa 9000", Err(Broken::Reply)),
            ("8203 aabbcc 9000", Err(Broken::Reply)),
            ("7c82", Ok(Err(0x7c82))),
        ] {
            let script = Script::default().then("0087e09a08 7c06 8200 8102abcd", reply);
            let signed = sign(&mut script.channel(), 0xe0, 0x9a, &[0xab, 0xcd]);
            assert_eq!(signed, expected, "{reply}");
        }
    }

    #[test]
    fn pin_states_are_read() {
        for (status, state) in [
            ("9000", PinState::Verified),
            ("63cf", PinState::TriesLeft(15)),
            ("63c1", PinState::TriesLeft(1)),
            ("63c0", PinState::TriesLeft(0)),
            ("6983", PinState::Blocked),
            ("6300", PinState::Unknown(0x6300)),
            ("6d00", PinState::Unknown(0x6d00)),
        ] {
            let pin = Pin::new(&"123456".into()).unwrap();
            let script = Script::default()
                .then("0020008000", status)
                .then("0020008008 313233343536ffff", status);
            assert_eq!(verify(&mut script.channel(), None), Ok(state));
            assert_eq!(verify(&mut script.channel(), Some(&pin)), Ok(state));
            script.is_done();
        }
    }

    #[test]
    fn the_serial_is_read() {
        for (reply, expected) in [
            ("00bc614e 9000", Ok(Some(12_345_678))),
            ("6d00", Ok(None)),
            ("614e 9000", Err(Broken::Reply)),
        ] {
            let script = Script::default().then("00f8000000", reply);
            assert_eq!(serial_of_5(&mut script.channel()), expected);
        }
        let script = Script::default()
            .then("00f8000000", "6d00")
            .then("00a4040008 a000000527200101", "9000")
            .then("0001100000", "00bc614e 9000")
            .then("00a4040005 a000000308", "9000");
        assert_eq!(serial(&mut script.channel()), Ok(Some(12_345_678)));
        script.is_done();
        let script = Script::default()
            .then("00f8000000", "6d00")
            .then("00a4040008 a000000527200101", "6a82");
        assert_eq!(serial(&mut script.channel()), Ok(None));
        script.is_done();
    }

    #[test]
    fn a_token_that_knows_no_log_out_is_selected_anew() {
        let script = Script::default()
            .then("0020ff8000", "9000")
            .then("0020ff8000", "6a86")
            .then("00a4040005 a000000308", "9000");
        for _ in 0..2 {
            assert_eq!(log_out(&mut script.channel()), Ok(()));
        }
        script.is_done();
    }

    proptest! {
        #[test]
        fn no_reply_panics(reply: Vec<u8>) {
            let mut channel = |_: &[u8]| Ok(reply.clone());
            let _ = sign(&mut channel, 0x11, 0x9c, &[1; 32]);
            let _ = verify(&mut channel, None);
            let _ = serial(&mut channel);
            let _ = select(&mut channel);
        }
    }
}
