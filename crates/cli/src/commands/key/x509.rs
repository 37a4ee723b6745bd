use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_bearer::assertion::{Clock, SystemClock};
use jwt_bearer::keyfile::{Draft, Signed, Subject, X509Error, X509ErrorKind};
use jwt_bearer::signer::KeyKind;

use crate::args::{CertificateArgs, CsrArgs, SubjectArgs, X509Format};
use crate::error::{Failure, chain};
use crate::settings::named_key;
use crate::write::{harmless, note};
use crate::{output, times};

pub(crate) async fn certificate(args: &CertificateArgs) -> Result<(), Failure> {
    let subject = prepare(&args.subject)?;
    let signer = named_key(&args.key).await?;
    let (key, algorithm, now) = (signer.public_key(), signer.algorithm(), SystemClock.now());
    let draft = Draft::certificate(&subject, key, algorithm, now, args.days).map_err(failure)?;
    let certificate = draft.sign(&*signer).await.map_err(failure)?;
    print(&args.subject, &certificate)?;
    let end = now + Duration::from_secs(86_400) * args.days;
    let (subject, end) = (harmless(&subject.to_string()), times::explain(end, now));
    note(&format!(
        "{subject}, signed with {algorithm}, valid until {end}"
    ));
    if matches!(key.kind(), KeyKind::Rsa { .. }) {
        let sha1 = URL_SAFE_NO_PAD.encode(certificate.fingerprint_sha1());
        let sha256 = URL_SAFE_NO_PAD.encode(certificate.fingerprint());
        note(&format!(
            "upload it as it is; Entra ID also wants its digest in the header of each JWT, with one of\n  --algorithm RS256 --header x5t={sha1}\n  --algorithm PS256 --header x5t#S256={sha256}"
        ));
    }
    Ok(())
}

pub(crate) async fn csr(args: &CsrArgs) -> Result<(), Failure> {
    let subject = prepare(&args.subject)?;
    let signer = named_key(&args.key).await?;
    let draft = Draft::request(&subject, signer.public_key(), signer.algorithm());
    let request = draft
        .map_err(failure)?
        .sign(&*signer)
        .await
        .map_err(failure)?;
    print(&args.subject, &request)?;
    if let Some(path) = &args.subject.out {
        let (path, subject) = (path.display().to_string(), subject.to_string());
        note(&format!(
            "{}: a request for {}, signed with {}, to send to an authority",
            harmless(&path),
            harmless(&subject),
            signer.algorithm()
        ));
    }
    Ok(())
}

/// Whatever can be wrong without the key is told before it is opened.
fn prepare(args: &SubjectArgs) -> Result<Subject, Failure> {
    let out = args.out.as_deref();
    if let Some(path) = out {
        output::check_new(path)?;
    }
    if args.format == X509Format::Der {
        output::check_binary(out)?;
    }
    args.subject.parse().map_err(failure)
}

fn print(args: &SubjectArgs, signed: &Signed) -> Result<(), Failure> {
    let out = args.out.as_deref();
    match args.format {
        X509Format::Pem => output::public(out, signed.to_pem().as_bytes()),
        X509Format::Der => output::public(out, signed.as_der()),
    }
}

fn failure(error: X509Error) -> Failure {
    let text = harmless(&chain(&error));
    match error.kind() {
        X509ErrorKind::Subject | X509ErrorKind::Validity => Failure::usage(text),
        X509ErrorKind::Algorithm => Failure::usage(text).hint("--algorithm RS256"),
        X509ErrorKind::Sign | X509ErrorKind::Signature => Failure::key(text),
        _ => Failure::other(text),
    }
}
