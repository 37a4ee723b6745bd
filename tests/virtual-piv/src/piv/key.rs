//! A private key in a slot: how it gets there, and what it does.

use std::time::{Duration, Instant};

use openssl::bn::{BigNum, BigNumContext};
use openssl::derive::Deriver;
use openssl::ec::{EcGroup, EcKey, EcPoint, PointConversionForm};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private, Public};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::Signer;

use crate::apdu::{Answer, Status};
use crate::piv::algorithm::Algorithm;
use crate::tlv;

/// How long a touch counts, where the policy says cached.
const TOUCH_LASTS: Duration = Duration::from_secs(15);

/// When the PIN must have been verified. The numbers are those of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PinPolicy {
    Never = 1,
    Once = 2,
    Always = 3,
}

/// When the token must be touched. The numbers are those of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TouchPolicy {
    Never = 1,
    Always = 2,
    Cached = 3,
}

/// What protects a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policies {
    pub(crate) pin: PinPolicy,
    pub(crate) touch: TouchPolicy,
}

impl Policies {
    /// From the elements of GENERATE or IMPORT. What they leave out is as the slot has it.
    pub(crate) fn read(slot: u8, elements: &[tlv::Element<'_>]) -> Result<Self, Status> {
        let pin = match tlv::find(elements, 0xaa) {
            None | Some([0]) => match slot {
                0x9c => PinPolicy::Always,
                0x9e => PinPolicy::Never,
                _ => PinPolicy::Once,
            },
            Some([1]) => PinPolicy::Never,
            Some([2]) => PinPolicy::Once,
            Some([3]) => PinPolicy::Always,
            Some(_) => return Err(Status::WRONG_DATA),
        };
        let touch = match tlv::find(elements, 0xab) {
            None | Some([0 | 1]) => TouchPolicy::Never,
            Some([2]) => TouchPolicy::Always,
            Some([3]) => TouchPolicy::Cached,
            Some(_) => return Err(Status::WRONG_DATA),
        };
        Ok(Self { pin, touch })
    }
}

/// A private key. `Debug` is not derived: nothing of a private key is ever shown.
pub(crate) struct Key {
    pub(crate) algorithm: Algorithm,
    pub(crate) policies: Policies,
    pub(crate) imported: bool,
    private: PKey<Private>,
    touched: Option<Instant>,
}

impl Key {
    /// A new one.
    pub(crate) fn generate(algorithm: Algorithm, policies: Policies) -> Result<Self, Status> {
        let private = match algorithm {
            Algorithm::Rsa(bits) => PKey::from_rsa(Rsa::generate(bits)?)?,
            Algorithm::Ed25519 => PKey::generate_ed25519()?,
            Algorithm::X25519 => PKey::generate_x25519()?,
            Algorithm::P256 | Algorithm::P384 => {
                PKey::from_ec_key(EcKey::generate(&*group(algorithm)?)?)?
            }
        };
        Ok(Self {
            algorithm,
            policies,
            imported: false,
            private,
            touched: None,
        })
    }

    /// One made elsewhere, from the elements of IMPORT.
    pub(crate) fn import(
        algorithm: Algorithm,
        policies: Policies,
        elements: &[tlv::Element<'_>],
    ) -> Result<Self, Status> {
        let field = |tag| tlv::find(elements, tag).ok_or(Status::WRONG_DATA);
        let private = match algorithm {
            Algorithm::Rsa(bits) => {
                let parts = [field(1)?, field(2)?, field(3)?, field(4)?, field(5)?];
                import_rsa(bits, parts)?
            }
            Algorithm::P256 | Algorithm::P384 => import_ec(algorithm, field(6)?)?,
            Algorithm::Ed25519 => import_raw(algorithm, field(7)?)?,
            Algorithm::X25519 => import_raw(algorithm, field(8)?)?,
        };
        Ok(Self {
            algorithm,
            policies,
            imported: true,
            private,
            touched: None,
        })
    }

    /// The public key as GENERATE and GET METADATA write it.
    pub(crate) fn public_fields(&self) -> Answer {
        if let Ok(rsa) = self.private.rsa() {
            let mut out = tlv::element(0x81, &rsa.n().to_vec());
            tlv::push(&mut out, 0x82, &rsa.e().to_vec());
            return Ok(out);
        }
        let Ok(ec) = self.private.ec_key() else {
            return Ok(tlv::element(0x86, &self.private.raw_public_key()?));
        };
        let mut context = BigNumContext::new()?;
        let point = ec.public_key().to_bytes(
            ec.group(),
            PointConversionForm::UNCOMPRESSED,
            &mut context,
        )?;
        Ok(tlv::element(0x86, &point))
    }

    /// The public key, as a certificate takes it.
    pub(crate) fn public(&self) -> Result<PKey<Public>, ErrorStack> {
        PKey::public_key_from_der(&self.private.public_key_to_der()?)
    }

    pub(crate) fn private(&self) -> &PKey<Private> {
        &self.private
    }

    /// GET METADATA, without the public key.
    pub(crate) fn metadata(&self) -> Vec<u8> {
        let mut out = tlv::element(0x01, &[self.algorithm.byte()]);
        tlv::push(
            &mut out,
            0x02,
            &[self.policies.pin as u8, self.policies.touch as u8],
        );
        tlv::push(&mut out, 0x03, &[if self.imported { 2 } else { 1 }]);
        out
    }

    /// Whether somebody must touch the token for the next use.
    pub(crate) fn wants_touch(&self) -> bool {
        match self.policies.touch {
            TouchPolicy::Never => false,
            TouchPolicy::Always => true,
            TouchPolicy::Cached => self.touched.is_none_or(|then| then.elapsed() > TOUCH_LASTS),
        }
    }

    pub(crate) fn touched(&mut self) {
        self.touched = Some(Instant::now());
    }

    /// Signs. RSA takes a padded block as long as the modulus, ECDSA a digest, Ed25519 the message.
    pub(crate) fn sign(&self, data: &[u8]) -> Answer {
        match self.algorithm {
            Algorithm::Rsa(_) if data.len() == self.algorithm.size() => {
                let mut out = vec![0; data.len()];
                // Fails for a block that is a number larger than the modulus.
                self.private
                    .rsa()?
                    .private_encrypt(data, &mut out, Padding::NONE)
                    .map_err(|_| Status::WRONG_DATA)?;
                Ok(out)
            }
            Algorithm::P256 | Algorithm::P384
                if data.len() <= self.algorithm.size() && !data.is_empty() =>
            {
                Ok(EcdsaSig::sign(data, &*self.private.ec_key()?)?.to_der()?)
            }
            Algorithm::Ed25519 => {
                Ok(Signer::new_without_digest(&self.private)?.sign_oneshot_to_vec(data)?)
            }
            _ => Err(Status::WRONG_DATA),
        }
    }

    /// Agrees on a secret with the owner of this public key: a point, or 32 bytes for X25519.
    pub(crate) fn agree(&self, peer: &[u8]) -> Answer {
        let peer = match self.algorithm {
            Algorithm::P256 | Algorithm::P384 => {
                let group = group(self.algorithm)?;
                let mut context = BigNumContext::new()?;
                let point = EcPoint::from_bytes(&group, peer, &mut context)
                    .map_err(|_| Status::WRONG_DATA)?;
                PKey::from_ec_key(EcKey::from_public_key(&group, &point)?)?
            }
            Algorithm::X25519 if peer.len() == self.algorithm.size() => {
                PKey::public_key_from_raw_bytes(peer, openssl::pkey::Id::X25519)?
            }
            _ => return Err(Status::WRONG_DATA),
        };
        let mut deriver = Deriver::new(&self.private)?;
        deriver.set_peer(&peer)?;
        Ok(deriver.derive_to_vec()?)
    }
}

fn group(algorithm: Algorithm) -> Result<EcGroup, Status> {
    let curve = algorithm.curve().ok_or(Status::WRONG_DATA)?;
    Ok(EcGroup::from_curve_name(curve)?)
}

/// From p, q, d mod p-1, d mod q-1 and the inverse of q mod p, with the exponent 65537. The numbers must agree.
fn import_rsa(bits: u32, parts: [&[u8]; 5]) -> Result<PKey<Private>, Status> {
    let mut context = BigNumContext::new()?;
    let [p, q, dp, dq, inverse] = parts.map(BigNum::from_slice);
    let (p, q, dp, dq, inverse) = (p?, q?, dp?, dq?, inverse?);
    let (one, e) = (BigNum::from_u32(1)?, BigNum::from_u32(65537)?);
    let (mut n, mut p1, mut q1, mut phi, mut d) = (
        BigNum::new()?,
        BigNum::new()?,
        BigNum::new()?,
        BigNum::new()?,
        BigNum::new()?,
    );
    n.checked_mul(&p, &q, &mut context)?;
    p1.checked_sub(&p, &one)?;
    q1.checked_sub(&q, &one)?;
    phi.checked_mul(&p1, &q1, &mut context)?;
    d.mod_inverse(&e, &phi, &mut context)
        .map_err(|_| Status::WRONG_DATA)?;
    let (mut right_dp, mut right_dq, mut right_inverse) =
        (BigNum::new()?, BigNum::new()?, BigNum::new()?);
    right_dp.nnmod(&d, &p1, &mut context)?;
    right_dq.nnmod(&d, &q1, &mut context)?;
    right_inverse
        .mod_inverse(&q, &p, &mut context)
        .map_err(|_| Status::WRONG_DATA)?;
    if n.num_bits().cast_unsigned() != bits
        || dp != right_dp
        || dq != right_dq
        || inverse != right_inverse
    {
        return Err(Status::WRONG_DATA);
    }
    Ok(PKey::from_rsa(Rsa::from_private_components(
        n, e, d, p, q, dp, dq, inverse,
    )?)?)
}

fn import_ec(algorithm: Algorithm, number: &[u8]) -> Result<PKey<Private>, Status> {
    let group = group(algorithm)?;
    let mut context = BigNumContext::new()?;
    let number = BigNum::from_slice(number)?;
    let mut point = EcPoint::new(&group)?;
    point.mul_generator2(&group, &number, &mut context)?;
    let key = EcKey::from_private_components(&group, &number, &point)?;
    key.check_key().map_err(|_| Status::WRONG_DATA)?;
    Ok(PKey::from_ec_key(key)?)
}

fn import_raw(algorithm: Algorithm, seed: &[u8]) -> Result<PKey<Private>, Status> {
    let id = algorithm.raw_id().ok_or(Status::WRONG_DATA)?;
    PKey::private_key_from_raw_bytes(seed, id).map_err(|_| Status::WRONG_DATA)
}
