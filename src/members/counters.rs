//! The counters of a member: moved in the transaction that changes what they count.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::known;
use crate::db::schema::members;
use crate::ids::MemberId;

/// Counts posts written and likes received (below 0: those that went away).
pub async fn count(
    member: MemberId,
    posts: i64,
    likes_received: i64,
    mut conn: &AsyncPgConnection,
) -> QueryResult<usize> {
    let counted = diesel::update(members::table.find(member)).set((
        members::post_count.eq(members::post_count + posts),
        members::likes_received.eq(members::likes_received + likes_received),
    ));
    known!(counted).execute(&mut conn).await
}
