//! Signing in, staying so, signing out. These acts ignore `Authorization`: an expired token must not stop a refresh.

mod login;
mod logout;
mod refresh;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

/// The acts of this feature.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(refresh::refresh).service(login::login).service(logout::logout);
}
