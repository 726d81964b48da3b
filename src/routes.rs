//! Table of contents: what is served, feature by feature, the busiest first.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::{forums, site};

/// Registers every act.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.configure(forums::routes).configure(site::routes);
}
