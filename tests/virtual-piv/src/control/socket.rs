//! The control socket: a line in, a line out. The package's README lists the commands.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::apdu::Status;
use crate::card::Card;
use crate::control::{Controls, NO_TOUCH, Slow, Touch};

/// Answers on a Unix socket, on threads of its own, for as long as the program runs.
pub(crate) fn serve(
    path: &Path,
    controls: Arc<Controls>,
    card: Arc<Mutex<Card>>,
) -> io::Result<()> {
    if path.exists() {
        std::fs::remove_file(path)?;
    }
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
        ["remove"] => controls.remove(),
        ["insert"] if controls.insert() => {}
        ["insert"] => return Err("no reader powered the card within 10 seconds".to_owned()),
        ["reset"] => lock(card).reset(),
        ["factory"] => lock(card)
            .factory()
            .map_err(|_| "OpenSSL makes no key".to_owned())?,
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
