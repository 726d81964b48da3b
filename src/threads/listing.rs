//! Lists of threads: filters, sorts and where a page goes on. One rule of who sees what for all of them.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};
use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Thread, ThreadKind, visible};
use super::view::ThreadView;
use crate::access::Viewer;
use crate::db::keyset::{before, not_before};
use crate::db::schema::threads;
use crate::db::{first_rows, fixed};
use crate::error::Error;
use crate::ids::{ForumId, MemberId, ThreadId};
use crate::members::{MemberView, cards};
use crate::web::page::{Cursor, ItemsWithMembers, Limit, Moment, cut, key_of};
use crate::web::query::CanonicalUrl;

/// The order of a list of threads, always from the highest down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThreadSort {
    /// By the time of the last post.
    #[default]
    LatestReply,
    /// By the time of the first post.
    Newest,
    /// By posts.
    MostReplies,
    /// By likes.
    MostLikes,
    /// By views.
    MostViews,
}

impl ThreadSort {
    /// As clients see it.
    const fn name(self) -> &'static str {
        match self {
            Self::LatestReply => "latest_reply",
            Self::Newest => "newest",
            Self::MostReplies => "most_replies",
            Self::MostLikes => "most_likes",
            Self::MostViews => "most_views",
        }
    }

    const fn list(self) -> &'static str {
        match self {
            Self::LatestReply => "threads by last post",
            Self::Newest => "threads by start",
            Self::MostReplies => "threads by posts",
            Self::MostLikes => "threads by likes",
            Self::MostViews => "threads by views",
        }
    }

    /// Where a list of this order goes on, as its cursor says.
    fn place(self, cursor: &Option<Cursor>) -> Result<Option<Place>, Error> {
        match self {
            Self::LatestReply | Self::Newest => {
                Ok(key_of(cursor, self.list())?.map(|(at, thread)| Place::Time(at, thread)))
            }
            Self::MostReplies | Self::MostLikes | Self::MostViews => {
                Ok(key_of(cursor, self.list())?.map(|(count, thread)| Place::Count(count, thread)))
            }
        }
    }

    /// The place of a thread in this order.
    fn place_of(self, thread: &Thread) -> Place {
        match self {
            Self::LatestReply => Place::Time(thread.last_post_at.into(), thread.id),
            Self::Newest => Place::Time(thread.created_at.into(), thread.id),
            Self::MostReplies => Place::Count(thread.post_count, thread.id),
            Self::MostLikes => Place::Count(thread.like_count, thread.id),
            Self::MostViews => Place::Count(thread.view_count, thread.id),
        }
    }
}

/// A place in a list: the sort key of a thread.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub enum Place {
    Time(Moment, ThreadId),
    Count(i64, ThreadId),
}

/// Which threads, in which order, from where on.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub forum: Option<ForumId>,
    pub author: Option<MemberId>,
    pub kind: Option<ThreadKind>,
    pub tag: Option<String>,
    pub since: Option<DateTime<Utc>>,
    pub sort: ThreadSort,
    pub limit: Limit,
    pub cursor: Option<Cursor>,
}

/// Threads with the cards of the members that they name.
pub type ThreadList = ItemsWithMembers<ThreadView, MemberView>;

type Query<'a> = threads::BoxedQuery<'a, Pg, diesel::dsl::SqlTypeOf<diesel::dsl::AsSelect<Thread, Pg>>>;

impl Listing {
    /// The page of the list, as this viewer sees it.
    pub async fn load(
        self,
        viewer: &Viewer,
        now: DateTime<Utc>,
        mut conn: &AsyncPgConnection,
    ) -> Result<ThreadList, Error> {
        let (sort, limit, after, range) = (self.sort, self.limit, self.after()?, self.range());
        let query = sorted(self.filtered(viewer, range), sort, after, range);
        let mut rows: Vec<Thread> = first_rows(query, limit.and_some()).load(&mut conn).await?;
        let next = cut(&mut rows, limit, sort.list(), |thread| sort.place_of(thread))?;
        let named: BTreeSet<_> = rows.iter().flat_map(Thread::named).collect();
        let members = cards(named, now, conn).await?;
        Ok(ItemsWithMembers { items: rows.into_iter().map(ThreadView::from).collect(), members, next })
    }

    /// The canonical URL of the list at this path, without a cursor.
    pub fn url(&self, path: &str) -> CanonicalUrl {
        let since = self.since.map(|since| since.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        CanonicalUrl::new(path)
            .with("forum", self.forum)
            .with("author", self.author)
            .with("kind", self.kind.map(ThreadKind::name))
            .with("tag", self.tag.as_ref())
            .with("since", since)
            .with("sort", (self.sort != ThreadSort::default()).then_some(self.sort.name()))
            .with("limit", self.limit.unless_usual())
    }

    /// The cursor as it was read.
    pub fn cursor(&self) -> Result<Option<Cursor>, Error> {
        Cursor::read_as(self.sort.list(), self.after()?.as_ref())
    }

    /// Where it goes on; 400 where the cursor is not one of this list's.
    pub fn after(&self) -> Result<Option<Place>, Error> {
        self.sort.place(&self.cursor)
    }

    /// The range of an index that has these threads in this order, whatever the values are; none where there is no such index.
    fn range(&self) -> Option<Range> {
        let since_ends_it = self.since.is_none() || self.sort == ThreadSort::LatestReply;
        match (self.forum, self.author, self.kind, &self.tag) {
            (None, None, _, None) if since_ends_it => Some(Range::Whole),
            (Some(forum), None, None, None) if since_ends_it => Some(Range::OfForum(forum)),
            (None, Some(author), None, None) if self.since.is_none() && self.sort == ThreadSort::Newest => {
                Some(Range::OfAuthor(author))
            }
            _ => None,
        }
    }

    /// All but where a range begins.
    fn filtered(self, viewer: &Viewer, range: Option<Range>) -> Query<'static> {
        let query = threads::table.select(Thread::as_select()).filter(visible(viewer.moderates())).into_boxed();
        let mut query = match range {
            Some(Range::Whole) => query,
            Some(Range::OfForum(forum)) => query.filter(threads::forum_id.ge(forum)),
            Some(Range::OfAuthor(author)) => query.filter(threads::author_id.ge(author)),
            // Raw SQL keeps the statement from being prepared, so PostgreSQL plans it for its values each time. With a generic plan it
            // reads all threads in their order for a tag that nobody uses, as it would for one that half of them have.
            None => self.by_values(query.filter(sql::<Bool>("true"))),
        };
        if let Some(kind) = self.kind {
            // Not as a value: where one plan is made for all values, the index of articles alone would serve none.
            query = query.filter(fixed::<Bool>(match kind {
                ThreadKind::Discussion => "threads.kind = 'discussion'",
                ThreadKind::Article => "threads.kind = 'article'",
            }));
        }
        match (self.since, range) {
            (None, _) => query,
            (Some(since), Some(Range::OfForum(forum))) => query.filter(not_before(
                (threads::forum_id, threads::last_post_at),
                (forum.into_sql::<BigInt>(), since.into_sql::<Timestamptz>()),
            )),
            (Some(since), _) => query.filter(threads::last_post_at.ge(since)),
        }
    }

    fn by_values<'a>(&self, mut query: Query<'a>) -> Query<'a> {
        if let Some(forum) = self.forum {
            query = query.filter(threads::forum_id.eq(forum));
        }
        if let Some(author) = self.author {
            query = query.filter(threads::author_id.eq(author));
        }
        if let Some(tag) = &self.tag {
            query = query.filter(threads::tags.contains(vec![tag.clone()]));
        }
        query
    }
}

/// A range of the indexes that have threads in the order of a list. A forum or an author is not asked for by equality: it would have no
/// part in the order then, and a plan for all values might go through the threads of all forums for those of a small one.
#[derive(Clone, Copy)]
enum Range {
    Whole,
    OfForum(ForumId),
    OfAuthor(MemberId),
}

fn sorted(query: Query<'_>, sort: ThreadSort, after: Option<Place>, range: Option<Range>) -> Query<'_> {
    // A range begins behind the highest place of all, if nowhere else: with one form of its beginning PostgreSQL makes one plan for all
    // pages, where for the length of a range between two values of a forum it would make one for each forum, each time.
    macro_rules! led {
        ($lead:expr, $id:expr, $column:expr, $place:pat => $value:expr, $thread:expr, $highest:expr) => {{
            let (value, thread) = match after {
                Some($place) => ($value, $thread),
                _ => ($highest, ThreadId(i64::MAX)),
            };
            let values = ($id.into_sql::<BigInt>(), value, thread.into_sql::<BigInt>());
            query
                .order(($lead.desc(), $column.desc(), threads::id.desc()))
                .filter(before(($lead, $column, threads::id), values))
        }};
    }
    macro_rules! by {
        ($column:expr, $place:pat => $value:expr, $thread:expr, $highest:expr) => {
            match range {
                Some(Range::OfForum(id)) => led!(threads::forum_id, id, $column, $place => $value, $thread, $highest),
                Some(Range::OfAuthor(id)) => led!(threads::author_id, id, $column, $place => $value, $thread, $highest),
                Some(Range::Whole) | None => {
                    let ordered = query.order(($column.desc(), threads::id.desc()));
                    match after {
                        Some($place) => {
                            ordered.filter(before(($column, threads::id), ($value, $thread.into_sql::<BigInt>())))
                        }
                        _ => ordered,
                    }
                }
            }
        };
        (time $column:expr) => {
            by!($column, Place::Time(at, thread) => at.time().into_sql::<Timestamptz>(), thread,
                DateTime::<Utc>::MAX_UTC.into_sql::<Timestamptz>())
        };
        (count $column:expr) => {
            by!($column, Place::Count(count, thread) => count.into_sql::<BigInt>(), thread, i64::MAX.into_sql::<BigInt>())
        };
    }
    match sort {
        ThreadSort::LatestReply => by!(time threads::last_post_at),
        ThreadSort::Newest => by!(time threads::created_at),
        ThreadSort::MostReplies => by!(count threads::post_count),
        ThreadSort::MostLikes => by!(count threads::like_count),
        ThreadSort::MostViews => by!(count threads::view_count),
    }
}
