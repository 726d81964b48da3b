//! Table of contents: what is served, feature by feature.

use utoipa_actix_web::service_config::ServiceConfig;

use crate::{auth, forums, likes, me, members, posts, ranks, revisions, sessions, site, threads, tokens};

/// Registers every act.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .configure(busiest)
        // The router takes the first path that fits, and a member may be called `posts`, as `/members/{member_id}/posts` ends.
        .service(members::read_member_by_username)
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

/// What is asked for most: the router tries one path after the other.
fn busiest(config: &mut ServiceConfig<'_>) {
    config
        .service(posts::list_posts_by_thread)
        .service(threads::list_threads)
        .service(posts::read_post)
        .service(members::read_member)
        .service(posts::create_post)
        .service(likes::like_post);
}
