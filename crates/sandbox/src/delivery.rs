use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Sleep;

/// How a connection ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By TCP reset, at once.
    Reset,
    /// By TCP reset, after the client had time to read what was sent.
    ResetLate,
    /// In good order.
    Close,
}

/// The body of a reply, and the way in which it goes out.
pub(crate) struct Outgoing {
    rest: Bytes,
    pace: Pace,
}

enum Pace {
    Whole,
    Drip {
        time: Duration,
        next: Pin<Box<Sleep>>,
    },
    /// Ends the connection where the body would go on; more than `rest` is promised.
    Cut {
        end: End,
        ends: UnboundedSender<End>,
    },
}

impl Outgoing {
    pub(crate) const fn whole(body: Bytes) -> Self {
        Self {
            rest: body,
            pace: Pace::Whole,
        }
    }

    /// One byte each so often.
    pub(crate) fn drip(body: Bytes, time: Duration) -> Self {
        Self {
            rest: body,
            pace: Pace::Drip {
                time,
                next: Box::pin(tokio::time::sleep(time)),
            },
        }
    }

    /// These bytes, and then the end of the connection.
    pub(crate) const fn cut(bytes: Bytes, end: End, ends: UnboundedSender<End>) -> Self {
        Self {
            rest: bytes,
            pace: Pace::Cut { end, ends },
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Self { rest, pace } = &mut *self;
        let bytes = match pace {
            Pace::Drip { time, next } if !rest.is_empty() => {
                ready!(next.as_mut().poll(context));
                next.as_mut().reset(tokio::time::Instant::now() + *time);
                rest.split_to(1)
            }
            Pace::Cut { end, ends } if rest.is_empty() => {
                // Pending makes hyper send what it has; the connection then ends itself.
                let _ = ends.send(*end);
                return Poll::Pending;
            }
            _ => std::mem::take(rest),
        };
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && !matches!(self.pace, Pace::Cut { .. })
    }

    fn size_hint(&self) -> SizeHint {
        match self.pace {
            Pace::Cut { .. } => SizeHint::default(),
            _ => SizeHint::with_exact(self.rest.len() as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_drip_is_one_byte_each_so_often() {
        let start = tokio::time::Instant::now();
        let mut body = Outgoing::drip(Bytes::from_static(b"abc"), Duration::from_secs(50));
        let mut seen = Vec::new();
        while let Some(frame) = body.frame().await {
            seen.push(frame.unwrap().into_data().unwrap());
        }
        assert_eq!(seen, ["a", "b", "c"]);
        assert_eq!(start.elapsed(), Duration::from_secs(150));
    }
}
