//! Rows of personal tokens.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::schema::tokens;
use crate::ids::{MemberId, TokenId};

/// A personal token, without the token itself.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = tokens, check_for_backend(Pg))]
pub struct Token {
    pub id: TokenId,
    pub name: String,
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Ends all personal tokens of a member.
pub async fn end_all(member: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    diesel::delete(tokens::table.filter(tokens::member_id.eq(member))).execute(conn).await?;
    Ok(())
}
