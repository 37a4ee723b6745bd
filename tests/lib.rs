//! What crosses crates. Here, the README of the project is compiled.

/// The README's examples, as tests of documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
