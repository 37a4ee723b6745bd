use crate::condition::Condition;
use crate::reason::Reason;
use crate::refusal::Refusal;
use crate::state::{State, Subject};
use crate::texts::{Text, box_platform, salesforce};

const OF_BOX_USERS: [(Condition, Text); 3] = [
    (Condition::NoUserTokens, box_platform::NO_USER_TOKEN),
    (Condition::ForeignUsers, box_platform::NO_USER_TOKEN),
    (Condition::TermsNotAccepted, box_platform::TERMS),
];
const OF_SALESFORCE_USERS: [(Condition, Text); 4] = [
    (Condition::UserInactive, salesforce::INACTIVE),
    (Condition::UserLocked, salesforce::LOCKED),
    (Condition::LoginPolicy, salesforce::KEPT_OUT),
    (Condition::NotAssigned, salesforce::NOT_ASSIGNED),
];

/// What app, user and organization are like, once nothing is wrong with the request.
pub(crate) fn admit(state: &State, subject: &Subject, now: i64) -> Result<(), Refusal> {
    if state.is(Condition::Unauthorized) {
        return Err(Reason::Unauthorized.into());
    }
    // No dialect can be in the conditions of another.
    let of_users = OF_BOX_USERS.iter().chain(&OF_SALESFORCE_USERS);
    for (condition, text) in of_users {
        if subject.is_user && state.is(*condition) {
            return Err((*text).into());
        }
    }
    if !state.count_login(&subject.id, now) {
        return Err(salesforce::TOO_OFTEN.into());
    }
    Ok(())
}
