//! Usernames: what can be one, the form under which they are unique, and the forms under which they look alike.

use std::collections::BTreeSet;

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

use crate::error::Flaw;
pub use crate::markup::username_key;

/// Names that could be taken for the service, or for parts of its addresses.
const RESERVED: &[&str] = &[
    "admin",
    "administrator",
    "administrators",
    "admins",
    "all",
    "anonymous",
    "deleted",
    "deleted member",
    "everyone",
    "folkmoot",
    "guest",
    "here",
    "me",
    "moderator",
    "moderators",
    "mods",
    "null",
    "official",
    "operator",
    "owner",
    "root",
    "security",
    "staff",
    "support",
    "system",
    "undefined",
];

/// What keeps a text of the right length from being a new member's name.
pub fn flaw_of_username(username: &str) -> Option<(Flaw, String)> {
    if let Some(c) = username.chars().find(|c| *c != ' ' && !may_stand_in_username(*c)) {
        let detail = format!("a username may not hold the character U+{:04X}", u32::from(c));
        return Some((Flaw::ForbiddenCharacter, detail));
    }
    let begins_well = |word: &str| word.chars().next().is_some_and(|c| !is_combining_mark(c));
    if !username.split(' ').all(begins_well) || !username.chars().any(char::is_alphanumeric) {
        let detail = "a username has letters or digits, and single spaces only";
        return Some((Flaw::Invalid, detail.into()));
    }
    let keys = skeletons(username);
    if RESERVED.iter().any(|reserved| *reserved == username_key(username) || !keys.is_disjoint(&skeletons(reserved))) {
        return Some((Flaw::Reserved, "this name is kept for the service".into()));
    }
    None
}

/// Letters, digits and marks of any script, `_`, `-` and `.`; nothing that does not show.
fn may_stand_in_username(c: char) -> bool {
    let shows = || skeleton(c.encode_utf8(&mut [0; 4])).next().is_some();
    matches!(c, '_' | '-' | '.') || (c.is_alphanumeric() || is_combining_mark(c)) && shows()
}

/// The forms under which names look alike (UTS #39, section 4): of the name as it is written, as two alphabets may share
/// only their capitals, and of its key. Names look alike where they have one in common.
pub fn skeletons(username: &str) -> BTreeSet<String> {
    let as_written: String = username.nfkc().collect();
    [as_written, username_key(username)].iter().map(|name| small_skeleton(name)).collect()
}

/// A skeleton in small letters: capital I has become l by then, and 0 becomes o by way of O.
fn small_skeleton(name: &str) -> String {
    let skeleton: String = skeleton(name).collect();
    skeleton.chars().default_case_fold().collect()
}
