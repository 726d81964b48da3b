//! `GET /docs`: the page to read and try the document. It is a page for people, so it is not in the document itself.

use std::sync::{Arc, LazyLock};

use actix_web::http::header::{CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use actix_web::web::{self, Path};
use actix_web::{HttpResponse, get};
use utoipa_swagger_ui::Config;

use crate::error::{Error, OrNotFound};

/// The paths of the page; each takes GET.
pub const PATHS: [&str; 3] = ["/docs", "/docs/", "/docs/{file}"];

/// Everything comes from this server, and nothing is sent elsewhere. Styles in attributes are how the page draws itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// The page reads the one document there is. No validator: that would show the document's address to a foreign server.
static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::from("/openapi.json").use_base_layout().validator_url("none").persist_authorization(true);
    let config = config.deep_linking(true).display_request_duration(true).filter(true).doc_expansion("list");
    Arc::new(config.default_models_expand_depth(0).display_operation_id(true))
});

/// Registers the page.
pub fn docs(config: &mut web::ServiceConfig) {
    config.service(to_folder).service(page).service(file);
}

/// The page's own links are relative to its folder.
#[get("/docs")]
async fn to_folder() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/docs/")).finish()
}

#[get("/docs/")]
async fn page() -> Result<HttpResponse, Error> {
    serve("index.html")
}

#[get("/docs/{file}")]
async fn file(name: Path<String>) -> Result<HttpResponse, Error> {
    serve(&name)
}

fn serve(name: &str) -> Result<HttpResponse, Error> {
    let found = utoipa_swagger_ui::serve(name, CONFIG.clone()).map_err(Error::internal)?.or_not_found()?;
    let mut answer = HttpResponse::Ok();
    if found.gzpipped {
        answer.insert_header((CONTENT_ENCODING, "gzip"));
    }
    answer.insert_header((CONTENT_TYPE, found.content_type)).insert_header((CONTENT_SECURITY_POLICY, POLICY));
    Ok(answer.body(found.bytes.into_owned()))
}
