//! Posts. What always holds: positions count from 1 without a gap and never change; a deleted post keeps its place; what is stored
//! of a rendered body holds ids, never names; a post is seen with its thread.

mod create;
mod delete;
mod edit;
mod list;
mod list_by_member;
mod list_by_thread;
mod model;
mod outline;
mod own;
mod parts;
mod read;
mod removal;
mod restore;
mod thread_page;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub use create::create_post;
pub use list_by_thread::list_posts_by_thread;
pub use model::{NewPost, Post, PostPath, compose, next_id, render, seen, settle_body};
pub use outline::Outline;
pub use read::read_post;
pub use view::{Loaded, PostView, show_one};

/// The acts of this feature, but for the busiest.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_posts)
        .service(edit::edit_post)
        .service(delete::delete_post)
        .service(restore::restore_post)
        .service(list_by_member::list_posts_by_member);
}
