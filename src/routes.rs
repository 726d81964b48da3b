//! Table of contents: what is served, feature by feature, the busiest first: the router tries one path after the other.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::{auth, forums, likes, me, members, posts, ranks, revisions, sessions, site, threads, tokens};

/// Registers every act.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .configure(posts::routes)
        .configure(likes::routes)
        .configure(members::routes)
        .configure(threads::routes)
        .configure(forums::routes)
        .configure(revisions::routes)
        .configure(me::routes)
        .configure(auth::routes)
        .configure(sessions::routes)
        .configure(tokens::routes)
        .configure(ranks::routes)
        .configure(site::routes);
}
