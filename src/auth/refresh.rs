//! `POST /api/v1/auth/refresh`: a new pair of tokens for a spent one.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};

use super::view::{GivenRefreshToken, Tokens};
use crate::access::Keys;
use crate::error::{Code, Error};
use crate::sessions::{self, Refreshed};
use crate::state::State;
use crate::web::answer;
use crate::web::body::Body;

/// Refresh a session.
///
/// Gives a new access token and the next refresh token; each is good for one use. Should the answer be lost, the same token
/// gives the same next one within 10 seconds, as long as that was not used. Any other reuse ends the session.
#[utoipa::path(tag = "auth", request_body = GivenRefreshToken,
    responses((status = 200, description = "The next pair of tokens", body = Tokens)), security(()),
    extensions(("x-problems" = json!(["invalid_refresh_token", "refresh_token_reused"]))))]
#[post("/api/v1/auth/refresh")]
pub async fn refresh(
    body: Body<GivenRefreshToken>,
    state: Data<State>,
    keys: Data<Keys>,
) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    let (member, session, token) = match sessions::refresh(body.refresh_token.as_str(), &state, conn).await? {
        Refreshed::On { member, session, token } => (member, session, token),
        Refreshed::Reused => {
            let detail = "this refresh token was used before; its session has ended";
            return Err(Error::new(Code::RefreshTokenReused, detail));
        }
        Refreshed::Unknown => {
            let detail = "this refresh token is unknown, or its session has ended";
            return Err(Error::new(Code::InvalidRefreshToken, detail));
        }
    };
    let access_token = keys.sign(member, session, state.clock.now())?;
    let mut answer = HttpResponse::Ok().json(Tokens::new(access_token, token));
    answer::keep_out_of_stores(&mut answer);
    Ok(answer)
}
