//! The two tokens, as new, for one test at a time.

use std::error::Error;
use std::ffi::CString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use jwt_bearer_signer::{SignError, SignErrorKind, Signer};
use jwt_bearer_signer_piv::{PivKey, PivSigner, Slot};
use pcsc::{Card, Context, Disposition, Protocols, ReaderState, Scope, ShareMode, State};

pub(crate) const PIN: &str = "123456";

/// There is one pcscd, and its tokens are shared.
static TURN: Mutex<()> = Mutex::new(());

pub(crate) struct Stand {
    _turn: MutexGuard<'static, ()>,
    dir: PathBuf,
    stack: PathBuf,
    /// Serial 12345678, version 5.4.3.
    pub(crate) a: Token,
    /// Serial 23456789, version 5.7.1.
    pub(crate) b: Token,
}

impl Stand {
    pub(crate) fn new() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = PathBuf::from(variable("JWT_BEARER_TEST_PIV"));
        let stand = Self {
            a: Token::new(&dir, "a", 12_345_678, "00 00", MANAGEMENT_KEY),
            b: Token::new(&dir, "b", 23_456_789, "00 01", MANAGEMENT_KEY),
            stack: PathBuf::from(variable("JWT_BEARER_TEST_PIV_STACK")),
            _turn: turn,
            dir,
        };
        for (token, version) in [(&stand.a, "version 5.4.3"), (&stand.b, "version 5.7.1")] {
            token.insert();
            for command in [
                version,
                "factory",
                "delay sign 0",
                "delay every 0",
                "touch now",
            ] {
                token.tell(command);
            }
        }
        stand
    }

    pub(crate) fn restart_pcscd(&self) {
        run(Command::new(&self.stack)
            .arg("restart-pcscd")
            .arg(&self.dir));
    }

    /// Ends pcscd, until [`restart_pcscd`](Self::restart_pcscd).
    pub(crate) fn stop_pcscd(&self) {
        let pid = fs::read_to_string(self.dir.join("pcscd.pid")).unwrap();
        run(Command::new("kill").arg(pid.trim()));
        let runs = format!("/proc/{}/status", pid.trim());
        wait_until("pcscd has ended", || {
            fs::read_to_string(&runs).is_ok_and(|status| status.contains("State:\tZ"))
                || !Path::new(&runs).exists()
        });
    }
}

const MANAGEMENT_KEY: &str = "010203040506070801020304050607080102030405060708";

pub(crate) struct Token {
    socket: PathBuf,
    pub(crate) serial: u32,
    reader: &'static str,
    management_key: &'static str,
}

impl Token {
    fn new(
        dir: &Path,
        name: &str,
        serial: u32,
        reader: &'static str,
        management_key: &'static str,
    ) -> Self {
        Self {
            socket: dir.join(format!("{name}.sock")),
            serial,
            reader,
            management_key,
        }
    }

    /// Sends a command to the control socket of the virtual token.
    pub(crate) fn tell(&self, command: &str) -> String {
        tell(&self.socket, command)
    }

    /// Pulls the token out, until pcscd has noticed; what comes and goes in between, it takes for the same card.
    pub(crate) fn remove(&self) {
        self.tell("remove");
        let context = Context::establish(Scope::User).unwrap();
        let reader = self.reader(&context);
        wait_until("pcscd has noticed", || {
            let mut states = [ReaderState::new(reader.clone(), State::UNAWARE)];
            let _ = context.get_status_change(Duration::ZERO, &mut states);
            states[0].event_state().contains(State::EMPTY)
        });
    }

    pub(crate) fn insert(&self) {
        self.tell("insert");
    }

    /// The APDUs since this was called last, by instruction.
    pub(crate) fn apdus(&self) -> String {
        let count = self.tell("count");
        self.tell("clear");
        count
    }

    pub(crate) fn tries(&self) -> String {
        self.tell("tries")
    }

    /// `ykman --device SERIAL piv …`, with what it printed.
    pub(crate) fn ykman(&self, arguments: &[&str]) -> String {
        let python = PathBuf::from(variable("JWT_BEARER_TEST_PYTHON"));
        let mut command = Command::new(python.with_file_name("ykman"));
        command.args(["--device", &self.serial.to_string(), "piv"]);
        let output = run(command.args(arguments));
        self.tell("clear");
        output
    }

    /// Makes a key in the slot, and gives its public key in PEM.
    pub(crate) fn generate(&self, slot: &str, algorithm: &str, pin: &str, touch: &str) -> String {
        let key = self.management_key;
        self.ykman(&[
            "keys",
            "generate",
            "-m",
            key,
            "-P",
            PIN,
            "-a",
            algorithm,
            "--pin-policy",
            pin,
            "--touch-policy",
            touch,
            slot,
            "-",
        ])
    }

    /// Puts a self-signed certificate for the key in the slot there.
    pub(crate) fn certify(&self, slot: &str, public_key: &str, subject: &str) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("public.pem");
        fs::write(&file, public_key).unwrap();
        self.ykman(&[
            "certificates",
            "generate",
            "-m",
            self.management_key,
            "-P",
            PIN,
            "-s",
            subject,
            slot,
            file.to_str().unwrap(),
        ]);
    }

    /// Imports files with a private key and a certificate, this one compressed.
    pub(crate) fn import(&self, slot: &str, key: &Path, certificate: &Path) {
        let management = self.management_key;
        let [key, certificate] = [key, certificate].map(|path| path.to_str().unwrap());
        self.ykman(&["keys", "import", "-m", management, "-P", PIN, slot, key]);
        self.ykman(&[
            "certificates",
            "import",
            "-m",
            management,
            "-P",
            PIN,
            "--compress",
            slot,
            certificate,
        ]);
    }

    pub(crate) fn key(&self, slot: &str) -> PivKey {
        let slot: Slot = slot.parse().unwrap();
        PivKey::new(slot)
            .serial(self.serial)
            .timeout(Duration::from_secs(30))
    }

    pub(crate) async fn open(&self, slot: &str) -> PivSigner {
        let signer = self.key(slot).pin(PIN.into()).open().await.unwrap();
        self.tell("clear");
        signer
    }

    /// A handle of another program.
    pub(crate) fn other_program(&self, mode: ShareMode) -> OtherProgram {
        let context = Context::establish(Scope::User).unwrap();
        let card = context.connect(&self.reader(&context), mode, Protocols::ANY);
        OtherProgram(Some(card.unwrap()))
    }

    fn reader(&self, context: &Context) -> CString {
        let mut readers = context.list_readers_owned().unwrap().into_iter();
        readers
            .find(|reader| reader.to_string_lossy().ends_with(self.reader))
            .unwrap()
    }
}

/// A handle that is let go without a reset, unless it is told to.
pub(crate) struct OtherProgram(Option<Card>);

impl OtherProgram {
    pub(crate) fn transmit(&self, command: &[u8]) -> Vec<u8> {
        let mut reply = [0; 258];
        let card = self.0.as_ref().unwrap();
        card.transmit(command, &mut reply).unwrap().to_vec()
    }

    pub(crate) fn card(&mut self) -> &mut Card {
        self.0.as_mut().unwrap()
    }

    pub(crate) fn reset(mut self) {
        let card = self.0.take().unwrap();
        assert!(card.disconnect(Disposition::ResetCard).is_ok());
    }
}

impl Drop for OtherProgram {
    fn drop(&mut self) {
        if let Some(card) = self.0.take() {
            assert!(card.disconnect(Disposition::LeaveCard).is_ok());
        }
    }
}

/// Signs, which must succeed, and verifies.
pub(crate) async fn signs(signer: &PivSigner, message: &[u8]) {
    let signature = signer.sign(message).await.unwrap_or_else(|error| {
        panic!("{error}: {}", source(&error));
    });
    signer
        .public_key()
        .verify(signer.algorithm(), message, signature.as_bytes())
        .unwrap();
}

#[track_caller]
pub(crate) fn is<T: std::fmt::Debug>(
    result: Result<T, SignError>,
    kind: SignErrorKind,
    text: &str,
) {
    let error = result.unwrap_err();
    let source = source(&error);
    assert!(source.contains(text), "{source}");
    assert_eq!(error.kind(), kind, "{source}");
}

pub(crate) fn source(error: &SignError) -> String {
    error.source().unwrap().to_string()
}

#[track_caller]
pub(crate) fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the environment tells where the virtual tokens are"
)]
pub(crate) fn variable(name: &str) -> std::ffi::OsString {
    std::env::var_os(name).unwrap_or_else(|| {
        panic!("{name} is not set; run the tests as the README of jwt-bearer-signer-piv tells")
    })
}

fn tell(socket: &Path, command: &str) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    writeln!(stream, "{command}").unwrap();
    let mut reply = String::new();
    BufReader::new(stream).read_line(&mut reply).unwrap();
    assert!(!reply.starts_with("error"), "{command}: {reply}");
    reply.trim().to_owned()
}

/// How often an instruction is in what a token has counted.
pub(crate) fn count(apdus: &str, instruction: &str) -> usize {
    let counts = apdus.split(' ').filter_map(|one| one.split_once('='));
    let mut of_it = counts.filter(|(name, _)| *name == instruction);
    of_it.next().map_or(0, |(_, count)| count.parse().unwrap())
}

/// What a program prints, which must end within two minutes.
pub(crate) fn output(program: Child) -> Output {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(program.wait_with_output()));
    let output = receiver.recv_timeout(Duration::from_secs(120));
    output.expect("the program ends").unwrap()
}

fn run(command: &mut Command) -> String {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = output(command.spawn().unwrap());
    let printed = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {printed}{errors}");
    printed
}
