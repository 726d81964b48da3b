//! `DELETE /me/tokens/{token_id}`.

use crate::support::App;

#[actix_web::test]
async fn a_deleted_token_is_out_at_once_on_every_node_and_the_others_stay() {
    let app = App::start().await;
    let other = app.another_node().await;
    let anna = app.member("Anna").await;
    let (one, two) = (anna.personal_token(&["read"]).await, anna.personal_token(&["read"]).await);
    one.at(&other).get("/api/v1/me").await.expect(200);
    let ids = anna.get("/api/v1/me/tokens").await.expect(200).item_ids();
    let path = format!("/api/v1/me/tokens/{}", ids[1]);
    anna.delete(&path).await.expect(204);
    one.get("/api/v1/me").await.refused(401, "invalid_token");
    one.at(&other).get("/api/v1/me").await.refused(401, "invalid_token");
    two.get("/api/v1/me").await.expect(200);
    anna.delete(&path).await.refused(404, "not_found");
}

#[actix_web::test]
async fn another_members_token_is_not_there() {
    let app = App::start().await;
    let (anna, boris) = (app.member("Anna").await, app.member("Boris").await);
    let token = anna.personal_token(&["read"]).await;
    let id = anna.get("/api/v1/me/tokens").await.expect(200).item_ids()[0];
    let path = format!("/api/v1/me/tokens/{id}");
    boris.delete(&path).await.refused(404, "not_found");
    token.delete(&path).await.refused(403, "session_required");
    anna.must_sign_in("DELETE", &path).await;
    anna.finds_none("DELETE", "/api/v1/me/tokens/{}", &[], None).await;
    token.get("/api/v1/me").await.expect(200);
}
