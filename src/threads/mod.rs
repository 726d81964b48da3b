//! Threads. What always holds: the id never changes and is part of the key of all that hangs on a thread; positions of posts count
//! from 1 without a gap; `post_count`, `like_count` and the last post are of posts that are not deleted; `page_version` rises with
//! every change of what a reader of its pages sees of its own rows.

mod create;
mod delete;
mod edit;
mod list;
mod list_by_member;
mod listing;
mod lock;
mod model;
mod r#move;
mod pin;
mod read;
mod restore;
mod view;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

pub use list::list_threads;
pub use model::{MAX_TAGS, Thread, ThreadKind, ThreadPath, slug, takes_replies, visible};
pub use view::{LastPost, ThreadView};
pub use views::write_views;

/// The acts of this feature, but for the busiest.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(read::read_thread)
        .service(create::create_thread)
        .service(edit::edit_thread)
        .service(delete::delete_thread)
        .service(restore::restore_thread)
        .service(lock::lock_thread)
        .service(lock::unlock_thread)
        .service(pin::pin_thread)
        .service(pin::unpin_thread)
        .service(r#move::move_thread)
        .service(list_by_member::list_threads_by_member);
}
