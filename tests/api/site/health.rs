//! `GET /health/live`, `GET /health/ready`.

use crate::support::App;

#[actix_web::test]
async fn a_running_service_is_live_and_ready() {
    let app = App::start().await;
    assert_eq!(app.guest().get("/health/live").await.expect(200)["status"], "ok");
    assert_eq!(app.guest().get("/health/ready").await.expect(200)["status"], "ok");
}
