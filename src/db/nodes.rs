//! The nodes that serve one database.

use diesel::QueryResult;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    nodes: i64,
}

/// Says that this node serves, forgets those that have not said so for 15 seconds, and gives how many there are. Time is the
/// database's, as clocks of nodes may differ.
pub async fn beat(node: Uuid, conn: &mut AsyncPgConnection) -> QueryResult<i64> {
    let sql = "WITH gone AS (DELETE FROM nodes WHERE seen_at < now() - interval '15 s' AND id <> $1), \
               here AS (INSERT INTO nodes (id, seen_at) VALUES ($1, now()) ON CONFLICT (id) DO UPDATE SET seen_at = now()) \
               SELECT 1 + count(*) AS nodes FROM nodes WHERE id <> $1 AND seen_at >= now() - interval '15 s'";
    let count: Count = diesel::sql_query(sql).bind::<diesel::sql_types::Uuid, _>(node).get_result(conn).await?;
    Ok(count.nodes)
}

/// This node serves no more.
pub async fn leave(node: Uuid, conn: &mut AsyncPgConnection) -> QueryResult<usize> {
    let sql = "DELETE FROM nodes WHERE id = $1";
    diesel::sql_query(sql).bind::<diesel::sql_types::Uuid, _>(node).execute(conn).await
}
