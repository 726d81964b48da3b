//! `GET /members/{member_id}/likes`.

use chrono::Duration;
use serde_json::json;

use crate::support::App;

#[actix_web::test]
async fn what_a_member_likes_is_listed_newest_first_without_what_may_not_be_seen() {
    let app = App::start().await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let mut posts = Vec::new();
    for n in 0..4 {
        let post = anna.reply(thread, &format!("post {n}")).await;
        ben.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
        posts.insert(0, post);
        app.clock.advance(Duration::seconds(1));
    }
    anna.delete(&format!("/api/v1/posts/{}", posts[1])).await.expect(204);
    let path = format!("/api/v1/members/{}/likes", ben.id);
    let ids = |answer: crate::support::Answer| -> Vec<i64> {
        answer["items"].as_array().unwrap().iter().map(|item| item["post_id"].as_i64().unwrap()).collect()
    };
    let first = app.guest().get(&format!("{path}?limit=2")).await.expect(200);
    assert_eq!(first["items"][0]["author_id"], json!(anna.id));
    assert_eq!(first["members"][anna.id.to_string()]["username"], "anna");
    let next = format!("{path}?limit=2&cursor={}", first["next"].as_str().unwrap());
    assert_eq!(ids(first), [posts[0], posts[2]]);
    assert_eq!(ids(app.guest().get(&next).await.expect(200)), [posts[3]]);
    assert_eq!(ids(moderator.get(&path).await.expect(200)), posts);
    app.guest().get("/api/v1/members/999999/likes").await.refused(404, "not_found");
    app.guest().get("/api/v1/members/999999/likes?cursor=abc").await.refused(400, "invalid_cursor");
}
