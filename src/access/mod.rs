//! Who is calling, and what that lets them do: access tokens and the keys that sign them, personal tokens, passwords,
//! scopes, roles.

mod caller;
mod callers;
mod keys;
mod names;
mod opaque;
mod password;
mod personal;
mod role;
mod scope;
mod seal;
mod token;
mod token_guard;
mod write;

pub use caller::{AsMember, InSession, Signed, Viewer, authenticate, is_suspended, session_ended};
pub use callers::Callers;
pub use keys::{JWKS_MAX_AGE, Keys};
pub use names::{flaw_of_username, skeletons, username_key};
pub use opaque::{hash_opaque, make_opaque};
pub use password::{Passwords, flaw_of_password};
pub use personal::PersonalToken;
pub use role::Role;
pub use scope::{SCOPES, Scope};
pub use seal::Seal;
pub use token::{Claims, LIFETIME};
pub use write::lock_out_writes;
