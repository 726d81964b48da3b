//! Writes the whole forum as an archive: one consistent moment of it, read in the order of the keys, a few hundred rows at a time.

mod pages;
mod people;
mod threads;

use serde::de::IgnoredAny;
use tokio::io::AsyncWrite;
use tokio_postgres::{IsolationLevel, Transaction};
use uuid::Uuid;

use super::error::ExportError;
use super::line::{ArchiveLine, ForumLine, Line, RankLine};
use super::progress::Progress;
use super::writer::{Compression, Writer};
use super::{OWN_SOURCE, VERSION};
use crate::forums::ForumKind;

/// Writes an archive: ranks, forums (parents first), members, threads, each followed by its posts, each followed by its
/// revisions and likes. Gives the number of lines.
pub async fn export(
    output: impl AsyncWrite + Send,
    compression: Compression,
    database_url: &str,
    progress: &Progress,
) -> Result<u64, ExportError> {
    let connected = crate::db::connect(database_url).await;
    let mut client = connected.map_err(|e| ExportError::Database(e.to_string()))?;
    crate::db::look_up_by_key(&client).await?;
    let snapshot = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    let tx = snapshot.start().await?;
    progress.expect(expected_lines(&tx).await?);
    let mut to = Writer::new(output, compression, progress);
    let uuid: Uuid = tx.query_one("SELECT uuid FROM site", &[]).await?.get(0);
    let source = format!("{OWN_SOURCE}{uuid}");
    to.line(&Line::Archive(ArchiveLine { version: VERSION, source, note: None, _type: IgnoredAny })).await?;
    ranks(&tx, &mut to).await?;
    forums(&tx, &mut to).await?;
    people::members(&tx, &mut to).await?;
    threads::threads(&tx, &mut to).await?;
    let lines = to.finish().await?;
    tx.commit().await?;
    progress.finish();
    Ok(lines)
}

/// Near enough to tell the time left: revisions are not counted.
async fn expected_lines(tx: &Transaction<'_>) -> Result<u64, ExportError> {
    let sql = "SELECT (SELECT count(*) FROM members) + (SELECT count(*) FROM threads) \
               + (SELECT coalesce(sum(highest_position + like_count), 0)::bigint FROM threads)";
    let lines: i64 = tx.query_one(sql, &[]).await?.get(0);
    Ok(lines.unsigned_abs())
}

async fn ranks(tx: &Transaction<'_>, to: &mut Writer<'_>) -> Result<(), ExportError> {
    for row in tx.query("SELECT name, from_posts FROM ranks ORDER BY from_posts", &[]).await? {
        to.line(&Line::Rank(RankLine { name: row.get(0), from: row.get(1), _type: IgnoredAny })).await?;
    }
    Ok(())
}

async fn forums(tx: &Transaction<'_>, to: &mut Writer<'_>) -> Result<(), ExportError> {
    let sql = "SELECT id, slug, title, description, parent_id, kind = 'category', position FROM forums \
               ORDER BY cardinality(ancestors), id";
    for row in tx.query(sql, &[]).await? {
        let position: i64 = row.get(6);
        let line = ForumLine {
            id: id(row.get(0)),
            slug: row.get(1),
            title: row.get(2),
            description: row.get(3),
            parent: row.get::<_, Option<i64>>(4).map(id),
            kind: row.get::<_, bool>(5).then_some(ForumKind::Category),
            position: (position != 0).then_some(position),
            _type: IgnoredAny,
        };
        to.line(&Line::Forum(line)).await?;
    }
    Ok(())
}

/// Our id as an archive's.
fn id(id: i64) -> String {
    id.to_string()
}
