//! Rows of forums, and what more than one act asks of them.

use chrono::{DateTime, Utc};
use diesel::deserialize::FromSqlRow;
use diesel::dsl::case_when;
use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{self, BigInt, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::db::schema::{forums, site, threads};
use crate::db::{known, text_enum};
use crate::error::{Error, FieldError, Flaw};
use crate::ids::{ForumId, MemberId, PostId, ThreadId};
use crate::web::body::Flaws;
use crate::web::text::{Text, settled};

/// The largest `position`.
const MAX_POSITION: u32 = 1_000_000;

/// What a forum holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, AsExpression, FromSqlRow)]
#[serde(rename_all = "snake_case")]
#[diesel(sql_type = sql_types::Text)]
pub enum ForumKind {
    /// Forums.
    Category,
    /// Threads, and forums below it.
    Forum,
}

text_enum!(ForumKind { Category "category", Forum "forum", });

/// A forum's name in addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 1, max_length = 100, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "off-topic")]
pub struct Slug(pub String);

impl Slug {
    /// For a slug that comes another way than in a body.
    pub fn new(text: &str) -> Result<Self, FieldError> {
        settled(Self(text.to_owned()))
    }

    /// The text, to keep.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Text for Slug {
    fn settle(&mut self, pointer: &str, flaws: &mut Flaws) {
        let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if self.0.len() > 100 {
            flaws.add(pointer, Flaw::TooLong, "a slug has at most 100 characters");
        } else if !self.0.split('-').all(word) {
            flaws.add(pointer, Flaw::Invalid, "a slug is words of a-z and 0-9 with single hyphens between them");
        }
    }
}

/// Names a forum in a URL.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ForumPath {
    /// The forum's id.
    #[serde(deserialize_with = "crate::web::path::id")]
    pub forum_id: ForumId,
}

/// A forum's row.
#[derive(Clone, Debug, Hash, Queryable, Selectable)]
#[diesel(table_name = forums, check_for_backend(Pg))]
pub struct Forum {
    pub id: ForumId,
    pub slug: String,
    pub title: String,
    pub description: Option<String>,
    pub parent_id: Option<ForumId>,
    pub ancestors: Vec<ForumId>,
    pub kind: ForumKind,
    pub position: i64,
    pub thread_count: i64,
    pub post_count: i64,
    pub version: i64,
}

/// The thread that holds a forum's last post.
#[derive(Clone, Debug, Hash, Queryable, Selectable)]
#[diesel(table_name = threads, check_for_backend(Pg))]
pub struct LastThread {
    pub id: ThreadId,
    pub title: String,
    pub last_post_id: Option<PostId>,
    pub last_post_position: Option<i64>,
    pub last_post_author_id: Option<MemberId>,
    pub last_post_at: DateTime<Utc>,
}

/// A forum with its last thread.
pub type ForumRow = (Forum, Option<LastThread>);

impl Forum {
    /// A forum; everybody sees every forum.
    pub async fn find(id: ForumId, mut conn: &AsyncPgConnection) -> QueryResult<Option<ForumRow>> {
        forums::table
            .left_join(threads::table.on(threads::id.nullable().eq(forums::last_thread_id)))
            .filter(forums::id.eq(id))
            .select((Self::as_select(), Option::<LastThread>::as_select()))
            .first(&mut conn)
            .await
            .optional()
    }

    /// The forum of a thread.
    pub async fn of_thread(id: ThreadId, mut conn: &AsyncPgConnection) -> QueryResult<Option<ForumRow>> {
        let thread = diesel::alias!(threads as thread);
        let forum = thread.filter(thread.field(threads::id).eq(id)).select(thread.field(threads::forum_id));
        let found = forums::table
            .left_join(threads::table.on(threads::id.nullable().eq(forums::last_thread_id)))
            .filter(forums::id.nullable().eq(forum.single_value()))
            .select((Self::as_select(), Option::<LastThread>::as_select()));
        known!(found).get_result(&mut conn).await.optional()
    }

    /// All forums, parents and children in no order but siblings by position.
    pub async fn all(conn: &mut AsyncPgConnection) -> QueryResult<Vec<ForumRow>> {
        forums::table
            .left_join(threads::table.on(threads::id.nullable().eq(forums::last_thread_id)))
            .order((forums::position, forums::id))
            .select((Self::as_select(), Option::<LastThread>::as_select()))
            .load(conn)
            .await
    }

    /// Lets one change of the tree happen at a time, so that two can not make a circle between them.
    pub async fn lock_tree(conn: &mut AsyncPgConnection) -> QueryResult<i16> {
        site::table.select(site::id).for_update().first(conn).await
    }

    /// A forum that nobody else changes until the transaction ends. (Not `FOR UPDATE`: that would block, and be blocked by,
    /// the foreign keys of forums that are being put below this one.)
    pub async fn lock(id: ForumId, conn: &mut AsyncPgConnection) -> QueryResult<Option<Self>> {
        forums::table.find(id).select(Self::as_select()).for_no_key_update().first(conn).await.optional()
    }

    /// The same with all that is below it, in the order of their ids, as everyone locks forums.
    pub async fn lock_branch(id: ForumId, conn: &mut AsyncPgConnection) -> QueryResult<Vec<Self>> {
        forums::table
            .filter(forums::id.eq(id).or(forums::ancestors.contains(vec![id])))
            .order(forums::id)
            .select(Self::as_select())
            .for_no_key_update()
            .load(conn)
            .await
    }
}

/// Counts new threads and posts of a forum; `at` is the time of the last of them, in `thread`. Settled by the row alone, so
/// replies at the same time in different threads come out right.
pub async fn count(
    forum: ForumId,
    threads: i64,
    posts: i64,
    (thread, at): (ThreadId, DateTime<Utc>),
    mut conn: &AsyncPgConnection,
) -> QueryResult<usize> {
    let later = || forums::last_post_at.is_null().or(forums::last_post_at.le(at)).assume_not_null();
    let counted = diesel::update(forums::table.find(forum)).set((
        forums::thread_count.eq(forums::thread_count + threads),
        forums::post_count.eq(forums::post_count + posts),
        forums::last_thread_id
            .eq(case_when(later(), thread.0.into_sql::<BigInt>().nullable()).otherwise(forums::last_thread_id)),
        forums::last_post_at
            .eq(case_when(later(), at.into_sql::<Timestamptz>().nullable()).otherwise(forums::last_post_at)),
    ));
    known!(counted).execute(&mut conn).await
}

/// Counts what left a forum, or came back to it in the middle, and looks anew for its last thread. The row is locked first: a
/// statement that waited for it would look with the eyes of its own beginning.
pub async fn recount(forum: ForumId, threads: i64, posts: i64, conn: &mut AsyncPgConnection) -> QueryResult<usize> {
    Forum::lock(forum, conn).await?;
    let last: Option<(ThreadId, DateTime<Utc>)> = threads::table
        .filter(threads::forum_id.eq(forum).and(threads::deleted_at.is_null()))
        .order((threads::last_post_at.desc(), threads::id.desc()))
        .select((threads::id, threads::last_post_at))
        .first(conn)
        .await
        .optional()?;
    diesel::update(forums::table.find(forum))
        .set((
            forums::thread_count.eq(forums::thread_count + threads),
            forums::post_count.eq(forums::post_count + posts),
            forums::last_thread_id.eq(last.map(|(thread, _)| thread)),
            forums::last_post_at.eq(last.map(|(_, at)| at)),
        ))
        .execute(conn)
        .await
}

/// How deep forums may stand in each other.
pub const MAX_DEPTH: usize = 10;

/// The ancestors of what is put below `parent`: a flaw of the body where that is not there, is `this` itself or below it, or
/// stands too deep.
pub async fn below(
    parent: Option<ForumId>,
    this: Option<ForumId>,
    conn: &mut AsyncPgConnection,
) -> Result<Vec<ForumId>, Error> {
    let Some(parent) = parent else { return Ok(Vec::new()) };
    let flaw = |flaw, detail: &str| Err(Error::flaw("/parent_id", flaw, detail));
    let Some((found, _)) = Forum::find(parent, conn).await? else {
        return flaw(Flaw::NotThere, "there is no such forum");
    };
    let mut ancestors = found.ancestors;
    ancestors.push(parent);
    if this.is_some_and(|this| ancestors.contains(&this)) {
        return flaw(Flaw::Invalid, "a forum can not stand below itself");
    }
    if ancestors.len() >= MAX_DEPTH {
        return flaw(Flaw::TooDeep, "forums stand at most 10 deep");
    }
    Ok(ancestors)
}

/// A flaw of the body where a forum that others are to be put into is not there.
pub async fn must_be_there(parent: Option<ForumId>, conn: &mut AsyncPgConnection) -> Result<(), Error> {
    let Some(parent) = parent else { return Ok(()) };
    match Forum::find(parent, conn).await? {
        Some(_) => Ok(()),
        None => Err(Error::flaw("/parent_id", Flaw::NotThere, "there is no such forum")),
    }
}

/// A forum that threads are to be put into: a flaw of the body where it is not there, or is a category.
pub async fn must_hold_threads(forum: ForumId, conn: &mut AsyncPgConnection) -> Result<(), Error> {
    let kind = forums::table.find(forum).select(forums::kind).first(conn).await.optional()?;
    holds_threads(kind)
}

/// The same within a transaction: until its end the forum can neither go nor become a category.
pub async fn hold_place_for_threads(forum: ForumId, conn: &mut AsyncPgConnection) -> Result<(), Error> {
    let kind = forums::table.find(forum).select(forums::kind).for_no_key_update().first(conn).await.optional()?;
    holds_threads(kind)
}

fn holds_threads(kind: Option<ForumKind>) -> Result<(), Error> {
    let flaw = |flaw, detail: &str| Err(Error::flaw("/forum_id", flaw, detail));
    match kind {
        Some(ForumKind::Forum) => Ok(()),
        Some(ForumKind::Category) => flaw(Flaw::Invalid, "a category holds no threads"),
        None => flaw(Flaw::NotThere, "there is no such forum"),
    }
}

/// Notes a place that is too far.
pub fn settle_position(position: Option<u32>, flaws: &mut Flaws) {
    if position.is_some_and(|position| position > MAX_POSITION) {
        flaws.add("/position", Flaw::Invalid, format!("a position is at most {MAX_POSITION}"));
    }
}
