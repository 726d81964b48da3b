//! `GET /threads`: from page to page, while others write.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::{THREADS, thread_url};
use crate::support::App;

#[actix_web::test]
async fn no_thread_is_skipped_or_repeated_while_others_write() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    let mut started = Vec::new();
    for n in 0..12 {
        started.push(anna.start_thread(forum, &format!("Thread {n}"), "First").await);
    }
    let mut path = format!("{THREADS}?sort=newest&limit=2&forum={forum}");
    let mut seen = Vec::new();
    for page in 0.. {
        let answer = app.guest().get(&path).await.expect(200);
        seen.extend(answer.item_ids());
        // New ones come in front, one that was seen goes, one of the next page gets a reply.
        anna.start_thread(forum, "New", "First").await;
        if page == 1 {
            moderator.delete(&thread_url(started[11])).await.expect(204);
            anna.reply(started[7], "Reply").await;
        }
        let Some(next) = answer["next"].as_str() else { break };
        path = format!("{THREADS}?sort=newest&limit=2&forum={forum}&cursor={next}");
    }
    started.reverse();
    assert_eq!(seen, started);
}

#[actix_web::test]
async fn a_cursor_goes_on_behind_a_thread_that_is_gone() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    let mut started = Vec::new();
    for n in 0..4 {
        started.push(anna.start_thread(forum, &format!("Thread {n}"), "First").await);
    }
    let first = app.guest().get(&format!("{THREADS}?limit=2")).await.expect(200);
    moderator.delete(&thread_url(started[2])).await.expect(204);
    let next = format!("{THREADS}?limit=2&cursor={}", first["next"].as_str().unwrap());
    assert_eq!(app.guest().get(&next).await.expect(200).item_ids(), [started[1], started[0]]);
}

#[actix_web::test]
async fn foreign_cursors_are_refused() {
    let app = App::start().await;
    let anna = app.member("anna").await;
    let forum = app.forum("news").await;
    let thread = anna.start_thread(forum, "Hello", "First").await;
    anna.start_thread(forum, "Again", "First").await;
    anna.reply(thread, "Reply").await;
    let by_likes = app.guest().get(&format!("{THREADS}?limit=1&sort=most_likes")).await["next"].clone();
    let of_posts = app.guest().get(&format!("/api/v1/members/{}/posts?limit=1", anna.id)).await["next"].clone();
    let made = |json: &str| BASE64_URL_SAFE_NO_PAD.encode(json);
    let cursors = [
        by_likes.as_str().unwrap().to_owned(),
        of_posts.as_str().unwrap().to_owned(),
        String::new(),
        "abc".into(),
        "%F0%9F%98%80".into(),
        made("[\"threads by last post\",[\"x\",1]]"),
        made("[\"threads by last post\",[1]]"),
        // Times that no database has.
        made("[\"threads by last post\",[9223372036854775807,1]]"),
        made("[\"threads by last post\",[-9223372036854775808,1]]"),
        made("[\"threads by last post\",[-8270000000000000000,1]]"),
    ];
    for cursor in cursors {
        let answer = app.guest().get(&format!("{THREADS}?cursor={cursor}")).await;
        assert_eq!(answer.status, 400, "{cursor}: {}", answer.json);
        answer.refused(400, "invalid_cursor");
    }
    let twice = format!("{THREADS}?cursor=abc&cursor=abc");
    app.guest().get(&twice).await.refused(400, "invalid_parameter");
}
