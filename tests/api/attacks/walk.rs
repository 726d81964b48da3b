//! Credentials that are none, are over, or are not enough, on every act of the document.

use chrono::Duration;

use super::acts::{Act, acts};
use super::world::{Target, World, content};
use crate::support::{App, Person};

/// What someone calls with, and the one answer that each act has for it.
struct Caller {
    what: &'static str,
    person: Person,
    status: u16,
    code: &'static str,
}

/// Credentials that get nobody in. All of them were good once, or look as if.
async fn shut_out(app: &App) -> Vec<Caller> {
    let sql = async |text: String| app.sql().await.batch_execute(&text).await.unwrap();
    let (old, _) = app.registered("Old").await;
    let expiring = app.member("Expiring").await.personal_token(&["read", "post", "like", "profile"]).await;
    let expiry =
        format!("UPDATE tokens SET expires_at = created_at + interval '1 minute' WHERE member_id = {}", expiring.id);
    sql(expiry).await;
    app.clock.advance(Duration::minutes(11));
    let (registered, refresh_token) = app.registered("Refresh").await;
    let ended = app.member("Ended").await;
    sql(format!("UPDATE sessions SET ended_at = now() WHERE member_id = {}", ended.id)).await;
    let aged = app.member("Aged").await;
    sql(format!(
        "UPDATE sessions SET expires_at = '2001-01-01', created_at = '2000-01-01', last_used_at = '2000-01-01' \
                 WHERE member_id = {}",
        aged.id
    ))
    .await;
    let suspended = app.admin("Suspended").await;
    let suspended_token = suspended.personal_token(&folkmoot::access::SCOPES).await;
    let deleted = app.admin("Deleted").await;
    let deleted_token = deleted.personal_token(&folkmoot::access::SCOPES).await;
    sql(format!(
        "UPDATE members SET suspended_at = now(), suspend_reason = 'x', suspended_by = 1 WHERE id = {}",
        suspended.id
    ))
    .await;
    sql(format!("UPDATE members SET deleted_at = now(), username = NULL, role = 'member' WHERE id = {}", deleted.id))
        .await;
    // What no act told of is believed for a moment to be as it was.
    app.clock.advance(Duration::seconds(5));
    let guest = app.guest();
    let caller = |what, person, code| Caller { what, person, status: 401, code };
    vec![
        caller("nonsense", guest.with_token("nonsense"), "invalid_token"),
        caller("an unknown personal token", guest.with_token(&format!("fm_{}", "A".repeat(43))), "invalid_token"),
        caller("a refresh token", registered.with_token(&refresh_token), "invalid_token"),
        caller("an access token that has expired", old, "token_expired"),
        caller("a personal token that has expired", expiring, "token_expired"),
        caller("a token of an ended session", ended, "session_ended"),
        caller("a token of a session that has run out", aged, "session_ended"),
        caller("a token of a suspended member", suspended, "session_ended"),
        caller("a personal token of a suspended member", suspended_token, "invalid_token"),
        caller("a token of a deleted member", deleted, "session_ended"),
        caller("a personal token of a deleted member", deleted_token, "invalid_token"),
    ]
}

async fn call(act: &Act, person: &Person, world: &World) -> (u16, String) {
    let answer = act.ask(person, &world.path(act, Target::Theirs), world.body(act)).await;
    if answer.status == 401 {
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{}", act.name);
    }
    (answer.status, answer.json["code"].as_str().unwrap_or_default().to_owned())
}

#[actix_web::test]
async fn no_act_of_the_document_takes_a_credential_that_is_none_or_over() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    let callers = shut_out(&app).await;
    let before = content(&app).await;
    let (mut wrong, mut called) = (Vec::new(), 0);
    for act in acts().iter().filter(|act| act.scope.is_some()) {
        for Caller { what, person, status, code } in &callers {
            let told = call(act, person, &world).await;
            if told != (*status, (*code).to_owned()) {
                wrong.push(format!("{} with {what}: {told:?}, not {code}", act.name));
            }
            called += 1;
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(called >= 500, "{called}");
    assert_eq!(content(&app).await, before);
}

#[actix_web::test]
async fn no_act_that_needs_a_member_takes_a_guest() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    let before = content(&app).await;
    let mut called = 0;
    for act in acts().iter().filter(|act| !act.for_guests) {
        assert_eq!(call(act, &app.guest(), &world).await, (401, "not_signed_in".into()), "{}", act.name);
        called += 1;
    }
    assert!(called >= 30, "{called}");
    assert_eq!(content(&app).await, before);
}

/// What does not look at `Authorization` does not fail by it: an expired token must not stop a refresh.
#[actix_web::test]
async fn acts_that_do_not_look_at_a_token_take_any() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    for act in acts().iter().filter(|act| act.scope.is_none()) {
        let bad = act.ask(&app.guest().with_token("nonsense"), &world.path(act, Target::Theirs), world.body(act)).await;
        assert!(!["invalid_token", "not_signed_in"].contains(&bad.json["code"].as_str().unwrap_or("")), "{}", act.name);
    }
}

#[actix_web::test]
async fn a_personal_token_without_its_scope_does_nothing_anywhere() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    let admin = app.admin("Ada").await;
    let mut all = Vec::new();
    for scope in folkmoot::access::SCOPES {
        let others: Vec<_> = folkmoot::access::SCOPES.into_iter().filter(|other| *other != scope).collect();
        all.push((scope, admin.personal_token(&others).await));
    }
    let before = content(&app).await;
    for act in acts() {
        let Some(scope) = &act.scope else { continue };
        let token = &all.iter().find(|(without, _)| without == scope).unwrap().1;
        // That it would not do in any case is told first.
        let code = if act.session { "session_required" } else { "insufficient_scope" };
        assert_eq!(call(&act, token, &world).await, (403, code.into()), "{}", act.name);
    }
    assert_eq!(content(&app).await, before);
}
