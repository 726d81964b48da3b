//! Personal tokens: what programs of a member sign in with. What always holds: only their hashes are stored, and none
//! touches password, sessions, tokens or e-mail: the acts on those need a session.

mod create;
mod delete;
mod list;
mod model;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub use model::end_all;
pub use view::TokenView;

/// The acts of this feature.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list::list_tokens).service(create::create_token).service(delete::delete_token);
}
