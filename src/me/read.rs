//! `GET /api/v1/me`: one's own profile.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};

use super::Me;
use crate::access::AsMember;
use crate::error::{Error, OrNotFound};
use crate::state::State;
use crate::web::answer;

/// Read your own profile.
///
/// The card, and what only you see. Its ETag begins with the version, for `If-Match`.
#[utoipa::path(tag = "me", responses((status = 200, description = "You", body = Me)),
    security(("bearer" = ["read"])))]
#[get("/api/v1/me")]
pub async fn read_me(request: HttpRequest, caller: AsMember, state: Data<State>) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    let me = Me::find(caller.member_id, caller.scopes.to_vec(), state.clock.now(), conn).await?.or_not_found()?;
    let etag = me.etag(&state.secret)?;
    let mut answer = etag.not_modified(&request).unwrap_or_else(|| answer::shown(&etag, &me));
    answer::keep_out_of_stores(&mut answer);
    Ok(answer)
}
