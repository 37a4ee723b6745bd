#![doc = include_str!("../README.md")]

mod claims;
mod clock;
mod decode;
mod defect;
mod error;
mod header;
mod part;
mod unsigned;

pub use claims::{Audience, Claims, Jti, TimeClaim};
pub use clock::{Clock, SystemClock};
pub use decode::{DecodeError, Decoded};
pub use defect::{Defect, Part};
pub use error::{AssertionError, AssertionErrorKind};
pub use header::Header;
pub use unsigned::{Assertion, Unsigned};
