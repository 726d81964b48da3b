//! LISTEN: being told by the server that there is something new. It only wakes up who would look by itself a little later.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use diesel::ConnectionError;
use tokio::sync::Notify;
use tokio_postgres::{AsyncMessage, Client};

use super::planner::BY_KEY;
use super::pool::open;

/// For so long a statement may run, wait for a lock, or keep others waiting for the next one of its transaction: what is locked here,
/// other nodes wait for.
const LIMIT: Duration = Duration::from_secs(2);

/// A connection beside the pool that listens on a channel: `heard` is told of each notification.
pub async fn listen(url: &str, channel: &'static str, heard: Arc<Notify>) -> Result<Client, ConnectionError> {
    let (client, mut connection) = open(url).await?;
    tokio::spawn(async move {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            match message {
                Ok(AsyncMessage::Notification(_)) => heard.notify_one(),
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "a connection to the database ended");
                    break;
                }
            }
        }
        heard.notify_one();
    });
    // The tables that are looked at are small, mostly; what is looked for has an index.
    let listen = format!(
        "SET statement_timeout = {0}; SET lock_timeout = {0}; SET idle_in_transaction_session_timeout = {0}; \
         {BY_KEY}; LISTEN {channel}",
        LIMIT.as_millis()
    );
    client.batch_execute(&listen).await.map_err(|e| ConnectionError::BadConnection(e.to_string()))?;
    Ok(client)
}
