use std::sync::Mutex;

use jwt_bearer_signer::Signer;
use jwt_bearer_signer_piv::tokens;
use log::{LevelFilter, Log, Metadata, Record};

use crate::stand::{Stand, signs};

/// Not a part of any serial number.
const SECRET: &str = "907153";

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Recorder;

impl Log for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = format!("{} {}", record.target(), record.args());
        LINES.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

#[tokio::test]
#[ignore = "needs pcscd with two virtual tokens"]
async fn no_log_line_has_the_pin() {
    let stand = Stand::new();
    let a = &stand.a;
    a.generate("9a", "ECCP256", "once", "never");
    a.generate("9c", "RSA2048", "always", "never");
    a.ykman(&["access", "change-pin", "-P", "123456", "-n", SECRET]);
    log::set_logger(&Recorder).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let mut shown = Vec::new();
    for slot in ["9a", "9c"] {
        let key = a.key(slot).pin(SECRET.into());
        shown.push(format!("{key:?} {key:#?}"));
        let signer = key.open().await.unwrap();
        signs(&signer, b"a").await;
        a.remove();
        shown.push(format!("{:?}", signer.sign(b"a").await));
        a.insert();
        signs(&signer, b"a").await;
        shown.push(format!("{signer:?} {signer:#?}"));
    }
    let wrong = a.key("9a").pin("907154".into()).open().await.unwrap();
    shown.push(format!("{:?}", wrong.sign(b"a").await));
    shown.push(format!("{:?}", tokens().await));
    log::set_max_level(LevelFilter::Off);

    let mut lines = LINES.lock().unwrap().clone();
    // The commands that the crate `yubikey` sends are there, so the PIN would be too.
    assert!(lines.iter().any(|line| line.contains("SelectApplication")));
    lines.append(&mut shown);
    let octets: Vec<_> = SECRET.bytes().map(|octet| octet.to_string()).collect();
    let hex: String = SECRET.bytes().map(|octet| format!("{octet:02x}")).collect();
    for line in lines {
        let line = line.to_lowercase();
        for leak in [
            SECRET,
            "907154",
            &hex,
            &octets.join(", "),
            &octets.join(","),
        ] {
            assert!(!line.contains(leak), "{line}");
        }
    }
}
