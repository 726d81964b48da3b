//! The forms of a member's names under which they are unique or look alike.

use unicode_security::confusable_detection::skeleton;

pub use crate::markup::username_key;

/// The form under which verified e-mail addresses are unique.
pub fn email_key(email: &str) -> String {
    email.to_lowercase()
}

/// The forms under which names look alike.
pub fn skeletons(username: &str) -> Vec<String> {
    vec![skeleton(&username_key(username)).collect()]
}
