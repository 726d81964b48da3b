//! What is said of the service itself: whether it lives, its keys, its problems, its document.

mod docs;
mod document;
mod health;
mod jwks;
mod problem;

use utoipa_actix_web::service_config::ServiceConfig;

pub use docs::{PATHS as DOCS_PATHS, docs};
pub use document::Document;

/// The acts of this feature.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(health::read_liveness).service(health::read_readiness);
    config.service(jwks::read_jwks).service(problem::read_problem).service(document::read_openapi);
}
