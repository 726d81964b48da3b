//! What a node does beside its requests, every few seconds: it writes the views that it gathered, says that it serves, reads
//! what others changed, sends mails, and removes what has had its time.

use std::fmt::Display;
use std::time::Duration;

use uuid::Uuid;

use crate::app::Shared;
use crate::db::nodes;
use crate::error::Error;
use crate::mails::{self, Mailer};
use crate::threads;
use crate::web::idempotency;

/// How often.
const ROUND: Duration = Duration::from_secs(4);
/// How often it is looked whether mails are due.
const MAIL_ROUND: Duration = Duration::from_secs(2);

/// The rounds of one node.
pub struct Rounds {
    shared: Shared,
    node: Uuid,
}

impl Rounds {
    /// Says that this node serves, before it does: so its limits are shared from the first request on.
    pub async fn new(shared: Shared) -> Result<Self, Error> {
        let node = uuid::Builder::from_random_bytes(shared.state.random.bytes()?).into_uuid();
        let rounds = Self { shared, node };
        rounds.share_limits().await?;
        Ok(rounds)
    }

    /// One after the other, until it is aborted.
    pub async fn run(&self) {
        let mut ticks = tokio::time::interval(ROUND);
        loop {
            ticks.tick().await;
            self.write_views().await;
            noted("signing keys could not be read anew", self.shared.keys.refresh(&self.shared.state).await);
            noted("other nodes could not be counted", self.share_limits().await);
            noted("what has had its time could not be removed", self.prune().await);
        }
    }

    /// Sends mails as they become due, until it is aborted: beside the rounds, as a server may be slow to take them. What is
    /// cut off is sent again later.
    pub async fn send_mails(&self, mailer: &Mailer) {
        let mut ticks = tokio::time::interval(MAIL_ROUND);
        loop {
            ticks.tick().await;
            loop {
                let sent = mails::send_due(mailer, &self.shared.state).await;
                let more = sent.as_ref().is_ok_and(|looked_at| *looked_at > 0);
                noted("mails could not be looked at", sent);
                if !more {
                    break;
                }
            }
        }
    }

    /// The last one, after the last request.
    pub async fn end(&self) {
        self.write_views().await;
        noted("the other nodes could not be told that this one ends", self.leave().await);
    }

    async fn share_limits(&self) -> Result<(), Error> {
        let nodes = nodes::beat(self.node, &mut *self.shared.state.db.get().await?).await?;
        self.shared.limits.share_among(u32::try_from(nodes).map_err(Error::internal)?);
        Ok(())
    }

    async fn leave(&self) -> Result<(), Error> {
        nodes::leave(self.node, &mut *self.shared.state.db.get().await?).await?;
        Ok(())
    }

    async fn prune(&self) -> Result<(), Error> {
        let state = &self.shared.state;
        let (now, conn) = (state.clock.now(), &mut state.db.get().await?);
        idempotency::prune(now, conn).await?;
        mails::prune(now, conn).await?;
        Ok(())
    }

    /// What can not be written is kept for the next time.
    async fn write_views(&self) {
        let state = &self.shared.state;
        let gathered = state.views.take();
        if gathered.is_empty() {
            return;
        }
        let written = match state.db.get().await {
            Ok(mut conn) => threads::write_views(&gathered, &mut conn).await.map_err(Error::from),
            Err(error) => Err(error),
        };
        if written.is_err() {
            state.views.give_back(gathered);
        }
        noted("views could not be written", written);
    }
}

/// What fails in one round is tried again in the next.
fn noted<T>(what: &str, done: Result<T, impl Display>) {
    if let Err(error) = done {
        tracing::warn!(%error, "{what}");
    }
}
