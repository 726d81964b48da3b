//! `folkmoot admin check`: holds the counters against the rows that they count, and mends what differs.

use std::fmt::{self, Display, Formatter};
use std::pin::pin;

use futures_util::TryStreamExt;
use tokio_postgres::{Client, Error, Row};

use crate::events::record_that_all_changed;

/// Shown of each kind of thing.
const EXAMPLES: usize = 5;
/// Mended in one transaction.
const CHUNK: usize = 500;

/// The counters of one table.
struct Counters {
    table: &'static str,
    /// What a row is, in a sentence.
    noun: &'static str,
    columns: &'static [&'static str],
    /// The same columns, counted anew, by `id`: of the rows in `$1`, or of all where that is null.
    truth: &'static str,
    /// What else changes in such a row.
    also: &'static str,
    /// What is locked and changes elsewhere, first.
    first: &'static [&'static str],
}

/// In the order in which rows are locked everywhere.
const ALL: &[Counters] = &[
    Counters {
        table: "threads",
        noun: "thread",
        columns: &[
            "post_count",
            "like_count",
            "highest_position",
            "last_post_id",
            "last_post_position",
            "last_post_author_id",
            "last_post_at",
        ],
        truth: "SELECT threads.id, coalesce(counted.posts, 0) AS post_count, coalesce(liked.likes, 0) AS like_count, \
                coalesce(counted.highest, 0) AS highest_position, last.id AS last_post_id, \
                last.position AS last_post_position, last.author_id AS last_post_author_id, \
                coalesce(last.created_at, threads.created_at) AS last_post_at \
            FROM threads \
            LEFT JOIN (SELECT thread_id, count(*) FILTER (WHERE deleted_at IS NULL) AS posts, max(position) AS highest \
                FROM posts WHERE $1::bigint[] IS NULL OR thread_id = ANY ($1) GROUP BY thread_id) AS counted \
                ON counted.thread_id = threads.id \
            LEFT JOIN (SELECT likes.thread_id, count(*) AS likes \
                FROM likes JOIN posts ON posts.thread_id = likes.thread_id AND posts.id = likes.post_id \
                WHERE posts.deleted_at IS NULL AND ($1 IS NULL OR likes.thread_id = ANY ($1)) \
                GROUP BY likes.thread_id) AS liked ON liked.thread_id = threads.id \
            LEFT JOIN LATERAL (SELECT id, position, author_id, created_at FROM posts \
                WHERE posts.thread_id = threads.id AND posts.deleted_at IS NULL \
                ORDER BY position DESC LIMIT 1) AS last ON true \
            WHERE $1 IS NULL OR threads.id = ANY ($1)",
        also: ", page_version = page_version + 1",
        first: &[],
    },
    Counters {
        table: "posts",
        noun: "post",
        columns: &["like_count"],
        truth: "SELECT posts.id, count(likes.member_id) AS like_count FROM posts \
            LEFT JOIN likes ON likes.thread_id = posts.thread_id AND likes.post_id = posts.id \
            WHERE $1::bigint[] IS NULL OR posts.id = ANY ($1) GROUP BY posts.thread_id, posts.id",
        also: "",
        first: &[
            "SELECT id FROM threads WHERE id IN (SELECT thread_id FROM posts WHERE id = ANY ($1)) \
             ORDER BY id FOR NO KEY UPDATE",
            "UPDATE threads SET page_version = page_version + 1 \
             WHERE id IN (SELECT thread_id FROM posts WHERE id = ANY ($1))",
        ],
    },
    Counters {
        table: "forums",
        noun: "forum",
        columns: &["thread_count", "post_count", "last_thread_id", "last_post_at"],
        // Of threads whose last posts have the same time, any may be the last.
        truth: "SELECT forums.id, coalesce(counted.threads, 0) AS thread_count, \
                coalesce(counted.posts, 0) AS post_count, last.id AS last_thread_id, last.last_post_at \
            FROM forums \
            LEFT JOIN (SELECT forum_id, count(*) AS threads, sum(of_thread.posts)::bigint AS posts FROM threads \
                LEFT JOIN (SELECT thread_id, count(*) AS posts FROM posts WHERE deleted_at IS NULL \
                    GROUP BY thread_id) AS of_thread ON of_thread.thread_id = threads.id \
                WHERE deleted_at IS NULL AND ($1::bigint[] IS NULL OR forum_id = ANY ($1)) GROUP BY forum_id) AS counted \
                ON counted.forum_id = forums.id \
            LEFT JOIN LATERAL (SELECT id, last_post_at FROM threads \
                WHERE threads.forum_id = forums.id AND threads.deleted_at IS NULL \
                ORDER BY last_post_at DESC, (threads.id IS NOT DISTINCT FROM forums.last_thread_id) DESC, id DESC \
                LIMIT 1) AS last ON true \
            WHERE $1 IS NULL OR forums.id = ANY ($1)",
        also: "",
        first: &[],
    },
    Counters {
        table: "members",
        noun: "member",
        columns: &["post_count", "likes_received"],
        truth: "SELECT members.id, coalesce(wrote.posts, 0) AS post_count, coalesce(got.likes, 0) AS likes_received \
            FROM members \
            LEFT JOIN (SELECT author_id, count(*) AS posts FROM posts \
                WHERE deleted_at IS NULL AND ($1::bigint[] IS NULL OR author_id = ANY ($1)) GROUP BY author_id) AS wrote \
                ON wrote.author_id = members.id \
            LEFT JOIN (SELECT author_id, count(*) AS likes \
                FROM likes JOIN posts ON posts.thread_id = likes.thread_id AND posts.id = likes.post_id \
                WHERE posts.deleted_at IS NULL AND ($1 IS NULL OR author_id = ANY ($1)) GROUP BY author_id) AS got \
                ON got.author_id = members.id \
            WHERE $1 IS NULL OR members.id = ANY ($1)",
        also: "",
        first: &[],
    },
];

/// What a check found, and whether it is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Each counter as `table.column`, and on how many rows it differed.
    pub differed: Vec<(String, u64)>,
    /// Some of what differed, in sentences.
    pub examples: Vec<String>,
    /// What differed is mended.
    pub mended: bool,
}

/// Holds every counter against its rows. Writes may go on meanwhile: each statement sees whole transactions only, and what is
/// mended is counted again under a lock.
pub async fn check(database_url: &str, mend: bool) -> Result<Report, String> {
    let mut client = crate::db::connect(database_url).await.map_err(|e| e.to_string())?;
    let mut report = Report { differed: Vec::new(), examples: Vec::new(), mended: mend };
    for counters in ALL {
        let ids = counters.find(&client, &mut report).await.map_err(|e| told(&e))?;
        if mend {
            counters.mend(&ids, &mut client).await.map_err(|e| told(&e))?;
        }
    }
    Ok(report)
}

impl Counters {
    /// The rows that differ.
    async fn find(&self, client: &Client, report: &mut Report) -> Result<Vec<i64>, Error> {
        let list =
            |table: &str| self.columns.iter().map(|c| format!("{table}.{c}::text")).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "SELECT held.id, ARRAY[{}], ARRAY[{}] FROM {} AS held JOIN ({}) AS truth ON truth.id = held.id \
             WHERE {} ORDER BY held.id",
            list("held"),
            list("truth"),
            self.table,
            self.truth,
            self.differs("held"),
        );
        let all: Option<Vec<i64>> = None;
        let mut rows = pin!(client.query_raw(&sql, [&all]).await?);
        let mut counts = vec![0; self.columns.len()];
        let mut ids = Vec::new();
        while let Some(row) = rows.try_next().await? {
            ids.push(row.get(0));
            self.note(&row, &mut counts, ids.len() <= EXAMPLES, report);
        }
        for (column, count) in self.columns.iter().zip(counts) {
            report.differed.push((format!("{}.{column}", self.table), count));
        }
        Ok(ids)
    }

    fn note(&self, row: &Row, counts: &mut [u64], is_example: bool, report: &mut Report) {
        let id: i64 = row.get(0);
        let (held, truth): (Vec<Option<String>>, Vec<Option<String>>) = (row.get(1), row.get(2));
        for (index, (held, truth)) in held.into_iter().zip(truth).enumerate().filter(|(_, (held, truth))| held != truth)
        {
            counts[index] += 1;
            if is_example {
                let value = |value: Option<String>| value.unwrap_or_else(|| "nothing".into());
                report.examples.push(format!(
                    "{} {id}: {} was {}, its rows give {}",
                    self.noun,
                    self.columns[index],
                    value(held),
                    value(truth)
                ));
            }
        }
    }

    fn differs(&self, held: &str) -> String {
        let list = |table: &str| self.columns.iter().map(|c| format!("{table}.{c}")).collect::<Vec<_>>().join(", ");
        format!("({}) IS DISTINCT FROM ({})", list(held), list("truth"))
    }

    /// Counts again what differed, nobody else changing it, and writes that.
    async fn mend(&self, ids: &[i64], client: &mut Client) -> Result<(), Error> {
        let table = self.table;
        let set: Vec<String> = self.columns.iter().map(|column| format!("{column} = truth.{column}")).collect();
        let lock = format!("SELECT id FROM {table} WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE");
        let update = format!(
            "UPDATE {table} SET {}{} FROM ({}) AS truth WHERE truth.id = {table}.id AND {}",
            set.join(", "),
            self.also,
            self.truth,
            self.differs(table),
        );
        for ids in ids.chunks(CHUNK) {
            let tx = client.transaction().await?;
            for first in self.first {
                tx.execute(*first, &[&ids]).await?;
            }
            tx.execute(&lock, &[&ids]).await?;
            tx.execute(&update, &[&ids]).await?;
            record_that_all_changed(&tx).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// The client's own text says only "db error"; what the server said is behind it.
fn told(error: &Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
}

impl Report {
    /// Did every counter equal its rows?
    pub fn is_clean(&self) -> bool {
        self.differed.iter().all(|(_, count)| *count == 0)
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (counter, count) in &self.differed {
            writeln!(f, "{counter:<30} {}", if *count == 0 { "equal".into() } else { format!("{count} differed") })?;
        }
        for example in &self.examples {
            writeln!(f, "  {example}")?;
        }
        match (self.is_clean(), self.mended) {
            (true, _) => write!(f, "Every counter equals its rows."),
            (false, true) => write!(f, "What differed is mended."),
            (false, false) => write!(f, "Nothing was changed."),
        }
    }
}
