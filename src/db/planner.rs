//! What PostgreSQL's planner is told for work that goes through a whole table, in small steps or at once.

/// From here on, every statement of this session looks rows up by their keys. While a table is being filled its statistics lag
/// behind, and a planner that believes them reads all of it for each step, or compiles the statement first.
pub async fn look_up_by_key(client: &tokio_postgres::Client) -> Result<(), tokio_postgres::Error> {
    client
        .batch_execute(
            "SET jit = off; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
             SET max_parallel_workers_per_gather = 0",
        )
        .await
}

/// The contrary, for one transaction of such a session: its statement goes through all rows at once.
pub async fn look_at_all(tx: &tokio_postgres::Transaction<'_>) -> Result<(), tokio_postgres::Error> {
    tx.batch_execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on")
        .await
}
