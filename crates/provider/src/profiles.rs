//! The built-in profiles: a file each, which reads like the table of what the provider demands.

mod box_platform;
mod generic;
mod salesforce;

pub(crate) use box_platform::BOX;
pub(crate) use generic::GENERIC;
pub(crate) use salesforce::SALESFORCE;
