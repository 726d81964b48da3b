//! `GET /me/tokens`.

use crate::support::App;

#[actix_web::test]
async fn a_member_sees_its_own_tokens_newest_first_and_nobody_else_does() {
    let app = App::start().await;
    let (anna, boris) = (app.member("Anna").await, app.member("Boris").await);
    for _ in 0..3 {
        anna.personal_token(&["read"]).await;
    }
    let list = anna.get("/api/v1/me/tokens").await.expect(200);
    assert_eq!(list.header("cache-control"), "no-store");
    let ids = list.item_ids();
    assert!(ids.len() == 3 && ids[0] > ids[1] && ids[1] > ids[2]);
    let first = anna.get("/api/v1/me/tokens?limit=2").await.expect(200);
    let next = first["next"].as_str().unwrap();
    let second = anna.get(&format!("/api/v1/me/tokens?limit=2&cursor={next}")).await.expect(200);
    assert_eq!([first.item_ids(), second.item_ids()].concat(), ids);
    assert!(boris.get("/api/v1/me/tokens").await.expect(200).item_ids().is_empty());
    anna.must_sign_in("GET", "/api/v1/me/tokens").await;
    anna.get("/api/v1/me/tokens?member=2").await.refused(400, "invalid_parameter");
    anna.get("/api/v1/me/tokens?cursor=x").await.refused(400, "invalid_cursor");
}
