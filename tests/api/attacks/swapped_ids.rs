//! Ids of other members' things, on every act of the document (OWASP API1 and API5): who may is in a table, and an act that
//! is not in it fails.

use std::collections::BTreeMap;

use super::acts::{Act, acts, comparable};
use super::world::{Target, World};
use crate::support::{App, Person};

/// What each caller gets of a thing that all may see, and a moderator of a deleted one (`-`: nothing of it can be deleted).
/// To all but moderators a deleted thing is an absent one; that is checked for every act, so it does not stand here.
///
/// Answers: `ok`, or the code of the problem.
const WHO_MAY: &str = "
    act                      guest             other               owner               moderator           admin            deleted
    create_member            ok                ok                  ok                  ok                  ok               -
    list_members             ok                ok                  ok                  ok                  ok               -
    read_member              ok                ok                  ok                  ok                  ok               -
    read_member_by_username  ok                ok                  ok                  ok                  ok               -
    suspend_member           not_signed_in     insufficient_role   insufficient_role   ok                  ok               -
    unsuspend_member         not_signed_in     insufficient_role   insufficient_role   ok                  ok               -
    set_member_role          not_signed_in     insufficient_role   insufficient_role   insufficient_role   ok               -
    set_custom_title         not_signed_in     insufficient_role   insufficient_role   ok                  ok               -
    read_me                  not_signed_in     ok                  ok                  ok                  ok               -
    edit_me                  not_signed_in     ok                  ok                  ok                  ok               -
    delete_me                not_signed_in     wrong_password      wrong_password      wrong_password      wrong_password   -
    change_password          not_signed_in     wrong_password      wrong_password      wrong_password      wrong_password   -
    change_email             not_signed_in     wrong_password      wrong_password      wrong_password      wrong_password   -
    verify_email             invalid_mail_token invalid_mail_token invalid_mail_token invalid_mail_token invalid_mail_token -
    forgot_password          ok                ok                  ok                  ok                  ok               -
    reset_password           invalid_mail_token invalid_mail_token invalid_mail_token invalid_mail_token invalid_mail_token -
    login                    invalid_credentials invalid_credentials invalid_credentials invalid_credentials invalid_credentials -
    refresh                  invalid_refresh_token invalid_refresh_token invalid_refresh_token invalid_refresh_token invalid_refresh_token -
    logout                   ok                ok                  ok                  ok                  ok               -
    list_sessions            not_signed_in     ok                  ok                  ok                  ok               -
    end_session              not_signed_in     not_found           ok                  not_found           not_found        -
    end_other_sessions       not_signed_in     ok                  ok                  ok                  ok               -
    list_tokens              not_signed_in     ok                  ok                  ok                  ok               -
    create_token             not_signed_in     ok                  ok                  ok                  ok               -
    delete_token             not_signed_in     not_found           ok                  not_found           not_found        -
    list_ranks               ok                ok                  ok                  ok                  ok               -
    set_ranks                not_signed_in     insufficient_role   insufficient_role   insufficient_role   ok               -
    list_forums              ok                ok                  ok                  ok                  ok               -
    read_forum               ok                ok                  ok                  ok                  ok               -
    create_forum             not_signed_in     insufficient_role   insufficient_role   insufficient_role   ok               -
    edit_forum               not_signed_in     insufficient_role   insufficient_role   insufficient_role   ok               -
    delete_forum             not_signed_in     insufficient_role   insufficient_role   insufficient_role   forum_not_empty  -
    list_threads             ok                ok                  ok                  ok                  ok               -
    create_thread            not_signed_in     ok                  ok                  ok                  ok               -
    read_thread              ok                ok                  ok                  ok                  ok               ok
    edit_thread              not_signed_in     not_yours           ok                  ok                  ok               ok
    delete_thread            not_signed_in     insufficient_role   insufficient_role   ok                  ok               ok
    restore_thread           not_signed_in     insufficient_role   insufficient_role   ok                  ok               ok
    lock_thread              not_signed_in     insufficient_role   insufficient_role   ok                  ok               ok
    unlock_thread            not_signed_in     insufficient_role   insufficient_role   ok                  ok               ok
    pin_thread               not_signed_in     insufficient_role   insufficient_role   ok                  ok               ok
    unpin_thread             not_signed_in     insufficient_role   insufficient_role   ok                  ok               ok
    move_thread              not_signed_in     insufficient_role   insufficient_role   ok                  ok               ok
    list_threads_by_member   ok                ok                  ok                  ok                  ok               -
    list_posts_by_thread     ok                ok                  ok                  ok                  ok               ok
    create_post              not_signed_in     ok                  ok                  ok                  ok               thread_deleted
    list_posts               ok                ok                  ok                  ok                  ok               -
    read_post                ok                ok                  ok                  ok                  ok               ok
    edit_post                not_signed_in     not_yours           ok                  ok                  ok               ok
    delete_post              not_signed_in     not_yours           ok                  ok                  ok               ok
    restore_post             not_signed_in     insufficient_role   insufficient_role   ok                  ok               ok
    list_posts_by_member     ok                ok                  ok                  ok                  ok               -
    list_revisions_by_post   ok                ok                  ok                  ok                  ok               ok
    read_revision            ok                ok                  ok                  ok                  ok               ok
    like_post                not_signed_in     ok                  own_post            ok                  ok               ok
    unlike_post              not_signed_in     ok                  ok                  ok                  ok               ok
    list_likes_by_post       ok                ok                  ok                  ok                  ok               ok
    list_likes_by_member     ok                ok                  ok                  ok                  ok               -
    read_jwks                ok                ok                  ok                  ok                  ok               -
    read_liveness            ok                ok                  ok                  ok                  ok               -
    read_readiness           ok                ok                  ok                  ok                  ok               -
    read_problem             ok                ok                  ok                  ok                  ok               -
    read_openapi             ok                ok                  ok                  ok                  ok               -
";

/// Acts that a second caller could not repeat on the same things.
const USES_UP: [&str; 9] = [
    "create_member",
    "create_forum",
    "delete_thread",
    "delete_post",
    "edit_thread",
    "edit_post",
    "edit_me",
    "end_session",
    "delete_token",
];

const CALLERS: [&str; 5] = ["guest", "other", "owner", "moderator", "admin"];

fn table() -> BTreeMap<&'static str, Vec<&'static str>> {
    let rows = WHO_MAY.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).filter(|row| !row.is_empty());
    rows.skip(1).map(|row| (row[0], row[1..].to_vec())).collect()
}

async fn caller(app: &App, world: &World, act: &Act, who: &str) -> Person {
    let name = format!("{} {who}", act.name);
    match who {
        "guest" => app.guest(),
        "owner" => world.owner.clone(),
        "other" => app.member(&name).await,
        "moderator" => app.moderator(&name).await,
        _ => app.admin(&name).await,
    }
}

async fn told(act: &Act, person: &Person, world: &World, target: Target) -> String {
    let mut path = world.path(act, target);
    if act.name == "list_posts" {
        path += &format!("?ids={}", world.post);
    }
    let answer = act.ask(person, &path, world.body(act)).await;
    if answer.status < 300 { "ok".into() } else { answer.json["code"].as_str().unwrap_or("?").to_owned() }
}

#[test]
fn every_act_of_the_document_has_its_row() {
    let names: Vec<_> = acts().into_iter().map(|act| act.name).collect();
    let table = table();
    let missing: Vec<_> = names.iter().filter(|name| !table.contains_key(name.as_str())).collect();
    assert!(missing.is_empty(), "say in {} who may: {missing:?}", file!());
    let gone: Vec<_> = table.keys().filter(|row| !names.iter().any(|name| name == *row)).collect();
    assert!(gone.is_empty(), "no acts: {gone:?}");
    assert!(table.iter().all(|(_, row)| row.len() == CALLERS.len() + 1), "a row lacks a column");
}

#[actix_web::test]
async fn who_may_do_what_with_things_of_others_is_what_the_table_says() {
    let app = App::start().await;
    let (mut wrong, table) = (Vec::new(), table());
    let mut world = World::make(&app, "Anna").await;
    for act in acts() {
        let Some(row) = table.get(act.name.as_str()) else { continue };
        if act.method != "GET" {
            world = World::make(&app, &act.name).await;
        }
        for (n, (who, expected)) in CALLERS.iter().zip(row).enumerate() {
            let person = caller(&app, &world, &act, who).await;
            let told = told(&act, &person, &world, Target::Theirs).await;
            if told != *expected {
                wrong.push(format!("{} as {who}: {told}, not {expected}", act.name));
            }
            // The next one finds things as they were.
            if told == "ok" && USES_UP.contains(&act.name.as_str()) {
                world = World::make(&app, &format!("{} {n}", act.name)).await;
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    app.counters_are_exact().await;
}

#[actix_web::test]
async fn deleted_and_hidden_things_are_told_as_absent_ones_to_all_but_moderators() {
    let app = App::start().await;
    let (mut wrong, mut compared, table) = (Vec::new(), 0, table());
    let of_deletable = |act: &Act| act.parameters().iter().any(|name| ["thread_id", "post_id"].contains(name));
    let world = World::make(&app, "Anna").await;
    let people = [app.guest(), world.owner.clone(), app.member("Boris").await];
    let moderator = app.moderator("Mia").await;
    for act in acts().into_iter().filter(of_deletable) {
        for (n, person) in people.iter().enumerate() {
            for target in [Target::Deleted, Target::Hidden] {
                let there = act.ask(person, &world.path(&act, target), world.body(&act)).await;
                let absent = act.ask(person, &world.path(&act, Target::Absent), world.body(&act)).await;
                let expected = if act.for_guests || n > 0 { 404 } else { 401 };
                if there.status != expected || comparable(&there) != comparable(&absent) {
                    wrong.push(format!("{} as the {n}th, {target:?}: {} {}", act.name, there.status, there.json));
                }
                compared += 1;
            }
        }
        // What a moderator changes is another world's.
        let another = if act.method == "GET" { None } else { Some(World::make(&app, &act.name).await) };
        let world = another.as_ref().unwrap_or(&world);
        let told = told(&act, &moderator, world, Target::Deleted).await;
        let expected = table[act.name.as_str()][CALLERS.len()];
        if told != expected {
            wrong.push(format!("{} as moderator, deleted: {told}, not {expected}", act.name));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(compared >= 100, "{compared}");
}

#[actix_web::test]
async fn what_never_was_is_not_found_by_anyone_who_may_look() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    let people = [app.guest(), app.member("Boris").await, app.moderator("Mia").await, app.admin("Ada").await];
    for act in acts().into_iter().filter(|act| !act.parameters().is_empty()) {
        for (n, person) in people.iter().enumerate() {
            let answer = act.ask(person, &world.path(&act, Target::Absent), world.body(&act)).await;
            let expected = if n == 0 && !act.for_guests { 401 } else { 404 };
            assert_eq!(answer.status, expected, "{} as the {n}th: {}", act.name, answer.json);
        }
    }
}
