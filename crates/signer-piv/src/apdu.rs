use zeroize::Zeroizing;

/// A short command carries no more data than this, in octets; more is sent in a chain.
const MAX_DATA: usize = 255;
/// No reply that is asked for here is longer, in octets.
const MAX_REPLY: usize = 4096;

/// Carries one command to the card and its reply back. The card is held until this is dropped.
pub(crate) trait Channel {
    /// Sends the octets of a command and gives those of the reply, its status word included.
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, pcsc::Error>;
}

/// A command to the card.
#[derive(Clone, Copy)]
pub(crate) struct Command<'a> {
    pub(crate) ins: u8,
    pub(crate) p1: u8,
    pub(crate) p2: u8,
    pub(crate) data: &'a [u8],
}

/// A reply of the card: its status word, and the data of all its parts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) data: Vec<u8>,
}

/// Why there is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// PC/SC could not carry it.
    Pcsc(pcsc::Error),
    /// It is no reply by ISO 7816-4.
    Reply,
}

impl Command<'_> {
    /// Sends the command, in a chain if it is long, and collects the parts of the reply.
    ///
    /// The first part of a chain that is not taken ends it, with its status.
    pub(crate) fn send(self, channel: &mut dyn Channel) -> Result<Reply, Broken> {
        let mut blocks = self.data.chunks(MAX_DATA).peekable();
        let mut reply;
        loop {
            let block = blocks.next().unwrap_or_default();
            let is_last = blocks.peek().is_none();
            let class = if is_last { 0x00 } else { 0x10 };
            let mut octets = Zeroizing::new(Vec::with_capacity(5 + MAX_DATA));
            octets.extend_from_slice(&[class, self.ins, self.p1, self.p2, block.len() as u8]);
            octets.extend_from_slice(block);
            reply = transmit(channel, &octets)?;
            if is_last || reply.status != 0x9000 {
                break;
            }
        }
        while reply.status >> 8 == 0x61 {
            let next = transmit(channel, &[0x00, 0xc0, 0x00, 0x00, 0x00])?;
            if next.data.is_empty() && next.status >> 8 == 0x61
                || reply.data.len() + next.data.len() > MAX_REPLY
            {
                return Err(Broken::Reply);
            }
            reply.status = next.status;
            reply.data.extend_from_slice(&next.data);
        }
        Ok(reply)
    }
}

fn transmit(channel: &mut dyn Channel, command: &[u8]) -> Result<Reply, Broken> {
    let mut data = channel.transmit(command).map_err(Broken::Pcsc)?;
    let status = data.split_off(data.len().saturating_sub(2));
    match status[..] {
        [high, low] => Ok(Reply {
            status: u16::from_be_bytes([high, low]),
            data,
        }),
        // A card that is pulled out in the middle answers nothing at all.
        _ => Err(Broken::Pcsc(pcsc::Error::CommDataLost)),
    }
}

/// Writes tag, length and value ([ISO 7816-4](https://www.iso.org/standard/77180.html), BER-TLV); up to 65,535 octets.
pub(crate) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let len = value.len();
    let [high, low] = (len as u16).to_be_bytes();
    let mut octets = match len {
        0..=0x7f => vec![tag, low],
        0x80..=0xff => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    octets.extend_from_slice(value);
    octets
}

/// The value under the first such tag of one octet, among values one behind the other.
pub(crate) fn value(tag: u8, mut octets: &[u8]) -> Option<&[u8]> {
    loop {
        let (found, len, rest) = match *octets {
            [tag, len @ 0..=0x7f, ref rest @ ..] => (tag, usize::from(len), rest),
            [tag, 0x81, len, ref rest @ ..] => (tag, usize::from(len), rest),
            [tag, 0x82, high, low, ref rest @ ..] => {
                (tag, usize::from(u16::from_be_bytes([high, low])), rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(len)?;
        if found == tag {
            return Some(value);
        }
        octets = rest;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::card::scripted::Script;

    const COMMAND: Command<'static> = Command {
        ins: 0x87,
        p1: 0x07,
        p2: 0x9a,
        data: &[],
    };

    #[test]
    fn no_data_is_five_octets() {
        let script = Script::default().then("008707 9a00", "9000");
        let reply = COMMAND.send(&mut script.channel()).unwrap();
        assert_eq!((reply.status, reply.data), (0x9000, vec![]));
        script.is_done();
    }

    #[test]
    fn long_data_goes_in_a_chain() {
        let data: Vec<u8> = (0..=255).chain(0..10).collect();
        let hex = |octets: &[u8]| -> String { octets.iter().map(|o| format!("{o:02x}")).collect() };
        let script = Script::default()
            .then(&format!("1087079aff{}", hex(&data[..255])), "9000")
            .then(&format!("0087079a0b{}", hex(&data[255..])), "aabb 6102")
            .then("00c0000000", "ccdd 9000");
        let reply = Command {
            data: &data,
            ..COMMAND
        }
        .send(&mut script.channel())
        .unwrap();
        assert_eq!(
            (reply.status, reply.data),
            (0x9000, vec![0xaa, 0xbb, 0xcc, 0xdd])
        );
        script.is_done();
    }

    #[test]
    fn a_chain_ends_where_it_is_refused() {
        let data = [0; 600];
        let script = Script::default().then(&format!("1087079aff{}", "00".repeat(255)), "6700");
        let reply = Command {
            data: &data,
            ..COMMAND
        }
        .send(&mut script.channel())
        .unwrap();
        assert_eq!(reply.status, 0x6700);
        script.is_done();
    }

    #[test]
    fn replies_that_never_end_are_given_up() {
        let script = Script::default()
            .then("0087079a00", "6100")
            .then("00c0000000", "6100");
        assert_eq!(COMMAND.send(&mut script.channel()), Err(Broken::Reply));
        let mut script = Script::default().then("0087079a00", &format!("{}6100", "00".repeat(256)));
        for _ in 0..16 {
            script = script.then("00c0000000", &format!("{}6100", "00".repeat(256)));
        }
        assert_eq!(COMMAND.send(&mut script.channel()), Err(Broken::Reply));
    }

    #[test]
    fn a_reply_without_a_status_is_none() {
        for reply in ["", "90"] {
            let script = Script::default().then("0087079a00", reply);
            assert_eq!(
                COMMAND.send(&mut script.channel()),
                Err(Broken::Pcsc(pcsc::Error::CommDataLost))
            );
        }
    }

    #[test]
    fn values_are_found() {
        for len in [0, 1, 0x7f, 0x80, 0xfe, 0xff, 0x100, 3062] {
            let octets = [tlv(0x70, &[1]), tlv(0x82, &vec![7; len])].concat();
            assert_eq!(value(0x82, &octets), Some(&vec![7; len][..]));
            assert_eq!(value(0x82, &octets[..octets.len() - 1]), None);
        }
        assert_eq!(tlv(0x81, &[9; 255])[..3], [0x81, 0x81, 0xff]);
        assert_eq!(value(0x82, &[0x82, 0x83, 0, 0, 0]), None);
        assert_eq!(value(0x82, &[0x82, 0x80, 0, 0]), None);
    }

    proptest! {
        #[test]
        fn no_octets_panic(tag: u8, octets: Vec<u8>) {
            let _ = value(tag, &octets);
        }

        #[test]
        fn no_reply_panics(replies in prop::collection::vec(any::<Vec<u8>>(), 1..20)) {
            let mut replies = replies.into_iter();
            let mut channel = |_: &[u8]| replies.next().ok_or(pcsc::Error::CommError);
            let _ = COMMAND.send(&mut channel);
        }
    }

    impl<F: FnMut(&[u8]) -> Result<Vec<u8>, pcsc::Error>> Channel for F {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, pcsc::Error> {
            self(command)
        }
    }
}
