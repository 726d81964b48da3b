//! Which posts a thread page has, and what else it shows.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::Post;
use super::view::PostView;
use crate::access::{Role, Signed};
use crate::db::schema::{forums, likes, posts};
use crate::error::{Code, Error, OrNotFound};
use crate::forums::{Breadcrumb, ForumView};
use crate::ids::{ForumId, MemberId, PostId, ThreadId};
use crate::members::MemberView;
use crate::threads::{Thread, ThreadView};

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

impl Pagination {
    /// The page that has this position.
    pub fn around(position: i64, per_page: i64, total: i64) -> Self {
        Self::at((position - 1) / per_page + 1, per_page, total)
    }

    /// The page with this number; 404 past the end.
    pub fn numbered(page: i64, per_page: i64, total: i64) -> Result<Self, Error> {
        let at = Self::at(page, per_page, total);
        (page <= at.pages).then_some(at).or_not_found()
    }

    fn at(page: i64, per_page: i64, total: i64) -> Self {
        Self {
            page,
            pages: total.max(1).div_euclid(per_page) + i64::from(total.max(1) % per_page > 0),
            per_page,
            total,
        }
    }

    /// The first and the last position of the page.
    pub fn positions(self) -> (i64, i64) {
        let first = (self.page - 1) * self.per_page + 1;
        (first, (first + self.per_page - 1).min(self.total))
    }
}

/// The posts between two positions, found by the unique index of positions.
pub async fn posts_between(
    thread: ThreadId,
    (first, last): (i64, i64),
    conn: &mut AsyncPgConnection,
) -> QueryResult<Vec<Post>> {
    posts::table
        .filter(posts::thread_id.eq(thread).and(posts::position.ge(first)).and(posts::position.le(last)))
        .order(posts::position)
        .select(Post::as_select())
        .load(conn)
        .await
}

/// The position of a post of this thread.
pub async fn position(thread: ThreadId, post: PostId, conn: &mut AsyncPgConnection) -> QueryResult<Option<i64>> {
    posts::table.find((thread, post)).select(posts::position).first(conn).await.optional()
}

/// The steps from the root to a forum.
pub async fn breadcrumbs(path: &[ForumId], conn: &mut AsyncPgConnection) -> QueryResult<Vec<Breadcrumb>> {
    let rows: Vec<(ForumId, String, String)> = forums::table
        .filter(forums::id.eq_any(path))
        .select((forums::id, forums::slug, forums::title))
        .load(conn)
        .await?;
    let mut steps: Vec<_> = rows.into_iter().map(|(id, slug, title)| Breadcrumb { id, slug, title }).collect();
    steps.sort_by_key(|step| path.iter().position(|id| *id == step.id));
    Ok(steps)
}

/// The member's own part: its likes among these positions, and what it may do.
pub async fn viewer_part(
    signed: &Signed,
    thread: &Thread,
    posts: &[PostId],
    conn: &mut AsyncPgConnection,
) -> QueryResult<ViewerPart> {
    let liked = likes::table
        .filter(likes::thread_id.eq(thread.id).and(likes::member_id.eq(signed.member_id)))
        .filter(likes::post_id.eq_any(posts))
        .order(likes::post_id)
        .select(likes::post_id)
        .load(conn)
        .await?;
    let moderate = || signed.must_be(Role::Moderator);
    let acts = [
        ("reply", thread.may_be_replied_to_by(signed)),
        ("edit", thread.may_be_edited_by(signed)),
        ("delete", moderate()),
        ("lock", moderate()),
        ("pin", moderate()),
        ("move", moderate()),
    ];
    let can = acts.iter().map(|(act, may)| (*act, may.is_ok())).collect();
    let why = acts.iter().filter_map(|(act, may)| Some((*act, may.as_ref().err().map(Error::code).map(Code::name)?)));
    Ok(ViewerPart { member_id: signed.member_id, liked, why: why.collect(), can })
}
