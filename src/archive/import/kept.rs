//! Ids that stay as they are: nobody else is given them any more, and a row that has one already is held against its line.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use tokio_postgres::{Client, Transaction};

use super::ids::{KINDS, Kind};
use super::parse::Numbered;
use crate::archive::error::{Flaw, ImportError};
use crate::archive::line::Line;
use crate::ids::MAX_ID;

/// What tells a row from any other that could have its id: it never changes, but for a forum's slug.
#[derive(Debug)]
pub struct Mark {
    born: Option<DateTime<Utc>>,
    word: Option<String>,
}

impl Mark {
    /// Of a line that defines something.
    pub fn of(line: &Line) -> Option<(Kind, &str, Self)> {
        let (kind, id, born, word) = match line {
            Line::Forum(line) => (Kind::Forum, &line.id, None, Some(&line.slug)),
            Line::Member(line) => (Kind::Member, &line.id, Some(line.joined_at.0), line.username.as_ref()),
            Line::Thread(line) => (Kind::Thread, &line.id, Some(line.created_at.0), Some(&line.author)),
            Line::Post(line) => (Kind::Post, &line.id, Some(line.created_at.0), Some(&line.thread)),
            Line::Archive(_) | Line::Rank(_) | Line::Revision(_) | Line::Like(_) => return None,
        };
        Some((kind, id, Self { born, word: word.cloned() }))
    }

    /// Whether both are of one thing. A member that has deleted itself has lost its name.
    pub fn is_of(&self, other: &Self) -> bool {
        let unnamed = self.word.is_none() || other.word.is_none();
        self.born == other.born && (unnamed || self.word == other.word)
    }
}

/// The marks of the rows that have these ids.
pub async fn marks(kind: Kind, ids: &[i64], tx: &Transaction<'_>) -> Result<Vec<(i64, Mark)>, ImportError> {
    let columns = match kind {
        Kind::Forum => "NULL::timestamptz, slug",
        Kind::Member => "joined_at, username",
        Kind::Thread => "created_at, author_id::text",
        Kind::Post => "created_at, thread_id::text",
    };
    let sql = format!("SELECT id, {columns} FROM {} WHERE id = ANY ($1)", kind.table());
    let rows = tx.query(&sql, &[&ids]).await?;
    Ok(rows.iter().map(|row| (row.get(0), Mark { born: row.get(1), word: row.get(2) })).collect())
}

/// Takes the ids that these lines define out of the sequences, before it is looked which of them have rows.
pub async fn claim(lines: &[Numbered], client: &mut Client) -> Result<(), ImportError> {
    let mut highest = HashMap::new();
    for (kind, id, _) in lines.iter().filter_map(|line| Mark::of(&line.line)) {
        let most = highest.entry(kind).or_default();
        *most = i64::max(*most, kept_id(id).unwrap_or_default());
    }
    for kind in KINDS {
        if let Some(id) = highest.get(&kind).filter(|id| **id > 0) {
            crate::db::skip_ids(kind.table(), *id, client).await?;
        }
    }
    Ok(())
}

/// The highest id that is kept. Sequences go on above what is kept, and half of all ids are left for that.
const MAX_KEPT: i64 = MAX_ID / 2;

/// An id of our own, as an export writes it.
pub fn kept_id(text: &str) -> Option<i64> {
    let id: i64 = text.parse().ok()?;
    ((1..=MAX_KEPT).contains(&id) && id.to_string() == text).then_some(id)
}

/// Another row has the id.
pub fn taken(kind: Kind) -> Flaw {
    let (noun, same) = match kind {
        // All else is born at a time that is its own; a forum is only known by its slug.
        Kind::Forum => ("forum", "if it is the archive's and has got another slug here, give it the archive's; else "),
        Kind::Member | Kind::Thread | Kind::Post => (kind.name(), ""),
    };
    Flaw::new(
        "id",
        format!(
            "a {noun} that was made here has this id, and ids are kept only where nobody else makes any: {same}begin again \
             with an empty forum, and let nobody use it before the import is done"
        ),
    )
}
