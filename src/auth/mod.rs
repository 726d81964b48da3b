//! Signing in, staying so, signing out, and what mails let their readers do. These acts ignore `Authorization`: an expired token
//! must not stop a refresh.

mod forgot_password;
mod login;
mod logout;
mod refresh;
mod reset_password;
mod verify_email;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

/// The acts of this feature.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(refresh::refresh)
        .service(login::login)
        .service(logout::logout)
        .service(verify_email::verify_email)
        .service(forgot_password::forgot_password)
        .service(reset_password::reset_password);
}
