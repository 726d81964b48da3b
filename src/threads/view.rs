//! Threads as they are shown.

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Thread, ThreadKind};
use crate::error::Error;
use crate::ids::{ForumId, MemberId, PostId, ThreadId};
use crate::state::Secret;
use crate::web::answer;
use crate::web::etag::Etag;

/// A thread.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Thread, example = json!({
    "id": 1, "forum_id": 1, "kind": "article", "title": "Why is Japan's Abe Seeking Better Ties with Russia's Putin?",
    "slug": "why-is-japan-s-abe-seeking-better-ties-with-russia-s-putin", "author_id": 12, "tags": ["diplomacy"],
    "pinned": false, "locked": false, "deleted": false, "post_count": 7, "view_count": 310, "like_count": 4,
    "created_at": "2014-02-12T09:00:00Z",
    "last_post": {"id": 7, "position": 7, "author_id": 15, "created_at": "2014-02-12T09:06:00Z"}, "version": 1
}))]
pub struct ThreadView {
    /// The thread's id; it never changes.
    pub id: ThreadId,
    /// The forum that it is in.
    pub forum_id: ForumId,
    /// What it is.
    pub kind: ThreadKind,
    /// Its title.
    #[schema(max_length = 150)]
    pub title: String,
    /// The title for addresses: for reading only, it names nothing.
    #[schema(max_length = 200)]
    pub slug: String,
    /// Who started it.
    pub author_id: MemberId,
    /// Its tags.
    #[schema(max_items = 5)]
    pub tags: Vec<String>,
    /// Whether moderators set it apart. Lists do not lift it.
    pub pinned: bool,
    /// Whether it takes no reply, edit or deletion from members.
    pub locked: bool,
    /// Whether it is deleted; only moderators see those.
    pub deleted: bool,
    /// Its posts that are not deleted.
    #[schema(minimum = 0)]
    pub post_count: i64,
    /// How often its pages were read; written every few seconds.
    #[schema(minimum = 0)]
    pub view_count: i64,
    /// Likes of its posts that are not deleted.
    #[schema(minimum = 0)]
    pub like_count: i64,
    /// When it was started.
    pub created_at: DateTime<Utc>,
    /// The last post that is not deleted.
    pub last_post: Option<LastPost>,
    /// Counts edits of title and tags; for `If-Match`.
    #[schema(minimum = 1)]
    pub version: i64,
}

/// A thread's last post.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LastPost {
    /// The post.
    pub id: PostId,
    /// Its place in the thread.
    #[schema(minimum = 1)]
    pub position: i64,
    /// Who wrote it.
    pub author_id: MemberId,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl Thread {
    /// The tag of the thread by itself. Its page version rises with all that is shown of it but the views, which do not count.
    pub fn etag(&self, secret: &Secret) -> Result<Etag, Error> {
        Etag::versioned(self.version, &self.page_version, secret)
    }

    /// The members that its JSON names.
    pub fn named(&self) -> impl Iterator<Item = MemberId> + use<> {
        std::iter::once(self.author_id).chain(self.last_post_author_id)
    }
}

impl From<Thread> for ThreadView {
    fn from(thread: Thread) -> Self {
        let last_post = || {
            Some(LastPost {
                id: thread.last_post_id?,
                position: thread.last_post_position?,
                author_id: thread.last_post_author_id?,
                created_at: thread.last_post_at,
            })
        };
        Self {
            last_post: last_post(),
            id: thread.id,
            forum_id: thread.forum_id,
            kind: thread.kind,
            title: thread.title,
            slug: thread.slug,
            author_id: thread.author_id,
            tags: thread.tags,
            pinned: thread.pinned,
            locked: thread.locked,
            deleted: thread.deleted_at.is_some(),
            post_count: thread.post_count,
            view_count: thread.view_count,
            like_count: thread.like_count,
            created_at: thread.created_at,
            version: thread.version,
        }
    }
}

/// Returns a thread as the response to a write that changed it.
pub(super) fn show_thread(thread: Thread, secret: &Secret) -> Result<HttpResponse, Error> {
    Ok(answer::shown(&thread.etag(secret)?, &ThreadView::from(thread)))
}
