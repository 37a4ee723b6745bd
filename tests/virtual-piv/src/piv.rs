//! The PIV applet.

mod algorithm;
mod attestation;
mod authenticate;
mod key;
mod management_key;
mod objects;
mod reference;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use openssl::x509::X509;

use crate::apdu::{Answer, Command, Status, ins};
use crate::card::{Identity, Version};
use crate::control::Controls;
use crate::tlv;

use algorithm::Algorithm;
use key::{Key, PinPolicy, Policies, TouchPolicy};
pub(crate) use management_key::Kind as ManagementKind;
use management_key::{ManagementKey, Pending};
use objects::Objects;
use reference::Reference;

const PIN: u8 = 0x80;
const PUK: u8 = 0x81;
const MANAGEMENT: u8 = 0x9b;
const ATTESTATION: u8 = 0xf9;
const TRIES: u8 = 3;

/// What is forgotten when the card loses power or another applet is selected.
#[derive(Default)]
struct Session {
    pin_verified: bool,
    /// The PIN was verified by the command just before.
    pin_fresh: bool,
    managed: bool,
    pending: Option<Pending>,
}

/// The applet: keys, PIN, PUK, management key and objects.
pub(crate) struct Piv {
    identity: Identity,
    controls: Arc<Controls>,
    pin: Reference,
    puk: Reference,
    management: ManagementKey,
    keys: BTreeMap<u8, Key>,
    objects: Objects,
    session: Session,
}

impl Piv {
    /// A token as the factory sends it out: default PIN, PUK and management key, an attestation key and no other.
    pub(crate) fn new(identity: Identity, controls: Arc<Controls>) -> Result<Self, Status> {
        let policies = Policies {
            pin: PinPolicy::Never,
            touch: TouchPolicy::Never,
        };
        let attestation = Key::generate(Algorithm::P256, policies)?;
        let mut objects = Objects::default();
        objects.put_certificate(&objects::ATTESTATION, &attestation::root(&attestation)?);
        Ok(Self {
            identity,
            controls,
            pin: Reference::new(*b"123456\xff\xff"),
            puk: Reference::new(*b"12345678"),
            management: ManagementKey::initial(identity.management),
            keys: BTreeMap::from([(ATTESTATION, attestation)]),
            objects,
            session: Session::default(),
        })
    }

    /// Forgets everything volatile.
    pub(crate) fn forget(&mut self) {
        self.session = Session::default();
    }

    pub(crate) fn set_version(&mut self, version: Version) {
        self.identity.version = version;
    }

    /// How many tries are left for PIN and PUK.
    pub(crate) fn tries(&self) -> (u8, u8) {
        (self.pin.left(), self.puk.left())
    }

    /// Answers a whole command.
    pub(crate) fn answer(&mut self, command: &Command) -> Answer {
        let fresh = std::mem::take(&mut self.session.pin_fresh);
        match command.instruction {
            ins::GET_VERSION => Ok(self.identity.version.bytes().to_vec()),
            ins::GET_SERIAL if self.has(Version(5, 0, 0)) => {
                Ok(self.identity.serial.to_be_bytes().to_vec())
            }
            ins::VERIFY => self.verify(command),
            ins::CHANGE_REFERENCE => self.change_reference(command),
            ins::RESET_RETRY => self.reset_retry(command),
            ins::GENERAL_AUTHENTICATE => self.authenticate(command, fresh),
            ins::GET_DATA => self.objects.get(&command.data, self.session.pin_verified),
            ins::GET_METADATA if self.has(Version(5, 3, 0)) => self.metadata(command.p2),
            ins::ATTEST if self.has(Version(4, 3, 0)) => self.attest(command.p1),
            ins::RESET => self.reset(),
            ins::PUT_DATA => self.managed()?.objects.put(&command.data),
            ins::GENERATE => self.managed()?.generate(command),
            ins::IMPORT => self.managed()?.import(command),
            ins::MOVE_KEY if self.has(Version(5, 7, 0)) => {
                self.managed()?.move_key(command.p1, command.p2)
            }
            ins::SET_MANAGEMENT_KEY => self.managed()?.set_management_key(command),
            ins::SET_RETRIES => self.managed()?.set_retries(command),
            _ => Err(Status::UNKNOWN_INSTRUCTION),
        }
    }

    fn has(&self, since: Version) -> bool {
        self.identity.version >= since
    }

    /// Itself, if the management key was proved.
    fn managed(&mut self) -> Result<&mut Self, Status> {
        if self.session.managed {
            Ok(self)
        } else {
            Err(Status::SECURITY)
        }
    }

    fn verify(&mut self, command: &Command) -> Answer {
        match (command.p1, command.p2, command.data.is_empty()) {
            (0xff, PIN, true) => self.session.pin_verified = false,
            (0, PIN, true) if self.session.pin_verified => {}
            (0, PIN, true) => return Err(self.pin.status()),
            (0, PIN, false) => {
                self.session.pin_verified = false;
                self.pin.check(&command.data)?;
                self.session.pin_verified = true;
                self.session.pin_fresh = true;
            }
            _ => return Err(Status::REFERENCE_NOT_FOUND),
        }
        Ok(Vec::new())
    }

    fn change_reference(&mut self, command: &Command) -> Answer {
        let reference = match command.p2 {
            PIN => &mut self.pin,
            PUK => &mut self.puk,
            _ => return Err(Status::REFERENCE_NOT_FOUND),
        };
        let (old, new) = command
            .data
            .split_at_checked(reference::LENGTH)
            .ok_or(Status::WRONG_DATA)?;
        reference.check(old)?;
        reference.change(new)?;
        Ok(Vec::new())
    }

    fn reset_retry(&mut self, command: &Command) -> Answer {
        if command.p2 != PIN {
            return Err(Status::REFERENCE_NOT_FOUND);
        }
        let (puk, new) = command
            .data
            .split_at_checked(reference::LENGTH)
            .ok_or(Status::WRONG_DATA)?;
        self.puk.check(puk)?;
        self.pin.change(new)?;
        Ok(Vec::new())
    }

    fn set_retries(&mut self, command: &Command) -> Answer {
        if !self.session.pin_verified {
            return Err(Status::SECURITY);
        }
        if command.p1 == 0 || command.p2 == 0 {
            return Err(Status::WRONG_PARAMETERS);
        }
        self.pin.reset(command.p1);
        self.puk.reset(command.p2);
        Ok(Vec::new())
    }

    fn set_management_key(&mut self, command: &Command) -> Answer {
        let [kind, MANAGEMENT, length, ref bytes @ ..] = *command.data else {
            return Err(Status::WRONG_DATA);
        };
        let kind = ManagementKind::from_byte(kind).ok_or(Status::WRONG_DATA)?;
        if usize::from(length) != bytes.len()
            || (kind != ManagementKind::Tdes && !self.has(Version(5, 4, 2)))
        {
            return Err(Status::WRONG_DATA);
        }
        let touch = if command.p2 == 0xfe {
            TouchPolicy::Always
        } else {
            TouchPolicy::Never
        };
        self.management = ManagementKey::new(kind, bytes, touch as u8)?;
        Ok(Vec::new())
    }

    /// Everything as from the factory. Only a token whose PIN and PUK are both blocked does it.
    fn reset(&mut self) -> Answer {
        if self.tries() != (0, 0) {
            return Err(Status::CONDITIONS);
        }
        self.pin.reset(TRIES);
        self.puk.reset(TRIES);
        self.management = ManagementKey::initial(self.identity.management);
        self.keys.retain(|slot, _| *slot == ATTESTATION);
        self.objects.reset();
        self.forget();
        Ok(Vec::new())
    }

    fn generate(&mut self, command: &Command) -> Answer {
        let slot = key_slot(command.p2)?;
        let template = tlv::read(&command.data)?;
        let elements = tlv::read(tlv::find(&template, 0xac).ok_or(Status::WRONG_DATA)?)?;
        let Some([algorithm]) = tlv::find(&elements, 0x80) else {
            return Err(Status::WRONG_DATA);
        };
        let key = Key::generate(
            self.algorithm(*algorithm)?,
            Policies::read(slot, &elements)?,
        )?;
        let answer = tlv::element(0x7f49, &key.public_fields()?);
        self.keys.insert(slot, key);
        Ok(answer)
    }

    fn import(&mut self, command: &Command) -> Answer {
        let slot = key_slot(command.p2)?;
        let elements = tlv::read(&command.data)?;
        let key = Key::import(
            self.algorithm(command.p1)?,
            Policies::read(slot, &elements)?,
            &elements,
        )?;
        self.keys.insert(slot, key);
        Ok(Vec::new())
    }

    /// To another slot, or to FF: deletes it.
    fn move_key(&mut self, to: u8, from: u8) -> Answer {
        if to != 0xff && self.keys.contains_key(&key_slot(to)?) {
            return Err(Status::CONDITIONS);
        }
        let key = self.keys.remove(&from).ok_or(Status::REFERENCE_NOT_FOUND)?;
        if to != 0xff {
            self.keys.insert(to, key);
        }
        Ok(Vec::new())
    }

    fn algorithm(&self, byte: u8) -> Result<Algorithm, Status> {
        Algorithm::from_byte(byte, self.identity.version).ok_or(Status::WRONG_DATA)
    }

    fn metadata(&self, slot: u8) -> Answer {
        let reference = match slot {
            PIN => &self.pin,
            PUK => &self.puk,
            MANAGEMENT => return Ok(self.management.metadata()),
            _ => {
                let key = self.keys.get(&slot).ok_or(Status::REFERENCE_NOT_FOUND)?;
                let mut out = key.metadata();
                tlv::push(&mut out, 0x04, &key.public_fields()?);
                return Ok(out);
            }
        };
        let mut out = tlv::element(0x01, &[0xff]);
        tlv::push(&mut out, 0x05, &[u8::from(reference.is_default())]);
        tlv::push(&mut out, 0x06, &[reference.tries(), reference.left()]);
        Ok(out)
    }

    fn attest(&self, slot: u8) -> Answer {
        let key = self.keys.get(&slot).ok_or(Status::REFERENCE_NOT_FOUND)?;
        if key.imported {
            return Err(Status::WRONG_DATA);
        }
        let attestation = self
            .keys
            .get(&ATTESTATION)
            .ok_or(Status::REFERENCE_NOT_FOUND)?;
        let object = self.objects.certificate(&objects::ATTESTATION)?;
        let root = X509::from_der(&object).map_err(|_| Status::REFERENCE_NOT_FOUND)?;
        Ok(attestation::attest(
            self.identity,
            slot,
            key,
            &root,
            attestation,
        )?)
    }
}

/// Checks that a slot holds keys.
fn key_slot(slot: u8) -> Result<u8, Status> {
    match slot {
        0x9a | 0x9c | 0x9d | 0x9e | 0x82..=0x95 | ATTESTATION => Ok(slot),
        _ => Err(Status::WRONG_PARAMETERS),
    }
}
