//! Revisions: what a post said, version by version. Number n is the body of version n; the present one is among them.

mod diff;
mod diffs;
mod list_by_post;
mod model;
mod read;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub use diffs::Diffs;

/// The acts of this feature.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_by_post::list_revisions_by_post).service(read::read_revision);
}
