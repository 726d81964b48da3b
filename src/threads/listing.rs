//! Lists of threads: filters, sorts and where a page goes on. One rule of who sees what for all of them.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{Thread, ThreadKind, visible};
use super::view::ThreadView;
use crate::access::Viewer;
use crate::db::keyset::before;
use crate::db::schema::threads;
use crate::error::Error;
use crate::ids::{ForumId, MemberId};
use crate::members::{MemberView, cards};
use crate::web::page::{Cursor, ItemsWithMembers, Limit, cut, key_of};

/// Microseconds of the years 0 to 9999: all that RFC 3339 can write.
const TIMES: RangeInclusive<i64> = -62_167_219_200_000_000..=253_402_300_799_999_999;

/// The order of a list of threads, always from the highest down.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
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

    /// Whether a value can stand in a row of this order: a time that PostgreSQL has not, does not.
    fn may_have(self, value: i64) -> bool {
        match self {
            Self::LatestReply | Self::Newest => TIMES.contains(&value),
            Self::MostReplies | Self::MostLikes | Self::MostViews => true,
        }
    }

    fn key(self, thread: &Thread) -> (i64, i64) {
        let value = match self {
            Self::LatestReply => thread.last_post_at.timestamp_micros(),
            Self::Newest => thread.created_at.timestamp_micros(),
            Self::MostReplies => thread.post_count,
            Self::MostLikes => thread.like_count,
            Self::MostViews => thread.view_count,
        };
        (value, thread.id.0)
    }
}

/// Which threads, in which order, from where on.
#[derive(Debug, Default)]
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
        let (sort, limit, key) = (self.sort, self.limit, self.key()?);
        let query = sorted(self.filtered(viewer), sort, key);
        let mut rows: Vec<Thread> = query.limit(limit.and_one()).load(conn).await?;
        let next = cut(&mut rows, limit, sort.list(), |thread| sort.key(thread))?;
        let named: BTreeSet<_> = rows.iter().flat_map(Thread::named).collect();
        let members = cards(named, now, conn).await?;
        Ok(ItemsWithMembers { items: rows.into_iter().map(ThreadView::from).collect(), members, next })
    }

    /// Where it goes on; 400 where the cursor is not one of this list's.
    pub fn key(&self) -> Result<Option<(i64, i64)>, Error> {
        let key = key_of(&self.cursor, self.sort.list())?;
        if key.is_some_and(|(value, _)| !self.sort.may_have(value)) {
            return Err(Cursor::foreign());
        }
        Ok(key)
    }

    fn filtered(self, viewer: &Viewer) -> Query<'static> {
        let mut query = threads::table.select(Thread::as_select()).filter(visible(viewer.moderates())).into_boxed();
        if let Some(forum) = self.forum {
            query = query.filter(threads::forum_id.eq(forum));
        }
        if let Some(author) = self.author {
            query = query.filter(threads::author_id.eq(author));
        }
        if let Some(kind) = self.kind {
            query = query.filter(threads::kind.eq(kind));
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

fn sorted(query: Query<'_>, sort: ThreadSort, key: Option<(i64, i64)>) -> Query<'_> {
    macro_rules! by {
        ($column:expr, $from:expr) => {{
            let ordered = query.order(($column.desc(), threads::id.desc()));
            match key {
                Some((value, id)) => {
                    ordered.filter(before(($column, threads::id), ($from(value), id.into_sql::<BigInt>())))
                }
                None => ordered,
            }
        }};
    }
    let time = |us| DateTime::from_timestamp_micros(us).unwrap_or_default().into_sql::<Timestamptz>();
    let number = |n: i64| n.into_sql::<BigInt>();
    match sort {
        ThreadSort::LatestReply => by!(threads::last_post_at, time),
        ThreadSort::Newest => by!(threads::created_at, time),
        ThreadSort::MostReplies => by!(threads::post_count, number),
        ThreadSort::MostLikes => by!(threads::like_count, number),
        ThreadSort::MostViews => by!(threads::view_count, number),
    }
}
