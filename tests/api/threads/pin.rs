//! `PUT` and `DELETE /threads/{thread_id}/pin`.

use serde_json::json;

use super::{THREADS, thread_url};
use crate::support::App;

#[actix_web::test]
async fn a_pinned_thread_says_so_and_lists_do_not_lift_it() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let forum = app.forum("news").await;
    let older = anna.start_thread(forum, "Older", "First").await;
    let newer = anna.start_thread(forum, "Newer", "First").await;
    let pin = format!("{}/pin", thread_url(older));
    let pinned = moderator.put(&pin).await.expect(200);
    assert_eq!((&pinned["pinned"], &pinned["version"]), (&json!(true), &json!(1)));
    let again = moderator.put(&pin).await.expect(200);
    assert_eq!(again.json, pinned.json);
    assert_eq!(again.header("etag"), pinned.header("etag"));
    assert_eq!(app.guest().get(THREADS).await.item_ids(), [newer, older]);
    let unpinned = moderator.delete(&pin).await.expect(200);
    assert_eq!(unpinned["pinned"], false);
    assert_eq!(moderator.delete(&pin).await.expect(200).header("etag"), unpinned.header("etag"));
}

#[actix_web::test]
async fn only_moderators_pin_threads() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("anna").await, app.moderator("mod").await);
    let url = thread_url(anna.start_thread(app.forum("news").await, "Hello", "First").await);
    for method in ["PUT", "DELETE"] {
        anna.must_sign_in(method, &format!("{url}/pin")).await;
        anna.ask(method, &format!("{url}/pin"), &[], None).await.refused(403, "insufficient_role");
        moderator.finds_none(method, "/api/v1/threads/{}/pin", &[], None).await;
    }
    assert_eq!(anna.get(&url).await["pinned"], false);
}
