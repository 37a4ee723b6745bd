//! Runs the command, cut off from the machine's own settings.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use tempfile::TempDir;

/// Against hanging only: no test measures time.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// The keys that the tests of the crate `keyfile` have.
const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../keyfile/testdata");

/// A working directory, and apart from it a home and a folder for temporary files: all empty at first.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        for name in ["work", "home", "tmp"] {
            fs::create_dir(folder.0.path().join(name)).unwrap();
        }
        folder
    }

    /// With these keys in the working directory.
    pub(crate) fn with_keys<const N: usize>(names: [&str; N]) -> Self {
        let folder = Self::new();
        for name in names {
            fs::copy(Path::new(KEYS).join(name), folder.path(name)).unwrap();
        }
        folder
    }

    /// A path in the working directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("work").join(name)
    }

    /// Where the user's own configuration file would be.
    pub(crate) fn user_config(&self) -> PathBuf {
        self.0.path().join("home/jwt-bearer/jwt-bearer.toml")
    }

    /// Where the option --cache keeps tokens.
    pub(crate) fn cache(&self) -> PathBuf {
        self.0.path().join("home/cache/jwt-bearer")
    }

    /// Writes a file in the working directory.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Whatever lies in the three folders.
    pub(crate) fn content(&self) -> Vec<PathBuf> {
        ["work", "home", "tmp"]
            .iter()
            .flat_map(|name| fs::read_dir(self.0.path().join(name)).unwrap())
            .map(|entry| entry.unwrap().path())
            .collect()
    }

    /// The command with arguments that are split at white space.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        Command(assert_cmd::Command::from_std(self.process(arguments)))
    }

    pub(crate) fn run(&self, arguments: &str) -> Run {
        self.command(arguments).run()
    }

    /// The same as a process of the standard library, for whoever wants to keep it running.
    pub(crate) fn process(&self, arguments: &str) -> process::Command {
        let mut process = process::Command::new(env!("CARGO_BIN_EXE_jwt-bearer"));
        self.isolate(&mut process);
        process.args(arguments.split_whitespace());
        process
    }

    /// Takes the machine's settings away from any program.
    #[expect(
        clippy::disallowed_methods,
        reason = "processes cannot start without these"
    )]
    pub(crate) fn isolate(&self, process: &mut process::Command) {
        process.env_clear().current_dir(self.path(""));
        for name in ["PATH", "SystemRoot"] {
            if let Some(value) = std::env::var_os(name) {
                process.env(name, value);
            }
        }
        for name in ["HOME", "XDG_CONFIG_HOME"] {
            process.env(name, self.0.path().join("home"));
        }
        process.env("XDG_CACHE_HOME", self.0.path().join("home/cache"));
        process.env("TMPDIR", self.0.path().join("tmp"));
        process.env("TZ", "UTC");
        // What a server answered is told at once; the tests about retries take this away.
        process.env("JWT_BEARER_NO_RETRY", "true");
        // Whatever a mistake would send to the real servers ends here.
        process.env("HTTPS_PROXY", "http://127.0.0.1:9");
        process.env("NO_PROXY", "127.0.0.1");
    }
}

/// One run of the command in the making.
pub(crate) struct Command(assert_cmd::Command);

impl Command {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// Without a variable that it would have.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.env_remove(name);
        self
    }

    /// As it comes: a failure that may pass is tried again.
    pub(crate) fn with_retries(self) -> Self {
        self.without("JWT_BEARER_NO_RETRY")
    }

    /// An argument with white space.
    pub(crate) fn arg(mut self, argument: &str) -> Self {
        self.0.arg(argument);
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.0.write_stdin(text);
        self
    }

    pub(crate) fn run(mut self) -> Run {
        let output = self.0.timeout(BOUND).output().unwrap();
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    /// `None` after a signal, such as that of the time bound.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The results of a run that succeeded.
    #[track_caller]
    pub(crate) fn success(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// The messages of a run that failed with this code and printed no result.
    #[track_caller]
    pub(crate) fn failure(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "");
        self.stderr
    }

    /// Asserts that no output has any of these, nor anything that looks like a credential.
    #[track_caller]
    pub(crate) fn assert_masked(&self, secrets: &[&str]) {
        for output in [&self.stdout, &self.stderr] {
            for secret in secrets {
                assert!(!output.contains(secret), "{secret} is in {output}");
            }
            assert!(!output.contains("eyJ"), "a part of a JWT is in {output}");
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let long = output.split(|c| !is_part(c)).find(|run| run.len() >= 40);
            assert_eq!(long, None, "what can be a token is in {output}");
        }
    }

    /// The access token of a run that succeeded without a message.
    #[track_caller]
    pub(crate) fn token(self) -> String {
        assert_eq!(self.stderr, "");
        let stdout = self.success();
        let token = stdout.strip_suffix('\n').unwrap().to_owned();
        assert!(
            !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()),
            "{token:?}"
        );
        token
    }
}
