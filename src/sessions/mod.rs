//! Sessions: where a member is signed in. What always holds: a session has one refresh token that is not spent, and the
//! reuse of a spent one ends it.

mod end;
mod list;
mod model;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub use model::{Refreshed, end_all, end_by_token, end_others, forget_all, open, refresh};
pub use view::SessionView;

/// The acts of this feature.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list::list_sessions).service(end::end_session).service(end::end_other_sessions);
}
