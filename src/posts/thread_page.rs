//! Which posts a thread page has, and what else it shows.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

use super::view::PostView;
use crate::access::{Role, Signed, Viewer};
use crate::db::schema::{forums, posts, threads};
use crate::db::{any_of, known};
use crate::error::{Error, OrNotFound};
use crate::forums::{Breadcrumb, Forum, ForumView};
use crate::ids::{ForumId, MemberId, PostId, ThreadId};
use crate::members::MemberView;
use crate::threads::{Thread, ThreadView, visible};

/// A page of a thread: everything a client needs to draw it.
#[derive(Serialize, ToSchema)]
pub struct ThreadPage {
    /// The thread.
    pub thread: ThreadView,
    /// The forum that it is in.
    pub forum: ForumView,
    /// The way from the root to that forum, which is its last step.
    pub breadcrumbs: Vec<Breadcrumb>,
    /// The posts of the page, by position.
    #[schema(max_items = 100)]
    pub posts: Vec<PostView>,
    /// Every member that the answer names, once, by id.
    pub members: BTreeMap<String, MemberView>,
    /// Where in the thread this is.
    pub pagination: Pagination,
    /// What is yours in it; null for guests.
    pub viewer: Option<ViewerPart>,
}

/// Where in a thread a page is.
#[derive(Clone, Copy, Hash, Serialize, ToSchema)]
pub struct Pagination {
    /// The page's number, from 1.
    #[schema(minimum = 1)]
    pub page: i64,
    /// How many pages there are; 1 at least.
    #[schema(minimum = 1)]
    pub pages: i64,
    /// Places of a page.
    #[schema(minimum = 1, maximum = 100)]
    pub per_page: i64,
    /// The highest position in the thread: deleted posts keep their places.
    #[schema(minimum = 0)]
    pub total: i64,
}

/// What a page has for the member who asked.
#[derive(Hash, Serialize, ToSchema)]
pub struct ViewerPart {
    /// Who asked.
    member_id: MemberId,
    /// The posts of this page that it likes.
    #[schema(max_items = 100)]
    liked: Vec<PostId>,
    /// What it may do with the thread: `reply`, `edit`, `delete`, `lock`, `pin`, `move`.
    #[schema(example = json!({"reply": true, "edit": false}))]
    can: BTreeMap<&'static str, bool>,
    /// The code of the refusal, for each act that it may not do.
    #[schema(example = json!({"edit": "not_yours"}))]
    why: BTreeMap<&'static str, &'static str>,
}

/// Which page of a thread is wanted; whether there is one is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// The page's number, from 1.
    pub page: i64,
    /// Places of a page.
    pub per_page: i64,
}

impl Wanted {
    /// The page that has this position.
    pub fn around(position: i64, per_page: i64) -> Self {
        Self { page: (position - 1) / per_page + 1, per_page }
    }

    /// The first and the last position of the page.
    pub fn positions(self) -> (i64, i64) {
        let first = (self.page - 1).saturating_mul(self.per_page).saturating_add(1);
        (first, first.saturating_add(self.per_page - 1))
    }

    /// Where it is in a thread with this highest position; 404 past the end.
    pub fn among(self, total: i64) -> Result<Pagination, Error> {
        let Self { page, per_page } = self;
        let pages = total.max(1).div_euclid(per_page) + i64::from(total.max(1) % per_page > 0);
        (page <= pages).then_some(Pagination { page, pages, per_page, total }).or_not_found()
    }
}

/// Returns the position of a post of this thread, deleted or not. A thread that the viewer may not see has no posts here.
pub async fn position(
    thread: ThreadId,
    post: PostId,
    viewer: &Viewer,
    mut conn: &AsyncPgConnection,
) -> QueryResult<Option<i64>> {
    let this = posts::thread_id.eq(thread).and(posts::id.eq(post)).and(visible(viewer.moderates()));
    let position = posts::table.inner_join(threads::table).filter(this).select(posts::position);
    known!(position).get_result(&mut conn).await.optional()
}

/// The steps from the root to a forum, which is the last.
pub async fn breadcrumbs(to: &Forum, mut conn: &AsyncPgConnection) -> QueryResult<Vec<Breadcrumb>> {
    let mut steps = Vec::new();
    if !to.ancestors.is_empty() {
        let these = forums::id.eq(any_of(to.ancestors.iter().copied()));
        let above = forums::table.filter(these).select((forums::id, forums::slug, forums::title));
        let above: Vec<(ForumId, String, String)> = known!(above).load(&mut conn).await?;
        steps.extend(above.into_iter().map(|(id, slug, title)| Breadcrumb { id, slug, title }));
        steps.sort_by_key(|step| to.ancestors.iter().position(|id| *id == step.id));
    }
    steps.push(Breadcrumb { id: to.id, slug: to.slug.clone(), title: to.title.clone() });
    Ok(steps)
}

impl ViewerPart {
    /// What a member likes of a page, and what it may do with the thread.
    pub fn new(signed: &Signed, thread: &Thread, liked: Vec<PostId>) -> Self {
        let refused = |may: Result<(), Error>| may.err().map(|error| error.code().name());
        let moderate = refused(signed.must_be(Role::Moderator));
        let acts = [
            ("reply", refused(thread.may_be_replied_to_by(signed))),
            ("edit", refused(thread.may_be_edited_by(signed))),
            ("delete", moderate),
            ("lock", moderate),
            ("pin", moderate),
            ("move", moderate),
        ];
        let can = acts.iter().map(|(act, why)| (*act, why.is_none())).collect();
        let why = acts.iter().filter_map(|(act, why)| Some((*act, (*why)?))).collect();
        Self { member_id: signed.member_id, liked, can, why }
    }
}
