//! Watches the database from beside the pool. A server that is frozen, or behind a network that swallows everything, answers
//! nobody and refuses nobody: no statement's own limit is ever told. So it is asked all the time, and once it does not answer
//! for some seconds the connections to it are given up, and requests are told so at once until it answers again.

use std::sync::{Arc, Weak};
use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::AsyncPgConnection;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::pool::open;

/// After so long without an answer the server counts as frozen.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often it is asked.
const INTERVAL: Duration = Duration::from_millis(500);
/// How soon it is asked again when it refuses.
const AGAIN: Duration = Duration::from_millis(100);

/// Whether a database is frozen.
#[derive(Clone, Copy)]
pub struct IsFrozen(pub bool);

/// Whether the database is frozen, as far as is known.
#[derive(Clone)]
pub struct Watch {
    url: String,
    frozen: watch::Sender<bool>,
}

impl Watch {
    /// Until somebody looks, it is not.
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), frozen: watch::Sender::new(false) }
    }

    /// Whether it is frozen.
    pub fn is_frozen(&self) -> bool {
        *self.frozen.borrow()
    }

    /// Asks again and again, for as long as the service runs.
    pub async fn run(&self) {
        loop {
            match timeout(PATIENCE, super::connect(&self.url)).await {
                Ok(Ok(client)) => {
                    self.tell(false);
                    self.ask(&client).await;
                }
                // Whoever refuses is awake: requests find out by themselves.
                Ok(Err(_)) => self.tell(false),
                Err(_) => self.tell(true),
            }
            sleep(AGAIN).await;
        }
    }

    /// Asks until there is no answer.
    async fn ask(&self, client: &tokio_postgres::Client) {
        loop {
            match timeout(PATIENCE, client.simple_query("")).await {
                Ok(Ok(_)) => sleep(INTERVAL).await,
                Ok(Err(_)) => return,
                Err(_) => return self.tell(true),
            }
        }
    }

    /// Takes it from who asked. True where it was not known.
    pub fn believe(&self, IsFrozen(is_so): IsFrozen) -> bool {
        self.frozen.send_if_modified(|frozen| std::mem::replace(frozen, is_so) != is_so)
    }

    fn tell(&self, frozen: bool) {
        match (self.believe(IsFrozen(frozen)), frozen) {
            (true, true) => tracing::error!("the database does not answer"),
            (true, false) => tracing::info!("the database answers again"),
            (false, _) => {}
        }
    }

    /// A connection that is given up when the database is found frozen.
    pub async fn connect(&self) -> Result<(AsyncPgConnection, Alive), ConnectionError> {
        let mut frozen = self.frozen.subscribe();
        let (client, connection) = tokio::select! {
            opened = open(&self.url) => opened?,
            _ = frozen.wait_for(|frozen| *frozen) => {
                return Err(ConnectionError::BadConnection("the database does not answer".into()));
            }
        };
        let lives = Arc::new(());
        let alive = Alive(Arc::downgrade(&lives));
        tokio::spawn(async move {
            let _lives = lives;
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, "a connection to the database ended");
                },
                // An error would mean that the pool is gone, and with it the connection.
                _ = frozen.wait_for(|frozen| *frozen) => {}
            }
        });
        Ok((AsyncPgConnection::try_from(client).await?, alive))
    }
}

/// Whether a connection is still there.
pub struct Alive(Weak<()>);

impl Alive {
    /// Whether it is.
    pub fn is_so(&self) -> bool {
        self.0.strong_count() > 0
    }
}
