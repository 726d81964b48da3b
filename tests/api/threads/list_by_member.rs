//! `GET /members/{member_id}/threads`.

use serde_json::json;

use crate::support::App;

#[actix_web::test]
async fn a_members_own_threads_stand_newest_first() {
    let app = App::start().await;
    let (anna, ben) = (app.member("anna").await, app.member("ben").await);
    let forum = app.forum("news").await;
    let first = anna.start_thread(forum, "First", "First").await;
    let second = anna.start_thread(forum, "Second", "First").await;
    ben.start_thread(forum, "Other", "First").await;
    ben.reply(first, "Reply").await;
    let path = format!("/api/v1/members/{}/threads", anna.id);
    let list = app.guest().get(&path).await.expect(200);
    assert_eq!(list.item_ids(), [second, first]);
    let mut named: Vec<_> = list["members"].as_object().unwrap().keys().cloned().collect();
    named.sort();
    assert_eq!(named, [anna.id.to_string(), ben.id.to_string()]);
    assert_eq!(list["next"], json!(null));

    let page = app.guest().get(&format!("{path}?limit=1")).await.expect(200);
    assert_eq!(page.item_ids(), [second]);
    let next = page["next"].as_str().unwrap();
    assert_eq!(page.header("link"), format!("<{path}?limit=1&cursor={next}>; rel=\"next\""));
    let rest = app.guest().get(&format!("{path}?cursor={next}")).await.expect(200);
    assert_eq!(rest.item_ids(), [first]);
}

#[actix_web::test]
async fn what_is_wrong_is_told_in_order() {
    let app = App::start().await;
    let guest = app.guest();
    guest.finds_none("GET", "/api/v1/members/{}/threads", &[], None).await;
    guest.with_token("forged").get("/api/v1/members/999/threads?limit=0").await.refused(401, "invalid_token");
    for query in ["limit=0", "limit=101", "sort=newest", "forum=1"] {
        guest.get(&format!("/api/v1/members/999/threads?{query}")).await.refused(400, "invalid_parameter");
    }
    guest.get("/api/v1/members/999/threads?cursor=abc").await.refused(400, "invalid_cursor");
}
