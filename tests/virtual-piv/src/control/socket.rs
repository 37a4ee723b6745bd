//! The control socket: a line in, a line out. The package's README lists the commands.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::apdu::Status;
use crate::card::{Card, Version};
use crate::control::{Controls, NO_TOUCH, Slow, Touch};

/// Answers on a Unix socket, on threads of its own, for as long as the program runs.
pub(crate) fn serve(
    path: &Path,
    controls: Arc<Controls>,
    card: Arc<Mutex<Card>>,
) -> io::Result<()> {
    let listener = UnixListener::bind(path)?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (controls, card) = (Arc::clone(&controls), Arc::clone(&card));
            // A connection that breaks concerns nobody but its test.
            thread::spawn(move || converse(&stream, &controls, &card));
        }
    });
    Ok(())
}

/// Sends commands to a control socket, and hands back the replies. The first that is refused is the last.
pub(crate) fn tell(path: &Path, commands: &[String]) -> io::Result<String> {
    let mut stream = UnixStream::connect(path)?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut replies = String::new();
    for command in commands {
        writeln!(stream, "{command}")?;
        loop {
            let line = lines
                .next()
                .unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))?;
            if line.starts_with("error") {
                return Err(io::Error::other(format!("{command}: {line}")));
            }
            if line == "." {
                break;
            }
            replies.push_str(&line);
            replies.push('\n');
            if command != "log" {
                break;
            }
        }
    }
    Ok(replies)
}

fn converse(stream: &UnixStream, controls: &Controls, card: &Mutex<Card>) -> io::Result<()> {
    for line in BufReader::new(stream).lines() {
        let reply = obey(&line?, controls, card).unwrap_or_else(|error| format!("error: {error}"));
        let mut stream = stream;
        stream.write_all(format!("{reply}\n").as_bytes())?;
    }
    Ok(())
}

fn obey(line: &str, controls: &Controls, card: &Mutex<Card>) -> Result<String, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["remove"] if controls.remove() => {}
        ["remove"] => return Err("the reader did not notice within 10 seconds".to_owned()),
        ["insert"] if controls.insert() => {}
        ["insert"] => return Err("no reader powered the card within 10 seconds".to_owned()),
        ["reset"] => lock(card).reset(),
        ["factory"] => {
            let made = lock(card).factory();
            made.map_err(|_| "OpenSSL makes no key".to_owned())?;
        }
        ["version", version] => {
            let version =
                Version::parse(version).ok_or_else(|| format!("no version: {version}"))?;
            lock(card).set_version(version);
        }
        ["delay", "sign", time] => controls.slow(Slow::Sign, milliseconds(time)?),
        ["delay", "every", time] => controls.slow(Slow::Every, milliseconds(time)?),
        ["touch", "now"] => controls.touch(Touch::Now),
        ["touch", "after", time] => controls.touch(Touch::After(milliseconds(time)?)),
        ["touch", "never"] => controls.touch(Touch::Never(NO_TOUCH)),
        ["touch", "never", time] => controls.touch(Touch::Never(milliseconds(time)?)),
        ["corrupt", "next"] => controls.corrupt_next(),
        ["answer", word] => {
            let status =
                u16::from_str_radix(word, 16).map_err(|_| format!("no status word: {word}"))?;
            controls.answer_next(Status(status));
        }
        ["clear"] => controls.clear(),
        ["count"] => return Ok(controls.count()),
        ["log"] => return Ok(format!("{}.", controls.log())),
        ["tries"] => {
            let (pin, puk) = lock(card).tries();
            return Ok(format!("pin={pin} puk={puk}"));
        }
        _ => return Err(format!("unknown command: {line}")),
    }
    Ok("ok".to_owned())
}

fn milliseconds(word: &str) -> Result<Duration, String> {
    word.parse()
        .map(Duration::from_millis)
        .map_err(|_| format!("no number of milliseconds: {word}"))
}

fn lock(card: &Mutex<Card>) -> std::sync::MutexGuard<'_, Card> {
    card.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::Identity;
    use crate::piv::ManagementKind;

    /// A control socket without a card in a reader, and what it replies to each line.
    fn replies(lines: &str) -> String {
        let controls = Arc::new(Controls::new());
        let identity = Identity {
            serial: 1,
            version: Version(5, 4, 3),
            management: ManagementKind::Tdes,
        };
        let card = Mutex::new(Card::new(identity, Arc::clone(&controls)).unwrap());
        let _ = lock(&card).answer(&[0, 0xa4, 4, 0, 5, 0xa0, 0, 0, 3, 8]);
        let _ = lock(&card).answer(&[&[0, 0x20, 0, 0x80, 8][..], b"000000\xff\xff"].concat());
        let (mut test, socket) = UnixStream::pair().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                converse(&socket, &controls, &card).unwrap();
                socket.shutdown(std::net::Shutdown::Both).unwrap();
            });
            test.write_all(lines.as_bytes()).unwrap();
            test.shutdown(std::net::Shutdown::Write).unwrap();
            io::read_to_string(&test).unwrap()
        })
    }

    #[test]
    fn every_command_without_an_answer_of_its_own_is_replied_ok() {
        let lines = [
            "remove",
            "reset",
            "factory",
            "version 5.2.7",
            "delay sign 5",
            "delay every 0",
            "touch now",
            "touch after 5",
            "touch never",
            "touch never 5",
            "corrupt next",
            "answer 6f00",
            "clear",
        ];
        assert_eq!(
            replies(&(lines.join("\n") + "\n")),
            "ok\n".repeat(lines.len())
        );
    }

    #[test]
    fn what_the_card_saw_is_told() {
        assert_eq!(replies("count\n"), "select=1 verify=1\n");
        assert_eq!(
            replies("log\n"),
            "00a40400 5 9000 select\n00200080 8 63c2 verify\n.\n"
        );
        assert_eq!(replies("tries\n"), "pin=2 puk=3\n");
        assert_eq!(replies("clear\ncount\nlog\n"), "ok\n\n.\n");
        assert_eq!(replies("factory\ntries\n"), "ok\npin=3 puk=3\n");
    }

    #[test]
    fn what_is_not_understood_is_told_and_the_next_line_obeyed() {
        for line in [
            "",
            "touch",
            "delay sign",
            "delay sign x",
            "answer xyz",
            "version 5",
            "log x",
        ] {
            let replies = replies(&format!("{line}\nclear\n"));
            assert!(
                replies.starts_with("error: ") && replies.ends_with("\nok\n"),
                "{line}: {replies}"
            );
        }
    }
}
