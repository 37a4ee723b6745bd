//! Project Wycheproof's vectors for what is parsed and verified here.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use jwt_bearer::signer::{Algorithm, PublicKey, Signature, VerifyError};
use wycheproof::TestResult;

/// One vector, whatever its set.
struct Vector<'a> {
    algorithm: Algorithm,
    key: &'a [u8],
    message: &'a [u8],
    signature: &'a [u8],
    result: TestResult,
    name: String,
}

impl Vector<'_> {
    fn key(&self) -> PublicKey {
        PublicKey::from_spki_der(self.key).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Whether the octets verify as they stand must be what the vector says, where it says.
    fn check_octets(&self) {
        let verified = self
            .key()
            .verify(self.algorithm, self.message, self.signature);
        match self.result {
            TestResult::Valid => assert_eq!(verified, Ok(()), "{}", self.name),
            TestResult::Invalid => {
                assert_eq!(verified, Err(VerifyError::Mismatch), "{}", self.name);
            }
            TestResult::Acceptable => {}
        }
    }

    /// The same for DER: what is not valid is refused when it is parsed or when it is verified.
    fn check_der(&self) {
        let parsed = Signature::from_ecdsa_der(self.algorithm, self.signature);
        let verified = parsed.as_ref().map(|signature| {
            self.key()
                .verify(self.algorithm, self.message, signature.as_bytes())
        });
        let unsupported = matches!(self.algorithm, Algorithm::Es512 | Algorithm::Es256K);
        match (self.result, verified) {
            (_, Ok(Err(VerifyError::Unsupported { .. }))) if unsupported => {}
            (TestResult::Valid, Ok(Ok(()))) => {}
            (TestResult::Valid, found) => panic!("{}: {found:?}", self.name),
            (TestResult::Invalid, Ok(Ok(()))) => panic!("{}: it is accepted", self.name),
            _ => {}
        }
        if self.result == TestResult::Valid {
            let again = parsed.unwrap().to_ecdsa_der().unwrap();
            assert_eq!(again, self.signature, "{}", self.name);
        }
    }
}

/// Runs every vector of the sets, and says how many are valid and how many are not.
macro_rules! run {
    ($module:ident, $check:ident, $($set:ident => $algorithm:ident),+ $(,)?) => {{
        let mut counts = [0, 0];
        $(
            let set = wycheproof::$module::TestSet::load(wycheproof::$module::TestName::$set).unwrap();
            for group in &set.test_groups {
                for test in &group.tests {
                    let vector = Vector {
                        algorithm: Algorithm::$algorithm,
                        key: &group.der,
                        message: &test.msg,
                        signature: &test.sig,
                        result: test.result,
                        name: format!("{} {}: {}", stringify!($set), test.tc_id, test.comment),
                    };
                    vector.$check();
                    match test.result {
                        TestResult::Valid => counts[0] += 1,
                        TestResult::Invalid => counts[1] += 1,
                        TestResult::Acceptable => {}
                    }
                }
            }
        )+
        counts
    }};
}

/// An empty set, or one that lost vectors, checks nothing.
#[track_caller]
fn enough(counts: [usize; 2], least: [usize; 2]) {
    let enough = counts
        .iter()
        .zip(least)
        .all(|(count, least)| *count >= least);
    assert!(
        enough,
        "{counts:?} vectors, where {least:?} were there once"
    );
}

#[test]
fn ecdsa_in_der() {
    let counts = run!(ecdsa, check_der,
        EcdsaSecp256r1Sha256 => Es256,
        EcdsaSecp384r1Sha384 => Es384,
    );
    enough(counts, [368, 620]);
}

/// Parsed here, and verified elsewhere.
#[test]
fn ecdsa_in_der_on_other_curves() {
    let counts = run!(ecdsa, check_der,
        EcdsaSecp521r1Sha512 => Es512,
        EcdsaSecp256k1Sha256 => Es256K,
    );
    enough(counts, [400, 618]);
}

#[test]
fn ecdsa_in_the_form_of_jose() {
    let counts = run!(ecdsa, check_octets,
        EcdsaSecp256r1Sha256P1363 => Es256,
        EcdsaSecp384r1Sha384P1363 => Es384,
    );
    enough(counts, [366, 176]);
}

#[test]
fn rsa_pkcs1() {
    let counts = run!(rsa_pkcs1_verify, check_octets,
        Rsa2048Sha256 => Rs256,
        Rsa2048Sha384 => Rs384,
        Rsa2048Sha512 => Rs512,
        Rsa3072Sha256 => Rs256,
        Rsa3072Sha384 => Rs384,
        Rsa3072Sha512 => Rs512,
        Rsa4096Sha256 => Rs256,
        Rsa4096Sha384 => Rs384,
        Rsa4096Sha512 => Rs512,
        Rsa8192Sha256 => Rs256,
        Rsa8192Sha384 => Rs384,
        Rsa8192Sha512 => Rs512,
    );
    enough(counts, [89, 3005]);
}

/// The sets whose salt has the length that JOSE asks for.
#[test]
fn rsa_pss() {
    let counts = run!(rsa_pss_verify, check_octets,
        RsaPss2048Sha256Mgf1SaltLen32 => Ps256,
        RsaPss2048Sha384Mgf1SaltLen48 => Ps384,
        RsaPss3072Sha256Mgf1SaltLen32 => Ps256,
        RsaPss4096Sha256Mgf1SaltLen32 => Ps256,
        RsaPss4096Sha384Mgf1SaltLen48 => Ps384,
        RsaPss4096Sha512Mgf1SaltLen64 => Ps512,
    );
    enough(counts, [511, 274]);
}

/// JOSE's RSASSA-PSS has a salt as long as the hash, and no other.
#[test]
fn rsa_pss_with_another_salt_is_refused() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    for (set, algorithm) in [
        (TestName::RsaPss2048Sha256Mgf1SaltLen0, Algorithm::Ps256),
        (TestName::RsaPss4096Sha512Mgf1SaltLen32, Algorithm::Ps512),
    ] {
        let set = TestSet::load(set).unwrap();
        let mut count = 0;
        for group in &set.test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            let valid = group
                .tests
                .iter()
                .filter(|test| test.result == TestResult::Valid);
            for test in valid.filter(|test| !test.comment.starts_with("s_len changed")) {
                assert_eq!(
                    key.verify(algorithm, &test.msg, &test.sig),
                    Err(VerifyError::Mismatch),
                    "{}",
                    test.comment
                );
                count += 1;
            }
        }
        assert!(count >= 60, "{count}");
    }
}

#[test]
fn ed25519() {
    let counts = run!(eddsa, check_octets, Ed25519 => EdDsa);
    enough(counts, [88, 63]);
}
