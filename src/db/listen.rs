//! LISTEN: being told by the server that there is something new. It only wakes up who would look by itself a little later.

use std::future::poll_fn;
use std::sync::Arc;

use diesel::ConnectionError;
use tokio::sync::Notify;
use tokio_postgres::{AsyncMessage, Client};

use super::planner::BY_KEY;
use super::pool::open;

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
    // The tables that are looked at are small, mostly; what is looked for has an index. Nothing else is set: through a pooler it would
    // be set for others.
    let listen = format!("{BY_KEY}; LISTEN {channel}");
    client.batch_execute(&listen).await.map_err(|e| ConnectionError::BadConnection(e.to_string()))?;
    Ok(client)
}
