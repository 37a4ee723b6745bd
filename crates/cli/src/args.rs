mod key;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{BoolishValueParser, RangedU64ValueParser};
use clap::{Arg, Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jwt_bearer::{Algorithm, Grant, Profile};
use jwt_bearer_sandbox::{Condition, Fault, Wording};
use serde::{Deserialize, Serialize};

pub(crate) use self::key::*;
use crate::commands::sandbox::{conditions, wordings};
use crate::help;
use crate::pairs::{Member, Parameter, Registration, Seconds, table};

/// OAuth 2.0 access tokens with signed JWTs (RFC 7523), while the private key stays where it is safe.
#[derive(Parser)]
#[command(
    name = "jwt-bearer",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
#[command(after_help = "\
Results go to standard output, everything else to standard error.

Exit codes: 0 ok, 1 other, 2 usage or configuration, 3 key, 4 refused by the
server, 5 unreachable, timed out or too busy. Where `doctor` finds the cause of
a refusal, it ends with the code of that: 2, 3, 5, or 6 account (an
administrator has to act), 7 clock.

To see it work without any account:  jwt-bearer demo
If there is no token:                jwt-bearer doctor, with the same arguments")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// The command line, with a variable beside each flag that sets something of a request.
    pub(crate) fn command_line() -> clap::Command {
        Self::command().mut_subcommands(|subcommand| match subcommand.get_name() {
            "token" | "downscope" | "revoke" | "assertion" | "doctor" => {
                subcommand.mut_args(with_variable)
            }
            "profile" => {
                subcommand.mut_subcommands(|subcommand| subcommand.mut_args(with_variable))
            }
            _ => subcommand,
        })
    }
}

/// A variable that is set to nothing counts as not set.
#[expect(clippy::disallowed_methods, reason = "each flag has a variable")]
fn with_variable(arg: Arg) -> Arg {
    let name = match arg.get_long() {
        None | Some("help" | "verbose") => return arg,
        Some(long) => format!("JWT_BEARER_{}", long.to_uppercase().replace('-', "_")),
    };
    if std::env::var_os(&name).is_some_and(|value| !value.is_empty()) {
        return arg.env(name).hide_env(true);
    }
    arg
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Get an access token and print it.
    #[command(after_help = help::TOKEN)]
    Token(TokenArgs),
    /// Get a token that can do less, to give away: to a page in a browser, for example.
    #[command(after_help = help::DOWNSCOPE)]
    Downscope(DownscopeArgs),
    /// End a token before its time. It is read from standard input.
    #[command(after_help = help::REVOKE)]
    Revoke(RevokeArgs),
    /// Sign an assertion and print it, for servers and drivers that take the JWT itself.
    #[command(after_help = help::ASSERTION)]
    Assertion(AssertionArgs),
    /// Find out why there is no token: check settings, key, way, clock and server, and ask for one.
    #[command(after_help = help::DOCTOR)]
    Doctor(DoctorArgs),
    /// Tell what a pasted error, assertion or output of `curl -v` means, whatever program it is from. Nothing is sent.
    #[command(after_help = help::EXPLAIN)]
    Explain(ExplainArgs),
    /// Make keys, and what providers want of them: public keys, certificates, other forms.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Measure how fast a key signs, wherever it lives.
    #[command(after_help = help::BENCH)]
    Bench(BenchArgs),
    /// Take a JWT apart and say what is wrong with it. Nothing is verified.
    #[command(after_help = "\
Examples:
  jwt-bearer inspect eyJhbGciOi...
  jwt-bearer inspect assertion.txt
  pbpaste | jwt-bearer inspect -")]
    Inspect {
        /// The JWT, a file that holds one, or - for standard input (which is also the default).
        #[arg(value_name = "JWT|FILE|-")]
        jwt: Option<String>,
    },
    /// List, show or check the profiles of the configuration file.
    Profile {
        #[command(subcommand)]
        command: ProfileCommand,
    },
    /// Run an authorization server on this machine, as strict as Box and Salesforce, to test against.
    #[command(after_help = help::SANDBOX)]
    Sandbox(SandboxArgs),
    /// Show the whole job against a sandbox of its own, with fresh keys: no account and no file is needed.
    Demo,
    /// Print a completion script for a shell.
    #[command(after_help = "\
Example:
  jwt-bearer completions bash \\
    > ~/.local/share/bash-completion/completions/jwt-bearer")]
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page, in roff.
    #[command(after_help = "Example:\n  jwt-bearer man | man -l -")]
    Man,
}

#[derive(Args)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// How many signatures to make at once: one round for each of these numbers, up to 256.
    #[arg(
        long,
        value_name = "N,N,...",
        value_delimiter = ',',
        default_value = "1,2,4,8",
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=256)
    )]
    pub(crate) concurrency: Vec<usize>,
    /// End a round after so many signatures [default: 10000, and 100 where they are paid for].
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new().range(1..))]
    pub(crate) count: Option<u64>,
    /// End a round after this time.
    #[arg(long, value_name = "SECONDS", default_value = "3")]
    pub(crate) seconds: Seconds,
    /// How to print what was measured.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: BenchOutput,
    /// Open the key, say how many signatures there would be and what they cost, and sign nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask before signatures that are paid for.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum BenchOutput {
    /// A table, and a histogram of the fastest round.
    #[default]
    Text,
    /// All of it, with times in microseconds.
    Json,
}

#[derive(Subcommand)]
pub(crate) enum ProfileCommand {
    /// Print the names of all profiles.
    List {
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Print the settings of a profile as they are understood, paths made whole.
    Show {
        /// The profile's name.
        profile: String,
        #[command(flatten)]
        config: ConfigArgs,
    },
    /// Check a profile, or all of them: settings against the provider's rules, and the key. Nothing is sent.
    Check {
        /// The profile's name; all of them if it is left out.
        profile: Option<String>,
        #[command(flatten)]
        config: ConfigArgs,
    },
}

#[derive(Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file [default: ./jwt-bearer.toml, else jwt-bearer/jwt-bearer.toml in the user's
    /// configuration folder].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct TokenArgs {
    /// A profile of the configuration file; flags and variables beat its settings.
    pub(crate) profile: Option<String>,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// With --cache: get a new token all the same, and keep that.
    #[arg(long)]
    pub(crate) fresh: bool,
    /// What to print.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    /// Show the request and the reply's head on standard error, with assertion and secrets masked.
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

#[derive(Args)]
pub(crate) struct DownscopeArgs {
    #[command(flatten)]
    pub(crate) token: TokenArgs,
    /// What the new token may do: Box's scopes with a space between.
    #[arg(long, value_name = "TEXT")]
    pub(crate) to: String,
    /// What it is for, by the URL of the API, such as https://api.box.com/2.0/files/ID.
    #[arg(long, value_name = "URL", conflicts_with = "shared_link")]
    pub(crate) resource: Option<String>,
    /// What it is for, by Box's shared link.
    #[arg(long, value_name = "URL")]
    pub(crate) shared_link: Option<String>,
}

#[derive(Args)]
pub(crate) struct RevokeArgs {
    /// A profile of the configuration file; flags and variables beat its settings.
    pub(crate) profile: Option<String>,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Show the request and the reply's head on standard error, with secrets masked.
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

#[derive(Args)]
pub(crate) struct AssertionArgs {
    /// A profile of the configuration file; flags and variables beat its settings.
    pub(crate) profile: Option<String>,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Args)]
pub(crate) struct DoctorArgs {
    /// A profile of the configuration file; flags and variables beat its settings.
    pub(crate) profile: Option<String>,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// What is registered with the provider, to compare with the key that signs: a certificate, a public key, or a
    /// JWK or JWKS with its key ids.
    #[arg(long, value_name = "FILE", visible_alias = "registered")]
    pub(crate) certificate: Option<PathBuf>,
    /// Send the one token request alone: no look at the way and the server before it, no variations after it.
    #[arg(long, value_parser = BoolishValueParser::new())]
    pub(crate) no_probe: bool,
    /// What to print.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: PageOutput,
    /// List what was ruled out, too.
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// A file with the text, or - for standard input (which is also the default).
    #[arg(value_name = "FILE|-")]
    pub(crate) input: Option<PathBuf>,
    /// Whose rules hold [default: by hosts and texts].
    #[arg(long, value_enum)]
    pub(crate) provider: Option<Provider>,
    /// What is registered with the provider, to verify the assertion with: a certificate or a public key.
    #[arg(long, value_name = "FILE", visible_alias = "registered")]
    pub(crate) certificate: Option<PathBuf>,
    /// What to print.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: PageOutput,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum PageOutput {
    /// A page for people.
    #[default]
    Text,
    /// The same for programs.
    Json,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(crate) enum Output {
    /// The token alone.
    #[default]
    Token,
    /// The server's whole reply.
    Json,
    /// The header `Authorization: Bearer TOKEN`.
    Header,
    /// Shell commands that export ACCESS_TOKEN, and INSTANCE_URL if the server names one.
    Env,
}

/// Everything that makes a request. A profile in the configuration file has the same names.
#[derive(Args, Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct RequestArgs {
    /// Whose rules hold.
    #[arg(long, value_enum)]
    pub(crate) provider: Option<Provider>,
    /// Who asks: the claim `iss`. Box and others call it client id, Salesforce consumer key.
    #[arg(long, value_name = "TEXT")]
    pub(crate) issuer: Option<String>,
    /// For whom: the claim `sub`. For Salesforce the username.
    #[arg(long, value_name = "TEXT")]
    pub(crate) subject: Option<String>,
    /// For the service account of this Box enterprise.
    #[arg(long, value_name = "ID")]
    pub(crate) enterprise: Option<String>,
    /// For this Box user.
    #[arg(long, value_name = "ID")]
    pub(crate) user: Option<String>,
    /// For the Box user who logs in with this e-mail address; found by a token for the enterprise.
    #[arg(long, value_name = "EMAIL")]
    pub(crate) login: Option<String>,
    /// The server meant: the claim `aud` [default: the provider's].
    #[arg(long, value_name = "TEXT")]
    pub(crate) audience: Option<String>,
    /// Where the assertion is sent [default: the provider's].
    #[arg(long, value_name = "URL")]
    pub(crate) token_endpoint: Option<String>,
    /// Salesforce's host, which sets endpoint and audience: login, test, or NAME.my.salesforce.com.
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,
    /// The private key: a file (PEM, PKCS#12, JKS, JWK and others), file:FILE?alias=NAME for one of several keys in a
    /// keystore, env:NAME for an environment variable, awskms:KEY, or piv:SLOT.
    // A PEM by mistake begins with hyphens, and would be repeated as an unknown flag.
    #[arg(long, value_name = "URI", allow_hyphen_values = true)]
    pub(crate) key: Option<String>,
    /// The id by which the server knows the key: the header member `kid`.
    #[arg(long, value_name = "TEXT")]
    pub(crate) key_id: Option<String>,
    /// The algorithm [default: by the kind of key, RS256 for RSA].
    #[arg(long, value_name = "NAME")]
    pub(crate) algorithm: Option<String>,
    /// How long the assertion is valid, such as 45 or 3m [default: the provider's].
    #[arg(long, value_name = "SECONDS")]
    pub(crate) lifetime: Option<Seconds>,
    /// The form parameter `scope`.
    #[arg(long, value_name = "TEXT")]
    pub(crate) scope: Option<String>,
    /// Another claim; texts stand in quotes: --claim 'team="red"'. May be repeated.
    #[arg(long, value_name = "NAME=JSON")]
    #[serde(with = "table", skip_serializing_if = "Vec::is_empty")]
    pub(crate) claim: Vec<Member>,
    /// Another header member. May be repeated.
    #[arg(long, value_name = "NAME=JSON")]
    #[serde(with = "table", skip_serializing_if = "Vec::is_empty")]
    pub(crate) header: Vec<Member>,
    /// Another form parameter. May be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    #[serde(with = "table", skip_serializing_if = "Vec::is_empty")]
    pub(crate) form: Vec<Parameter>,
    /// The form parameter `client_id` [default for Box: the issuer].
    #[arg(long, value_name = "TEXT")]
    pub(crate) client_id: Option<String>,
    /// The environment variable that holds the client secret.
    #[arg(long, value_name = "NAME")]
    pub(crate) client_secret_env: Option<String>,
    /// The file that holds the client secret.
    #[arg(long, value_name = "FILE")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// The environment variable that holds the passphrase of the private key.
    #[arg(long, value_name = "NAME")]
    pub(crate) passphrase_env: Option<String>,
    /// The file that holds the passphrase of the private key.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// The open file descriptor that gives the passphrase of the private key; 0 is standard input.
    #[arg(long, value_name = "N")]
    pub(crate) passphrase_fd: Option<u32>,
    /// The environment variable that holds the PIN of the token.
    #[arg(long, value_name = "NAME")]
    pub(crate) pin_env: Option<String>,
    /// The file that holds the PIN of the token.
    #[arg(long, value_name = "FILE")]
    pub(crate) pin_file: Option<PathBuf>,
    /// Give the PIN even if it is the last try before the token blocks it.
    #[arg(long, value_parser = BoolishValueParser::new())]
    #[serde(skip_serializing_if = "is_not_set")]
    pub(crate) spend_last_try: bool,
    /// What the assertion is for: the grant itself (RFC 7523 §2.1), or client authentication (§2.2)
    /// [default: jwt-bearer].
    #[arg(long, value_enum)]
    pub(crate) grant: Option<GrantName>,
    /// Box's JSON configuration file, with or without its private key.
    #[arg(long, value_name = "FILE")]
    pub(crate) box_config: Option<PathBuf>,
    /// Certificates (PEM) to trust in place of the system's.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// The time limit for getting a token, retries included [default: 30].
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<Seconds>,
    /// `token` keeps what it gets in a file of the user's own until it is nearly over, and uses it again.
    #[arg(long, value_parser = BoolishValueParser::new())]
    #[serde(skip_serializing_if = "is_not_set")]
    pub(crate) cache: bool,
    /// Send once: neither try again nor follow the server's clock.
    #[arg(long, value_parser = BoolishValueParser::new())]
    #[serde(skip_serializing_if = "is_not_set")]
    pub(crate) no_retry: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_not_set(flag: &bool) -> bool {
    !flag
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    Box,
    Salesforce,
    Generic,
}

impl Provider {
    pub(crate) const fn profile(self) -> Profile {
        match self {
            Self::Box => Profile::BOX,
            Self::Salesforce => Profile::SALESFORCE,
            Self::Generic => Profile::GENERIC,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum GrantName {
    /// The assertion is the grant.
    JwtBearer,
    /// The assertion authenticates the client.
    ClientCredentials,
}

impl From<GrantName> for Grant {
    fn from(name: GrantName) -> Self {
        match name {
            GrantName::JwtBearer => Self::JwtBearer,
            GrantName::ClientCredentials => Self::ClientCredentials,
        }
    }
}

#[derive(Args)]
pub(crate) struct SandboxArgs {
    /// Whom to imitate.
    #[arg(long, value_enum, required_unless_present = "box_config")]
    pub(crate) provider: Option<Provider>,
    /// Box with the very app of this JSON configuration file: its id and secret, its enterprise or user, and the public
    /// key of the private key in it.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["client_id", "client_secret_env", "client_secret_file"]
    )]
    pub(crate) box_config: Option<PathBuf>,
    /// Where to listen: an address of this machine alone; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8099")]
    pub(crate) listen: SocketAddr,
    /// The app's client id (Salesforce: consumer key).
    #[arg(long, value_name = "TEXT", required_unless_present = "box_config")]
    pub(crate) client_id: Option<String>,
    /// The environment variable that holds the app's client secret.
    #[arg(long, value_name = "NAME")]
    pub(crate) client_secret_env: Option<String>,
    /// The file that holds the app's client secret.
    #[arg(long, value_name = "FILE")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// A public key or certificate of the app, and the `kid` that names it; for Salesforce without `kid`. May be
    /// repeated.
    #[arg(
        long,
        value_name = "[KID=]FILE",
        required_unless_present = "box_config"
    )]
    pub(crate) register: Vec<Registration>,
    /// An enterprise that may be a subject, for Box. May be repeated.
    #[arg(long, value_name = "ID")]
    pub(crate) enterprise: Vec<String>,
    /// A user that may be a subject: Box's user id, Salesforce's username. May be repeated.
    #[arg(long, value_name = "TEXT")]
    pub(crate) user: Vec<String>,
    /// A Box user that may be a subject, with the e-mail address to be found by. May be repeated.
    #[arg(long, value_name = "ID=EMAIL")]
    pub(crate) login: Vec<Parameter>,
    /// An audience to accept in place of the provider's own. May be repeated.
    #[arg(long, value_name = "TEXT")]
    pub(crate) audience: Vec<String>,
    /// How far the server's clock is ahead of this machine's; negative for behind.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t,
        allow_negative_numbers = true
    )]
    pub(crate) skew: i64,
    /// A misbehaviour for the next token request, such as status=503,retry-after=2 or hang or reset*3. May be repeated.
    #[arg(long, value_name = "SPEC")]
    pub(crate) fault: Vec<Fault>,
    /// A state of the app, the users or the server, for which a right request is refused. May be repeated.
    #[arg(long, value_name = "NAME", value_parser = conditions())]
    pub(crate) condition: Vec<Condition>,
    /// An algorithm to accept in place of the provider's own. May be repeated.
    #[arg(long, value_name = "NAME")]
    pub(crate) algorithm: Vec<Algorithm>,
    /// Whose words to refuse in, for generic.
    #[arg(long, value_name = "NAME", value_parser = wordings())]
    pub(crate) wording: Option<Wording>,
    /// How many tokens a Salesforce user may get within an hour [default: 3600].
    #[arg(long, value_name = "NUMBER")]
    pub(crate) login_limit: Option<u32>,
    /// Serve https with this certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The private key of the https certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
}
