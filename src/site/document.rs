//! `GET /openapi.json`: the document.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde_json::Value;

use crate::cache::Kept;
use crate::error::Error;
use crate::web::kept;
use crate::web::query::NoQuery;

/// The document as it is sent: written once, when the program starts, and compressed once.
pub struct Document(Kept);

impl Document {
    /// Writes it.
    pub fn new(document: &Value) -> Result<Self, Error> {
        kept::shown_by_bytes(document).map(Self)
    }
}

/// Read the OpenAPI document.
///
/// The description of this API, OpenAPI 3.1. `/docs` shows it as a page on which requests can be tried.
#[utoipa::path(tag = "site", security(()),
    responses((status = 200, description = "The document", body = Object, example = json!({"openapi": "3.1.0"}))))]
#[get("/openapi.json")]
pub async fn read_openapi(request: HttpRequest, _: NoQuery, document: Data<Document>) -> Result<HttpResponse, Error> {
    kept::answer(&document.0, &request).await
}
