//! What mails say. Names are told to the owner of an account alone: in a mail to anybody else they would be a way to write
//! to strangers.

use serde::{Deserialize, Serialize};

/// What is to be written, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Letter {
    /// Asks whether an address is the member's.
    Verify { to: String, token: String },
    /// Somebody gave an address that is another member's already.
    Taken { to: String, name: String },
    /// Somebody has forgotten the password of the account with this address, if there is one. Nobody has looked yet.
    ResetAsked { email: String },
    /// Lets its owner set a new password.
    Reset { to: String, name: String, token: String },
    /// The account has another address now, or none; this is the old one.
    EmailChanged { to: String, name: String },
    /// The account has another password now.
    PasswordChanged { to: String, name: String },
}

/// A letter in words.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub to: String,
    pub subject: &'static str,
    pub text: String,
}

impl Letter {
    /// In words, with links to pages below `base`; none where it is not known yet whom it goes to.
    pub(super) fn written(&self, base: &str) -> Option<Written> {
        let (to, subject, text) = match self {
            Self::Verify { to, token } => (to, "Confirm your e-mail address", verify(base, token)),
            Self::Taken { to, name } => (to, "Your e-mail address was given again", taken(base, name)),
            Self::ResetAsked { .. } => return None,
            Self::Reset { to, name, token } => (to, "Set a new password", reset(base, name, token)),
            Self::EmailChanged { to, name } => (to, "Your e-mail address was changed", email_changed(base, name)),
            Self::PasswordChanged { to, name } => (to, "Your password was changed", password_changed(base, name)),
        };
        Some(Written { to: to.clone(), subject, text })
    }
}

// The token stands in the fragment: it is not sent to the server of the page, and not in its log (RFC 3986, section 3.5).

fn verify(base: &str, token: &str) -> String {
    format!(
        "Hello,\n\n\
         this address was given for an account at {base}.\n\
         To confirm that it is yours, open this link within 24 hours:\n\n\
         {base}/verify-email#token={token}\n\n\
         If it was not you, there is nothing to do: without the link the address\n\
         belongs to no account.\n"
    )
}

fn taken(base: &str, name: &str) -> String {
    format!(
        "Hello {name},\n\n\
         somebody gave this address for another account at {base}.\n\
         It stays with yours, and nobody was told that it is.\n\n\
         If it was you: sign in as {name}. A forgotten password can be set anew.\n\
         If it was not you, there is nothing to do.\n"
    )
}

fn reset(base: &str, name: &str, token: &str) -> String {
    format!(
        "Hello {name},\n\n\
         to set a new password for your account at {base},\n\
         open this link within an hour:\n\n\
         {base}/reset-password#token={token}\n\n\
         It works once. If you did not ask for it, there is nothing to do: your password\n\
         stays as it is. Give the link to nobody.\n"
    )
}

fn email_changed(base: &str, name: &str) -> String {
    format!(
        "Hello {name},\n\n\
         this address no longer belongs to your account at {base}.\n\n\
         If it was not you, somebody knows your password: write to those who run\n\
         {base} at once.\n"
    )
}

fn password_changed(base: &str, name: &str) -> String {
    format!(
        "Hello {name},\n\n\
         your account at {base} has a new password.\n\n\
         If it was not you, set another one at once ({base}/reset-password),\n\
         and see whether this mailbox is still yours alone.\n"
    )
}
