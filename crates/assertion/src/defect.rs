use std::fmt;

use jwt_bearer_signer::Algorithm;

/// Something in a JWT that a server may refuse, found by looking at the JWT alone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Defect {
    /// Something stands around the JWT: `Bearer `, quotes, or white space within.
    Wrapped,
    /// There is no third part, or it is empty.
    NoSignature,
    /// A part ends with `=`.
    Padding(Part),
    /// A part has `+` or `/`, the standard alphabet, where base64url has `-` and `_`.
    StandardAlphabet(Part),
    /// A part is not base64 of any kind.
    NotBase64(Part),
    /// A part is not a JSON object; the text says where it breaks.
    NotJson(Part, String),
    /// A member stands twice in a part; only the last is shown.
    Duplicate(Part, String),
    /// The header has no `alg`, or one that is not a text.
    NoAlgorithm,
    /// `alg` is `none`: the JWT is not signed.
    UnsignedAlgorithm,
    /// `alg` is one that needs a shared secret, or an unknown one.
    OtherAlgorithm(String),
    /// The signature is ECDSA in DER, where a JWS carries r and s.
    DerSignature(Algorithm),
    /// The signature has a length that the algorithm does not make; the text says which.
    SignatureLength(String),
    /// `kid` stands among the claims; it belongs in the header.
    KeyIdInClaims,
    /// A time is so large that it must be milliseconds; `NumericDate` is in seconds.
    Milliseconds(&'static str),
    /// A time is a JSON string, where a number belongs.
    TimeIsString(&'static str),
    /// A time has a fraction, which RFC 7519 allows and Box refuses.
    TimeIsFraction(&'static str),
    /// A time is neither a number nor a string.
    TimeIsOther(&'static str),
    /// A claim that is a text by RFC 7519 is something else, such as a number.
    NotText(&'static str),
    /// `exp` is missing, which RFC 7523 §3 demands.
    NoExpiry,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrapped => f.write_str(
                "something stands around or within the JWT: quotes, `Bearer`, white space",
            ),
            Self::NoSignature => {
                f.write_str("there is no signature: a JWT has three parts, each not empty")
            }
            Self::Padding(part) => write!(
                f,
                "the {part} part ends with `=`: a JWT has base64url without padding"
            ),
            Self::StandardAlphabet(part) => {
                write!(
                    f,
                    "the {part} part has `+` or `/`: base64url has `-` and `_` in their place"
                )
            }
            Self::NotBase64(part) => write!(f, "the {part} part is not base64url"),
            Self::NotJson(part, why) => write!(f, "the {part} part is not a JSON object: {why}"),
            Self::Duplicate(part, name) => write!(f, "the {part} part has `{name}` twice"),
            Self::NoAlgorithm => f.write_str("the header has no `alg`, or one that is not a text"),
            Self::UnsignedAlgorithm => f.write_str("`alg` is `none`: the JWT is not signed"),
            Self::OtherAlgorithm(name) if name.starts_with("HS") => {
                write!(
                    f,
                    "`alg` is `{name}`, which signs with a shared secret and not with a private key"
                )
            }
            Self::OtherAlgorithm(name) => write!(f, "`alg` is `{name}`, which is unknown"),
            Self::DerSignature(algorithm) => {
                write!(
                    f,
                    "the signature is ECDSA in DER: with {algorithm}, a JWT carries the numbers r and s alone"
                )
            }
            Self::SignatureLength(text) => f.write_str(text),
            Self::KeyIdInClaims => {
                f.write_str("`kid` stands among the claims: it belongs in the header")
            }
            Self::Milliseconds(claim) => {
                write!(f, "`{claim}` is in milliseconds: it belongs in seconds")
            }
            Self::TimeIsString(claim) => write!(f, "`{claim}` is a string: it belongs as a number"),
            Self::TimeIsFraction(claim) => write!(
                f,
                "`{claim}` has a fraction: Box and others take whole seconds only"
            ),
            Self::TimeIsOther(claim) => write!(f, "`{claim}` is not a number"),
            Self::NotText(claim) => write!(f, "`{claim}` is not a string: put the value in quotes"),
            Self::NoExpiry => {
                f.write_str("`exp` is missing: an assertion must expire (RFC 7523 §3)")
            }
        }
    }
}

/// A part of a JWT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The first.
    Header,
    /// The second.
    Claims,
    /// The third.
    Signature,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "claims",
            Self::Signature => "signature",
        })
    }
}
