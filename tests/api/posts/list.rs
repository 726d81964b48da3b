//! `GET /posts?ids=`.

use serde_json::json;

use crate::support::App;

#[actix_web::test]
async fn posts_come_in_the_order_asked_and_the_rest_is_missing() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    let (one, two) = (anna.start_thread(forum, "One", "1").await, anna.start_thread(forum, "Two", "2").await);
    let (a, b, gone) = (anna.reply(one, "a").await, anna.reply(two, "b").await, anna.reply(two, "gone").await);
    anna.delete(&format!("/api/v1/posts/{gone}")).await.expect(204);
    let list = app.guest().get(&format!("/api/v1/posts?ids={b},{gone},{a},{b},999999")).await.expect(200);
    assert_eq!(list.item_ids(), [b, a]);
    assert_eq!(list["missing"], json!([gone, 999_999]));
    assert_eq!(list["members"][anna.id.to_string()]["username"], "anna");
    let for_moderators = moderator.get(&format!("/api/v1/posts?ids={gone}")).await.expect(200);
    assert_eq!(for_moderators.item_ids(), [gone]);
}

#[actix_web::test]
async fn a_hundred_ids_are_taken_and_no_more() {
    let app = App::start().await;
    let ids = |n: i64| (1..=n).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    let list = app.guest().get(&format!("/api/v1/posts?ids={}", ids(100))).await.expect(200);
    assert_eq!(list["missing"].as_array().unwrap().len(), 100);
    app.guest().get(&format!("/api/v1/posts?ids={}", ids(101))).await.refused(400, "invalid_parameter");
    for wrong in
        ["", "?ids=", "?ids=a", "?ids=1,,2", "?ids=0", "?ids=-1", "?ids=9007199254740992", "?ids=1&ids=2", "?ids=1&x=1"]
    {
        app.guest().get(&format!("/api/v1/posts{wrong}")).await.refused(400, "invalid_parameter");
    }
}
