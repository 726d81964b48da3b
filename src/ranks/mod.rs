//! Ranks: names for how much a member has posted. What always holds: the ladder starts at 0, so each member has one.

mod list;
mod model;
mod set;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

/// The acts of this feature.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list::list_ranks).service(set::set_ranks);
}
