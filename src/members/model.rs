//! Rows of members, and what more than one act asks of them.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::access::Role;
use crate::db::schema::{members, ranks};
use crate::ids::MemberId;

/// What is shown of a member beside everything it writes.
#[derive(Clone, Debug, Hash, Queryable, Selectable)]
#[diesel(table_name = members, check_for_backend(Pg))]
pub struct Card {
    pub id: MemberId,
    pub username: Option<String>,
    pub custom_title: Option<String>,
    pub country: Option<String>,
    pub avatar_url: Option<String>,
    pub role: Role,
    pub joined_at: DateTime<Utc>,
    pub posts_shown: i64,
    pub likes_shown: i64,
    pub suspended_at: Option<DateTime<Utc>>,
    pub suspended_until: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// Whether a member may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MemberState)]
pub enum State {
    /// It may sign in and write.
    Active,
    /// It may not sign in for now.
    Suspended,
    /// It deleted itself; what it wrote stays.
    Deleted,
}

/// The name of the highest rank that a member's shown post count reaches: joins the ladder into a query over members.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn rank() -> _ {
    ranks::table
        .filter(ranks::from_posts.le(members::posts_shown))
        .order(ranks::from_posts.desc())
        .select(ranks::name)
        .limit(1_i64)
        .single_value()
}

/// Names a member in a URL.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MemberPath {
    /// The member's id.
    #[serde(deserialize_with = "crate::web::path::id")]
    pub member_id: MemberId,
}

impl Card {
    /// A member's card; everybody sees every member.
    pub async fn find(id: MemberId, conn: &mut AsyncPgConnection) -> QueryResult<Option<(Self, String)>> {
        Ok(Self::with_rank(&[id], conn).await?.pop())
    }

    /// Cards with their ranks, in no order. The ladder always starts at 0, so each has one.
    pub async fn with_rank(ids: &[MemberId], conn: &mut AsyncPgConnection) -> QueryResult<Vec<(Self, String)>> {
        members::table
            .filter(members::id.eq_any(ids))
            .select((Self::as_select(), rank().assume_not_null()))
            .load(conn)
            .await
    }

    /// The member's state at this moment.
    pub fn state(&self, now: DateTime<Utc>) -> State {
        if self.deleted_at.is_some() {
            State::Deleted
        } else if self.suspended_at.is_some() && self.suspended_until.is_none_or(|until| until > now) {
            State::Suspended
        } else {
            State::Active
        }
    }
}
