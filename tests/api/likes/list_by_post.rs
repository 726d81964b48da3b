//! `GET /posts/{post_id}/likes`.

use chrono::Duration;

use crate::support::App;

#[actix_web::test]
async fn who_likes_a_post_is_listed_newest_first_page_by_page() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, "one").await;
    let mut newest_first = Vec::new();
    for n in 0..5 {
        let member = app.member(&format!("member {n}")).await;
        member.put(&format!("/api/v1/posts/{post}/like")).await.expect(200);
        newest_first.insert(0, member.id);
        app.clock.advance(Duration::seconds(1));
    }
    let mut walked = Vec::new();
    let mut next = format!("/api/v1/posts/{post}/likes?limit=2");
    while !next.is_empty() {
        let page = app.guest().get(&next).await.expect(200);
        for item in page["items"].as_array().unwrap() {
            assert!(page["members"][item["member_id"].to_string()].is_object());
            walked.push(item["member_id"].as_i64().unwrap());
        }
        next = page.header("link").trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    assert_eq!(walked, newest_first);
}

#[actix_web::test]
async fn likes_of_what_can_not_be_seen_are_not_there() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let thread = anna.start_thread(app.forum("news").await, "Hello", "First").await;
    let post = anna.reply(thread, "one").await;
    app.guest().get("/api/v1/posts/999999/likes").await.refused(404, "not_found");
    app.guest().get(&format!("/api/v1/posts/{post}/likes?limit=101")).await.refused(400, "invalid_parameter");
    app.guest().get(&format!("/api/v1/posts/{post}/likes?cursor=bm9wZQ")).await.refused(400, "invalid_cursor");
    anna.delete(&format!("/api/v1/posts/{post}")).await.expect(204);
    anna.get(&format!("/api/v1/posts/{post}/likes")).await.refused(404, "not_found");
}
