//! The signed-in member's own profile. What always holds: its version counts what the member edited, and nothing else; a
//! deleted account leaves what it wrote, and nothing of who wrote it.

mod deletion;
mod edit;
mod email;
mod model;
mod password;
mod read;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub use view::Me;

/// The acts of this feature.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(read::read_me)
        .service(edit::edit_me)
        .service(password::change_password)
        .service(email::change_email)
        .service(deletion::delete_me);
}
