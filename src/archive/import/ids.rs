//! What the archive's ids are here: looked up once for a batch, made or kept where they are new.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;

use tokio_postgres::Transaction;

use super::kept::{self, Mark, kept_id};
use super::parse::Numbered;
use super::source::Source;
use crate::archive::error::{Flaw, ImportError};
use crate::archive::line::Line;

/// What has an id in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Forum,
    Member,
    Thread,
    Post,
}

pub const KINDS: [Kind; 4] = [Kind::Forum, Kind::Member, Kind::Thread, Kind::Post];

impl Kind {
    /// As lines and `archive_ids` call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Forum => "forum",
            Self::Member => "member",
            Self::Thread => "thread",
            Self::Post => "post",
        }
    }

    /// Its table.
    pub const fn table(self) -> &'static str {
        match self {
            Self::Forum => "forums",
            Self::Member => "members",
            Self::Thread => "threads",
            Self::Post => "posts",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// No line has said it yet.
    Unseen,
    /// Only a quote has named it.
    Quoted,
    /// It has a row, or a line of this batch that comes before.
    There,
    /// A row that is not the archive's has its id.
    Taken,
}

struct Entry {
    id: i64,
    state: State,
    /// As `archive_ids` had it before this batch: is it there?
    stored: Option<bool>,
}

/// The ids that a batch names.
pub struct Ids {
    kinds: [HashMap<String, Entry>; 4],
}

impl Ids {
    /// Looks them up, and makes ids for those that a line defines or a quote names for the first time.
    pub async fn look_up(source: &Source, lines: &[Numbered], tx: &Transaction<'_>) -> Result<Self, ImportError> {
        let mut ids = Self { kinds: Default::default() };
        let mut wanted: [Vec<&str>; 4] = Default::default();
        for line in lines {
            each_id(line, |kind, id, wants| {
                if let MapEntry::Vacant(entry) = ids.kinds[kind as usize].entry(id.to_owned()) {
                    entry.insert(Entry { id: 0, state: State::Unseen, stored: None });
                }
                if wants {
                    wanted[kind as usize].push(id);
                }
            });
        }
        ids.find_remembered(source, tx).await?;
        if source.keeps_ids {
            ids.keep(lines, tx).await?;
        }
        ids.make(&wanted, tx).await?;
        Ok(ids)
    }

    /// New ids are the archive's own. A row that has one and is not remembered was written by this very forum, or is in the way.
    async fn keep(&mut self, lines: &[Numbered], tx: &Transaction<'_>) -> Result<(), ImportError> {
        let mut new: [HashMap<i64, (&str, Mark)>; 4] = Default::default();
        for (kind, text, mark) in lines.iter().filter_map(|line| Mark::of(&line.line)) {
            let entry = self.kinds[kind as usize].get_mut(text).filter(|entry| entry.stored.is_none());
            if let (Some(entry), Some(id)) = (entry, kept_id(text)) {
                entry.id = id;
                new[kind as usize].entry(id).or_insert((text, mark));
            }
        }
        for kind in KINDS {
            let new = &new[kind as usize];
            let ids: Vec<i64> = new.keys().copied().collect();
            for (id, here) in kept::marks(kind, &ids, tx).await? {
                let Some((text, mark)) = new.get(&id) else { continue };
                if let Some(entry) = self.kinds[kind as usize].get_mut(*text) {
                    entry.state = if mark.is_of(&here) { State::There } else { State::Taken };
                }
            }
        }
        Ok(())
    }

    async fn find_remembered(&mut self, source: &Source, tx: &Transaction<'_>) -> Result<(), ImportError> {
        let keys = KINDS.iter().flat_map(|kind| self.kinds[*kind as usize].keys().map(|id| (kind.name(), id.as_str())));
        let (kinds, ids): (Vec<&str>, Vec<&str>) = keys.unzip();
        let sql = "SELECT kind, archive_id, our_id, present FROM archive_ids \
                   JOIN unnest($2::text[], $3::text[]) AS named (kind, archive_id) USING (kind, archive_id) \
                   WHERE source = $1";
        for row in tx.query(sql, &[&source.name, &kinds, &ids]).await? {
            let (name, id, present): (&str, &str, bool) = (row.get(0), row.get(1), row.get(3));
            let kind = KINDS.iter().find(|kind| kind.name() == name);
            if let Some(entry) = kind.and_then(|kind| self.kinds[*kind as usize].get_mut(id)) {
                let state = if present { State::There } else { State::Quoted };
                *entry = Entry { id: row.get(2), state, stored: Some(present) };
            }
        }
        Ok(())
    }

    /// New ids, in the order of the lines.
    async fn make(&mut self, wanted: &[Vec<&str>; 4], tx: &Transaction<'_>) -> Result<(), ImportError> {
        for kind in KINDS {
            let map = &mut self.kinds[kind as usize];
            let mut new = Vec::new();
            for id in &wanted[kind as usize] {
                if let Some(entry) = map.get_mut(*id).filter(|entry| entry.stored.is_none() && entry.id == 0) {
                    // Not an id, but the mark of one that has been asked for.
                    entry.id = -1;
                    new.push(*id);
                }
            }
            if new.is_empty() {
                continue;
            }
            let sql = "SELECT nextval(pg_get_serial_sequence($1, 'id')) FROM generate_series(1, $2::bigint)";
            let count = i64::try_from(new.len()).unwrap_or(i64::MAX);
            let made = tx.query(sql, &[&kind.table(), &count]).await?;
            for (id, row) in new.into_iter().zip(made) {
                if let Some(entry) = map.get_mut(id) {
                    entry.id = row.get(0);
                }
            }
        }
        Ok(())
    }

    /// What a line of this batch refers to: there before it, or an error.
    pub fn reference(&self, field: &str, kind: Kind, id: &str) -> Result<i64, Flaw> {
        let entry = self.kinds[kind as usize].get(id).filter(|entry| entry.state == State::There);
        entry.map(|entry| entry.id).ok_or_else(|| Flaw::new(field, format!("{} `{id}` is not known", kind.name())))
    }

    /// The same, where the field may be absent.
    pub fn any_reference(&self, field: &str, kind: Kind, id: Option<&String>) -> Result<Option<i64>, Flaw> {
        id.map(|id| self.reference(field, kind, id)).transpose()
    }

    /// The ids of what has a row, or had none when the batch began and is only referred to. For loading what is there.
    pub fn there(&self, kind: Kind) -> Vec<i64> {
        let entries = self.kinds[kind as usize].values();
        entries.filter(|entry| entry.state == State::There).map(|entry| entry.id).collect()
    }

    /// The id for what a line defines; none where that is there already.
    pub fn define(&mut self, kind: Kind, id: &str) -> Result<Option<i64>, Flaw> {
        match self.kinds[kind as usize].get_mut(id) {
            Some(entry) if entry.state == State::There => Ok(None),
            Some(entry) if entry.state == State::Taken => Err(kept::taken(kind)),
            Some(entry) if entry.id > 0 => {
                entry.state = State::There;
                Ok(Some(entry.id))
            }
            _ => Err(Flaw::new("id", "no id was made for it")),
        }
    }

    /// The id for what a quote names; from now on it is kept for that post.
    pub fn quoted(&mut self, id: &str) -> Option<i64> {
        let entry = self.kinds[Kind::Post as usize].get_mut(id).filter(|entry| entry.id > 0)?;
        if entry.state == State::Unseen {
            entry.state = State::Quoted;
        }
        Some(entry.id)
    }

    /// Writes down what this batch has added.
    pub async fn remember(&self, source: &Source, tx: &Transaction<'_>) -> Result<(), ImportError> {
        let mut new = Vec::new();
        let mut come = Vec::new();
        for kind in KINDS {
            for (text, entry) in &self.kinds[kind as usize] {
                match (entry.stored, entry.state) {
                    (None, State::There | State::Quoted) => new.push(super::rows::IdRow {
                        source: source.name.clone(),
                        kind: kind.name(),
                        archive_id: text.clone(),
                        our_id: entry.id,
                        present: entry.state == State::There,
                    }),
                    (Some(false), State::There) => come.push(text.as_str()),
                    _ => {}
                }
            }
        }
        super::rows::copy(&new, tx).await?;
        if !come.is_empty() {
            let sql =
                "UPDATE archive_ids SET present = true WHERE source = $1 AND kind = 'post' AND archive_id = ANY ($2)";
            tx.execute(sql, &[&source.name, &come]).await?;
        }
        Ok(())
    }
}

/// Each id that a line names; `true` with those that are to have one here, be it new.
fn each_id<'a>(numbered: &'a Numbered, mut see: impl FnMut(Kind, &'a str, bool)) {
    match &numbered.line {
        Line::Archive(_) | Line::Rank(_) => {}
        Line::Forum(line) => {
            see(Kind::Forum, &line.id, true);
            line.parent.iter().for_each(|id| see(Kind::Forum, id, false));
        }
        Line::Member(line) => see(Kind::Member, &line.id, true),
        Line::Thread(line) => {
            see(Kind::Thread, &line.id, true);
            see(Kind::Forum, &line.forum, false);
            see(Kind::Member, &line.author, false);
            line.deleted_by.iter().for_each(|id| see(Kind::Member, id, false));
        }
        Line::Post(line) => {
            see(Kind::Post, &line.id, true);
            see(Kind::Thread, &line.thread, false);
            see(Kind::Member, &line.author, false);
            line.edited_by.iter().chain(&line.deleted_by).for_each(|id| see(Kind::Member, id, false));
        }
        Line::Revision(line) => {
            see(Kind::Post, &line.post, false);
            line.edited_by.iter().for_each(|id| see(Kind::Member, id, false));
        }
        Line::Like(line) => {
            see(Kind::Post, &line.post, false);
            see(Kind::Member, &line.member, false);
        }
    }
    numbered.reading.quoted().iter().for_each(|id| see(Kind::Post, id, true));
}
