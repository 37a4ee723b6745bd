mod keys;
mod session;

use super::*;
use crate::card::Card;

const OLD: Version = Version(5, 4, 3);
const NEW: Version = Version(5, 7, 1);
const RIGHT: [u8; 8] = *b"123456\xff\xff";

/// A card on the table: no reader, no pcscd.
struct Bench {
    card: Card,
    controls: Arc<Controls>,
}

impl Bench {
    fn new(version: Version) -> Self {
        let management = ManagementKind::Tdes;
        let controls = Arc::new(Controls::new());
        let identity = Identity {
            serial: 12_345_678,
            version,
            management,
        };
        let card = Card::new(identity, Arc::clone(&controls)).unwrap();
        let mut bench = Self { card, controls };
        bench.select();
        bench
    }

    /// Sends a command of extended form, so that the answer comes in one piece.
    fn send(&mut self, header: [u8; 4], data: &[u8]) -> Answer {
        let mut bytes = header.to_vec();
        bytes.push(0);
        if !data.is_empty() {
            bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            bytes.extend(data);
        }
        bytes.extend([0, 0]);
        self.raw(&bytes)
    }

    fn raw(&mut self, bytes: &[u8]) -> Answer {
        let mut sent = self.card.answer(bytes);
        let status = sent.split_off(sent.len() - 2);
        match Status(u16::from_be_bytes([status[0], status[1]])) {
            Status::OK => Ok(sent),
            status => Err(status),
        }
    }

    fn select(&mut self) {
        assert!(self.send([0, 0xa4, 4, 0], &[0xa0, 0, 0, 3, 8]).is_ok());
    }

    fn verify(&mut self, pin: &[u8]) -> Answer {
        self.send([0, 0x20, 0, 0x80], pin)
    }

    fn manage(&mut self) {
        let answer = self.send([0, 0x87, 3, 0x9b], &[0x7c, 2, 0x81, 0]).unwrap();
        let key: Vec<u8> = (1..=8).cycle().take(24).collect();
        let cipher = openssl::symm::Cipher::des_ede3_ecb();
        let response = openssl::symm::encrypt(cipher, &key, None, &answer[4..]).unwrap();
        let data = [&[0x7c, 10, 0x82, 8][..], &response[..8]].concat();
        assert_eq!(self.send([0, 0x87, 3, 0x9b], &data), Ok(vec![]));
    }

    /// Makes a key, with policies where they are not 0, and hands back what GENERATE answers.
    fn generate(&mut self, slot: u8, algorithm: u8, pin: u8, touch: u8) -> Answer {
        self.send(
            [0, 0x47, 0, slot],
            &[0xac, 9, 0x80, 1, algorithm, 0xaa, 1, pin, 0xab, 1, touch],
        )
    }

    fn sign(&mut self, slot: u8, algorithm: u8, data: &[u8]) -> Answer {
        self.authenticate(slot, algorithm, 0x81, data)
    }

    fn authenticate(&mut self, slot: u8, algorithm: u8, tag: u16, data: &[u8]) -> Answer {
        let mut fields = tlv::element(0x82, &[]);
        tlv::push(&mut fields, tag, data);
        let answer = self.send([0, 0x87, algorithm, slot], &tlv::element(0x7c, &fields))?;
        Ok(field(&field(&answer, 0x7c), 0x82))
    }
}

fn field(bytes: &[u8], tag: u16) -> Vec<u8> {
    tlv::find(&tlv::read(bytes).unwrap(), tag).unwrap().to_vec()
}
