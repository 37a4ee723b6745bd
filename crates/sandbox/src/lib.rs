#![doc = include_str!("../README.md")]

mod admission;
mod assertion;
mod condition;
mod delivery;
mod dialect;
mod downscope;
mod error;
mod fault;
mod metadata;
mod reason;
mod record;
mod refusal;
mod reply;
mod resource;
mod revoke;
mod running;
mod sandbox;
mod server;
mod state;
mod texts;
mod token;
mod verify;
mod wording;

pub use condition::{Condition, UnknownCondition};
pub use dialect::{Dialect, UnknownDialect};
pub use error::{SandboxError, SandboxErrorKind};
pub use fault::{Fault, InvalidFault};
pub use record::Recorded;
pub use running::Running;
pub use sandbox::Sandbox;
pub use texts::{Text, texts};
pub use wording::{UnknownWording, Wording};
