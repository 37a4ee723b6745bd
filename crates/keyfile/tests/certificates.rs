//! Certificates and requests: their structure as another reader sees it, and that their signature is the key's.
#![cfg(feature = "certificate")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/signer.rs"]
mod signer;

use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use der::{Decode, Encode};
use jwt_bearer_keyfile::{Draft, Signed, Subject, X509ErrorKind, read_public_key};
use jwt_bearer_signer::{Algorithm, PublicKey, SignError, SignErrorKind, Signature, Signer};
use proptest::prelude::*;
use x509_cert::Certificate;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, SubjectKeyIdentifier};
use x509_cert::request::CertReq;

use signer::TestSigner;

const KEYS: [&str; 6] = [
    "rsa.pem",
    "rsa-3072.pem",
    "rsa-4096.pem",
    "p256.pem",
    "p384.pem",
    "ed25519.pem",
];

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn subject() -> Subject {
    "CN=box,O=Example\\, Inc.,C=DE".parse().unwrap()
}

/// Of the most octets that are taken.
fn longest_subject() -> Subject {
    let part = |len: usize| "x".repeat(len);
    let text = format!(
        "CN={},O={},OU={},L={},ST={},STREET={}",
        part(64),
        part(64),
        part(64),
        part(128),
        part(128),
        part(115)
    );
    text.parse().unwrap()
}

async fn certificate(subject: &Subject, days: u32, signer: &TestSigner) -> Signed {
    let draft = Draft::certificate(
        subject,
        signer.public_key(),
        signer.algorithm(),
        now(),
        days,
    );
    draft.unwrap().sign(signer).await.unwrap()
}

/// Whether the signature in the DER of a certificate or request is this key's, over its first part.
#[track_caller]
fn assert_signed(signed: &Signed, signature: &[u8], part: &[u8], signer: &TestSigner) {
    let algorithm = signer.algorithm();
    let jose = match Signature::from_ecdsa_der(algorithm, signature) {
        Ok(signature) => signature,
        Err(_) => Signature::from_jose(algorithm, signature).unwrap(),
    };
    let key = signer.public_key();
    key.verify(algorithm, part, jose.as_bytes()).unwrap();
    // The part stands in the whole as it is.
    assert!(
        signed
            .as_der()
            .windows(part.len())
            .any(|window| window == part)
    );
}

#[tokio::test]
async fn a_certificate_is_read_back_with_all_that_was_asked_for() {
    for name in KEYS {
        let signer = TestSigner::new(name);
        let signed = certificate(&subject(), 365, &signer).await;
        let certificate = Certificate::from_der(signed.as_der()).unwrap();
        let tbs = certificate.tbs_certificate();
        assert_eq!(tbs.version(), x509_cert::Version::V3);
        assert_eq!(tbs.subject().to_string(), "CN=box,O=Example\\, Inc.,C=DE");
        assert_eq!(tbs.subject(), tbs.issuer());
        let validity = tbs.validity();
        assert_eq!(validity.not_before.to_string(), "2027-01-15T07:55:00Z");
        assert_eq!(validity.not_after.to_string(), "2028-01-15T08:00:00Z");
        assert_eq!(tbs.signature(), certificate.signature_algorithm());
        let is_rsa = name.starts_with("rsa");
        assert_eq!(tbs.signature().parameters.is_some(), is_rsa, "{name}");

        let (critical, constraints): (_, BasicConstraints) = tbs.get_extension().unwrap().unwrap();
        assert!(critical && !constraints.ca);
        let (critical, usage): (_, KeyUsage) = tbs.get_extension().unwrap().unwrap();
        assert!(critical && usage.digital_signature() && !usage.key_cert_sign());
        let (critical, _): (_, SubjectKeyIdentifier) = tbs.get_extension().unwrap().unwrap();
        assert!(!critical);
        assert_eq!(tbs.extensions().unwrap().len(), 3);

        assert_eq!(
            &read_public_key(signed.as_der()).unwrap(),
            signer.public_key()
        );
        assert_eq!(
            &read_public_key(signed.to_pem().as_bytes()).unwrap(),
            signer.public_key()
        );
        let signature = certificate.signature().as_bytes().unwrap();
        assert_signed(&signed, signature, &tbs.to_der().unwrap(), &signer);
    }
}

#[tokio::test]
async fn every_hash_of_rsa_is_named_in_the_certificate() {
    for (algorithm, oid) in [
        (Algorithm::Rs256, "1.2.840.113549.1.1.11"),
        (Algorithm::Rs384, "1.2.840.113549.1.1.12"),
        (Algorithm::Rs512, "1.2.840.113549.1.1.13"),
    ] {
        let signer = TestSigner::new("rsa.pem").with_algorithm(algorithm);
        let signed = certificate(&subject(), 1, &signer).await;
        let certificate = Certificate::from_der(signed.as_der()).unwrap();
        assert_eq!(certificate.signature_algorithm().oid.to_string(), oid);
        let part = certificate.tbs_certificate().to_der().unwrap();
        assert_signed(
            &signed,
            certificate.signature().as_bytes().unwrap(),
            &part,
            &signer,
        );
    }
}

#[tokio::test]
async fn a_request_has_no_attributes() {
    for name in KEYS {
        let signer = TestSigner::new(name);
        let draft = Draft::request(&subject(), signer.public_key(), signer.algorithm()).unwrap();
        let signed = draft.sign(&signer).await.unwrap();
        assert!(
            signed
                .to_pem()
                .starts_with("-----BEGIN CERTIFICATE REQUEST-----\n")
        );
        let request = CertReq::from_der(signed.as_der()).unwrap();
        assert_eq!(
            request.info.subject.to_string(),
            "CN=box,O=Example\\, Inc.,C=DE"
        );
        assert_eq!(
            request.info.public_key.to_der().unwrap(),
            signer.public_key().as_spki_der()
        );
        assert!(request.info.attributes.is_empty());
        let part = request.info.to_der().unwrap();
        assert_signed(
            &signed,
            request.signature.as_bytes().unwrap(),
            &part,
            &signer,
        );
    }
}

#[tokio::test]
async fn the_largest_certificate_is_under_salesforces_limit() {
    let signer = TestSigner::new("rsa-4096.pem");
    let signed = certificate(&longest_subject(), 36_500, &signer).await;
    let len = signed.to_pem().len();
    assert!(len > 3_400, "the subject is not the longest: {len}");
    assert!(len < 4_096, "{len}");
    // What is signed fits into the RAW messages of AWS KMS, which Ed25519 needs.
    let draft = Draft::request(&longest_subject(), signer.public_key(), Algorithm::Rs256).unwrap();
    assert!(draft.to_be_signed().len() < 4_096);
}

#[tokio::test]
async fn serial_numbers_are_random_and_of_16_octets() {
    let signer = TestSigner::new("p256.pem");
    let mut seen = std::collections::HashSet::new();
    for _ in 0..100 {
        let signed = certificate(&subject(), 1, &signer).await;
        let certificate = Certificate::from_der(signed.as_der()).unwrap();
        let serial = certificate
            .tbs_certificate()
            .serial_number()
            .as_bytes()
            .to_vec();
        assert_eq!(serial.len(), 16);
        assert!((0x40..0x80).contains(&serial[0]));
        assert!(seen.insert(serial));
    }
}

#[tokio::test]
async fn a_century_is_written_in_the_longer_form() {
    let signer = TestSigner::new("p256.pem");
    let signed = certificate(&subject(), 36_500, &signer).await;
    let certificate = Certificate::from_der(signed.as_der()).unwrap();
    let end = certificate.tbs_certificate().validity().not_after;
    assert_eq!(end.to_string(), "2126-12-22T08:00:00Z");
}

#[test]
fn validity_and_algorithm_have_bounds() {
    let (rsa, p256) = (TestSigner::new("rsa.pem"), TestSigner::new("p256.pem"));
    let (rsa, p256) = (rsa.public_key(), p256.public_key());
    let year_9999 = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    for (key, algorithm, now, days, kind, text) in [
        (
            p256,
            Algorithm::Es256,
            now(),
            0,
            X509ErrorKind::Validity,
            "a certificate for 0 days was asked for, expected 1 to 36500",
        ),
        (
            p256,
            Algorithm::Es256,
            now(),
            36_501,
            X509ErrorKind::Validity,
            "a certificate for 36501 days",
        ),
        (
            p256,
            Algorithm::Es256,
            now(),
            u32::MAX,
            X509ErrorKind::Validity,
            "a certificate for 4294967295 days",
        ),
        (
            p256,
            Algorithm::Es256,
            UNIX_EPOCH,
            1,
            X509ErrorKind::Validity,
            "the certificate would be valid outside the years 1970 to 9999",
        ),
        (
            p256,
            Algorithm::Es256,
            UNIX_EPOCH - Duration::from_secs(1),
            1,
            X509ErrorKind::Validity,
            "the certificate would be valid outside",
        ),
        (
            p256,
            Algorithm::Es256,
            year_9999,
            1,
            X509ErrorKind::Validity,
            "the certificate would be valid outside",
        ),
        (
            p256,
            Algorithm::Rs256,
            now(),
            1,
            X509ErrorKind::Algorithm,
            "RS256 does not fit the key, which is P-256",
        ),
        (
            rsa,
            Algorithm::Es256,
            now(),
            1,
            X509ErrorKind::Algorithm,
            "ES256 does not fit the key, which is RSA-2048",
        ),
        (
            rsa,
            Algorithm::Ps256,
            now(),
            1,
            X509ErrorKind::Algorithm,
            "PS256 was asked for, where certificates are signed with RS256",
        ),
        (
            rsa,
            Algorithm::Ps512,
            now(),
            1,
            X509ErrorKind::Algorithm,
            "PS512 was asked for",
        ),
    ] {
        let error = Draft::certificate(&subject(), key, algorithm, now, days).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().starts_with(text), "{error}");
    }
    let error = Draft::request(&subject(), rsa, Algorithm::Ps384).unwrap_err();
    assert_eq!(error.kind(), X509ErrorKind::Algorithm);
}

#[tokio::test]
async fn a_signature_of_another_key_or_algorithm_or_text_is_refused() {
    let signer = TestSigner::new("rsa.pem");
    let draft = Draft::certificate(&subject(), signer.public_key(), Algorithm::Rs256, now(), 1);
    let draft = draft.unwrap();
    let other_text = signer.sign(b"something else").await.unwrap();
    let other_key = TestSigner::new("rsa-3072.pem")
        .sign(draft.to_be_signed())
        .await
        .unwrap();
    let other_algorithm = TestSigner::new("rsa.pem").with_algorithm(Algorithm::Rs512);
    let other_algorithm = other_algorithm.sign(draft.to_be_signed()).await.unwrap();
    let not_its = "the signature is not this key's over this certificate";
    for (signature, text) in [
        (other_text, not_its),
        (other_key, not_its),
        (
            other_algorithm,
            "a signature with RS512 for a certificate with RS256",
        ),
    ] {
        let error = draft.clone().attach(&signature).unwrap_err();
        assert_eq!(error.kind(), X509ErrorKind::Signature);
        assert_eq!(error.to_string(), text);
    }
    let right = signer.sign(draft.to_be_signed()).await.unwrap();
    draft.attach(&right).unwrap();
}

/// Never signs.
#[derive(Debug)]
struct Away(PublicKey);

#[async_trait]
impl Signer for Away {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Es256
    }

    fn key_id(&self) -> Option<&str> {
        None
    }

    fn public_key(&self) -> &PublicKey {
        &self.0
    }

    async fn sign(&self, _: &[u8]) -> Result<Signature, SignError> {
        Err(SignError::new(
            SignErrorKind::Unavailable,
            "no route to host",
        ))
    }
}

#[tokio::test]
async fn the_error_of_the_signer_is_the_source() {
    let away = Away(TestSigner::new("p256.pem").public_key().clone());
    let draft = Draft::request(&subject(), away.public_key(), Algorithm::Es256).unwrap();
    assert_eq!(
        format!("{draft:?}"),
        "Draft(certificate request, ES256, 152 octets)"
    );
    let error = draft.sign(&away).await.unwrap_err();
    assert_eq!(error.kind(), X509ErrorKind::Sign);
    assert!(error.is_retryable());
    assert_eq!(error.to_string(), "the key did not sign it");
    let source = error.source().unwrap();
    assert_eq!(
        source.to_string(),
        "the place where the key lives cannot be reached"
    );
}

/// ES512 and ES256K cannot be verified here, and are put into the certificate all the same.
#[test]
fn signatures_that_cannot_be_verified_are_taken() {
    for (file, algorithm, len) in [
        ("p521.pem", Algorithm::Es512, 132),
        ("secp256k1.pem", Algorithm::Es256K, 64),
    ] {
        let path = format!("{}/../signer/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
        let pem = std::fs::read_to_string(path).unwrap();
        let key = PublicKey::from_spki_pem(&pem).unwrap();
        let draft = Draft::certificate(&subject(), &key, algorithm, now(), 1).unwrap();
        let signature = Signature::from_jose(algorithm, &vec![1; len]).unwrap();
        let signed = draft.attach(&signature).unwrap();
        let certificate = Certificate::from_der(signed.as_der()).unwrap();
        let octets = certificate.signature().as_bytes().unwrap();
        assert_eq!(octets, signature.to_ecdsa_der().unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_days_and_times_give_a_certificate_or_an_error(seconds in 0_u64..300_000_000_000, days in any::<u32>(), few in 1_u32..40_000) {
        let key = TestSigner::new("ed25519.pem");
        let now = UNIX_EPOCH + Duration::from_secs(seconds);
        for days in [days, few] {
            let draft = Draft::certificate(&subject(), key.public_key(), Algorithm::EdDsa, now, days);
            match draft {
                Ok(draft) => prop_assert!(draft.to_be_signed().len() < 400),
                Err(error) => prop_assert_eq!(error.kind(), X509ErrorKind::Validity),
            }
        }
    }
}
