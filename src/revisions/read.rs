//! `GET /api/v1/posts/{post_id}/revisions/{number}`.

use actix_web::web::{self, Data, Path};
use actix_web::{HttpResponse, get};
use serde::Deserialize;
use utoipa::IntoParams;

use super::diff::diff;
use super::model::Revision;
use super::view::RevisionView;
use crate::access::Viewer;
use crate::error::{Error, OrNotFound};
use crate::ids::{MemberId, PostId};
use crate::markup;
use crate::members::cards;
use crate::posts::{Post, render};
use crate::state::State;

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
) -> Result<HttpResponse, Error> {
    let (revision, body, before) = load(&path, &viewer, &state).await?;
    let drafted = (body.clone(), before.unwrap_or_default());
    // Long bodies take long, so no worker and no connection waits for them.
    let (draft, changes) = web::block(move || (markup::read_archived(&drafted.0), diff(&drafted.1, &drafted.0)))
        .await
        .map_err(Error::internal)?;
    let conn = &mut state.db.get().await?;
    let rendered = render(&draft, conn).await?;
    let named = rendered.mentions.iter().map(|id| MemberId(*id)).chain(revision.edited_by);
    let members = cards(named, state.clock.now(), conn).await?;
    let name = |id: i64| members.get(&id.to_string()).and_then(|member| member.username.as_deref());
    let html = markup::html_with_names(&rendered.html, name);
    Ok(HttpResponse::Ok().json(RevisionView::new(revision, body, html, changes, members)))
}

/// The revision, its body and the one before it.
async fn load(
    path: &RevisionPath,
    viewer: &Viewer,
    state: &State,
) -> Result<(Revision, String, Option<String>), Error> {
    let conn = &mut state.db.get().await?;
    let post = Post::seen_by(viewer, path.post_id, conn).await?.or_not_found()?;
    let (revision, body) = Revision::find(&post, path.number, conn).await?.or_not_found()?;
    let before = Revision::body_before(&post, revision.number, conn).await?;
    Ok((revision, body, before))
}
