//! What a node does beside its requests, every few seconds: it writes the views that it gathered, says that it serves, reads
//! what others changed, and removes what has had its time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::metrics::Jobs;
use crate::app::Shared;
use crate::db::nodes;
use crate::error::Error;
use crate::web::idempotency;
use crate::{events, mails, threads};

/// How often.
const ROUND: Duration = Duration::from_secs(4);

/// For so long views are written at most.
const WRITING: Duration = Duration::from_secs(2);

/// The rounds of one node.
pub struct Rounds {
    shared: Shared,
    node: Uuid,
    jobs: Jobs,
    mails: Arc<mails::Counts>,
}

impl Rounds {
    /// Says that this node serves, before it does: so its limits are shared from the first request on.
    pub async fn new(shared: Shared, jobs: Jobs, mails: Arc<mails::Counts>) -> Result<Self, Error> {
        let node = uuid::Builder::from_random_bytes(shared.state.random.bytes()?).into_uuid();
        let rounds = Self { shared, node, jobs, mails };
        rounds.share_limits().await?;
        Ok(rounds)
    }

    /// One after the other until the service has ended, and the last one after its last request.
    pub async fn run(self, mut ended: oneshot::Receiver<()>) {
        let mut ticks = tokio::time::interval(ROUND);
        loop {
            // Not in the middle of a round: what it has taken would be lost.
            tokio::select! {
                _ = ticks.tick() => {}
                _ = &mut ended => break,
            }
            self.shared.limits.forget_idle();
            // First of all: a node of which nothing is heard for some rounds has no part in the limits.
            self.jobs.done("count_nodes", self.share_limits().await);
            self.write_views().await;
            self.jobs.done("read_signing_keys", self.shared.keys.refresh(&self.shared.state).await);
            self.jobs.done("look_at_mails", self.look_at_mails().await);
            // Each on its own: one that fails keeps no other from being done.
            self.jobs.done("prune", self.prune_answers().await);
            self.jobs.done("prune_mails", self.prune_mails().await);
            self.jobs.done("prune_events", self.prune_events().await);
        }
        self.write_views().await;
        self.jobs.done("leave", self.leave().await);
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

    async fn look_at_mails(&self) -> Result<(), Error> {
        let state = &self.shared.state;
        Ok(mails::look(&self.mails, state.clock.now(), &mut *state.db.get().await?).await?)
    }

    async fn prune_answers(&self) -> Result<(), Error> {
        let state = &self.shared.state;
        idempotency::prune(state.clock.now(), &mut *state.db.get().await?).await?;
        Ok(())
    }

    async fn prune_events(&self) -> Result<(), Error> {
        events::prune(&mut *self.shared.state.db.get().await?).await?;
        Ok(())
    }

    async fn prune_mails(&self) -> Result<(), Error> {
        let state = &self.shared.state;
        Ok(mails::prune(state.clock.now(), &mut *state.db.get().await?).await?)
    }

    /// What can not be written is kept for the next time.
    async fn write_views(&self) {
        let state = &self.shared.state;
        let mut gathered = state.views.take();
        if gathered.is_empty() {
            return;
        }
        let written = match state.db.get().await {
            Ok(mut conn) => threads::write_views(&mut gathered, WRITING, &mut conn).await,
            Err(error) => Err(error),
        };
        if !gathered.is_empty() {
            tracing::warn!(threads = gathered.len(), "views wait for the next time");
        }
        state.views.give_back(gathered);
        self.jobs.done("write_views", written);
    }
}
