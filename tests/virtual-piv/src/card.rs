//! The card: takes commands of any applet, one after the other.

use std::sync::Arc;

use crate::apdu::{Answer, Command, Status, ins};
use crate::chaining::{Chaining, Step};
use crate::control::Controls;
use crate::piv::{ManagementKind, Piv};
use crate::tlv;

const PIV: [u8; 11] = [
    0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00,
];
const MANAGEMENT: [u8; 8] = [0xa0, 0x00, 0x00, 0x05, 0x27, 0x47, 0x11, 0x17];
const PIV_SELECTED: [u8; 19] = [
    0x61, 0x11, 0x4f, 0x06, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00, 0x79, 0x07, 0x4f, 0x05, 0xa0, 0x00,
    0x00, 0x03, 0x08,
];
/// A keychain with USB-A.
pub(crate) const FORM_FACTOR: u8 = 0x01;
/// Least bytes of a name that select an applet.
const SHORTEST_NAME: usize = 5;

/// The version of a token's firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u8, pub(crate) u8, pub(crate) u8);

impl Version {
    /// Reads three numbers with dots between them.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| part.parse().ok());
        let version = Self(parts.next()??, parts.next()??, parts.next()??);
        parts.next().is_none().then_some(version)
    }

    pub(crate) fn bytes(self) -> [u8; 3] {
        [self.0, self.1, self.2]
    }
}

/// What a token is and never changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    pub(crate) serial: u32,
    pub(crate) version: Version,
    pub(crate) management: ManagementKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Applet {
    Piv,
    /// Tells `ykman` what the token is.
    Management,
}

/// A card with the PIV applet and as much of the management applet as `ykman` asks for.
pub(crate) struct Card {
    identity: Identity,
    controls: Arc<Controls>,
    piv: Piv,
    selected: Option<Applet>,
    chaining: Chaining,
}

impl Card {
    /// A token as the factory sends it out.
    pub(crate) fn new(identity: Identity, controls: Arc<Controls>) -> Result<Self, Status> {
        let piv = Piv::new(identity, Arc::clone(&controls))?;
        Ok(Self {
            identity,
            controls,
            piv,
            selected: None,
            chaining: Chaining::default(),
        })
    }

    /// Becomes a token as the factory sends it out again.
    pub(crate) fn factory(&mut self) -> Result<(), Status> {
        *self = Self::new(self.identity, Arc::clone(&self.controls))?;
        Ok(())
    }

    /// Is of this version from now on. Keys stay, also those that a token of this version cannot make.
    pub(crate) fn set_version(&mut self, version: Version) {
        self.identity.version = version;
        self.piv.set_version(version);
    }

    /// Forgets everything volatile, as at power-on.
    pub(crate) fn reset(&mut self) {
        self.piv.forget();
        self.selected = None;
        self.chaining = Chaining::default();
    }

    /// How many tries are left for PIN and PUK.
    pub(crate) fn tries(&self) -> (u8, u8) {
        self.piv.tries()
    }

    /// Answers one APDU.
    pub(crate) fn answer(&mut self, bytes: &[u8]) -> Vec<u8> {
        let command = match Command::parse(bytes) {
            Ok(command) => command,
            Err(status) => return status.0.to_be_bytes().to_vec(),
        };
        let sent = match self.chaining.take(command.clone()) {
            Step::Answered(answer, extended) => self.chaining.send(answer, extended),
            Step::Whole(whole) => {
                let answer = self.dispatch(&whole);
                self.chaining.send(answer, whole.extended)
            }
        };
        self.controls.seen(&command, &sent);
        sent
    }

    fn dispatch(&mut self, command: &Command) -> Answer {
        if command.class != 0 {
            return Err(Status(0x6e00));
        }
        if command.instruction == ins::SELECT {
            return self.select(&command.data);
        }
        match (self.selected, command.instruction) {
            (Some(Applet::Piv), _) => self.piv.answer(command),
            (Some(Applet::Management), ins::READ_CONFIGURATION) => Ok(self.configuration()),
            _ => Err(Status::UNKNOWN_INSTRUCTION),
        }
    }

    fn select(&mut self, name: &[u8]) -> Answer {
        let named = |applet: &[u8]| name.len() >= SHORTEST_NAME && applet.starts_with(name);
        if named(&PIV) {
            self.piv.forget();
            self.selected = Some(Applet::Piv);
            return Ok(PIV_SELECTED.to_vec());
        }
        if named(&MANAGEMENT) {
            self.piv.forget();
            self.selected = Some(Applet::Management);
            let Version(major, minor, patch) = self.identity.version;
            return Ok(format!("Virtual mgr - FW version {major}.{minor}.{patch}").into_bytes());
        }
        Err(Status::NOT_FOUND)
    }

    /// The management applet's account of the token: PIV and nothing else.
    fn configuration(&self) -> Vec<u8> {
        let mut out = Vec::new();
        tlv::push(&mut out, 0x01, &[0x10]);
        tlv::push(&mut out, 0x02, &self.identity.serial.to_be_bytes());
        tlv::push(&mut out, 0x03, &[0x10]);
        tlv::push(&mut out, 0x04, &[FORM_FACTOR]);
        tlv::push(&mut out, 0x05, &self.identity.version.bytes());
        tlv::push(&mut out, 0x0a, &[0x00]);
        out.insert(0, u8::try_from(out.len()).unwrap_or(u8::MAX));
        out
    }
}
