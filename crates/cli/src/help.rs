//! Examples beside the flags. Lines of at most 78 characters, since what is longer is broken at any place.

pub(crate) const TOKEN: &str = "\
Each setting can also come from a variable, JWT_BEARER_ and the flag's name
(JWT_BEARER_KEY_ID), or from a profile in jwt-bearer.toml. Flags beat
variables, which beat the profile. Secrets come from a prompt, a file or a
variable that you name, never from an argument.

Examples:
  Box, with the configuration file from its developer console:
    jwt-bearer token --box-config config.json
    jwt-bearer token --box-config config.json --user 7654321
  Box, piece by piece:
    jwt-bearer token --provider box --issuer CLIENT_ID --enterprise 1234567 \\
      --client-secret-env BOX_SECRET --key box.pem --key-id abcdefgh
  Salesforce:
    jwt-bearer token --provider salesforce --host example.my.salesforce.com \\
      --issuer CONSUMER_KEY --subject ann@example.com --key salesforce.pem
  Client authentication (RFC 7523 §2.2):
    jwt-bearer token --provider generic --grant client-credentials \\
      --token-endpoint https://as.example/token --issuer CLIENT_ID \\
      --key key.pem --key-id key-1 --scope read
  In a script, with a profile:
    jwt-bearer token box-prod --output header |
      curl -H @- https://api.box.com/2.0/users/me";

pub(crate) const DOWNSCOPE: &str = "\
The settings are those of `jwt-bearer token`, for the token to begin with.

Example: a token that can only show one file, for a page in a browser:
  jwt-bearer downscope --box-config config.json --login ann@example.com \\
    --to 'base_preview item_download' \\
    --resource https://api.box.com/2.0/files/12345";

pub(crate) const REVOKE: &str = "\
The settings are those that the token was got with. The server and the app, by
its client id and its secret, are what is needed of them; key and user are not
used.

Example:
  jwt-bearer token box-prod >token
  jwt-bearer revoke box-prod <token";

pub(crate) const ASSERTION: &str = "\
The settings are those of `jwt-bearer token`; no token endpoint is needed.

Examples:
  jwt-bearer assertion --provider generic --issuer 12345 --lifetime 540 \\
    --key github-app.pem
  jwt-bearer assertion box-prod | jwt-bearer inspect -";

pub(crate) const DOCTOR: &str = "\
The settings are those of `jwt-bearer token`. Whatever carries no secret is
looked at first: settings, key, name, connection, TLS, clock, metadata. Then
a token is asked for, once; with --login for the enterprise, by which the user
is looked up, and once more for the user. If the server refuses and the cause
is not certain, at most four variations follow, announced before they are
sent: with the server's time, with another `kid` or none, with another name of
the same server as `aud`. Each takes one more signature of the key. The
server's address never varies. A token that comes of it is thrown away.

The page is masked, and can be pasted into a public issue. Read it first: a
server may tell names in its own words, which nobody else can know.

Exit codes:
  0  the server gave a token
  1  none of the others
  2  the settings are wrong or incomplete
  3  the key cannot be opened, is of the wrong kind, does not sign, or is not
     the one that is registered
  4  the server refused, and no likely cause was found
  5  the server cannot be reached, did not answer in time, is too busy, or
     something else answers in its place
  6  the app, the user or a policy: an administrator has to act
  7  a clock is wrong
Of a refusal the first finding decides, if it is certain or likely.

Examples:
  jwt-bearer doctor box-prod
  jwt-bearer doctor sf-prod --certificate uploaded.crt
  jwt-bearer doctor box-prod --output json | jq '.findings[0].id'";

pub(crate) const EXPLAIN: &str = "\
For those who get their tokens with other programs. The text can have anything
in it: the body of the error, an exception, the assertion (without its
signature too), the command line and the output of curl. Keys, secrets and
tokens that come along are not kept. What is printed is masked; still, take
secrets out before you paste anything anywhere else.

The exit code is 0 whatever was found, and 2 if there is nothing to read or a
flag is wrong.

Examples:
  jwt-bearer explain
  curl -v -d @form https://api.box.com/oauth2/token 2>&1 | jwt-bearer explain
  jwt-bearer explain error.txt --certificate uploaded.crt --provider salesforce";

pub(crate) const BENCH: &str = "\
First you are told what is going to happen; then comes one signature, which is
verified. Keys in AWS KMS are paid for by the call: there you are asked before
the first, or say --yes. Ctrl-C ends it early and prints what was measured.
--dry-run ends before the first signature. With more at once than there are
cores, the times of a local key grow, since signatures wait for a core.

Examples:
  jwt-bearer bench --key box.pem
  jwt-bearer bench --key awskms:alias/box?region=eu-central-1 \\
    --concurrency 1,8,32 --count 200 --yes --output json";

pub(crate) const SANDBOX: &str = "\
It prints the URL of its token endpoint, and runs until it is interrupted.

Example, in two terminals:
  openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem
  openssl pkey -in key.pem -pubout -out public.pem
  export BOX_SECRET=sandbox
  jwt-bearer sandbox --provider box --client-id app \\
    --client-secret-env BOX_SECRET --register key-1=public.pem \\
    --enterprise 1234567

  export BOX_SECRET=sandbox
  jwt-bearer token --provider box --issuer app --enterprise 1234567 \\
    --token-endpoint http://127.0.0.1:8099/oauth2/token \\
    --client-secret-env BOX_SECRET --key key.pem --key-id key-1

Faults are KIND[=VALUE][,retry-after=VALUE][*TIMES], with the kinds
status=503, error=CODE:TEXT, delay=2s, hang, reset, reset-mid, truncate,
drip=50ms, html, empty, oversize, redirect=URL, no-token, content-type=TEXT;
* alone means for ever. With error any refusal can be had, as in
  --fault 'error=invalid_grant:user is locked*'

For https, rustls wants a server's certificate that an authority of yours
signed: one that signs itself is refused by clients.";
