//! What PostgreSQL's planner is told for work that goes through a whole table, in small steps or at once.

/// Every statement of a session looks rows up by their keys. Statements of requests want a page of rows each, and the estimates of
/// skewed tables are wrong by orders of magnitude: a plan that goes through a table or joins all of it looks cheap until somebody asks
/// for the one thread or member that has most of everything. What is asked for is in memory, mostly. Each list has an index of its order:
/// with an incremental sort an index of another order of the same forum looks cheaper, as a range of unknown values is taken for few rows
/// and a comparison of rows for many, and all threads of the forum are looked at.
pub(super) const BY_KEY: &str = "SET jit = off; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
     SET enable_incremental_sort = off; SET max_parallel_workers_per_gather = 0; SET random_page_cost = 1.1";

/// From here on, every statement of this session looks rows up by their keys. While a table is being filled its statistics lag
/// behind, and a planner that believes them reads all of it for each step, or compiles the statement first.
pub async fn look_up_by_key(client: &tokio_postgres::Client) -> Result<(), tokio_postgres::Error> {
    client.batch_execute(BY_KEY).await
}

/// The contrary, for one transaction of such a session: its statement goes through all rows at once.
pub async fn look_at_all(tx: &tokio_postgres::Transaction<'_>) -> Result<(), tokio_postgres::Error> {
    let all = "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; \
               SET LOCAL enable_incremental_sort = on";
    tx.batch_execute(all).await
}
