//! `GET /ranks`.

use serde_json::json;

use crate::support::App;

#[actix_web::test]
async fn anyone_reads_the_ladder() {
    let app = App::start().await;
    let ladder = json!({"items": [
        {"name": "New Member", "from": 0}, {"name": "Regular Member", "from": 100}, {"name": "Senior Member", "from": 1000},
    ], "next": null});
    assert_eq!(app.guest().get("/api/v1/ranks").await.expect(200).json, ladder);
    assert_eq!(app.member("Anna").await.get("/api/v1/ranks").await.expect(200).json, ladder);
    app.guest().with_token("nonsense").get("/api/v1/ranks").await.refused(401, "invalid_token");
}
