//! The lock of a whole table, for what is rare and must not run twice at once.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

/// Keeps other writers out of a table until the transaction ends; readers go on.
pub async fn lock_table(table: &'static str, conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let lock = format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE");
    diesel::sql_query(lock).execute(conn).await?;
    Ok(())
}
