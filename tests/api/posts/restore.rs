//! `POST /posts/{post_id}/restore`.

use serde_json::json;

use crate::support::App;

#[actix_web::test]
async fn a_restored_post_comes_back_with_all_its_counts() {
    let app = App::start().await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, "[quote post=1]\nx\n[/quote] @ben").await;
    ben.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
    let path = format!("/api/v1/threads/{thread}/posts");
    let before = app.guest().get(&path).await.expect(200);
    anna.delete(&format!("/api/v1/posts/{post}")).await.expect(204);
    let restore = format!("/api/v1/posts/{post}/restore");
    let restored = moderator.act(&restore).await.expect(200);
    assert_eq!(restored["deleted"], false);
    moderator.act(&restore).await.expect(200);
    let mut after = app.guest().get(&path).await.expect(200);
    after.json["thread"]["view_count"] = before["thread"]["view_count"].clone();
    assert_eq!(after.json, before.json);
}

#[actix_web::test]
async fn only_moderators_restore() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, "one").await;
    let restore = format!("/api/v1/posts/{post}/restore");
    app.guest().act(&restore).await.refused(401, "not_signed_in");
    anna.act(&restore).await.refused(403, "insufficient_role");
    anna.delete(&format!("/api/v1/posts/{post}")).await.expect(204);
    anna.act(&restore).await.refused(404, "not_found");
    moderator.act("/api/v1/posts/999999/restore").await.refused(404, "not_found");
    assert_eq!(moderator.get(&format!("/api/v1/posts/{post}")).await["deleted"], json!(true));
}
