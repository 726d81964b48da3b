//! What a thread page is made of, as it is read: all of it in two round trips, however many posts.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use futures_util::try_join;
use serde::Serialize;

use super::thread_page::{Pagination, ThreadPage, Wanted, breadcrumbs, posts_between};
use super::view::Loaded;
use crate::access::Viewer;
use crate::cache::{Kept, Seams};
use crate::error::{Error, OrNotFound};
use crate::forums::{Breadcrumb, Forum, ForumView, show};
use crate::ids::{MemberId, PostId, ThreadId};
use crate::state::Secret;
use crate::threads::{Thread, ThreadView};
use crate::web::etag::Etag;

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

impl Parts {
    /// What the address names, and what that names. The thread is read first: what is read after its page version may be newer,
    /// never older.
    pub async fn load(
        id: ThreadId,
        wanted: Wanted,
        viewer: &Viewer,
        now: DateTime<Utc>,
        conn: &AsyncPgConnection,
    ) -> Result<Self, Error> {
        let (thread, row, posts) = try_join!(
            Thread::seen_by(viewer, id, conn),
            Forum::of_thread(id, conn),
            posts_between(id, wanted.positions(), conn)
        )?;
        let (thread, row) = (thread.or_not_found()?, row.or_not_found()?);
        let pagination = wanted.among(thread.highest_position)?;
        let last = row.1.as_ref().and_then(|last| last.last_post_author_id);
        let also: Vec<_> = thread.named().chain(last).collect();
        let (posts, breadcrumbs) = try_join!(Loaded::new(posts, also, viewer, now, conn), breadcrumbs(&row.0, conn))?;
        Ok(Self { thread, forum: show(row), breadcrumbs, posts, pagination })
    }

    /// The thread's own rows by its page version, all else by what is shown of it.
    fn etag(&self, secret: &Secret) -> Result<Etag, Error> {
        let rest = (&self.forum, &self.breadcrumbs, &self.posts, &self.pagination);
        Etag::page(self.thread.page_version, &rest, secret)
    }

    /// The page as it is sent, with `null` for what would be a reader's own.
    pub fn render(self, viewer: &Viewer, secret: &Secret) -> Result<Kept, Error> {
        let (etag, ids, thread) = (self.etag(secret)?, self.posts.ids(), self.thread.clone());
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
        let body = serde_json::to_vec(&page).map_err(Error::internal)?;
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
