//! Table of contents: what is served, feature by feature, the busiest first.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::{forums, likes, posts, revisions, site, threads};

/// Registers every act.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .configure(posts::routes)
        .configure(threads::routes)
        .configure(likes::routes)
        .configure(forums::routes)
        .configure(revisions::routes)
        .configure(site::routes);
}
