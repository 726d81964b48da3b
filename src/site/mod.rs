//! What is said of the service itself: whether it lives, its keys, its problems, its document.

mod health;
mod jwks;

use utoipa_actix_web::service_config::ServiceConfig;

/// The acts of this feature.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(health::read_liveness).service(health::read_readiness).service(jwks::read_jwks);
}
