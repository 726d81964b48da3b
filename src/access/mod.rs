//! Who is calling, and what that lets them do: access tokens and the keys that sign them, passwords, roles.

mod caller;
mod keys;
mod names;
mod password;
mod role;
mod token;

pub use caller::{AsMember, Signed, Viewer, authenticate};
pub use keys::{JWKS_MAX_AGE, Keys};
pub use names::{flaw_of_username, skeletons, username_key};
pub use password::Passwords;
pub use role::Role;
pub use token::{Claims, LIFETIME, SCOPES};
