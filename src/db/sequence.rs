//! The sequences that ids come from.

use tokio_postgres::{Client, Error};

/// No id up to `highest` is given any more; and whoever was given one before has ended when this returns, so that its row can be
/// seen or will never be.
pub async fn skip_ids(table: &'static str, highest: i64, client: &mut Client) -> Result<(), Error> {
    let tx = client.transaction().await?;
    let name: String = tx.query_one("SELECT pg_get_serial_sequence($1, 'id')", &[&table]).await?.get(0);
    // It changes nothing, but takes the only lock that waits for all who have taken an id and keeps others from taking one.
    tx.batch_execute(&format!("ALTER SEQUENCE {name} INCREMENT BY 1")).await?;
    let sql = "SELECT setval(name, $2) FROM (SELECT pg_get_serial_sequence($1, 'id')::regclass AS name) AS sequence \
               WHERE coalesce(pg_sequence_last_value(name), 0) < $2";
    tx.execute(sql, &[&table, &highest]).await?;
    tx.commit().await
}
