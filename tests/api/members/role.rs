//! `PUT /members/{member_id}/role`.

use folkmoot::access::Role;
use folkmoot::ids::MemberId;
use folkmoot::members;
use serde_json::json;

use crate::support::{App, Person};

fn path(of: &Person) -> String {
    format!("/api/v1/members/{}/role", of.id)
}

#[actix_web::test]
async fn a_role_holds_from_the_next_request_on() {
    let app = App::start().await;
    let (anna, boris, ada) = (app.member("Anna").await, app.member("Boris").await, app.admin("Ada").await);
    let suspension = format!("/api/v1/members/{}/suspension", boris.id);
    anna.delete(&suspension).await.refused(403, "insufficient_role");
    for _ in 0..2 {
        assert_eq!(ada.put_json(&path(&anna), json!({"role": "moderator"})).await.expect(200)["role"], "moderator");
    }
    anna.delete(&suspension).await.expect(200);
    ada.put_json(&path(&anna), json!({"role": "member"})).await.expect(200);
    anna.at(&app.another_node().await).delete(&suspension).await.refused(403, "insufficient_role");
}

#[actix_web::test]
async fn only_administrators_set_roles_and_not_their_own_or_each_others() {
    let app = App::start().await;
    let (anna, mo) = (app.member("Anna").await, app.moderator("Mo").await);
    let (ada, abe) = (app.admin("Ada").await, app.admin("Abe").await);
    let admin = json!({"role": "admin"});
    app.guest().put_json(&path(&anna), admin.clone()).await.refused(401, "not_signed_in");
    for who in [&anna, &mo] {
        who.put_json(&path(&anna), admin.clone()).await.refused(403, "insufficient_role");
        who.put_json(&path(who), admin.clone()).await.refused(403, "insufficient_role");
    }
    ada.put_json(&path(&abe), json!({"role": "member"})).await.refused(403, "same_or_higher_role");
    ada.put_json(&path(&ada), json!({"role": "member"})).await.refused(403, "same_or_higher_role");
    ada.put_json("/api/v1/members/99/role", admin.clone()).await.refused(404, "not_found");
    anna.put_json("/api/v1/members/99/role", admin).await.refused(404, "not_found");
    ada.put_json(&path(&anna), json!({"role": "owner"})).await.flawed("/role", "invalid");
    ada.put_json(&path(&anna), json!({})).await.flawed("/role", "missing");
    ada.put_json(&path(&anna), json!({"role": "member", "post_count": 5})).await.flawed("/post_count", "unknown_field");
    assert_eq!(app.count("SELECT count(*) FROM members WHERE role = 'admin'").await, 2);
}

#[actix_web::test]
async fn the_last_administrator_stays_even_if_two_leave_at_once() {
    let app = App::start().await;
    let (ada, abe) = (app.admin("Ada").await, app.admin("Abe").await);
    let leave = async |id: i64| {
        let (now, conn) = (app.clock.now(), &mut app.shared.state.db.get().await.unwrap());
        members::set_role(MemberId(id), Role::Member, now, conn).await
    };
    let (one, two) = futures_util::future::join(leave(ada.id), leave(abe.id)).await;
    let refused = if one.is_err() { one.and(two.and(Ok(()))) } else { two };
    assert_eq!(refused.unwrap_err().code().name(), "last_admin");
    assert_eq!(app.count("SELECT count(*) FROM members WHERE role = 'admin'").await, 1);
}

#[actix_web::test]
async fn a_suspended_member_gets_no_role_until_the_suspension_ends() {
    let app = App::start().await;
    let (ada, anna) = (app.admin("Ada").await, app.member("Anna").await);
    let suspension = format!("/api/v1/members/{}/suspension", anna.id);
    ada.put_json(&suspension, json!({"reason": "x"})).await.expect(200);
    for role in ["moderator", "admin"] {
        ada.put_json(&path(&anna), json!({"role": role})).await.refused(409, "member_suspended");
    }
    ada.put_json(&path(&anna), json!({"role": "member"})).await.expect(200);
    ada.delete(&suspension).await.expect(200);
    ada.put_json(&path(&anna), json!({"role": "admin"})).await.expect(200);
}
