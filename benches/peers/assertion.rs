//! The assertion that Box wants, by `jwt-bearer` and by others: the same claims, the same keys, the same run. Each makes
//! a `jti` of 16 random octets and reads the clock; each keeps its key as prepared as it can be kept.

mod aws_lc;

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use biscuit::jwa::SignatureAlgorithm;
use biscuit::jws::{RegisteredHeader, Secret};
use biscuit::{ClaimsSet, JWT, RegisteredClaims, SingleOrMultiple};
use criterion::{Criterion, Throughput};
use josekit::jws::{ES256, EdDSA, JwsHeader, JwsSigner, RS256};
use josekit::jwt::JwtPayload;
use jwt_bearer::assertion::{Assertion, Claims, Clock, Header, SystemClock, Unsigned};
use jwt_bearer::signer::{SignError, Signature};
use jwt_bearer::{LocalSigner, Signer};
use jwt_compact::alg::{Ed25519, Es256, Rsa, RsaPrivateKey, StrongAlg, StrongKey};
use jwt_compact::{Algorithm, AlgorithmExt};
use jwt_simple::algorithms::{
    ECDSAP256KeyPairLike, ES256KeyPair, Ed25519KeyPair, EdDSAKeyPairLike, RS256KeyPair,
    RSAKeyPairLike,
};
use serde::{Deserialize, Serialize};

use crate::aws_lc::AwsLcSigner;

const ISSUER: &str = "abcdefghijklmnopqrstuvwxyz012345";
const SUBJECT: &str = "1234567";
const AUDIENCE: &str = "https://api.box.com/oauth2/token";
const KEY_ID: &str = "abcdefgh";
const SUB_TYPE: &str = "enterprise";
const LIFETIME: u64 = 45;

type Sign = Box<dyn Fn() -> String>;

fn main() -> Result<(), Box<dyn Error>> {
    // A process has one backend of `jsonwebtoken`, so that another process measures the other.
    let backend = std::env::var("JSONWEBTOKEN").unwrap_or_else(|_| "aws_lc_rs".into());
    let is_first = match backend.as_str() {
        "aws_lc_rs" => true,
        "rust_crypto" => false,
        other => {
            return Err(format!("JSONWEBTOKEN is {other}, not aws_lc_rs or rust_crypto").into());
        }
    };
    match is_first {
        true => jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default(),
        false => jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER.install_default(),
    }
    .map_err(|_| "a provider is there already")?;

    let mut criterion = Criterion::default().configure_from_args();
    for (name, file) in [
        ("ES256", "p256.pem"),
        ("EdDSA", "ed25519.pem"),
        ("RS256", "rsa.pem"),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/keyfile/testdata");
        let pem = fs::read_to_string(path.join(file))?;
        let verifier = LocalSigner::from_pem(&pem)?;
        let mut group = criterion.benchmark_group(format!("peers/{name}"));
        group.throughput(Throughput::Elements(1));
        let mut peers = vec![(format!("jsonwebtoken {backend}"), jsonwebtoken(name, &pem)?)];
        if is_first {
            let bare = ring_alone(name, &pem)?;
            group.bench_function("ring alone", |bencher| bencher.iter(|| black_box(bare())));
            let ours: [(&str, Sign); 3] = [
                (
                    "jwt-bearer",
                    ours(LocalSigner::from_pem(&pem)?, LocalSigner::sign_now, false),
                ),
                (
                    "jwt-bearer, claims anew",
                    ours(LocalSigner::from_pem(&pem)?, LocalSigner::sign_now, true),
                ),
                (
                    "jwt-bearer on aws-lc",
                    ours(AwsLcSigner::from_pem(&pem)?, AwsLcSigner::sign_now, false),
                ),
            ];
            peers.extend(ours.map(|(peer, sign)| (peer.into(), sign)));
            peers.push(("jwt-simple".into(), jwt_simple(name, &pem)?));
            peers.push(("josekit".into(), josekit(name, &pem)?));
            peers.push(("jwt-compact".into(), jwt_compact(name, &pem)?));
            peers.extend(biscuit(name, &pem)?.map(|sign| ("biscuit".into(), sign)));
        }
        for (peer, sign) in peers {
            verify(&peer, &verifier, &sign())?;
            group.bench_function(peer, |bencher| bencher.iter(|| black_box(sign())));
        }
        group.finish();
    }
    criterion.final_summary();
    if is_first {
        let status = Command::new(std::env::current_exe()?)
            .args(std::env::args_os().skip(1))
            .env("JSONWEBTOKEN", "rust_crypto")
            .status()?;
        if !status.success() {
            return Err("the other backend of jsonwebtoken was not measured".into());
        }
    }
    Ok(())
}

/// Unlike measurements would be compared in silence: all say the same, and each signature is good.
fn verify(peer: &str, signer: &LocalSigner, jwt: &str) -> Result<(), Box<dyn Error>> {
    let decoded = Assertion::decode(jwt)?;
    let (input, _) = jwt.rsplit_once('.').ok_or("no JWT")?;
    signer
        .public_key()
        .verify(signer.algorithm(), input.as_bytes(), decoded.signature())?;
    let text = |name: &str| decoded.claims().get(name).and_then(|value| value.as_str());
    assert_eq!(text("iss"), Some(ISSUER), "{peer}");
    assert_eq!(text("sub"), Some(SUBJECT), "{peer}");
    assert_eq!(text("aud"), Some(AUDIENCE), "{peer}");
    assert_eq!(text("box_sub_type"), Some(SUB_TYPE), "{peer}");
    assert_eq!(text("jti").map(str::len), Some(22), "{peer}");
    assert!(
        decoded
            .time("exp")
            .is_some_and(|time| time > SystemTime::now()),
        "{peer}"
    );
    assert_eq!(decoded.key_id(), Some(KEY_ID), "{peer}");
    Ok(())
}

/// Ours, with the claims kept, whose fixed part is written once; or with claims made anew each time, as the others make
/// theirs. All who can keep their header.
fn ours<S: Signer + 'static>(
    signer: S,
    sign: fn(&S, &[u8]) -> Result<Signature, SignError>,
    is_anew: bool,
) -> Sign {
    let (header, kept) = (header(), claims());
    Box::new(move || {
        let anew = is_anew.then(claims);
        let claims = anew.as_ref().unwrap_or(&kept);
        let unsigned =
            Unsigned::for_signer(&header, claims, &signer, SystemClock.now()).expect("claims");
        let signature = sign(&signer, unsigned.signing_input()).expect("a signature");
        let assertion = unsigned.attach(&signature).expect("its algorithm");
        assertion.into()
    })
}

fn header() -> Header {
    Header::new().key_id(KEY_ID)
}

fn claims() -> Claims {
    Claims::new(ISSUER)
        .subject(SUBJECT)
        .claim("box_sub_type", SUB_TYPE)
        .audience(AUDIENCE)
        .lifetime(Duration::from_secs(LIFETIME))
}

/// The signature of our input, and nothing around it: what all on `ring` have in common.
fn ring_alone(name: &str, pem: &str) -> Result<Sign, Box<dyn Error>> {
    use ring::rand::SystemRandom;
    use ring::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    };
    let rejected = |error: ring::error::KeyRejected| error.to_string();
    let (der, random) = (der(pem)?, SystemRandom::new());
    let signer = LocalSigner::from_pem(pem)?;
    let input = Unsigned::for_signer(&header(), &claims(), &signer, SystemClock.now())?;
    let input = input.signing_input().to_vec();
    Ok(match name {
        "ES256" => {
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random)
                .map_err(rejected)?;
            Box::new(move || {
                black_box(key.sign(&random, black_box(&input)).expect("a signature"));
                String::new()
            })
        }
        "EdDSA" => {
            let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(rejected)?;
            Box::new(move || {
                black_box(key.sign(black_box(&input)));
                String::new()
            })
        }
        _ => {
            let key = RsaKeyPair::from_pkcs8(&der).map_err(rejected)?;
            Box::new(move || {
                let mut octets = [0; 256];
                key.sign(&RSA_PKCS1_SHA256, &random, black_box(&input), &mut octets)
                    .expect("a signature");
                black_box(octets);
                String::new()
            })
        }
    })
}

/// For the libraries that take any type as claims.
#[derive(Serialize)]
struct Whole {
    iss: &'static str,
    sub: &'static str,
    aud: &'static str,
    box_sub_type: &'static str,
    exp: u64,
    jti: String,
}

impl Whole {
    fn new() -> Self {
        Self {
            iss: ISSUER,
            sub: SUBJECT,
            aud: AUDIENCE,
            box_sub_type: SUB_TYPE,
            exp: expiry().as_secs(),
            jti: jti(),
        }
    }
}

fn jsonwebtoken(name: &str, pem: &str) -> Result<Sign, Box<dyn Error>> {
    use jsonwebtoken::{Algorithm, EncodingKey};
    let (algorithm, key) = match name {
        "ES256" => (Algorithm::ES256, EncodingKey::from_ec_pem(pem.as_bytes())?),
        "EdDSA" => (Algorithm::EdDSA, EncodingKey::from_ed_pem(pem.as_bytes())?),
        _ => (Algorithm::RS256, EncodingKey::from_rsa_pem(pem.as_bytes())?),
    };
    let mut header = jsonwebtoken::Header::new(algorithm);
    header.kid = Some(KEY_ID.into());
    Ok(Box::new(move || {
        jsonwebtoken::encode(&header, &Whole::new(), &key).expect("a signature")
    }))
}

#[derive(Clone, Deserialize, Serialize)]
struct Private {
    box_sub_type: String,
}

impl Private {
    fn new() -> Self {
        let box_sub_type = SUB_TYPE.into();
        Self { box_sub_type }
    }
}

fn jwt_simple(name: &str, pem: &str) -> Result<Sign, Box<dyn Error>> {
    use jwt_simple::claims::{Claims, JWTClaims};
    fn claims() -> JWTClaims<Private> {
        let lifetime = jwt_simple::prelude::Duration::from_secs(LIFETIME);
        let mut claims = Claims::with_custom_claims(Private::new(), lifetime)
            .with_issuer(ISSUER)
            .with_subject(SUBJECT)
            .with_audience(AUDIENCE)
            .with_jwt_id(jti());
        claims.issued_at = None;
        claims.invalid_before = None;
        claims
    }
    Ok(match name {
        "ES256" => {
            let key = ES256KeyPair::from_pem(pem)?.with_key_id(KEY_ID);
            Box::new(move || key.sign(claims()).expect("a signature"))
        }
        "EdDSA" => {
            let key = Ed25519KeyPair::from_pem(pem)?.with_key_id(KEY_ID);
            Box::new(move || key.sign(claims()).expect("a signature"))
        }
        _ => {
            let key = RS256KeyPair::from_pem(pem)?.with_key_id(KEY_ID);
            Box::new(move || key.sign(claims()).expect("a signature"))
        }
    })
}

fn josekit(name: &str, pem: &str) -> Result<Sign, Box<dyn Error>> {
    let signer: Box<dyn JwsSigner> = match name {
        "ES256" => Box::new(ES256.signer_from_pem(pem)?),
        "EdDSA" => Box::new(EdDSA.signer_from_pem(pem)?),
        _ => Box::new(RS256.signer_from_pem(pem)?),
    };
    let mut header = JwsHeader::new();
    header.set_token_type("JWT");
    header.set_key_id(KEY_ID);
    Ok(Box::new(move || {
        let mut payload = JwtPayload::new();
        payload.set_issuer(ISSUER);
        payload.set_subject(SUBJECT);
        payload.set_audience(vec![AUDIENCE]);
        payload.set_jwt_id(jti());
        payload.set_expires_at(&(UNIX_EPOCH + expiry()));
        payload
            .set_claim("box_sub_type", Some(SUB_TYPE.into()))
            .expect("a claim");
        josekit::jwt::encode_with_signer(&payload, &header, &*signer).expect("a signature")
    }))
}

fn jwt_compact(name: &str, pem: &str) -> Result<Sign, Box<dyn Error>> {
    fn sign<A: Algorithm + 'static>(algorithm: A, key: A::SigningKey) -> Sign
    where
        A::SigningKey: 'static,
    {
        let header = jwt_compact::Header::empty()
            .with_key_id(KEY_ID)
            .with_token_type("JWT");
        Box::new(move || {
            // All of its own claims are times; the rest is custom.
            let claims = jwt_compact::Claims::new(Whole::new());
            algorithm
                .token(&header, &claims, &key)
                .expect("a signature")
        })
    }

    let der = der(pem)?;
    Ok(match name {
        // Its key type is that of the crate p256; PKCS#8 ends with scalar and point.
        "ES256" => {
            use jwt_compact::jwk::JsonWebKey;
            let local = LocalSigner::from_pem(pem)?;
            let mut jwk = serde_json::to_value(local.public_key().to_jwk())?;
            jwk["d"] = URL_SAFE_NO_PAD.encode(scalar(&der)?).into();
            let jwk: JsonWebKey<'_> = serde_json::from_value(jwk)?;
            sign(Es256, (&jwk).try_into()?)
        }
        "EdDSA" => {
            use jwt_compact::jwk::JsonWebKey;
            let local = LocalSigner::from_pem(pem)?;
            let mut jwk = serde_json::to_value(local.public_key().to_jwk())?;
            jwk["d"] = URL_SAFE_NO_PAD.encode(&der[16..48]).into();
            let jwk: JsonWebKey<'_> = serde_json::from_value(jwk)?;
            sign(Ed25519, (&jwk).try_into()?)
        }
        _ => {
            use rsa::pkcs8::DecodePrivateKey;
            let key = StrongKey::try_from(RsaPrivateKey::from_pkcs8_der(&der)?)?;
            sign(StrongAlg(Rsa::rs256()), key)
        }
    })
}

/// The 32 octets behind their own header in the ECPrivateKey of PKCS#8.
fn scalar(der: &[u8]) -> Result<&[u8], Box<dyn Error>> {
    let start = der
        .windows(5)
        .position(|octets| octets == [2, 1, 1, 4, 32])
        .ok_or("no scalar")?;
    Ok(&der[start + 5..start + 37])
}

fn biscuit(name: &str, pem: &str) -> Result<Option<Sign>, Box<dyn Error>> {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RsaKeyPair};
    let der = der(pem)?;
    let (algorithm, secret) = match name {
        "ES256" => {
            let key = EcdsaKeyPair::from_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &der,
                &SystemRandom::new(),
            );
            let key = key.map_err(|error| error.to_string())?;
            (SignatureAlgorithm::ES256, Secret::EcdsaKeyPair(key.into()))
        }
        "RS256" => {
            let key = RsaKeyPair::from_pkcs8(&der).map_err(|error| error.to_string())?;
            (SignatureAlgorithm::RS256, Secret::RsaKeyPair(key.into()))
        }
        // It has no EdDSA.
        _ => return Ok(None),
    };
    Ok(Some(Box::new(move || {
        let header = biscuit::jws::Header::from(RegisteredHeader {
            algorithm,
            media_type: Some("JWT".into()),
            key_id: Some(KEY_ID.into()),
            ..RegisteredHeader::default()
        });
        let claims = ClaimsSet {
            registered: RegisteredClaims {
                issuer: Some(ISSUER.into()),
                subject: Some(SUBJECT.into()),
                audience: Some(SingleOrMultiple::Single(AUDIENCE.into())),
                expiry: Some((expiry().as_secs() as i64).into()),
                id: Some(jti()),
                ..RegisteredClaims::default()
            },
            private: Private::new(),
        };
        let jwt = JWT::new_decoded(header, claims).into_encoded(&secret);
        jwt.expect("a signature").unwrap_encoded().to_string()
    })))
}

fn expiry() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("it is after 1970") + Duration::from_secs(LIFETIME)
}

fn jti() -> String {
    let mut octets = [0; 16];
    getrandom::fill(&mut octets).expect("random numbers");
    URL_SAFE_NO_PAD.encode(octets)
}

fn der(pem: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    Ok(STANDARD.decode(base64)?)
}
