//! `GET /api/v1/posts/{post_id}/revisions/{number}`.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use serde::Deserialize;
use utoipa::IntoParams;

use super::diffs::{Compared, Diffs, Pair};
use super::model::Revision;
use super::view::RevisionView;
use crate::access::Viewer;
use crate::cache::{Reservation, to_make};
use crate::error::{Error, OrNotFound};
use crate::ids::{MemberId, PostId};
use crate::markup;
use crate::members::cards;
use crate::posts::{Outline, render};
use crate::state::State;

/// The most bytes of texts and html for each byte of the bodies (`markup`).
const RENDERED: u64 = 10;

/// Names a revision in a URL.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct RevisionPath {
    /// The post's id.
    #[serde(deserialize_with = "crate::web::path::id")]
    post_id: PostId,
    /// The revision's number.
    #[serde(deserialize_with = "crate::web::path::id")]
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    number: i64,
}

/// Read a revision of a post.
///
/// With what it changed. For everyone who sees the post.
#[utoipa::path(tag = "revisions", params(RevisionPath), responses((status = 200, description = "The revision", body = RevisionView)),
    security((), ("bearer" = ["read"])))]
#[get("/api/v1/posts/{post_id}/revisions/{number}")]
pub async fn read_revision(
    viewer: Viewer,
    path: Path<RevisionPath>,
    state: Data<State>,
    diffs: Data<Diffs>,
) -> Result<HttpResponse, Error> {
    // Loaded each time, so that a kept diff is shown only to who may see the post.
    let (revision, pair, _memory) = load(&path, &viewer, &state).await?;
    let Compared { body, draft, changes } = diffs.into_inner().compare(pair).await?;
    let conn = &mut state.db.get().await?;
    let rendered = render(&draft, conn).await?;
    let named = rendered.mentions.iter().map(|id| MemberId(*id)).chain(revision.edited_by);
    let members = cards(named, state.clock.now(), conn).await?;
    let name = |id: i64| members.get(&id.to_string()).and_then(|member| member.username.as_deref());
    let html = markup::html_with_names(&rendered.html, name);
    Ok(HttpResponse::Ok().json(RevisionView::new(revision, body, html, changes.to_vec(), members)))
}

/// The revision, its body and the one before it, and the memory that is reserved for the answer.
async fn load(path: &RevisionPath, viewer: &Viewer, state: &State) -> Result<(Revision, Pair, Reservation), Error> {
    let conn = state.db.get().await?;
    let post = Outline::post_seen_by(viewer, path.post_id, &conn).await?.or_not_found()?;
    let needed = to_make(Revision::sizes(&post, path.number, &conn).await?.saturating_mul(RENDERED));
    let (memory, mut conn) = state.store.held.reserve_beside(needed, conn, || state.db.get()).await?;
    let conn = &mut conn;
    let (revision, body) = Revision::find(&post, path.number, conn).await?.or_not_found()?;
    let before = Revision::body_before(&post, revision.number, conn).await?.unwrap_or_default();
    let pair = Pair { post: post.id, number: revision.number, body, before };
    Ok((revision, pair, memory))
}
