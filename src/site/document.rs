//! `GET /openapi.json`: the document.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get};
use serde_json::Value;

use crate::error::Error;
use crate::web::query::NoQuery;

/// The document as it is sent: written once, when the program starts.
pub struct Document(Bytes);

impl Document {
    /// Writes it.
    pub fn new(document: &Value) -> Result<Self, Error> {
        serde_json::to_vec(document).map(|json| Self(json.into())).map_err(Error::internal)
    }
}

/// Read the OpenAPI document.
///
/// The description of this API, OpenAPI 3.1. `/docs` shows it as a page on which requests can be tried.
#[utoipa::path(tag = "site", security(()),
    responses((status = 200, description = "The document", body = Object, example = json!({"openapi": "3.1.0"}))))]
#[get("/openapi.json")]
pub async fn read_openapi(_: NoQuery, document: Data<Document>) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(document.0.clone())
}
