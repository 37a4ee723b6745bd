#![doc = include_str!("../README.md")]

mod checks;
mod curl;
mod diagnose;
mod evidence;
mod explain;
mod failure;
mod finding;
mod http;
mod jwts;
mod log;
mod mark;
mod meaning;
mod message;
mod names;
mod observed;
mod paste;
mod probe;
mod redact;
mod refusal;
mod repeated;
mod report;
mod said;
mod secrets;
mod whose;

pub use diagnose::diagnose;
pub use evidence::Evidence;
pub use explain::{MAX_PASTE, Paste};
pub use http::{Reply, Request};
pub use names::without_names;
pub use probe::{Probe, Variation};
pub use redact::{masked, masked_host, scrubbed};
pub use report::{Certainty, Finding, Passed, Report};
