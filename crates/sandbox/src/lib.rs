#![doc = include_str!("../README.md")]

mod assertion;
mod delivery;
mod dialect;
mod downscope;
mod error;
mod fault;
mod record;
mod refusal;
mod reply;
mod resource;
mod running;
mod sandbox;
mod server;
mod state;
mod texts;
mod token;
mod verify;

pub use dialect::{Dialect, UnknownDialect};
pub use error::{SandboxError, SandboxErrorKind};
pub use fault::{Fault, InvalidFault};
pub use record::Recorded;
pub use running::Running;
pub use sandbox::Sandbox;
pub use texts::texts;
