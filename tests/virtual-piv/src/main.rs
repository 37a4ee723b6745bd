#![allow(missing_docs, reason = "a program has no public items")]

fn main() {}
