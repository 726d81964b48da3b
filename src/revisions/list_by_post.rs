//! `GET /api/v1/posts/{post_id}/revisions`.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};

use super::model::Revision;
use super::view::RevisionSummaryView;
use crate::access::Viewer;
use crate::error::{Error, OrNotFound};
use crate::members::{MemberView, cards};
use crate::posts::{Outline, PostPath};
use crate::state::State;
use crate::web::page::{self, ItemsWithMembers, ListOfItems, cut, key_of};
use crate::web::query::Query;

const LIST: &str = "revisions of a post";

/// Revisions with the cards of those who made them.
pub type RevisionList = ItemsWithMembers<RevisionSummaryView, MemberView>;

/// List the revisions of a post.
///
/// The newest first: the present one is among them. For everyone who sees the post.
#[utoipa::path(tag = "revisions", params(PostPath, ListOfItems),
    responses((status = 200, description = "The revisions", body = RevisionList)), security((), ("bearer" = ["read"])))]
#[get("/api/v1/posts/{post_id}/revisions")]
pub async fn list_revisions_by_post(
    request: HttpRequest,
    viewer: Viewer,
    path: Path<PostPath>,
    query: Query<ListOfItems>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let (limit, after) = (query.0.limit.unwrap_or_default(), key_of::<i64>(&query.0.cursor, LIST)?);
    let conn = &mut state.db.get().await?;
    let post = Outline::post_seen_by(&viewer, path.post_id, conn).await?.or_not_found()?;
    let mut rows = Revision::below(&post, after.unwrap_or(post.version), limit.and_some(), conn).await?;
    if after.is_none() {
        rows.insert(0, Revision::present(&post));
    }
    let next = cut(&mut rows, limit, LIST, |revision| revision.number)?;
    let members = cards(rows.iter().filter_map(|revision| revision.edited_by), state.clock.now(), conn).await?;
    let list = RevisionList { items: rows.into_iter().map(Into::into).collect(), members, next };
    page::answer(&request, list.next.as_deref(), &list)
}
