//! `GET /api/v1/threads/{thread_id}/posts`: the thread page, the heart of the service.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel_async::AsyncPgConnection;
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use super::thread_page::{Pagination, ThreadPage, ViewerPart, breadcrumbs, position, posts_between, viewer_part};
use super::view::Loaded;
use crate::access::Viewer;
use crate::error::{Code, Error, OrNotFound};
use crate::forums::{Breadcrumb, Forum, ForumView, show};
use crate::ids::PostId;
use crate::state::State;
use crate::threads::{Thread, ThreadPath, ThreadView};
use crate::web::answer;
use crate::web::etag::Etag;
use crate::web::page::Limit;
use crate::web::query::{self, Query};

/// Which page of a thread.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPostsByThread {
    /// The page's number, from 1 (the default).
    #[serde(default, deserialize_with = "page")]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    page: Option<i64>,
    /// Instead of a number: the page that has this post.
    #[serde(default, deserialize_with = "query::id")]
    #[param(value_type = Option<PostId>)]
    around: Option<PostId>,
    /// Places of a page.
    #[param(inline)]
    per_page: Option<Limit>,
}

fn page<'de, D: Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    query::id::<D, i64>(input).map_err(|_| serde::de::Error::custom("takes a whole number from 1"))
}

/// Read a page of a thread.
///
/// Everything that is needed to draw it, in one answer: the thread, its forum and the way there, the posts with what they quote,
/// each member once, and for members their own likes and rights. Page N is always the same places: a deleted post keeps its
/// own. A page past the end is 404. `page` and `around` exclude each other.
#[utoipa::path(tag = "posts", params(ThreadPath, ListPostsByThread),
    responses((status = 200, description = "The page", body = ThreadPage)), security((), ("bearer" = ["read"])))]
#[get("/api/v1/threads/{thread_id}/posts")]
pub async fn list_posts_by_thread(
    request: HttpRequest,
    viewer: Viewer,
    path: Path<ThreadPath>,
    query: Query<ListPostsByThread>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    if query.0.page.is_some() && query.0.around.is_some() {
        return Err(Error::new(Code::InvalidParameter, "`page` and `around` exclude each other"));
    }
    let conn = &mut state.db.get().await?;
    let thread = Thread::seen_by(&viewer, path.thread_id, conn).await?.or_not_found()?;
    let at = find_page(&thread, &query.0, conn).await?;
    let parts = Parts::load(thread, at, &viewer, state.clock.now(), conn).await?;
    state.views.add(path.thread_id);
    let etag = parts.etag();
    if let Some(unchanged) = etag.not_modified(&request) {
        return Ok(unchanged);
    }
    Ok(answer::shown(&etag, &parts.show(&viewer)))
}

async fn find_page(
    thread: &Thread,
    query: &ListPostsByThread,
    conn: &mut AsyncPgConnection,
) -> Result<Pagination, Error> {
    let per_page = query.per_page.unwrap_or_default().get();
    match query.around {
        None => Pagination::numbered(query.page.unwrap_or(1), per_page, thread.highest_position),
        Some(post) => {
            let position = position(thread.id, post, conn).await?.or_not_found()?;
            Ok(Pagination::around(position, per_page, thread.highest_position))
        }
    }
}

/// All that a page is made of: a constant number of statements, however many posts.
struct Parts {
    thread: Thread,
    forum: ForumView,
    breadcrumbs: Vec<Breadcrumb>,
    posts: Loaded,
    pagination: Pagination,
    viewer: Option<ViewerPart>,
}

impl Parts {
    async fn load(
        thread: Thread,
        at: Pagination,
        viewer: &Viewer,
        now: DateTime<Utc>,
        conn: &mut AsyncPgConnection,
    ) -> Result<Self, Error> {
        let row = Forum::find(thread.forum_id, conn).await?.or_not_found()?;
        let mut way = row.0.ancestors.clone();
        way.push(row.0.id);
        let breadcrumbs = breadcrumbs(&way, conn).await?;
        let forum = show(row);
        let posts = posts_between(thread.id, at.positions(), conn).await?;
        let ids: Vec<_> = posts.iter().map(|post| post.id).collect();
        let also = thread.named().chain(forum.last_post.as_ref().map(|last| last.author_id)).chain(viewer.member_id());
        let loaded = Loaded::new(posts, also, viewer, now, conn).await?;
        let part = Self::viewer_part(viewer, &thread, &ids, conn).await?;
        Ok(Self { thread, forum, breadcrumbs, posts: loaded, pagination: at, viewer: part })
    }

    async fn viewer_part(
        viewer: &Viewer,
        thread: &Thread,
        ids: &[PostId],
        conn: &mut AsyncPgConnection,
    ) -> QueryResult<Option<ViewerPart>> {
        match viewer.member() {
            Some(signed) => viewer_part(signed, thread, ids, conn).await.map(Some),
            None => Ok(None),
        }
    }

    /// The thread's own rows by its page version, all else by what was read.
    fn etag(&self) -> Etag {
        let rest = (&self.forum, &self.breadcrumbs, &self.posts, &self.pagination, &self.viewer);
        Etag::page(self.thread.page_version, &rest)
    }

    fn show(self, viewer: &Viewer) -> ThreadPage {
        let (posts, members) = self.posts.show(viewer);
        ThreadPage {
            thread: ThreadView::from(self.thread),
            forum: self.forum,
            breadcrumbs: self.breadcrumbs,
            posts,
            members,
            pagination: self.pagination,
            viewer: self.viewer,
        }
    }
}
