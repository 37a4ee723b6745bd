//! The command's sandbox as a process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A sandbox, stopped when it is dropped, and its token endpoint.
pub(crate) struct Sandbox(Child, pub(crate) String);

impl Sandbox {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self(child, line.trim().into())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
