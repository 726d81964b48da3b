//! Lists of threads: filters, sorts and where a page goes on. One rule of who sees what for all of them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Thread, ThreadKind, visible};
use super::view::ThreadView;
use crate::access::Viewer;
use crate::db::keyset::before;
use crate::db::schema::threads;
use crate::db::{first_rows, fixed, planned_anew};
use crate::error::Error;
use crate::ids::{ForumId, MemberId, ThreadId};
use crate::members::{MemberView, cards};
use crate::web::page::{Cursor, ItemsWithMembers, Limit, Moment, cut, key_of};

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
        conn: &mut AsyncPgConnection,
    ) -> Result<ThreadList, Error> {
        let (sort, limit, after) = (self.sort, self.limit, self.after()?);
        let query = sorted(self.filtered(viewer), sort, after);
        let mut rows: Vec<Thread> = first_rows(query, limit.and_some()).load(conn).await?;
        let next = cut(&mut rows, limit, sort.list(), |thread| sort.place_of(thread))?;
        let named: BTreeSet<_> = rows.iter().flat_map(Thread::named).collect();
        let members = cards(named, now, conn).await?;
        Ok(ItemsWithMembers { items: rows.into_iter().map(ThreadView::from).collect(), members, next })
    }

    /// Where it goes on; 400 where the cursor is not one of this list's.
    pub fn after(&self) -> Result<Option<Place>, Error> {
        self.sort.place(&self.cursor)
    }

    /// Whether one index has these threads in this order, whatever the values.
    fn has_index(&self) -> bool {
        let Self { forum, author, kind, tag, since, sort, .. } = self;
        match (author, tag, forum, kind) {
            (None, None, None, _) | (None, None, _, None) => since.is_none() || *sort == ThreadSort::LatestReply,
            (Some(_), None, None, None) => since.is_none() && *sort == ThreadSort::Newest,
            _ => false,
        }
    }

    fn filtered(self, viewer: &Viewer) -> Query<'static> {
        let mut query = threads::table.select(Thread::as_select()).filter(visible(viewer.moderates())).into_boxed();
        if !self.has_index() {
            query = query.filter(planned_anew());
        }
        if let Some(forum) = self.forum {
            query = query.filter(threads::forum_id.eq(forum));
        }
        if let Some(author) = self.author {
            query = query.filter(threads::author_id.eq(author));
        }
        if let Some(kind) = self.kind {
            // Not as a value: where one plan is made for all values, the index of articles alone would serve none.
            query = query.filter(fixed::<Bool>(match kind {
                ThreadKind::Discussion => "threads.kind = 'discussion'",
                ThreadKind::Article => "threads.kind = 'article'",
            }));
        }
        if let Some(tag) = self.tag {
            query = query.filter(threads::tags.contains(vec![tag]));
        }
        if let Some(since) = self.since {
            query = query.filter(threads::last_post_at.ge(since));
        }
        query
    }
}

fn sorted(query: Query<'_>, sort: ThreadSort, after: Option<Place>) -> Query<'_> {
    macro_rules! by {
        ($column:expr, $place:pat => $value:expr, $thread:expr) => {{
            let ordered = query.order(($column.desc(), threads::id.desc()));
            match after {
                Some($place) => {
                    ordered.filter(before(($column, threads::id), ($value, $thread.into_sql::<BigInt>())))
                }
                _ => ordered,
            }
        }};
        (time $column:expr) => { by!($column, Place::Time(at, thread) => at.time().into_sql::<Timestamptz>(), thread) };
        (count $column:expr) => { by!($column, Place::Count(count, thread) => count.into_sql::<BigInt>(), thread) };
    }
    match sort {
        ThreadSort::LatestReply => by!(time threads::last_post_at),
        ThreadSort::Newest => by!(time threads::created_at),
        ThreadSort::MostReplies => by!(count threads::post_count),
        ThreadSort::MostLikes => by!(count threads::like_count),
        ThreadSort::MostViews => by!(count threads::view_count),
    }
}
