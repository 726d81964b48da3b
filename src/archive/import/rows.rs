//! Rows as COPY takes them.

use std::pin::pin;

use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};

use super::ground::Thread;
use crate::archive::error::ImportError;
use crate::archive::line::{ForumLine, LikeLine, MemberLine, PostLine, RankLine, RevisionLine, ThreadLine};
use crate::markup::{Draft, Quote};
use crate::threads::slug;

type Value<'a> = &'a (dyn ToSql + Sync);

/// A row of one table.
pub trait Row {
    const TABLE: &'static str;
    const COLUMNS: &'static [(&'static str, Type)];

    /// In the order of the columns.
    fn values(&self) -> Vec<Value<'_>>;
}

/// Writes rows by COPY.
pub async fn copy<R: Row>(rows: &[R], tx: &Transaction<'_>) -> Result<(), ImportError> {
    if rows.is_empty() {
        return Ok(());
    }
    let (names, types): (Vec<&str>, Vec<Type>) = R::COLUMNS.iter().cloned().unzip();
    let sql = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", R::TABLE, names.join(", "));
    let mut writer = pin!(BinaryCopyInWriter::new(tx.copy_in(&sql).await?, &types));
    for row in rows {
        writer.as_mut().write(&row.values()).await?;
    }
    writer.finish().await?;
    Ok(())
}

macro_rules! rows {
    ($($row:ty => $table:literal |$this:ident| { $($column:literal $type:ident $value:expr,)* })*) => {$(
        impl Row for $row {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [(&'static str, Type)] = &[$(($column, Type::$type)),*];

            fn values(&self) -> Vec<Value<'_>> {
                let $this = self;
                vec![$($value),*]
            }
        }
    )*};
}

/// A forum.
pub struct ForumRow {
    pub id: i64,
    pub parent_id: Option<i64>,
    pub ancestors: Vec<i64>,
    pub kind: &'static str,
    pub position: i64,
    pub line: ForumLine,
}

/// A member.
pub struct MemberRow {
    pub id: i64,
    pub username_key: Option<String>,
    pub email_key: Option<String>,
    pub email_verified: bool,
    pub role: &'static str,
    pub joined_at: DateTime<Utc>,
    /// All that the source showed; what comes as rows is taken off as it comes.
    pub posts_elsewhere: i64,
    pub likes_elsewhere: i64,
    pub suspended_at: Option<DateTime<Utc>>,
    pub suspended_until: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub line: Box<MemberLine>,
}

/// A thread, with the counters that its batch has given it.
pub struct ThreadRow {
    pub id: i64,
    pub forum_id: i64,
    pub author_id: i64,
    pub kind: &'static str,
    pub slug: String,
    pub pinned: bool,
    pub locked: bool,
    pub deleted_at: Option<DateTime<Utc>>,
    pub deleted_by: Option<i64>,
    pub view_count: i64,
    pub post_count: i64,
    pub like_count: i64,
    pub highest_position: i64,
    pub last_post_id: Option<i64>,
    pub last_post_position: Option<i64>,
    pub last_post_author_id: Option<i64>,
    pub last_post_at: DateTime<Utc>,
    pub line: Box<ThreadLine>,
}

impl ThreadRow {
    /// A thread, its posts not yet counted.
    pub fn new(id: i64, forum_id: i64, author_id: i64, deleted_by: Option<i64>, line: Box<ThreadLine>) -> Self {
        Self {
            id,
            forum_id,
            author_id,
            kind: line.kind.name(),
            slug: slug(&line.title),
            pinned: line.pinned.unwrap_or_default(),
            locked: line.locked.unwrap_or_default(),
            deleted_at: line.deleted_at.map(|at| at.0),
            deleted_by,
            view_count: line.view_count.unwrap_or_default(),
            post_count: 0,
            like_count: 0,
            highest_position: 0,
            last_post_id: None,
            last_post_position: None,
            last_post_author_id: None,
            last_post_at: line.created_at.0,
            line,
        }
    }

    /// Takes the counters over.
    pub fn count(&mut self, thread: &Thread) {
        self.post_count = thread.post_count;
        self.like_count = thread.like_count;
        self.highest_position = thread.highest_position;
        self.last_post_id = thread.last_post.as_ref().map(|post| post.id);
        self.last_post_position = thread.last_post.as_ref().map(|post| post.position);
        self.last_post_author_id = thread.last_post.as_ref().map(|post| post.author_id);
        self.last_post_at = thread.last_post_at;
    }
}

/// A post.
pub struct PostRow {
    pub id: i64,
    pub thread_id: i64,
    pub position: i64,
    pub author_id: i64,
    pub like_count: i64,
    pub edited_at: Option<DateTime<Utc>>,
    pub edited_by: Option<i64>,
    pub edit_count: i64,
    pub deleted_at: Option<DateTime<Utc>>,
    pub deleted_by: Option<i64>,
    pub version: i64,
    /// With the archive's body, its quotes already ours.
    pub line: Box<PostLine>,
    /// The body, read; what is below is made of it.
    pub draft: Option<Box<Draft>>,
    pub html: String,
    pub text: String,
    pub mentions: Vec<i64>,
    pub emoji: Vec<String>,
    pub quotes: Vec<Quote>,
}

/// A quote of a post.
pub struct QuoteRow<'a> {
    pub thread_id: i64,
    pub post_id: i64,
    pub ordinal: i32,
    pub quote: &'a Quote,
}

/// An earlier body.
pub struct RevisionRow {
    pub thread_id: i64,
    pub post_id: i64,
    pub edited_by: Option<i64>,
    pub edited_at: DateTime<Utc>,
    pub line: RevisionLine,
}

/// A like.
pub struct LikeRow {
    pub thread_id: i64,
    pub post_id: i64,
    pub member_id: i64,
    pub line: LikeLine,
}

/// What an archive's id is here.
pub struct IdRow {
    pub source: String,
    pub kind: &'static str,
    pub archive_id: String,
    pub our_id: i64,
    pub present: bool,
}

rows! {
    RankLine => "ranks" |r| { "from_posts" INT8 &r.from, "name" TEXT &r.name, }
    ForumRow => "forums" |r| {
        "id" INT8 &r.id, "slug" TEXT &r.line.slug, "title" TEXT &r.line.title, "description" TEXT &r.line.description,
        "parent_id" INT8 &r.parent_id, "ancestors" INT8_ARRAY &r.ancestors, "kind" TEXT &r.kind,
        "position" INT8 &r.position,
    }
    MemberRow => "members" |r| {
        "id" INT8 &r.id, "username" TEXT &r.line.username, "username_key" TEXT &r.username_key,
        "email" TEXT &r.line.email, "email_key" TEXT &r.email_key, "email_verified" BOOL &r.email_verified,
        "password_hash" TEXT &r.line.password_hash, "custom_title" TEXT &r.line.custom_title,
        "country" TEXT &r.line.country, "bio" TEXT &r.line.bio, "avatar_url" TEXT &r.line.avatar_url,
        "role" TEXT &r.role, "joined_at" TIMESTAMPTZ &r.joined_at, "posts_elsewhere" INT8 &r.posts_elsewhere,
        "likes_elsewhere" INT8 &r.likes_elsewhere, "suspended_at" TIMESTAMPTZ &r.suspended_at,
        "suspended_until" TIMESTAMPTZ &r.suspended_until, "suspend_reason" TEXT &r.line.suspend_reason,
        "deleted_at" TIMESTAMPTZ &r.deleted_at,
    }
    ThreadRow => "threads" |r| {
        "id" INT8 &r.id, "forum_id" INT8 &r.forum_id, "kind" TEXT &r.kind, "title" TEXT &r.line.title,
        "slug" TEXT &r.slug, "author_id" INT8 &r.author_id, "tags" TEXT_ARRAY &r.line.tags, "pinned" BOOL &r.pinned,
        "locked" BOOL &r.locked, "deleted_at" TIMESTAMPTZ &r.deleted_at, "deleted_by" INT8 &r.deleted_by,
        "delete_reason" TEXT &r.line.delete_reason, "view_count" INT8 &r.view_count,
        "created_at" TIMESTAMPTZ &r.line.created_at.0, "post_count" INT8 &r.post_count,
        "like_count" INT8 &r.like_count, "highest_position" INT8 &r.highest_position,
        "last_post_id" INT8 &r.last_post_id, "last_post_position" INT8 &r.last_post_position,
        "last_post_author_id" INT8 &r.last_post_author_id, "last_post_at" TIMESTAMPTZ &r.last_post_at,
    }
    PostRow => "posts" |r| {
        "thread_id" INT8 &r.thread_id, "id" INT8 &r.id, "position" INT8 &r.position, "author_id" INT8 &r.author_id,
        "body" TEXT &r.line.body, "html" TEXT &r.html, "text" TEXT &r.text, "renderer" INT2 &crate::markup::VERSION,
        "mentions" INT8_ARRAY &r.mentions, "emoji" TEXT_ARRAY &r.emoji, "like_count" INT8 &r.like_count,
        "created_at" TIMESTAMPTZ &r.line.created_at.0, "last_edit_at" TIMESTAMPTZ &r.edited_at,
        "last_edit_by" INT8 &r.edited_by, "last_edit_reason" TEXT &r.line.edit_reason, "edit_count" INT8 &r.edit_count,
        "deleted_at" TIMESTAMPTZ &r.deleted_at, "deleted_by" INT8 &r.deleted_by,
        "delete_reason" TEXT &r.line.delete_reason, "version" INT8 &r.version,
    }
    QuoteRow<'_> => "quotes" |r| {
        "thread_id" INT8 &r.thread_id, "post_id" INT8 &r.post_id, "ordinal" INT4 &r.ordinal,
        "quoted_post_id" INT8 &r.quote.post_id, "excerpt" TEXT &r.quote.excerpt,
    }
    RevisionRow => "revisions" |r| {
        "thread_id" INT8 &r.thread_id, "post_id" INT8 &r.post_id, "number" INT8 &r.line.number,
        "body" TEXT &r.line.body, "edited_by" INT8 &r.edited_by, "edited_at" TIMESTAMPTZ &r.edited_at,
        "reason" TEXT &r.line.reason,
    }
    LikeRow => "likes" |r| {
        "thread_id" INT8 &r.thread_id, "post_id" INT8 &r.post_id, "member_id" INT8 &r.member_id,
        "created_at" TIMESTAMPTZ &r.line.created_at.0,
    }
    IdRow => "archive_ids" |r| {
        "source" TEXT &r.source, "kind" TEXT &r.kind, "archive_id" TEXT &r.archive_id, "our_id" INT8 &r.our_id,
        "present" BOOL &r.present,
    }
}
