//! GENERAL AUTHENTICATE: signatures, key agreement, and the proof of the management key.

use crate::apdu::{Answer, Command, Status};
use crate::piv::key::{Key, PinPolicy};
use crate::piv::{ATTESTATION, MANAGEMENT, Piv};
use crate::tlv;

const TEMPLATE: u16 = 0x7c;
const DATA: u16 = 0x81;
const RESULT: u16 = 0x82;
const PEER: u16 = 0x85;

impl Piv {
    pub(super) fn authenticate(&mut self, command: &Command, pin_fresh: bool) -> Answer {
        if let Some(status) = self.controls.take_answer() {
            return Err(status);
        }
        let template = tlv::read(&command.data)?;
        let fields = tlv::read(tlv::find(&template, TEMPLATE).ok_or(Status::WRONG_DATA)?)?;
        let answer = if command.p2 == MANAGEMENT {
            self.prove_management_key(command.p1, &fields)?
        } else {
            tlv::element(RESULT, &self.use_key(command, &fields, pin_fresh)?)
        };
        Ok(if answer.is_empty() {
            answer
        } else {
            tlv::element(TEMPLATE, &answer)
        })
    }

    fn prove_management_key(&mut self, kind: u8, fields: &[tlv::Element<'_>]) -> Answer {
        let pending = self.session.pending.take();
        self.session.managed = false;
        if kind != self.management.kind().byte() {
            return Err(Status::WRONG_DATA);
        }
        let (answer, pending, proved) = self.management.authenticate(fields, pending)?;
        self.session.pending = pending;
        self.session.managed = proved;
        Ok(answer)
    }

    fn use_key(
        &mut self,
        command: &Command,
        fields: &[tlv::Element<'_>],
        pin_fresh: bool,
    ) -> Answer {
        let key = self
            .keys
            .get_mut(&command.p2)
            .filter(|_| command.p2 != ATTESTATION);
        let key = key.ok_or(Status::REFERENCE_NOT_FOUND)?;
        if key.algorithm.byte() != command.p1 {
            return Err(Status::WRONG_DATA);
        }
        let pin = match key.policies.pin {
            PinPolicy::Never => true,
            PinPolicy::Once => self.session.pin_verified,
            PinPolicy::Always => pin_fresh,
        };
        if !pin {
            return Err(Status::SECURITY);
        }
        if key.wants_touch() {
            if !self.controls.wait_for_touch() {
                return Err(Status::SECURITY);
            }
            key.touched();
        }
        let mut result = operate(key, fields)?;
        if self.controls.take_corrupt()
            && let Some(last) = result.last_mut()
        {
            *last ^= 1;
        }
        Ok(result)
    }
}

fn operate(key: &Key, fields: &[tlv::Element<'_>]) -> Answer {
    match (tlv::find(fields, DATA), tlv::find(fields, PEER)) {
        (Some(data), None) => key.sign(data),
        (None, Some(peer)) => key.agree(peer),
        _ => Err(Status::WRONG_DATA),
    }
}
