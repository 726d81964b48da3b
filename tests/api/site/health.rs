//! `GET /health/live`, `GET /health/ready`.

use futures_util::future::join_all;

use crate::support::App;

#[actix_web::test]
async fn a_running_service_is_live_and_ready() {
    let app = App::start().await;
    assert_eq!(app.guest().get("/health/live").await.expect(200)["status"], "ok");
    assert_eq!(app.guest().get("/health/ready").await.expect(200)["status"], "ok");
}

#[actix_web::test]
async fn who_asks_often_whether_it_is_ready_costs_the_database_little() {
    let app = App::start().await;
    let guest = app.guest();
    let from = std::time::Instant::now();
    let asked = app.statements(join_all((0..400).map(|_| guest.get("/health/ready")))).await;
    // Each of the two workers asks four times a second at most.
    let most = 2 + 2 * 4 * (1 + from.elapsed().as_secs());
    assert!((1..=most).contains(&asked), "{asked} statements");
}
