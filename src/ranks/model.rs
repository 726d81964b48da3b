//! Rows of ranks.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::schema::ranks;

/// One step of the ladder.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = ranks, check_for_backend(Pg))]
pub struct Rank {
    pub from_posts: i64,
    pub name: String,
}

/// The ladder, from the bottom up.
pub async fn ladder(conn: &mut AsyncPgConnection) -> QueryResult<Vec<Rank>> {
    ranks::table.order(ranks::from_posts).select(Rank::as_select()).load(conn).await
}
