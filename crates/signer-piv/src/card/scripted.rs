//! A card that answers by a script, octet by octet.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use jwt_bearer_signer::SignError;

use super::{Card, Cards};
use crate::apdu::Channel;
use crate::caller::Caller;

#[derive(Debug)]
enum Step {
    Connect(Result<(), SignError>),
    Begin(Result<(), pcsc::Error>),
    Exchange(Vec<u8>, Result<Vec<u8>, pcsc::Error>),
    End,
}

/// What will be asked of the card, in this order and nothing else, and what it answers.
#[derive(Clone, Default)]
pub(crate) struct Script(Rc<RefCell<VecDeque<Step>>>);

impl Script {
    /// The command that comes next, and its reply: octets in hexadecimal, with blanks anywhere.
    pub(crate) fn then(self, command: &str, reply: &str) -> Self {
        self.step(Step::Exchange(octets(command), Ok(octets(reply))))
    }

    /// The command that comes next fails in PC/SC.
    pub(crate) fn then_fails(self, command: &str, error: pcsc::Error) -> Self {
        self.step(Step::Exchange(octets(command), Err(error)))
    }

    pub(crate) fn connect(self) -> Self {
        self.step(Step::Connect(Ok(())))
    }

    pub(crate) fn connect_fails(self, error: SignError) -> Self {
        self.step(Step::Connect(Err(error)))
    }

    pub(crate) fn begin(self) -> Self {
        self.step(Step::Begin(Ok(())))
    }

    pub(crate) fn begin_fails(self, error: pcsc::Error) -> Self {
        self.step(Step::Begin(Err(error)))
    }

    pub(crate) fn end(self) -> Self {
        self.step(Step::End)
    }

    /// A channel in the middle of a transaction.
    pub(crate) fn channel(&self) -> impl Channel + use<> {
        let script = self.clone();
        move |command: &[u8]| script.exchange(command)
    }

    /// Everything was asked.
    pub(crate) fn is_done(&self) {
        let rest = self.0.borrow();
        assert!(rest.is_empty(), "not asked: {rest:?}");
    }

    fn step(self, step: Step) -> Self {
        self.0.borrow_mut().push_back(step);
        self
    }

    fn next(&self) -> Step {
        self.0.borrow_mut().pop_front().expect("nothing more")
    }

    fn exchange(&self, command: &[u8]) -> Result<Vec<u8>, pcsc::Error> {
        match self.next() {
            Step::Exchange(expected, reply) => {
                assert_eq!(hex(command), hex(&expected));
                reply
            }
            step => panic!("{} where {step:?} was expected", hex(command)),
        }
    }
}

impl Cards for Script {
    fn connect(&mut self, _: u32, _: Caller<'_>) -> Result<Box<dyn Card>, SignError> {
        match self.next() {
            Step::Connect(result) => result.map(|()| Box::new(self.clone()) as Box<dyn Card>),
            step => panic!("a connection where {step:?} was expected"),
        }
    }
}

impl Card for Script {
    fn begin(&mut self) -> Result<Box<dyn Channel + '_>, pcsc::Error> {
        match self.next() {
            Step::Begin(result) => result.map(|()| Box::new(Held(self)) as Box<dyn Channel>),
            step => panic!("a transaction where {step:?} was expected"),
        }
    }
}

struct Held<'a>(&'a Script);

impl Channel for Held<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, pcsc::Error> {
        self.0.exchange(command)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        match self.0.next() {
            Step::End => {}
            step => panic!("the end of the transaction where {step:?} was expected"),
        }
    }
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().filter(|c| *c != ' ').collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).unwrap())
        .collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
