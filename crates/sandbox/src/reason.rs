/// What a token request is refused for, whatever the dialect; in no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    ContentType,
    ParameterTwice,
    GrantType,
    GrantTypeNotForClient,
    Client,
    AssertionMissing,
    AssertionForm,
    Algorithm,
    Critical,
    KeyId,
    Signature,
    Issuer,
    Audience,
    Subject,
    ExpiryType,
    Expired,
    TooLong,
    NotYet,
    Jti,
    Unauthorized,
}

impl Reason {
    pub(crate) const ALL: [Self; 20] = [
        Self::ContentType,
        Self::ParameterTwice,
        Self::GrantType,
        Self::GrantTypeNotForClient,
        Self::Client,
        Self::AssertionMissing,
        Self::AssertionForm,
        Self::Algorithm,
        Self::Critical,
        Self::KeyId,
        Self::Signature,
        Self::Issuer,
        Self::Audience,
        Self::Subject,
        Self::ExpiryType,
        Self::Expired,
        Self::TooLong,
        Self::NotYet,
        Self::Jti,
        Self::Unauthorized,
    ];
}
