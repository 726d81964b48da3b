//! `GET /api/v1/forums`: the tree.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Forum, ForumRow};
use super::view::{ForumView, show};
use crate::access::Viewer;
use crate::cache::Thing;
use crate::db::Pool;
use crate::error::Error;
use crate::ids::ForumId;
use crate::members::{MemberView, cards};
use crate::state::State;
use crate::web::kept::{self, Fresh};
use crate::web::query::CanonicalUrl;

/// A forum with all that is below it.
#[derive(Serialize, ToSchema)]
pub struct ForumNode {
    /// The forum's id.
    id: ForumId,
    /// For reading, in addresses.
    #[schema(max_length = 100)]
    slug: String,
    /// Its title.
    #[schema(max_length = 100)]
    title: String,
    /// What it is about.
    #[schema(max_length = 500)]
    description: Option<String>,
    /// The forum or category that it is in.
    parent_id: Option<ForumId>,
    /// What it holds.
    kind: super::ForumKind,
    /// Its place among its siblings.
    position: i64,
    /// Its own threads that are not deleted.
    #[schema(minimum = 0)]
    thread_count: i64,
    /// The posts in those that are not deleted.
    #[schema(minimum = 0)]
    post_count: i64,
    /// The last of those posts.
    last_post: Option<super::LastPostOfForum>,
    /// Counts edits; for `If-Match`.
    #[schema(minimum = 1)]
    version: i64,
    /// Its threads and those of all forums below it.
    #[schema(minimum = 0)]
    total_thread_count: i64,
    /// Its posts and those of all forums below it.
    #[schema(minimum = 0)]
    total_post_count: i64,
    /// The forums in it, by position.
    #[schema(no_recursion)]
    children: Vec<ForumNode>,
}

/// All forums as a tree.
#[derive(Serialize, ToSchema)]
pub struct ForumTree {
    /// The roots, by position, each with what is below it.
    items: Vec<ForumNode>,
    /// Every member that the items name, by id.
    members: BTreeMap<String, MemberView>,
    /// Always null: the tree comes whole.
    next: Option<String>,
}

/// List the forums.
///
/// The whole tree in one answer, siblings by `position`, each with its counters and its last post.
#[utoipa::path(tag = "forums", responses((status = 200, description = "The tree", body = ForumTree)),
    security((), ("bearer" = ["read"])))]
#[get("/api/v1/forums")]
pub async fn list_forums(request: HttpRequest, viewer: Viewer, state: Data<State>) -> Result<HttpResponse, Error> {
    let read = async |db: &Pool| {
        let conn = &mut db.get().await?;
        let rows = Forum::all(conn).await?;
        let named = rows.iter().filter_map(|(_, last)| last.as_ref()?.last_post_author_id);
        let members = cards(named, state.clock.now(), conn).await?;
        kept::shown_by_bytes(&ForumTree { items: tree(rows), members, next: None })
    };
    let url = CanonicalUrl::new("/api/v1/forums");
    kept::read(&request, &url, viewer.is_guest(), Fresh::WithinASecond(&[Thing::Lists]), read).await
}

fn tree(rows: Vec<ForumRow>) -> Vec<ForumNode> {
    let mut by_parent: BTreeMap<Option<ForumId>, Vec<ForumView>> = BTreeMap::new();
    for row in rows {
        let forum = show(row);
        by_parent.entry(forum.parent_id).or_default().push(forum);
    }
    children(None, &mut by_parent)
}

/// The tree can be no deeper than `ancestors` allows: see `create`.
fn children(parent: Option<ForumId>, by_parent: &mut BTreeMap<Option<ForumId>, Vec<ForumView>>) -> Vec<ForumNode> {
    let forums = by_parent.remove(&parent).unwrap_or_default();
    forums.into_iter().map(|forum| node(forum, by_parent)).collect()
}

fn node(forum: ForumView, by_parent: &mut BTreeMap<Option<ForumId>, Vec<ForumView>>) -> ForumNode {
    let children = children(Some(forum.id), by_parent);
    ForumNode {
        id: forum.id,
        slug: forum.slug,
        title: forum.title,
        description: forum.description,
        parent_id: forum.parent_id,
        kind: forum.kind,
        position: forum.position,
        thread_count: forum.thread_count,
        post_count: forum.post_count,
        last_post: forum.last_post,
        version: forum.version,
        total_thread_count: forum.thread_count + children.iter().map(|c| c.total_thread_count).sum::<i64>(),
        total_post_count: forum.post_count + children.iter().map(|c| c.total_post_count).sum::<i64>(),
        children,
    }
}
