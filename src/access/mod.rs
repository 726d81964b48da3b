//! Who is calling, and what that lets them do: access tokens and the keys that sign them, passwords, roles.

mod caller;
mod keys;
mod password;
mod role;

pub use caller::{AsAdmin, AsMember, AsModerator, Signed, Viewer, authenticate};
pub use keys::Keys;
pub use password::Passwords;
pub use role::Role;
