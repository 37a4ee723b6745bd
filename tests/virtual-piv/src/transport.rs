//! The wire to vpcd, the reader driver of pcscd that takes virtual cards over TCP.
//!
//! Each message has its length in front, two bytes, most significant first. One byte alone is an order to the card,
//! anything longer an APDU.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use crate::card::Card;
use crate::control::Controls;

const POWER_OFF: u8 = 0x00;
const POWER_ON: u8 = 0x01;
const RESET: u8 = 0x02;
const GET_ATR: u8 = 0x04;
/// What a YubiKey 5 says of itself at power-on. Offers T=1.
const ATR: [u8; 23] = [
    0x3b, 0xfd, 0x13, 0x00, 0x00, 0x81, 0x31, 0xfe, 0x15, 0x80, 0x73, 0xc0, 0x21, 0xc0, 0x57, 0x59,
    0x75, 0x62, 0x69, 0x4b, 0x65, 0x79, 0x40,
];
/// Between two attempts to reach a reader that is not there.
const PAUSE: Duration = Duration::from_millis(20);

/// Serves the reader on this port of loopback for ever, over as many connections as it takes.
pub(crate) fn serve(port: u16, card: &Mutex<Card>, controls: &Controls) -> ! {
    loop {
        controls.wait_until_inserted();
        // A reader that is not there, or that goes away, is waited for.
        let _ = connect(port, card, controls);
        controls.powered(false);
        thread::sleep(PAUSE);
    }
}

fn connect(port: u16, card: &Mutex<Card>, controls: &Controls) -> io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    if !controls.connected(stream.try_clone()?) {
        return Ok(());
    }
    lock(card).reset();
    loop {
        let message = receive(&mut stream)?;
        match message[..] {
            [order @ (POWER_OFF | POWER_ON | RESET)] => {
                lock(card).reset();
                controls.powered(order != POWER_OFF);
            }
            [GET_ATR] => send(&mut stream, &ATR)?,
            [] | [_] => {}
            ref apdu => {
                let answer = lock(card).answer(apdu);
                controls.pause(apdu);
                send(&mut stream, &answer)?;
            }
        }
    }
}

fn receive(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    read(stream, &mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    read(stream, &mut message)?;
    Ok(message)
}

/// Reads, and has what arrives acknowledged at once. The reader sends length and message apart and holds the second
/// back until the first is acknowledged, which by itself takes 40 ms. The option does not last, hence each time.
fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    SockRef::from(&*stream).set_tcp_quickack(true)?;
    stream.read_exact(buffer)
}

fn send(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), message].concat())
}

fn lock(card: &Mutex<Card>) -> std::sync::MutexGuard<'_, Card> {
    card.lock().unwrap_or_else(PoisonError::into_inner)
}
