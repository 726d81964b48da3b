//! `DELETE /posts/{post_id}`.

use serde_json::json;

use crate::support::App;

#[actix_web::test]
async fn a_deleted_post_keeps_its_place_and_nothing_else() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let forum = app.forum("news").await;
    let thread = anna.start_thread(forum, "Hello", "First").await;
    let second = anna.reply(thread, "secret words").await;
    let third = anna.reply(thread, "third").await;
    ben.put(&format!("/api/v1/posts/{second}/like")).await.expect(200);
    anna.delete(&format!("/api/v1/posts/{second}?reason=sorry")).await.expect(204);
    let page = app.guest().get(&format!("/api/v1/threads/{thread}/posts")).await.expect(200);
    let left = json!({
        "id": second, "thread_id": thread, "position": 2, "author_id": null, "body": null, "html": null, "text": null,
        "quotes": [], "mentions": [], "emoji": [], "like_count": 0, "created_at": null, "last_edit": null,
        "deleted": true, "version": 1,
    });
    assert_eq!(page["posts"][1], left);
    assert_eq!(page["posts"][2]["position"], 3);
    assert_eq!(page["pagination"]["total"], 3);
    assert_eq!((&page["thread"]["post_count"], &page["thread"]["like_count"]), (&json!(2), &json!(0)));
    assert_eq!(page["forum"]["post_count"], 2);
    let card = &page["members"][anna.id.to_string()];
    assert_eq!((&card["post_count"], &card["likes_received"]), (&json!(2), &json!(0)));
    assert!(!String::from_utf8(page.bytes).unwrap().contains("secret"));

    anna.delete(&format!("/api/v1/posts/{third}")).await.expect(204);
    let page = app.guest().get(&format!("/api/v1/threads/{thread}/posts")).await.expect(200);
    assert_eq!(page["thread"]["last_post"]["position"], 1);
    assert_eq!(page["forum"]["last_post"]["position"], 1);
    assert_eq!(anna.reply(thread, "fourth").await, app.count("SELECT id FROM posts WHERE position = 4").await);
}

#[actix_web::test]
async fn the_first_post_goes_only_with_its_thread() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let first = anna.get(&format!("/api/v1/threads/{thread}/posts")).await["posts"][0]["id"].clone();
    anna.delete(&format!("/api/v1/posts/{first}")).await.refused(409, "first_post");
    moderator.delete(&format!("/api/v1/posts/{first}")).await.refused(409, "first_post");
}

#[actix_web::test]
async fn who_may_not_delete_is_told_why() {
    let app = App::start().await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let path = format!("/api/v1/posts/{}", anna.reply(thread, "one").await);
    app.guest().delete(&path).await.refused(401, "not_signed_in");
    ben.delete(&path).await.refused(403, "not_yours");
    anna.delete("/api/v1/posts/abc").await.refused(404, "not_found");
    anna.delete(&format!("{path}?reason={}", "r".repeat(201))).await.refused(400, "invalid_parameter");
    anna.delete(&format!("{path}?why=x")).await.refused(400, "invalid_parameter");
    moderator.put(&format!("/api/v1/threads/{thread}/lock")).await.expect(200);
    anna.delete(&path).await.refused(403, "thread_locked");
    moderator.delete(&path).await.expect(204);
    moderator.delete(&path).await.expect(204);
    anna.delete(&path).await.refused(404, "not_found");
    assert_eq!(app.count("SELECT post_count FROM threads").await, 1);
}
