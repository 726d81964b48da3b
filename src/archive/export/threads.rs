//! The lines of threads, posts, revisions and likes.

use serde::de::IgnoredAny;
use tokio_postgres::{Row, Statement, Transaction};

use super::id;
use super::pages::OfPosts;
use crate::archive::error::ExportError;
use crate::archive::line::{LikeLine, Line, PostLine, RevisionLine, ThreadLine, Time};
use crate::archive::writer::Writer;
use crate::threads::ThreadKind;

const THREADS: &str = "SELECT id, forum_id, author_id, kind = 'article', title, tags, created_at, locked, pinned, \
    deleted_at, deleted_by, delete_reason, view_count FROM threads WHERE id > $1 ORDER BY id LIMIT 500";

/// Few at a time, as a body may have a mebibyte.
const POSTS: &str = "SELECT thread_id, position, id, author_id, body, created_at, last_edit_at, last_edit_by, \
    last_edit_reason, edit_count, version, deleted_at, deleted_by, delete_reason FROM posts \
    WHERE (thread_id, position) > ($1, $2) AND thread_id <= $3 ORDER BY thread_id, position LIMIT 200";

/// Few at a time too; of likes there may be many of one post.
const REVISIONS_AT_ONCE: i32 = 100;
const LIKES_AT_ONCE: i32 = 4_000;

const REVISIONS: &str = "SELECT post_id, number, body, edited_at, edited_by, reason FROM revisions \
    JOIN unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS chunk (thread_id, post_id, n) USING (thread_id, post_id) \
    ORDER BY n, number";

const LIKES: &str = "SELECT post_id, member_id, created_at FROM likes \
    JOIN unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS chunk (thread_id, post_id, n) USING (thread_id, post_id) \
    ORDER BY n, created_at, member_id";

struct Statements {
    posts: Statement,
    revisions: Statement,
    likes: Statement,
}

/// Writes all threads, each with its posts behind it.
pub async fn threads(tx: &Transaction<'_>, to: &mut Writer<'_>) -> Result<(), ExportError> {
    let statement = tx.prepare(THREADS).await?;
    let statements = Statements {
        posts: tx.prepare(POSTS).await?,
        revisions: tx.prepare(REVISIONS).await?,
        likes: tx.prepare(LIKES).await?,
    };
    let mut after = 0_i64;
    loop {
        let rows = tx.query(&statement, &[&after]).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        let from = after;
        after = last.get(0);
        posts(&rows, from, after, &statements, tx, to).await?;
    }
}

/// Writes some threads, and the posts in them: those of the threads behind `from`, up to `last`.
async fn posts(
    threads: &[Row],
    from: i64,
    last: i64,
    statements: &Statements,
    tx: &Transaction<'_>,
    to: &mut Writer<'_>,
) -> Result<(), ExportError> {
    let mut threads = threads.iter().peekable();
    let mut after = (from, i64::MAX);
    loop {
        let rows = tx.query(&statements.posts, &[&after.0, &after.1, &last]).await?;
        let Some(row) = rows.last() else { break };
        after = (row.get(0), row.get(1));
        let keys: (Vec<i64>, Vec<i64>) = rows.iter().map(|row| (row.get::<_, i64>(0), row.get::<_, i64>(2))).unzip();
        let mut revisions = OfPosts::new(tx.bind(&statements.revisions, &[&keys.0, &keys.1]).await?, REVISIONS_AT_ONCE);
        let mut likes = OfPosts::new(tx.bind(&statements.likes, &[&keys.0, &keys.1]).await?, LIKES_AT_ONCE);
        for row in &rows {
            let (thread_id, post_id): (i64, i64) = (row.get(0), row.get(2));
            while let Some(thread) = threads.next_if(|thread| thread.get::<_, i64>(0) <= thread_id) {
                to.line(&thread_line(thread)).await?;
            }
            to.line(&post_line(row)).await?;
            while let Some(row) = revisions.next_of(post_id, tx).await? {
                to.line(&revision_line(&row)).await?;
            }
            while let Some(row) = likes.next_of(post_id, tx).await? {
                to.line(&like_line(&row)).await?;
            }
        }
    }
    for thread in threads {
        to.line(&thread_line(thread)).await?;
    }
    Ok(())
}

fn thread_line(row: &Row) -> Line {
    let deleted_at: Option<_> = row.get(9);
    let view_count: i64 = row.get(12);
    Line::Thread(Box::new(ThreadLine {
        id: id(row.get(0)),
        forum: id(row.get(1)),
        author: id(row.get(2)),
        kind: if row.get(3) { ThreadKind::Article } else { ThreadKind::Discussion },
        title: row.get(4),
        tags: row.get(5),
        created_at: Time(row.get(6)),
        locked: row.get::<_, bool>(7).then_some(true),
        pinned: row.get::<_, bool>(8).then_some(true),
        deleted_by: deleted_at.and_then(|_| row.get::<_, Option<i64>>(10)).map(id),
        delete_reason: deleted_at.and_then(|_| row.get(11)),
        deleted_at: deleted_at.map(Time),
        view_count: (view_count > 0).then_some(view_count),
        _type: IgnoredAny,
    }))
}

fn post_line(row: &Row) -> Line {
    let edited_at: Option<_> = row.get(6);
    let deleted_at: Option<_> = row.get(11);
    let (edit_count, version): (i64, i64) = (row.get(9), row.get(10));
    let implied = i64::max(version - 1, i64::from(edited_at.is_some()));
    Line::Post(Box::new(PostLine {
        id: id(row.get(2)),
        thread: id(row.get(0)),
        author: id(row.get(3)),
        body: row.get(4),
        created_at: Time(row.get(5)),
        edited_by: edited_at.and_then(|_| row.get::<_, Option<i64>>(7)).map(id),
        edit_reason: edited_at.and_then(|_| row.get(8)),
        edited_at: edited_at.map(Time),
        edit_count: (edit_count != implied).then_some(edit_count),
        deleted_by: deleted_at.and_then(|_| row.get::<_, Option<i64>>(12)).map(id),
        delete_reason: deleted_at.and_then(|_| row.get(13)),
        deleted_at: deleted_at.map(Time),
        _type: IgnoredAny,
    }))
}

fn revision_line(row: &Row) -> Line {
    Line::Revision(RevisionLine {
        post: id(row.get(0)),
        number: row.get(1),
        body: row.get(2),
        edited_at: Time(row.get(3)),
        edited_by: row.get::<_, Option<i64>>(4).map(id),
        reason: row.get(5),
        _type: IgnoredAny,
    })
}

fn like_line(row: &Row) -> Line {
    Line::Like(LikeLine {
        post: id(row.get(0)),
        member: id(row.get(1)),
        created_at: Time(row.get(2)),
        _type: IgnoredAny,
    })
}
