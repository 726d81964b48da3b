//! What is around every request.

use crate::support::App;

#[actix_web::test]
async fn a_url_of_more_than_8_kib_and_fields_of_more_than_16_are_refused_by_name() {
    let app = App::start().await;
    let path = |length: usize| format!("/health/live?{}", "x".repeat(length - "/health/live?".len()));
    app.guest().ask("GET", &path(8 * 1024), &[], None).await.expect(200);
    let long = path(8 * 1024 + 1);
    app.guest().ask("GET", &long.replace("live", "none"), &[], None).await.refused(414, "uri_too_long");
    let field = "x".repeat(16 * 1024);
    let fields = [("X-Long", field.as_str())];
    app.guest().ask("GET", "/none", &fields, None).await.refused(431, "request_head_too_large");
}
