#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::Verifier;
use openssl::x509::X509;

use super::*;
use crate::card::Card;
use crate::control::Touch;

const OLD: Version = Version(5, 4, 3);
const NEW: Version = Version(5, 7, 1);
const RIGHT: [u8; 8] = *b"123456\xff\xff";
const DENIED: Status = Status::SECURITY;

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

fn ec_public(generated: &[u8], curve: Nid) -> EcKey<openssl::pkey::Public> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    let mut context = openssl::bn::BigNumContext::new().unwrap();
    let point = field(&field(generated, 0x7f49), 0x86);
    let point = openssl::ec::EcPoint::from_bytes(&group, &point, &mut context).unwrap();
    EcKey::from_public_key(&group, &point).unwrap()
}

/// A block as PKCS #1 v1.5 pads a digest, without its DigestInfo: the token looks at the length alone.
fn block(length: usize) -> Vec<u8> {
    let mut block = vec![0xff; length];
    (block[0], block[1], block[length - 33]) = (0, 1, 0);
    block
}

#[test]
fn each_rsa_key_signs_a_block_of_its_length() {
    let mut bench = Bench::new(NEW);
    bench.manage();
    bench.verify(&RIGHT).unwrap();
    for (algorithm, bits) in [(0x06, 1024), (0x07, 2048), (0x05, 3072)] {
        let generated = field(&bench.generate(0x9a, algorithm, 0, 0).unwrap(), 0x7f49);
        let [n, e] = [0x81, 0x82].map(|tag| BigNum::from_slice(&field(&generated, tag)).unwrap());
        let public = Rsa::from_public_components(n, e).unwrap();
        assert_eq!(public.size() * 8, bits);
        let block = block(bits as usize / 8);
        let signature = bench.sign(0x9a, algorithm, &block).unwrap();
        let mut recovered = vec![0; block.len()];
        public
            .public_decrypt(&signature, &mut recovered, Padding::NONE)
            .unwrap();
        assert_eq!(recovered, block);
        for wrong in [&block[1..], &[], &vec![0xff; block.len()]] {
            assert_eq!(bench.sign(0x9a, algorithm, wrong), Err(Status::WRONG_DATA));
        }
    }
}

#[test]
fn each_curve_signs_a_digest() {
    let mut bench = Bench::new(OLD);
    bench.manage();
    bench.verify(&RIGHT).unwrap();
    for (algorithm, curve, length) in [
        (0x11, Nid::X9_62_PRIME256V1, 32),
        (0x14, Nid::SECP384R1, 48),
    ] {
        let public = ec_public(&bench.generate(0x82, algorithm, 0, 0).unwrap(), curve);
        for digest in [vec![5; length], vec![5; 20]] {
            let signature = bench.sign(0x82, algorithm, &digest).unwrap();
            assert!(
                EcdsaSig::from_der(&signature)
                    .unwrap()
                    .verify(&digest, &public)
                    .unwrap()
            );
        }
        assert_eq!(
            bench.sign(0x82, algorithm, &vec![5; length + 1]),
            Err(Status::WRONG_DATA)
        );
    }
}

#[test]
fn ed25519_signs_messages_and_x25519_agrees() {
    let mut bench = Bench::new(NEW);
    bench.manage();
    bench.verify(&RIGHT).unwrap();
    let public = field(
        &field(&bench.generate(0x9a, 0xe0, 0, 0).unwrap(), 0x7f49),
        0x86,
    );
    let public = PKey::public_key_from_raw_bytes(&public, Id::ED25519).unwrap();
    for length in [1, 254, 255, 256, 1015, 3000] {
        let message = vec![3; length];
        let signature = bench.sign(0x9a, 0xe0, &message).unwrap();
        let mut verifier = Verifier::new_without_digest(&public).unwrap();
        assert!(
            verifier.verify_oneshot(&signature, &message).unwrap(),
            "{length}"
        );
    }
    let token = field(
        &field(&bench.generate(0x9d, 0xe1, 0, 0).unwrap(), 0x7f49),
        0x86,
    );
    let ours = PKey::generate_x25519().unwrap();
    let secret = bench
        .authenticate(0x9d, 0xe1, 0x85, &ours.raw_public_key().unwrap())
        .unwrap();
    let token = PKey::public_key_from_raw_bytes(&token, Id::X25519).unwrap();
    let mut deriver = openssl::derive::Deriver::new(&ours).unwrap();
    deriver.set_peer(&token).unwrap();
    assert_eq!(deriver.derive_to_vec().unwrap(), secret);
}

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
fn imported_keys_sign_and_wrong_numbers_are_refused() {
    let mut bench = Bench::new(OLD);
    bench.manage();
    let key = Rsa::generate(1024).unwrap();
    let numbers = [key.p(), key.q(), key.dmp1(), key.dmq1(), key.iqmp()]
        .map(|number| number.unwrap().to_vec());
    let import = |numbers: &[Vec<u8>; 5]| {
        let mut data = vec![0xaa, 1, 1];
        for (tag, number) in (1..).zip(numbers) {
            tlv::push(&mut data, tag, number);
        }
        data
    };
    assert_eq!(
        bench.send([0, 0xfe, 0x06, 0x9a], &import(&numbers)),
        Ok(vec![])
    );
    let signature = bench.sign(0x9a, 0x06, &block(128)).unwrap();
    let mut recovered = vec![0; 128];
    key.public_decrypt(&signature, &mut recovered, Padding::NONE)
        .unwrap();
    assert_eq!(recovered, block(128));

    let [p, q, dp, _, inverse] = numbers.clone();
    let wrong = [p, q, dp.clone(), dp, inverse];
    assert_eq!(
        bench.send([0, 0xfe, 0x06, 0x9a], &import(&wrong)),
        Err(Status::WRONG_DATA)
    );
    assert_eq!(
        bench.send([0, 0xfe, 0x07, 0x9a], &import(&numbers)),
        Err(Status::WRONG_DATA)
    );

    let scalar = [&[0x06, 32][..], &[7; 32]].concat();
    assert_eq!(bench.send([0, 0xfe, 0x11, 0x9e], &scalar), Ok(vec![]));
    assert!(bench.sign(0x9e, 0x11, &[1; 32]).is_ok());
    assert_eq!(bench.send([0, 0xf9, 0x9e, 0], &[]), Err(Status::WRONG_DATA));
    let metadata = bench.send([0, 0xf7, 0, 0x9e], &[]).unwrap();
    assert_eq!(
        (field(&metadata, 2), field(&metadata, 3)),
        (vec![1, 1], vec![2])
    );
}

#[test]
fn metadata_and_attestation_tell_the_public_key_of_generate() {
    let mut bench = Bench::new(NEW);
    bench.manage();
    for algorithm in [0x07, 0x11, 0x14, 0xe0, 0xe1] {
        let generated = field(&bench.generate(0x9c, algorithm, 0, 3).unwrap(), 0x7f49);
        let metadata = bench.send([0, 0xf7, 0, 0x9c], &[]).unwrap();
        assert_eq!(field(&metadata, 4), generated);
        assert_eq!(
            [1, 2, 3].map(|tag| field(&metadata, tag)),
            [vec![algorithm], vec![3, 3], vec![1]]
        );

        let object = field(
            &bench
                .send([0, 0xcb, 0x3f, 0xff], &[0x5c, 3, 0x5f, 0xff, 1])
                .unwrap(),
            0x53,
        );
        let root = X509::from_der(&field(&object, 0x70)).unwrap();
        let certificate = X509::from_der(&bench.send([0, 0xf9, 0x9c, 0], &[]).unwrap()).unwrap();
        assert!(certificate.verify(&root.public_key().unwrap()).unwrap());
        let public = certificate
            .public_key()
            .unwrap()
            .public_key_to_der()
            .unwrap();
        let number = tlv::read(&generated).unwrap()[0].1.to_vec();
        assert!(
            public.windows(number.len()).any(|window| window == number),
            "{algorithm:02x}"
        );
    }
}

#[test]
fn an_older_token_lacks_what_came_later() {
    let mut bench = Bench::new(Version(5, 2, 7));
    bench.manage();
    bench.generate(0x9a, 0x11, 0, 0).unwrap();
    assert_eq!(
        bench.send([0, 0xf7, 0, 0x9a], &[]),
        Err(Status::UNKNOWN_INSTRUCTION)
    );
    assert!(bench.send([0, 0xf9, 0x9a, 0], &[]).is_ok());
    assert_eq!(
        bench.send([0, 0xf6, 0xff, 0x9a], &[]),
        Err(Status::UNKNOWN_INSTRUCTION)
    );
    assert_eq!(bench.generate(0x9a, 0xe0, 0, 0), Err(Status::WRONG_DATA));
    let aes = [&[0x0a, 0x9b, 24][..], &[1; 24]].concat();
    assert_eq!(
        bench.send([0, 0xff, 0xff, 0xff], &aes),
        Err(Status::WRONG_DATA)
    );
}

#[test]
fn a_key_moves_and_goes() {
    let mut bench = Bench::new(NEW);
    bench.manage();
    bench.generate(0x9e, 0x11, 0, 0).unwrap();
    assert_eq!(bench.send([0, 0xf6, 0x82, 0x9e], &[]), Ok(vec![]));
    assert!(bench.sign(0x82, 0x11, &[1; 32]).is_ok());
    assert_eq!(bench.send([0, 0xf6, 0xff, 0x82], &[]), Ok(vec![]));
    assert_eq!(
        bench.sign(0x82, 0x11, &[1; 32]),
        Err(Status::REFERENCE_NOT_FOUND)
    );
}

#[test]
fn short_commands_are_chained_and_their_answers_too() {
    let mut bench = Bench::new(OLD);
    bench.manage();
    let generated = field(&bench.generate(0x9e, 0x07, 0, 0).unwrap(), 0x7f49);
    bench.controls.clear();
    let fields = [&[0x82, 0, 0x81, 0x82, 1, 0][..], &block(256)].concat();
    let data = tlv::element(0x7c, &fields);
    let (first, last) = data.split_at(255);
    assert_eq!(
        bench.raw(&[&[0x10, 0x87, 7, 0x9e, 255][..], first].concat()),
        Ok(vec![])
    );
    let length = u8::try_from(last.len()).unwrap();
    let mut answer = bench
        .card
        .answer(&[&[0, 0x87, 7, 0x9e, length][..], last].concat());
    assert_eq!(answer.split_off(256), [0x61, 8]);
    answer.extend(bench.raw(&[0, 0xc0, 0, 0, 0]).unwrap());
    let signature = field(&field(&answer, 0x7c), 0x82);
    let n = BigNum::from_slice(&field(&generated, 0x81)).unwrap();
    let public = Rsa::from_public_components(n, BigNum::from_u32(65537).unwrap()).unwrap();
    let mut recovered = vec![0; 256];
    public
        .public_decrypt(&signature, &mut recovered, Padding::NONE)
        .unwrap();
    assert_eq!(recovered, block(256));
    assert_eq!(
        bench.controls.count(),
        "general-authenticate=1 get-response=1 part=1"
    );
}

#[test]
fn a_corrupt_signature_and_an_ordered_status_come_once() {
    let mut bench = Bench::new(OLD);
    bench.manage();
    let public = ec_public(
        &bench.generate(0x9e, 0x11, 0, 0).unwrap(),
        Nid::X9_62_PRIME256V1,
    );
    let digest = hash(MessageDigest::sha256(), b"data").unwrap();
    let valid = |bench: &mut Bench| {
        let signature = bench.sign(0x9e, 0x11, &digest).unwrap();
        EcdsaSig::from_der(&signature)
            .unwrap()
            .verify(&digest, &public)
            .unwrap()
    };
    bench.controls.corrupt_next();
    assert!(!valid(&mut bench));
    assert!(valid(&mut bench));
    bench.controls.answer_next(Status(0x6f00));
    assert_eq!(bench.sign(0x9e, 0x11, &digest), Err(Status(0x6f00)));
    assert!(valid(&mut bench));
}

#[test]
fn the_log_tells_no_pin() {
    let mut bench = Bench::new(OLD);
    bench.controls.clear();
    bench.verify(&RIGHT).unwrap();
    assert_eq!(bench.controls.log(), "00200080 8 9000 verify\n");
}
