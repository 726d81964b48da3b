//! What a member may do beyond its own things.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::text_enum;

/// A member's role; each has the rights of those before it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    AsExpression,
    FromSqlRow,
    clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[diesel(sql_type = Text)]
pub enum Role {
    /// Reads, posts and likes.
    Member,
    /// Keeps order: edits, deletes, restores, locks, pins, moves, suspends.
    Moderator,
    /// Does all that, and has the forums, ranks and roles.
    Admin,
}

text_enum!(Role { Member "member", Moderator "moderator", Admin "admin", });
