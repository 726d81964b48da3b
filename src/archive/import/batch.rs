//! Writes batches, each in one transaction: rows by COPY, then the counters that they move.

use std::collections::BTreeMap;

use tokio_postgres::{Client, Transaction};

use super::Added;
use super::ground::Ground;
use super::ids::Ids;
use super::parse::Numbered;
use super::plan::Plan;
use super::rows::{PostRow, QuoteRow, copy};
use super::source::Source;
use super::totals::Totals;
use super::{bodies, counters, kept};
use crate::access::skeletons;
use crate::archive::error::ImportError;
use crate::clock::Clock;
use crate::events;

/// Writes the batches of one file.
pub struct Importer {
    client: Client,
    source: Source,
    clock: Clock,
    is_first_batch: bool,
    totals: Totals,
}

impl Importer {
    pub fn new(client: Client, source: Source, clock: Clock) -> Self {
        Self { client, source, clock, is_first_batch: true, totals: Totals::default() }
    }

    /// Writes one batch, or nothing of it. Gives what was new.
    pub async fn write(&mut self, lines: Vec<Numbered>) -> Result<Added, ImportError> {
        if self.source.keeps_ids {
            kept::claim(&lines, &mut self.client).await?;
        }
        let tx = self.client.transaction().await?;
        self.source.hold(self.is_first_batch, &tx).await?;
        let ids = Ids::look_up(&self.source, &lines, &tx).await?;
        let ground = Ground::load(&ids, &lines, &tx).await?;
        let mut plan = Plan::new(ids, ground, self.clock.now());
        plan.take(lines)?;
        let added = plan.added();
        let totals = std::mem::take(&mut plan.totals);
        write(plan, &self.source, &tx).await?;
        events::record_that_all_changed(&tx).await?;
        tx.commit().await?;
        self.is_first_batch = false;
        self.totals.add(totals);
        Ok(added)
    }

    /// Does what is only done when all batches are written.
    pub async fn finish(mut self) -> Result<(), ImportError> {
        self.totals.set(&self.source, &mut self.client).await
    }
}

async fn write(mut plan: Plan, source: &Source, tx: &Transaction<'_>) -> Result<(), ImportError> {
    if plan.replaces_ladder {
        tx.execute("DELETE FROM ranks", &[]).await?;
    }
    copy(&plan.ranks, tx).await?;
    copy(&plan.forums, tx).await?;
    copy(&plan.members, tx).await?;
    keep_skeletons(&plan, tx).await?;
    for row in &mut plan.threads {
        if let Some(thread) = plan.ground.threads.get(&row.id) {
            row.count(thread);
        }
    }
    copy(&plan.threads, tx).await?;
    for row in &mut plan.posts {
        if let Some(post) = plan.ground.posts.remove(&row.id) {
            row.like_count = post.new_likes;
            row.version = post.version;
            row.edit_count = post.edit_count;
        }
    }
    let posts = bodies::render(std::mem::take(&mut plan.posts), tx).await?;
    copy(&posts, tx).await?;
    copy(&quotes(&posts), tx).await?;
    copy(&plan.revisions, tx).await?;
    copy(&plan.likes, tx).await?;
    plan.ids.remember(source, tx).await?;
    counters::write(&plan, tx).await
}

/// So that nobody registers a name that looks like one of these; among themselves they may look alike. Sorted, as a registration
/// takes them: so the two wait for each other and do not lock each other out.
async fn keep_skeletons(plan: &Plan, tx: &Transaction<'_>) -> Result<(), ImportError> {
    let mut rows = BTreeMap::new();
    for member in &plan.members {
        for skeleton in member.line.username.iter().flat_map(|name| skeletons(name)) {
            rows.entry(skeleton).or_insert(member.id);
        }
    }
    if !rows.is_empty() {
        let (skeletons, ids): (Vec<String>, Vec<i64>) = rows.into_iter().unzip();
        let sql = "INSERT INTO username_skeletons (skeleton, member_id) SELECT * FROM unnest($1::text[], $2::bigint[]) \
                   ON CONFLICT DO NOTHING";
        tx.execute(sql, &[&skeletons, &ids]).await?;
    }
    Ok(())
}

fn quotes(posts: &[PostRow]) -> Vec<QuoteRow<'_>> {
    let mut rows = Vec::new();
    for post in posts {
        for (ordinal, quote) in (1..).zip(&post.quotes) {
            rows.push(QuoteRow { thread_id: post.thread_id, post_id: post.id, ordinal, quote });
        }
    }
    rows
}
