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
/// Between the end of a connection and the next one. pcscd looks every 400 milliseconds whether a card is there. One that
/// goes and comes between two looks is never noticed, never given power, and lost to all clients.
const AWAY: Duration = Duration::from_secs(1);

/// Serves the reader on this port of loopback for ever, over as many connections as it takes.
pub(crate) fn serve(port: u16, card: &Mutex<Card>, controls: &Controls) -> ! {
    loop {
        controls.wait_until_inserted();
        // A reader that is not there, or that goes away, is waited for.
        let _ = connect(port, card, controls);
        thread::sleep(PAUSE);
    }
}

fn connect(port: u16, card: &Mutex<Card>, controls: &Controls) -> io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    controls.connected(stream.try_clone()?);
    let ended = converse(&mut stream, card, controls);
    controls.powered(false);
    // The reader takes one connection and lets none wait: if another came before it has let go of this one, it would
    // be stuck for many seconds. What it asks until then gets no answer.
    let _ = io::copy(&mut stream, &mut io::sink());
    drop(stream);
    thread::sleep(AWAY);
    controls.disconnected();
    ended
}

fn converse(stream: &mut TcpStream, card: &Mutex<Card>, controls: &Controls) -> io::Result<()> {
    lock(card).reset();
    loop {
        let message = receive(stream)?;
        match message[..] {
            [POWER_OFF] => lock(card).reset(),
            [POWER_ON | RESET] => {
                lock(card).reset();
                controls.powered(true);
            }
            [GET_ATR] => send(stream, &ATR)?,
            [] | [_] => {}
            ref apdu => {
                let answer = lock(card).answer(apdu);
                controls.pause(apdu);
                send(stream, &answer)?;
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

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Arc;

    use super::*;
    use crate::card::{Identity, Version};
    use crate::piv::ManagementKind;

    const SELECT: [u8; 10] = [0, 0xa4, 4, 0, 5, 0xa0, 0, 0, 3, 8];
    const TRIES: [u8; 5] = [0, 0x20, 0, 0x80, 0];

    /// The reader's side of the wire.
    struct Reader(TcpStream);

    impl Reader {
        fn accept(listener: &TcpListener) -> Self {
            let stream = listener.accept().unwrap().0;
            stream
                .set_read_timeout(Some(Duration::from_secs(30)))
                .unwrap();
            let mut reader = Self(stream);
            send(&mut reader.0, &[POWER_ON]).unwrap();
            reader
        }

        fn ask(&mut self, message: &[u8]) -> io::Result<Vec<u8>> {
            send(&mut self.0, message)?;
            receive(&mut self.0)
        }
    }

    /// A card that looks for its reader at the listener.
    fn card(listener: &TcpListener) -> Arc<Controls> {
        let controls = Arc::new(Controls::new());
        let identity = Identity {
            serial: 1,
            version: Version(5, 4, 3),
            management: ManagementKind::Tdes,
        };
        let card = Mutex::new(Card::new(identity, Arc::clone(&controls)).unwrap());
        let port = listener.local_addr().unwrap().port();
        let served = Arc::clone(&controls);
        thread::spawn(move || serve(port, &card, &served));
        controls
    }

    fn wrong_pin(reader: &mut Reader) -> Vec<u8> {
        assert!(reader.ask(&SELECT).unwrap().ends_with(&[0x90, 0]));
        reader
            .ask(&[&[0, 0x20, 0, 0x80, 8][..], b"000000\xff\xff"].concat())
            .unwrap()
    }

    #[test]
    fn the_card_tells_its_atr_and_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _controls = card(&listener);
        let mut reader = Reader::accept(&listener);
        let atr = reader.ask(&[GET_ATR]).unwrap();
        assert_eq!(
            atr[1..].iter().fold(0, |sum, byte| sum ^ byte),
            0,
            "the check byte"
        );
        assert!(reader.ask(&SELECT).unwrap().ends_with(&[0x90, 0]));
    }

    #[test]
    fn power_off_and_reset_forget_the_selected_applet() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _controls = card(&listener);
        let mut reader = Reader::accept(&listener);
        for order in [POWER_OFF, POWER_ON, RESET] {
            assert!(reader.ask(&SELECT).unwrap().ends_with(&[0x90, 0]));
            assert_eq!(reader.ask(&TRIES).unwrap(), [0x63, 0xc3]);
            send(&mut reader.0, &[order]).unwrap();
            assert_eq!(reader.ask(&TRIES).unwrap(), [0x6d, 0]);
        }
    }

    #[test]
    fn the_card_comes_back_to_a_reader_that_went_away_and_forgets_nothing_lasting() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _controls = card(&listener);
        assert_eq!(wrong_pin(&mut Reader::accept(&listener)), [0x63, 0xc2]);
        assert_eq!(wrong_pin(&mut Reader::accept(&listener)), [0x63, 0xc1]);
    }

    #[test]
    fn a_card_that_is_pulled_answers_no_more_until_it_is_put_back() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let controls = card(&listener);
        let mut reader = Reader::accept(&listener);
        assert_eq!(wrong_pin(&mut reader), [0x63, 0xc2]);
        controls.slow(crate::control::Slow::Every, Duration::from_secs(3600));
        send(&mut reader.0, &SELECT).unwrap();
        thread::scope(|scope| {
            let removed = scope.spawn(|| controls.remove());
            assert!(receive(&mut reader.0).is_err());
            drop(reader);
            assert!(removed.join().unwrap());
        });
        controls.slow(crate::control::Slow::Every, Duration::ZERO);
        thread::scope(|scope| {
            let inserted = scope.spawn(|| controls.insert());
            let mut reader = Reader::accept(&listener);
            assert_eq!(wrong_pin(&mut reader), [0x63, 0xc1]);
            assert!(inserted.join().unwrap());
        });
    }
}
