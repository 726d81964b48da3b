//! Table of contents: what is served, feature by feature, the busiest first.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::{auth, me, members, ranks, sessions, site};

/// Registers every act.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .configure(members::routes)
        .configure(me::routes)
        .configure(auth::routes)
        .configure(sessions::routes)
        .configure(ranks::routes)
        .configure(site::routes);
}
