//! The sandbox over real sockets, spoken to by hand, without any client of ours.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "the functions that the tests share are tests too"
)]

mod checks;
mod checks_box;
mod checks_generic;
mod checks_salesforce;
mod client;
mod conditions;
mod conditions_resource;
mod downscope;
mod faults;
mod metadata;
mod revoke;
mod server;
mod wordings;
