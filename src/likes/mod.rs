//! Likes: a set, so liking twice is liking once. What always holds: a post's count is its rows; thread and author count those of
//! posts that are not deleted.

mod like;
mod list_by_member;
mod list_by_post;

use utoipa_actix_web::service_config::ServiceConfig;

pub use like::like_post;

/// The acts of this feature, but for the busiest.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(like::unlike_post)
        .service(list_by_post::list_likes_by_post)
        .service(list_by_member::list_likes_by_member);
}
