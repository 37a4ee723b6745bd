//! What keys do, and how they come and go.

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
    for length in [0, 1, 254, 255, 256, 1015, 3000] {
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
