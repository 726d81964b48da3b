//! `GET /members/{member_id}/posts`.

use crate::support::App;

#[actix_web::test]
async fn a_members_posts_come_newest_first_without_what_may_not_be_seen() {
    let app = App::start().await;
    let (anna, ben, moderator) = (app.member("anna").await, app.member("ben").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    let thread = ben.start_thread(forum, "Hello", "First").await;
    let hidden = ben.start_thread(forum, "Hidden", "First").await;
    let mut shown = Vec::new();
    for n in 0..5 {
        shown.insert(0, anna.reply(thread, &format!("post {n}")).await);
    }
    let in_hidden = anna.reply(hidden, "hidden").await;
    moderator.delete(&format!("/api/v1/threads/{hidden}")).await.expect(204);
    let gone = anna.reply(thread, "gone").await;
    anna.delete(&format!("/api/v1/posts/{gone}")).await.expect(204);
    let path = format!("/api/v1/members/{}/posts", anna.id);
    assert_eq!(anna.get(&path).await.expect(200).item_ids(), shown);
    let all = moderator.get(&path).await.expect(200).item_ids();
    assert_eq!(all, [vec![gone, in_hidden], shown.clone()].concat());

    let mut walked = Vec::new();
    let mut next = format!("{path}?limit=2");
    while !next.is_empty() {
        let page = app.guest().get(&next).await.expect(200);
        walked.extend(page.item_ids());
        next = page.header("link").trim_start_matches('<').split('>').next().unwrap().to_owned();
        // What is written meanwhile comes before the first page and moves nothing.
        anna.reply(thread, "meanwhile").await;
    }
    assert_eq!(walked, shown);
    app.guest().get("/api/v1/members/999999/posts").await.refused(404, "not_found");
    app.guest().get(&format!("{path}?limit=0")).await.refused(400, "invalid_parameter");
    app.guest().get(&format!("{path}?cursor=abc")).await.refused(400, "invalid_cursor");
    app.guest().get("/api/v1/members/999/posts?cursor=abc").await.refused(400, "invalid_cursor");
}
