//! Forums as they are shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{ForumKind, ForumRow, LastThread};
use crate::ids::{ForumId, MemberId, PostId, ThreadId};

/// A forum, or a category of forums.
#[derive(Clone, Debug, Hash, Serialize, ToSchema)]
#[schema(as = Forum, example = json!({
    "id": 1, "slug": "global-defence", "title": "Global Defence", "description": null, "parent_id": null,
    "kind": "forum", "position": 0, "thread_count": 1, "post_count": 7, "last_post": null, "version": 1
}))]
pub struct ForumView {
    /// The forum's id.
    pub id: ForumId,
    /// For reading, in addresses: unique among forums.
    #[schema(min_length = 1, max_length = 100, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", example = "global-defence")]
    pub slug: String,
    /// Its title.
    #[schema(max_length = 100)]
    pub title: String,
    /// What it is about.
    #[schema(max_length = 500)]
    pub description: Option<String>,
    /// The forum or category that it is in.
    pub parent_id: Option<ForumId>,
    /// What it holds.
    pub kind: ForumKind,
    /// Its place among its siblings, from small to large.
    pub position: i64,
    /// Its own threads that are not deleted.
    #[schema(minimum = 0)]
    pub thread_count: i64,
    /// The posts in those that are not deleted.
    #[schema(minimum = 0)]
    pub post_count: i64,
    /// The last of those posts.
    pub last_post: Option<LastPostOfForum>,
    /// Counts edits; for `If-Match`.
    #[schema(minimum = 1)]
    pub version: i64,
}

/// A forum's last post.
#[derive(Clone, Debug, Hash, Serialize, ToSchema)]
pub struct LastPostOfForum {
    /// The post.
    pub id: PostId,
    /// Its thread.
    pub thread_id: ThreadId,
    /// The thread's title.
    #[schema(max_length = 150)]
    pub thread_title: String,
    /// Its place in the thread.
    #[schema(minimum = 1)]
    pub position: i64,
    /// Who wrote it.
    pub author_id: MemberId,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// One step of the way from the root to a forum.
#[derive(Clone, Debug, Hash, Serialize, ToSchema)]
pub struct Breadcrumb {
    /// The forum.
    pub id: ForumId,
    /// Its slug.
    #[schema(max_length = 100)]
    pub slug: String,
    /// Its title.
    #[schema(max_length = 100)]
    pub title: String,
}

impl LastPostOfForum {
    fn new(last: LastThread) -> Option<Self> {
        Some(Self {
            id: last.last_post_id?,
            thread_id: last.id,
            thread_title: last.title,
            position: last.last_post_position?,
            author_id: last.last_post_author_id?,
            created_at: last.last_post_at,
        })
    }
}

/// A forum as it is shown.
pub fn show((forum, last): ForumRow) -> ForumView {
    ForumView {
        id: forum.id,
        slug: forum.slug,
        title: forum.title,
        description: forum.description,
        parent_id: forum.parent_id,
        kind: forum.kind,
        position: forum.position,
        thread_count: forum.thread_count,
        post_count: forum.post_count,
        last_post: last.and_then(LastPostOfForum::new),
        version: forum.version,
    }
}
