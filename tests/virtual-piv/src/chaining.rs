//! Commands that come in several parts, and answers that leave in several.

use crate::apdu::{Answer, Command, Status, ins};

/// Most bytes of data in one answer to a command of short form.
const PART: usize = 256;
/// Most bytes of data in a command, which clients too take for the limit of a real token.
const MOST: usize = 3072;

/// What became of a part.
pub(crate) enum Step {
    /// The command is complete.
    Whole(Command),
    /// The answer is known already: more parts are to come, or these are the rest of an answer.
    Answered(Answer, bool),
}

/// Parts gathered so far, and what is left of an answer.
#[derive(Default)]
pub(crate) struct Chaining {
    gathered: Option<Command>,
    rest: Vec<u8>,
}

impl Chaining {
    /// Takes a command that arrived.
    pub(crate) fn take(&mut self, mut command: Command) -> Step {
        if command.instruction == ins::GET_RESPONSE {
            let rest = std::mem::take(&mut self.rest);
            let answer = if rest.is_empty() {
                Err(Status::WRONG_DATA)
            } else {
                Ok(rest)
            };
            return Step::Answered(answer, command.extended);
        }
        self.rest.clear();
        let chained = command.is_chained();
        command.class &= !0x10;
        if let Some(before) = self.gathered.take().filter(|before| same(before, &command)) {
            command.data.splice(0..0, before.data);
        }
        if command.data.len() > MOST {
            return Step::Answered(Err(Status::WRONG_LENGTH), false);
        }
        if !chained {
            return Step::Whole(command);
        }
        self.gathered = Some(command);
        Step::Answered(Ok(Vec::new()), false)
    }

    /// The bytes to send for an answer. What is too long for one part waits for GET RESPONSE.
    pub(crate) fn send(&mut self, answer: Answer, extended: bool) -> Vec<u8> {
        let (mut data, mut status) = match answer {
            Ok(data) => (data, Status::OK),
            Err(status) => (Vec::new(), status),
        };
        if data.len() > PART && !extended {
            self.rest = data.split_off(PART);
            status = Status::more(self.rest.len());
        }
        data.extend(status.0.to_be_bytes());
        data
    }
}

fn same(one: &Command, other: &Command) -> bool {
    (one.class, one.instruction, one.p1, one.p2)
        == (other.class, other.instruction, other.p1, other.p2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(bytes: &[u8]) -> Command {
        Command::parse(bytes).unwrap_or_else(|status| panic!("{status:?}"))
    }

    fn whole(step: Step) -> Vec<u8> {
        match step {
            Step::Whole(command) => command.data,
            Step::Answered(answer, _) => panic!("{answer:?}"),
        }
    }

    #[test]
    fn parts_are_joined() {
        let mut chaining = Chaining::default();
        let part = chaining.take(command(&[0x10, 0x87, 7, 0x9a, 2, 1, 2]));
        assert!(matches!(part, Step::Answered(Ok(data), false) if data.is_empty()));
        assert_eq!(
            whole(chaining.take(command(&[0, 0x87, 7, 0x9a, 1, 3]))),
            [1, 2, 3]
        );
        assert_eq!(
            whole(chaining.take(command(&[0, 0x87, 7, 0x9a, 1, 4]))),
            [4]
        );
    }

    #[test]
    fn another_command_ends_a_chain() {
        let mut chaining = Chaining::default();
        let _ = chaining.take(command(&[0x10, 0x87, 7, 0x9a, 2, 1, 2]));
        assert_eq!(
            whole(chaining.take(command(&[0, 0x20, 0, 0x80, 1, 3]))),
            [3]
        );
    }

    #[test]
    fn a_long_answer_leaves_in_parts_of_256_bytes() {
        let mut chaining = Chaining::default();
        let data: Vec<u8> = (0..=255).cycle().take(600).collect();
        let mut sent = chaining.send(Ok(data.clone()), false);
        assert_eq!(sent[256..], [0x61, 0]);
        sent.truncate(256);
        for ending in [[0x61, 88], [0x90, 0]] {
            let Step::Answered(answer, extended) = chaining.take(command(&[0, 0xc0, 0, 0, 0]))
            else {
                panic!()
            };
            let part = chaining.send(answer, extended);
            let (body, status) = part.split_at(part.len() - 2);
            assert_eq!(status, ending);
            sent.extend(body);
        }
        assert_eq!(sent, data);
        let nothing = chaining.take(command(&[0, 0xc0, 0, 0, 0]));
        assert!(matches!(
            nothing,
            Step::Answered(Err(Status::WRONG_DATA), _)
        ));
    }

    #[test]
    fn a_command_of_extended_form_is_answered_in_one_piece() {
        let sent = Chaining::default().send(Ok(vec![1; 600]), true);
        assert_eq!((sent.len(), &sent[600..]), (602, &[0x90, 0][..]));
    }

    #[test]
    fn a_command_too_long_is_refused_in_parts_and_in_one_piece() {
        let mut chaining = Chaining::default();
        let part = [&[0x10, 0xdb, 0x3f, 0xff, 255][..], &[0; 255]].concat();
        let refused = (0..40).position(|_| {
            matches!(
                chaining.take(command(&part)),
                Step::Answered(Err(Status::WRONG_LENGTH), _)
            )
        });
        assert_eq!(refused, Some(MOST / 255));
        for (length, fits) in [(MOST, true), (MOST + 1, false)] {
            let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
            let whole = [&[0, 0xdb, 0x3f, 0xff, 0, high, low][..], &vec![0; length]].concat();
            assert_eq!(
                matches!(chaining.take(command(&whole)), Step::Whole(_)),
                fits
            );
        }
    }
}
