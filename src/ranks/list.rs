//! `GET /api/v1/ranks`: the ladder.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};

use super::model;
use super::view::RankList;
use crate::access::Viewer;
use crate::error::Error;
use crate::state::State;

/// List the ranks.
///
/// Anyone may. A member's rank is the highest one that its post count reaches.
#[utoipa::path(tag = "ranks", responses((status = 200, description = "The ladder", body = RankList)),
    security((), ("bearer" = ["read"])))]
#[get("/api/v1/ranks")]
pub async fn list_ranks(_: Viewer, state: Data<State>) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    Ok(HttpResponse::Ok().json(RankList::new(model::ladder(conn).await?)))
}
