//! `PUT` and `DELETE /members/{member_id}/suspension`.

use chrono::{Duration, SecondsFormat};
use serde_json::json;

use crate::support::{App, PASSWORD, Person};

fn path(of: &Person) -> String {
    format!("/api/v1/members/{}/suspension", of.id)
}

#[actix_web::test]
async fn a_suspended_member_is_out_at_once_on_every_node_and_told_why() {
    let app = App::start().await;
    let other = app.another_node().await;
    let (anna, refresh) = app.registered("Anna").await;
    let moderator = app.moderator("Mo").await;
    let card = moderator.put_json(&path(&anna), json!({"reason": " advertising "})).await.expect(200);
    assert_eq!((card.id(), &card["state"]), (anna.id, &json!("suspended")));
    anna.get("/api/v1/me").await.refused(401, "session_ended");
    anna.at(&other).get("/api/v1/ranks").await.refused(401, "session_ended");
    app.refresh(&refresh).await.refused(401, "invalid_refresh_token");
    let told = app.login("Anna", PASSWORD).await.refused(403, "account_suspended");
    assert!(told["detail"].as_str().unwrap().contains("advertising"), "{}", told.json);
    app.login("Anna", "not her password").await.refused(401, "invalid_credentials");
}

#[actix_web::test]
async fn a_suspension_ends_by_itself_or_is_taken_back() {
    let app = App::start().await;
    let (anna, _) = app.registered("Anna").await;
    let moderator = app.moderator("Mo").await;
    let until = (app.clock.now() + Duration::minutes(5)).to_rfc3339_opts(SecondsFormat::Secs, true);
    moderator.put_json(&path(&anna), json!({"reason": "heat", "until": until})).await.expect(200);
    let told = app.login("Anna", PASSWORD).await.refused(403, "account_suspended");
    assert!(told["detail"].as_str().unwrap().contains(&until), "{}", told.json);
    app.clock.advance(Duration::minutes(6));
    assert_eq!(app.guest().get(&format!("/api/v1/members/{}", anna.id)).await.expect(200)["state"], "active");
    app.login("Anna", PASSWORD).await.expect(200);
    // What it was signed in with before stays ended.
    anna.get("/api/v1/me").await.refused(401, "session_ended");

    moderator.put_json(&path(&anna), json!({"reason": "again", "until": null})).await.expect(200);
    for _ in 0..2 {
        assert_eq!(moderator.delete(&path(&anna)).await.expect(200)["state"], "active");
    }
    app.login("Anna", PASSWORD).await.expect(200);
    assert_eq!(app.count("SELECT count(*) FROM members WHERE suspend_reason IS NOT NULL").await, 0);
}

#[actix_web::test]
async fn suspending_again_changes_reason_and_end_only() {
    let app = App::start().await;
    let (anna, moderator) = (app.member("Anna").await, app.moderator("Mo").await);
    let first = moderator.put_json(&path(&anna), json!({"reason": "one"})).await.expect(200);
    app.clock.advance(Duration::seconds(30));
    let again = moderator.put_json(&path(&anna), json!({"reason": "two"})).await.expect(200);
    assert_eq!((&first.json, first.header("etag")), (&again.json, again.header("etag")));
    let sql = "SELECT count(*) FROM members m, sessions s WHERE m.id = s.member_id AND suspend_reason = 'two'
               AND suspended_at = ended_at";
    assert_eq!(app.count(sql).await, 1);
}

#[actix_web::test]
async fn nobody_suspends_an_equal_a_higher_one_or_itself() {
    let app = App::start().await;
    let (anna, boris) = (app.member("Anna").await, app.member("Boris").await);
    let (mo, mia) = (app.moderator("Mo").await, app.moderator("Mia").await);
    let (ada, abe) = (app.admin("Ada").await, app.admin("Abe").await);
    let reason = json!({"reason": "because"});
    anna.put_json(&path(&boris), reason.clone()).await.refused(403, "insufficient_role");
    anna.delete(&path(&boris)).await.refused(403, "insufficient_role");
    for (who, whom) in [(&mo, &mia), (&mo, &mo), (&mo, &ada), (&ada, &abe), (&ada, &ada)] {
        who.put_json(&path(whom), reason.clone()).await.refused(403, "same_or_higher_role");
        who.delete(&path(whom)).await.refused(403, "same_or_higher_role");
    }
    assert_eq!(app.count("SELECT count(*) FROM members WHERE suspended_at IS NOT NULL").await, 0);
    ada.put_json(&path(&mo), reason).await.expect(200);
}

#[actix_web::test]
async fn what_is_wrong_is_told_in_order() {
    let app = App::start().await;
    let (anna, mo) = (app.member("Anna").await, app.moderator("Mo").await);
    app.guest().put_json(&path(&anna), json!({})).await.refused(401, "not_signed_in");
    app.guest().delete(&path(&anna)).await.refused(401, "not_signed_in");
    anna.put_json(&path(&mo), json!({})).await.flawed("/reason", "missing");
    anna.put_json("/api/v1/members/99/suspension", json!({"reason": "x"})).await.refused(404, "not_found");
    mo.delete("/api/v1/members/abc/suspension").await.refused(404, "not_found");
    mo.put_json(&path(&anna), json!({"reason": " "})).await.flawed("/reason", "blank");
    mo.put_json(&path(&anna), json!({"reason": "x".repeat(201)})).await.flawed("/reason", "too_long");
    mo.put_json(&path(&anna), json!({"reason": "x", "state": "deleted"})).await.flawed("/state", "unknown_field");
    let past = (app.clock.now() - Duration::seconds(1)).to_rfc3339();
    for until in [json!(past), json!("tomorrow"), json!("9999-01-01T00:00:00Z")] {
        mo.put_json(&path(&anna), json!({"reason": "x", "until": until})).await.flawed("/until", "invalid");
    }
    mo.put_json(&path(&anna), json!({"reason": "x", "until": 5})).await.flawed("/until", "wrong_type");
    anna.get("/api/v1/me").await.expect(200);
}
