//! `GET /health/live` and `GET /health/ready`: for load balancers and supervisors.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Code, Error};
use crate::state::State;
use crate::web::query::NoQuery;

/// How the service is.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub struct Health {
    /// `ok`: anything else is told as a problem.
    #[schema(max_length = 2)]
    status: &'static str,
}

/// Tell whether the process lives.
///
/// Says nothing of the database: a process that answers here need not be restarted.
#[utoipa::path(tag = "site", responses((status = 200, description = "It lives", body = Health)), security(()))]
#[get("/health/live")]
pub async fn read_liveness(_: NoQuery) -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(Health { status: "ok" })
}

/// Tell whether requests can be answered.
///
/// Asks the database; 503 while it is away or the service is stopping.
#[utoipa::path(tag = "site", responses((status = 200, description = "It can answer", body = Health)), security(()),
    extensions(("x-problems" = json!(["database_unavailable", "overloaded", "stopping"]))))]
#[get("/health/ready")]
pub async fn read_readiness(_: NoQuery, state: Data<State>) -> Result<HttpResponse, Error> {
    if state.stopping.is_so() {
        return Err(Error::new(Code::Stopping, "this node is stopping"));
    }
    state.db.answers().await?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(Health { status: "ok" }))
}
