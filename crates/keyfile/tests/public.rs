//! Public keys in every form that is read.

#[cfg(test)]
mod common;

use common::{file, text};
use jwt_bearer_keyfile::read_public_key;
use jwt_bearer_signer::PublicKey;

#[test]
fn every_form_gives_the_same_key() {
    let cases = [
        (
            "rsa-public.pem",
            "rsa-public-pkcs1.pem rsa-certificate.pem rsa-certificate.der",
        ),
        ("p256-public.pem", "p256-public.der p256-certificate.pem"),
        ("p384-public.pem", "p384-public.pem"),
        ("ed25519-public.pem", "ed25519-public.pem"),
    ];
    for (plain, others) in cases {
        let expected = PublicKey::from_spki_pem(&text(plain)).unwrap();
        assert_eq!(read_public_key(&file(plain)).unwrap(), expected, "{plain}");
        for other in others.split(' ') {
            assert_eq!(read_public_key(&file(other)).unwrap(), expected, "{other}");
        }
    }
}

#[test]
fn damaged_white_space_is_repaired() {
    let pem = text("p256-public.pem");
    let expected = PublicKey::from_spki_pem(&pem).unwrap();
    for text in [
        pem.replace('\n', "\\n"),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', " "),
        format!("\u{feff}'{pem}'"),
        pem.lines().filter(|line| !line.starts_with('-')).collect(),
    ] {
        assert_eq!(read_public_key(text.as_bytes()).unwrap(), expected);
    }
}

#[test]
fn of_a_chain_the_first_certificate_is_taken() {
    let chain = format!(
        "{}{}",
        text("p256-certificate.pem"),
        text("rsa-certificate.pem")
    );
    let expected = read_public_key(&file("p256-public.pem")).unwrap();
    assert_eq!(read_public_key(chain.as_bytes()).unwrap(), expected);
}

#[test]
fn a_private_key_beside_the_certificate_is_passed_over() {
    let both = format!("{}{}", text("p256.pem"), text("p256-certificate.pem"));
    let expected = read_public_key(&file("p256-public.pem")).unwrap();
    assert_eq!(read_public_key(both.as_bytes()).unwrap(), expected);
}
