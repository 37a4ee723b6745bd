//! `jwt-bearer key`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jwt_bearer::secrecy::SecretString;

use crate::error::Failure;
use crate::interaction::Reference;

#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a private key in a new file, print its public key, and say where to register it.
    #[command(after_help = GENERATE)]
    Generate(GenerateArgs),
    /// Print the public key, to register it with a provider.
    #[command(after_help = PUBLIC)]
    Public(PublicArgs),
    /// Make a self-signed certificate for a key, wherever the key lives: for Salesforce, Entra ID and others.
    #[command(after_help = CERTIFICATE)]
    Certificate(CertificateArgs),
    /// Make a certificate request (CSR) for a key, wherever the key lives, to send to an authority.
    #[command(after_help = CSR)]
    Csr(CsrArgs),
    /// Say what a file is: key, certificate, keystore or anything else; and whether it belongs with another.
    #[command(after_help = INSPECT)]
    Inspect(InspectArgs),
    /// Write a private key in another form, to a new file.
    #[command(after_help = CONVERT)]
    Convert(ConvertArgs),
    /// Show the tokens that are plugged in, their keys, and what each can sign with.
    #[command(after_help = LIST)]
    List {
        /// PIV tokens such as YubiKeys.
        #[arg(long, required = true)]
        piv: bool,
    },
}

#[derive(Args)]
pub(crate) struct KeyArgs {
    /// The private key, as for `jwt-bearer token`.
    #[arg(long, value_name = "URI", allow_hyphen_values = true)]
    pub(crate) key: String,
    /// The algorithm that the key is for [default: by the kind of key].
    #[arg(long, value_name = "NAME")]
    pub(crate) algorithm: Option<String>,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseArgs,
    #[command(flatten)]
    pub(crate) pin: PinArgs,
}

#[derive(Args)]
pub(crate) struct PinArgs {
    /// The environment variable that holds the PIN of the token.
    #[arg(long, value_name = "NAME")]
    pub(crate) pin_env: Option<String>,
    /// The file that holds the PIN of the token.
    #[arg(long, value_name = "FILE")]
    pub(crate) pin_file: Option<PathBuf>,
    /// Give the PIN even if it is the last try before the token blocks it.
    #[arg(long)]
    pub(crate) spend_last_try: bool,
}

impl PinArgs {
    /// The PIN, if one is named.
    pub(crate) fn read(&self) -> Result<Option<SecretString>, Failure> {
        Reference::pin(self.pin_env.as_ref(), self.pin_file.as_deref()).read()
    }
}

#[derive(Args)]
pub(crate) struct PassphraseArgs {
    /// The environment variable that holds the passphrase.
    #[arg(long, value_name = "NAME")]
    pub(crate) passphrase_env: Option<String>,
    /// The file that holds the passphrase.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// The open file descriptor whose next line is the passphrase: a pipe or a file, which is read from its start; 0 is
    /// standard input, and may be a socket too.
    #[arg(long, value_name = "N")]
    pub(crate) passphrase_fd: Option<u32>,
}

impl PassphraseArgs {
    /// The passphrase, if one is named.
    pub(crate) fn read(&self) -> Result<Option<SecretString>, Failure> {
        Reference::passphrase(
            self.passphrase_env.as_ref(),
            self.passphrase_file.as_deref(),
            self.passphrase_fd,
        )
        .read()
    }
}

#[derive(Args)]
pub(crate) struct GenerateArgs {
    /// The new file of the private key. On Unix nobody but you can read it.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The kind and size of the key.
    #[arg(long = "type", value_name = "TYPE", value_enum, default_value_t)]
    pub(crate) kind: KeyType,
    /// Encrypt the private key, with a passphrase that is asked for.
    #[arg(long)]
    pub(crate) encrypt: bool,
    /// Encrypt it with the passphrase in this environment variable.
    #[arg(long, value_name = "NAME")]
    pub(crate) passphrase_env: Option<String>,
    /// Encrypt it with the passphrase in this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Encrypt it with the next line of this open file descriptor, a pipe or a file; 0 is standard input.
    #[arg(long, value_name = "N")]
    pub(crate) passphrase_fd: Option<u32>,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum KeyType {
    /// Every provider takes it.
    #[default]
    #[value(name = "rsa-2048", alias = "rsa")]
    Rsa2048,
    #[value(name = "rsa-3072")]
    Rsa3072,
    #[value(name = "rsa-4096")]
    Rsa4096,
    /// EC, for Okta and many other servers.
    #[value(name = "p-256")]
    P256,
    /// EC, for Okta and SMART Backend Services.
    #[value(name = "p-384")]
    P384,
    /// For servers that know EdDSA.
    Ed25519,
}

#[derive(Args)]
pub(crate) struct PublicArgs {
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// How to write it.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: KeyFormat,
    /// The `kid` in a JWK or JWKS [default: the one in the key's file, else the thumbprint of RFC 7638].
    #[arg(long, value_name = "TEXT")]
    pub(crate) key_id: Option<String>,
    /// A new file to write it to [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyFormat {
    /// `BEGIN PUBLIC KEY`, for DocuSign and others.
    #[default]
    Pem,
    /// The same in DER.
    Der,
    /// JSON Web Key (RFC 7517).
    Jwk,
    /// A set of one JWK, to publish: for Okta, SMART and others.
    Jwks,
    /// What Box's developer console takes: PEM of an RSA key.
    Box,
    /// What Snowflake's ALTER USER takes, and the fingerprint that goes into the claim `iss`.
    Snowflake,
}

#[derive(Args)]
pub(crate) struct CertificateArgs {
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,
    /// For how many days from now it is valid.
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 365,
        allow_negative_numbers = true
    )]
    pub(crate) days: u32,
}

#[derive(Args)]
pub(crate) struct CsrArgs {
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    #[command(flatten)]
    pub(crate) subject: SubjectArgs,
}

#[derive(Args)]
pub(crate) struct SubjectArgs {
    /// Whom it is for, as RFC 4514 writes it: `CN=box-prod,O=Example\, Inc.,C=DE`.
    #[arg(long, value_name = "NAME")]
    pub(crate) subject: String,
    /// How to write it.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: X509Format,
    /// A new file to write it to [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum X509Format {
    #[default]
    Pem,
    Der,
}

#[derive(Args)]
pub(crate) struct InspectArgs {
    /// The file, or env:NAME for an environment variable.
    #[arg(value_name = "FILE", allow_hyphen_values = true)]
    pub(crate) file: String,
    /// What it should belong with: a file, a key (awskms:…, piv:…, env:NAME), or a fingerprint of any kind.
    #[arg(long, value_name = "OTHER", allow_hyphen_values = true)]
    pub(crate) against: Option<String>,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseArgs,
    /// How to write it.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: InspectOutput,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum InspectOutput {
    #[default]
    Text,
    Json,
}

#[derive(Args)]
pub(crate) struct ConvertArgs {
    /// The private key: a file, or env:NAME for an environment variable.
    #[arg(long, value_name = "URI", allow_hyphen_values = true)]
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseArgs,
    /// The form to write.
    #[arg(long, value_enum)]
    pub(crate) to: KeyForm,
    /// The new file. On Unix nobody but you can read it.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The environment variable that holds the passphrase to encrypt the new file with.
    #[arg(long, value_name = "NAME")]
    pub(crate) new_passphrase_env: Option<String>,
    /// The file that holds the passphrase to encrypt the new file with.
    #[arg(long, value_name = "FILE")]
    pub(crate) new_passphrase_file: Option<PathBuf>,
    /// The open file descriptor that gives the passphrase to encrypt the new file with, as for --passphrase-fd.
    #[arg(long, value_name = "N")]
    pub(crate) new_passphrase_fd: Option<u32>,
    /// Write the private key unencrypted, and do not ask.
    #[arg(long, conflicts_with_all = ["new_passphrase_env", "new_passphrase_file", "new_passphrase_fd"])]
    pub(crate) unencrypted: bool,
    /// For PKCS#12: the file of the key's certificate, with those that signed it behind it if there are any.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// For PKCS#12: the name of the key in the store [default: key].
    #[arg(long, value_name = "TEXT")]
    pub(crate) alias: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyForm {
    /// `BEGIN (ENCRYPTED) PRIVATE KEY`, which nearly everything reads.
    Pkcs8,
    /// The same in DER.
    Pkcs8Der,
    /// `BEGIN RSA PRIVATE KEY`, for older programs. Cannot be encrypted.
    Pkcs1,
    /// `BEGIN EC PRIVATE KEY`, for older programs. Cannot be encrypted.
    Sec1,
    /// Private JSON Web Key. Cannot be encrypted.
    Jwk,
    /// A store of key and certificate (.p12, .pfx), for Java and Windows. Always encrypted.
    #[value(aliases = ["p12", "pfx"])]
    Pkcs12,
}

// Examples beside the flags, as in `help`.

const GENERATE: &str = "\
The public key goes to standard output, and what to do with it to standard
error. A file that there is already is never overwritten.

Examples:
  jwt-bearer key generate --out box.pem --encrypt >box-public.pem
  jwt-bearer key generate --out smart.pem --type p-384 \\
    --passphrase-file passphrase.txt";

const PUBLIC: &str = "\
Examples:
  jwt-bearer key public --key box.pem --format box
  jwt-bearer key public --key okta.pem --format jwks --out jwks.json
  jwt-bearer key public --key awskms:alias/box?region=eu-central-1 --format jwk";

const CERTIFICATE: &str = "\
The key signs its own certificate where it lives; it does not leave its place.
The certificate begins to be valid five minutes ago, for servers whose clock
is behind. In PEM it is under 4 KB, which is Salesforce's limit.

Examples:
  jwt-bearer key certificate --key salesforce.pem --subject CN=jwt-bearer \\
    --days 730 --out salesforce.crt
  jwt-bearer key certificate --key awskms:alias/sf?region=eu-central-1 \\
    --subject 'CN=jwt-bearer,O=Example\\, Inc.,C=DE' --out salesforce.crt";

const CSR: &str = "\
Example:
  jwt-bearer key csr --key entra.pem --subject CN=jwt-bearer --out entra.csr";

const INSPECT: &str = "\
No private key is ever shown. What is encrypted is told as far as it goes
without the passphrase. With --against the exit code is 0 if the two belong
together, and 3 if they do not.

Examples:
  jwt-bearer key inspect download.pem
  jwt-bearer key inspect box.pem --against what-box-shows.pem
  jwt-bearer key inspect salesforce.crt --against keystore.jks
  jwt-bearer key inspect entra.crt \\
    --against awskms:alias/entra?region=eu-central-1
  jwt-bearer key inspect snowflake.pem --passphrase-file passphrase.txt \\
    --against SHA256:tm/paicg+jsQt9rCqzZFhhUnXy0HcLK7cIrkumWgsBA=";

const CONVERT: &str = "\
Without --new-passphrase-env, -file or -fd, and --unencrypted, it asks at a
terminal. A JWK keeps the key id and the algorithm that the file has. Java's
keystores are made from PKCS#12, by Java's keytool.

Examples:
  jwt-bearer key convert --key old.pem --to pkcs8 --out new.pem
  jwt-bearer key convert --key box.pem --to pkcs12 --certificate box.crt \\
    --out box.p12
  jwt-bearer key convert --key box.pem --to jwk --unencrypted --out box.jwk";

const LIST: &str = "\
Example:
  jwt-bearer key list --piv

It asks for no PIN and changes no key. Keys are made with ykman:
  ykman piv keys generate --algorithm ECCP256 --pin-policy once 9a public.pem";
