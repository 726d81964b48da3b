//! `POST /api/v1/auth/logout`: the end of a session.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};

use super::view::GivenRefreshToken;
use crate::error::Error;
use crate::sessions;
use crate::state::State;
use crate::web::answer;
use crate::web::body::Body;

/// Sign out.
///
/// Ends the session of a refresh token; its access tokens end with it, at once. 204 whether the token is known or not.
#[utoipa::path(tag = "auth", request_body = GivenRefreshToken,
    responses((status = 204, description = "There is no such session any more")), security(()))]
#[post("/api/v1/auth/logout")]
pub async fn logout(body: Body<GivenRefreshToken>, state: Data<State>) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    sessions::end_by_token(body.refresh_token.as_str(), state.clock.now(), conn).await?;
    Ok(answer::gone())
}
