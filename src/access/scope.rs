//! What a token may do; its member's role is looked at apart.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::text_enum;

/// A scope of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Reads.
    Read,
    /// Writes threads and posts.
    Post,
    /// Likes.
    Like,
    /// Changes the profile.
    Profile,
    /// Does what moderators do, where its member is one.
    Moderate,
    /// Does what administrators do, where its member is one.
    Admin,
}

text_enum!(Scope { Read "read", Post "post", Like "like", Profile "profile", Moderate "moderate", Admin "admin", });

/// What a session by login may do: everything.
pub const SCOPES: [&str; 6] = [
    Scope::Read.name(),
    Scope::Post.name(),
    Scope::Like.name(),
    Scope::Profile.name(),
    Scope::Moderate.name(),
    Scope::Admin.name(),
];
