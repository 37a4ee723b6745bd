//! The command as a process, against a real socket.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod bad_input;
mod bench;
mod cache;
mod colours;
mod demo;
mod doctor;
mod doctor_bad_input;
mod doctor_clock;
mod doctor_json;
mod doctor_key_id;
mod doctor_login;
mod doctor_network;
mod doctor_page;
mod documents;
mod downscope;
mod exit_codes;
mod explain;
mod explain_stories;
mod inspect;
mod key;
mod key_bad_input;
mod key_certificate;
mod key_convert;
mod key_generate;
mod key_inspect;
mod key_others;
mod key_public;
mod key_terminal;
mod layers;
mod login;
#[path = "../support/process.rs"]
mod process;
mod profile;
mod retry;
mod revoke;
mod sandbox;
mod server;
mod settings;
mod stores;
mod support;
mod terminal;
mod tls;
mod token;
