//! `GET /api/v1/members/by-username/{username}`: a member's card, found by its name.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use serde::Deserialize;
use utoipa::IntoParams;

use super::MemberView;
use crate::access::Viewer;
use crate::error::{Error, OrNotFound};
use crate::state::State;

/// Which member, by name.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct UsernamePath {
    /// The member's name, without regard to case and compatibility forms.
    #[param(example = "no smoking", max_length = 50)]
    username: String,
}

/// Read a member by its name.
///
/// Anyone may. A deleted member is not found by the name that it had.
#[utoipa::path(tag = "members", params(UsernamePath),
    responses((status = 200, description = "The member", body = MemberView)), security((), ("bearer" = ["read"])))]
#[get("/api/v1/members/by-username/{username}")]
pub async fn read_member_by_username(
    _: Viewer,
    path: Path<UsernamePath>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    let id = super::find_by_username(&path.username, conn).await?.or_not_found()?;
    let member = MemberView::find(id, state.clock.now(), conn).await?.or_not_found()?;
    Ok(HttpResponse::Ok().json(member))
}
