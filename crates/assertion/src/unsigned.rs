use std::fmt;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jwt_bearer_signer::{Algorithm, SignError, SignErrorKind, Signature, Signer};

use crate::{AssertionError, Claims, DecodeError, Decoded, Header};

/// Room for usual header, claims and dots. Where it is too small, as with a certificate, the text grows as it must.
const INPUT_ROOM: usize = 640;

/// Room for the base64url of the longest signature.
const fn signature_room(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Es256 | Algorithm::Es256K | Algorithm::EdDsa => 86,
        Algorithm::Es384 => 128,
        Algorithm::Es512 => 176,
        _ => 683,
    }
}

/// An assertion before its signature: the first of two phases, for a signer that is no [`Signer`].
///
/// ```
/// use std::time::SystemTime;
/// use jwt_bearer_assertion::{Claims, Clock, Header, SystemClock, Unsigned};
/// use jwt_bearer_signer::{Algorithm, Signature};
///
/// let claims = Claims::new("client-id").audience("https://as.example/token");
/// let unsigned = Unsigned::new(&Header::new(), &claims, Algorithm::Es256, SystemClock.now())?;
/// let octets = sign_somewhere(unsigned.signing_input());
/// let assertion = unsigned.attach(&Signature::from_jose(Algorithm::Es256, &octets)?)?;
/// assert_eq!(assertion.as_str().split('.').count(), 3);
/// # fn sign_somewhere(_: &[u8]) -> [u8; 64] { [1; 64] }
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Unsigned {
    algorithm: Algorithm,
    text: String,
}

impl Unsigned {
    /// Writes header and claims, with times as of `now` and a fresh `jti`.
    ///
    /// # Errors
    /// `Claims` and `Header` for what is missing, out of bounds or set twice; `Random` if there are no random numbers.
    pub fn new(
        header: &Header,
        claims: &Claims,
        algorithm: Algorithm,
        now: SystemTime,
    ) -> Result<Self, AssertionError> {
        Self::with_key_id(header, claims, algorithm, None, now)
    }

    /// As [`new`](Self::new), with the algorithm and the key id of `signer`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn for_signer(
        header: &Header,
        claims: &Claims,
        signer: &dyn Signer,
        now: SystemTime,
    ) -> Result<Self, AssertionError> {
        Self::with_key_id(header, claims, signer.algorithm(), signer.key_id(), now)
    }

    fn with_key_id(
        header: &Header,
        claims: &Claims,
        algorithm: Algorithm,
        key_id: Option<&str>,
        now: SystemTime,
    ) -> Result<Self, AssertionError> {
        let mut text = String::with_capacity(INPUT_ROOM + signature_room(algorithm));
        header.write(&mut text, algorithm, key_id)?;
        text.push('.');
        claims.write(&mut text, now)?;
        Ok(Self { algorithm, text })
    }

    /// What is to be signed: base64url of the header, a dot, base64url of the claims, in ASCII
    /// ([RFC 7515 §5.1](https://www.rfc-editor.org/rfc/rfc7515#section-5.1)).
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Joins the signature to it: the second phase. Whether it is the right one is not checked.
    ///
    /// # Errors
    /// `Sign` if the signature was made with another algorithm than the header names.
    pub fn attach(mut self, signature: &Signature) -> Result<Assertion, AssertionError> {
        if signature.algorithm() != self.algorithm {
            let text = format!(
                "a signature with {} for a header with {}",
                signature.algorithm(),
                self.algorithm
            );
            return Err(SignError::new(SignErrorKind::UnsupportedAlgorithm, text).into());
        }
        self.text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_bytes(), &mut self.text);
        Ok(Assertion { text: self.text })
    }
}

impl fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Unsigned({}, {} octets)",
            self.algorithm,
            self.text.len()
        )
    }
}

/// A signed assertion: a JWT in compact form ([RFC 7515 §7.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.1)).
///
/// Until it expires it is a credential; `Debug` does not show it.
#[derive(Clone)]
pub struct Assertion {
    text: String,
}

impl Assertion {
    /// Writes header and claims as of `now` and signs them: both phases in one.
    ///
    /// Does whatever I/O the signer does.
    ///
    /// # Errors
    /// As [`Unsigned::new`], and `Sign` if the signer fails.
    pub async fn sign(
        header: &Header,
        claims: &Claims,
        signer: &dyn Signer,
        now: SystemTime,
    ) -> Result<Self, AssertionError> {
        let unsigned = Unsigned::for_signer(header, claims, signer, now)?;
        let signature = signer.sign(unsigned.signing_input()).await?;
        unsigned.attach(&signature)
    }

    /// Reads any compact JWT for inspection, broken ones too; see [`Decoded`]. Nothing is verified.
    ///
    /// # Errors
    /// If so little can be read that there is no header.
    pub fn decode(text: &str) -> Result<Decoded, DecodeError> {
        Decoded::new(text)
    }

    /// The three parts with their dots.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The three parts with their dots, without a copy.
impl From<Assertion> for String {
    fn from(assertion: Assertion) -> Self {
        assertion.text
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Assertion({} octets)", self.text.len())
    }
}
