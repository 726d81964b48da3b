//! Forums, and the categories that hold them. What always holds: the tree has no circle; a forum's counters are of its own
//! threads that are not deleted; only a forum holds threads; `last_thread_id` is the thread with the last post.

mod create;
mod delete;
mod edit;
mod list;
mod model;
mod read;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub use model::{
    Forum, ForumKind, ForumRow, MAX_DEPTH, Slug, count, hold_place_for_threads, must_hold_threads, recount,
};
pub use view::{Breadcrumb, ForumView, LastPostOfForum, show};

/// The acts of this feature.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_forums)
        .service(read::read_forum)
        .service(create::create_forum)
        .service(edit::edit_forum)
        .service(delete::delete_forum);
}
