//! What a thread page is made of, as it is read: all of it in two round trips, however many posts.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use futures_util::try_join;
use serde::Serialize;

use super::outline::Outline;
use super::thread_page::{Pagination, ThreadPage, Wanted, breadcrumbs};
use super::view::Loaded;
use crate::access::Viewer;
use crate::cache::{Kept, Seams};
use crate::error::{Error, OrNotFound};
use crate::forums::{Breadcrumb, Forum, ForumRow, ForumView, show};
use crate::ids::{MemberId, PostId, ThreadId};
use crate::state::Secret;
use crate::threads::{Thread, ThreadView};
use crate::web::etag::Etag;
use crate::web::kept;

/// The rows that the address names: the first round trip.
pub struct Named {
    thread: Thread,
    forum: ForumRow,
    pub posts: Vec<Outline>,
    pagination: Pagination,
}

/// All that the page of a thread shows to everybody who may see as much.
pub struct Parts {
    thread: Thread,
    forum: ForumView,
    breadcrumbs: Vec<Breadcrumb>,
    posts: Loaded,
    pagination: Pagination,
}

/// What is to be known of a page once it is rendered.
pub struct About {
    pub thread: Thread,
    /// Its posts, by position.
    pub posts: Vec<PostId>,
    /// Whose cards it has.
    pub named: HashSet<MemberId>,
}

impl Named {
    /// Loads it. The thread is read first: what is read after its page version may be newer, never older.
    pub async fn load(id: ThreadId, wanted: Wanted, viewer: &Viewer, conn: &AsyncPgConnection) -> Result<Self, Error> {
        let (thread, forum, posts) = try_join!(
            Thread::seen_by(viewer, id, conn),
            Forum::of_thread(id, conn),
            Outline::between(id, wanted.positions(), conn)
        )?;
        let (thread, forum) = (thread.or_not_found()?, forum.or_not_found()?);
        let pagination = wanted.among(thread.highest_position)?;
        Ok(Self { thread, forum, posts, pagination })
    }

    /// Loads what it names, and the long posts: the second round trip.
    pub async fn with_the_rest(
        self,
        viewer: &Viewer,
        now: DateTime<Utc>,
        conn: &AsyncPgConnection,
    ) -> Result<Parts, Error> {
        let Self { thread, forum, posts, pagination } = self;
        let last = forum.1.as_ref().and_then(|last| last.last_post_author_id);
        let also: Vec<_> = thread.named().chain(last).collect();
        let (posts, breadcrumbs) = try_join!(Loaded::new(posts, also, viewer, now, conn), breadcrumbs(&forum.0, conn))?;
        Ok(Parts { thread, forum: show(forum), breadcrumbs, posts, pagination })
    }
}

impl Parts {
    /// The size of its posts' rows in bytes.
    pub fn size(&self) -> usize {
        usize::try_from(self.posts.size()).unwrap_or(usize::MAX)
    }

    /// The thread's own rows by its page version, all else by what is shown of it.
    fn etag(&self, secret: &Secret) -> Result<Etag, Error> {
        let rest = (&self.forum, &self.breadcrumbs, &self.posts, &self.pagination);
        Etag::page(self.thread.page_version, &rest, secret)
    }

    /// The page as it is sent, with `null` for what would be a reader's own.
    pub fn render(self, viewer: &Viewer, secret: &Secret) -> Result<Kept, Error> {
        let (etag, size, thread) = (self.etag(secret)?, self.posts.size(), self.thread.clone());
        let ids = self.posts.ids();
        let (posts, members) = self.posts.show(viewer);
        let named = members.values().map(|member| member.id).collect();
        let page = ThreadPage {
            thread: ThreadView::from(self.thread),
            forum: self.forum,
            breadcrumbs: self.breadcrumbs,
            posts,
            members,
            pagination: self.pagination,
            viewer: None,
        };
        let body = kept::json(&page, size)?;
        let seams = seams(&body, &page.pagination)?;
        let mut kept = Kept::new(body, etag.field()?);
        (kept.seams, kept.thread) = (Some(seams), Some(thread.id));
        kept.about = Box::new(About { thread, posts: ids, named });
        Ok(kept)
    }
}

/// Finds the places for a reader's own parts: the end of a page is known.
fn seams(body: &[u8], pagination: &impl Serialize) -> Result<Seams, Error> {
    let pagination = serde_json::to_string(pagination).map_err(Error::internal)?;
    let end = format!("}},\"pagination\":{pagination},\"viewer\":null}}");
    if !body.ends_with(end.as_bytes()) {
        return Err(Error::internal("a page does not end as pages do"));
    }
    Ok(Seams { members: body.len() - end.len(), viewer: body.len() - "null}".len() })
}
