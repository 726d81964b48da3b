//! Fields that no body takes, on every act that has one (OWASP API3): each property that any answer shows, and a few that none does.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::acts::{Act, DOCUMENT, acts, resolved};
use super::world::{Target, World, content};
use crate::support::App;

/// What frameworks and tables call things that nobody may set.
const MORE: [&str; 24] = [
    "password_hash",
    "deleted_at",
    "deleted_by",
    "email_key",
    "username_key",
    "is_admin",
    "admin",
    "member_id",
    "user_id",
    "session_id",
    "sid",
    "sub",
    "permissions",
    "ip",
    "page_version",
    "highest_position",
    "suspended_at",
    "suspended_until",
    "renderer",
    "__proto__",
    "constructor",
    "Role",
    "author.id",
    "role ",
];

/// Every property of every shape, and those.
fn names() -> BTreeSet<String> {
    let schemas = DOCUMENT["components"]["schemas"].as_object().unwrap().values();
    let shown = schemas.flat_map(|schema| schema["properties"].as_object().into_iter().flatten());
    shown.map(|(name, _)| name.clone()).chain(MORE.map(str::to_owned)).collect()
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Places of a body where objects stand: the body itself, and the items of its lists.
fn places(act: &Act, body: &Value) -> Vec<(String, BTreeSet<String>)> {
    let own = |schema: &Value| schema["properties"].as_object().unwrap().keys().cloned().collect();
    let schema = act.body.as_ref().unwrap();
    let mut places = vec![(String::new(), own(schema))];
    for (name, shape) in schema["properties"].as_object().unwrap() {
        let items = resolved(&shape["items"]);
        if items["type"] == "object" && body[name][0].is_object() {
            places.push((format!("/{name}/0"), own(items)));
        }
    }
    places
}

fn with(body: &Value, place: &str, names: &[&String], value: &Value) -> Value {
    let mut body = body.clone();
    let object: &mut Map<String, Value> = body.pointer_mut(place).unwrap().as_object_mut().unwrap();
    object.extend(names.iter().map(|name| ((*name).clone(), value.clone())));
    body
}

#[actix_web::test]
async fn no_body_takes_a_field_that_is_not_its_own() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    // Whoever may do most: what is refused here is refused to all.
    let admin = app.admin("Ada").await;
    let (before, names) = (content(&app).await, names());
    assert!(names.len() > 100 && names.contains("like_count") && names.contains("email_verified"), "{}", names.len());
    let mut sent = 0;
    for act in acts().into_iter().filter(|act| act.body.is_some()) {
        let (path, good) = (world.path(&act, Target::Theirs), world.body(&act).unwrap());
        for (place, own) in places(&act, &good) {
            let foreign: Vec<_> = names.iter().filter(|name| !own.contains(*name)).collect();
            // As many at once as an answer tells of.
            for (some, value) in foreign.chunks(90).flat_map(|some| [(some, json!("admin")), (some, json!(1))]) {
                let answer = act.ask(&admin, &path, Some(with(&good, &place, some, &value))).await;
                let errors = answer.json["errors"].as_array().into_iter().flatten();
                let told: BTreeSet<_> = errors
                    .filter(|error| error["code"] == "unknown_field")
                    .map(|error| error["pointer"].as_str().unwrap().to_owned())
                    .collect();
                let asked: BTreeSet<_> = some.iter().map(|name| format!("{place}/{}", escaped(name))).collect();
                assert_eq!((answer.status, &told), (422, &asked), "{}: {}", act.name, answer.json);
                sent += some.len();
            }
        }
    }
    assert!(sent > 3_000, "{sent}");
    assert_eq!(content(&app).await, before);
}

#[actix_web::test]
async fn no_body_takes_a_field_twice() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    let admin = app.admin("Ada").await;
    let before = content(&app).await;
    for act in acts().into_iter().filter(|act| act.body.is_some()) {
        let (path, good) = (world.path(&act, Target::Theirs), world.body(&act).unwrap());
        for (name, value) in good.as_object().unwrap() {
            let good = good.to_string();
            // Before and behind the good one, so that neither the first nor the last wins.
            let twice = format!("{{\"{name}\":{value},{}", &good[1..]);
            let answer = act.send(&admin, &path, &twice).await;
            assert_eq!((answer.status, &answer.json["code"]), (422, &json!("invalid_body")), "{} {name}", act.name);
            // The same name, written otherwise.
            let (first, rest) = name.split_at(1);
            let spelled = format!("\\u{:04x}{rest}", first.chars().next().unwrap() as u32);
            let twice = format!("{},\"{spelled}\":{value}}}", &good[..good.len() - 1]);
            let answer = act.send(&admin, &path, &twice).await;
            assert_eq!((answer.status, &answer.json["code"]), (422, &json!("invalid_body")), "{} {spelled}", act.name);
        }
    }
    assert_eq!(content(&app).await, before);
}

#[actix_web::test]
async fn no_act_takes_a_parameter_that_is_not_its_own_nor_one_twice() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    let admin = app.admin("Ada").await;
    let before = content(&app).await;
    for act in acts() {
        let (path, body) = (world.path(&act, Target::Theirs), world.body(&act));
        for name in ["role", "id", "author_id", "member_id", "deleted", "fields", "access_token", "_method", "limit[]"]
        {
            let answer = act.ask(&admin, &format!("{path}?{name}=1"), body.clone()).await;
            assert_eq!(
                (answer.status, &answer.json["code"]),
                (400, &json!("invalid_parameter")),
                "{} {name}",
                act.name
            );
        }
        for (name, _) in &act.query {
            let answer = act.ask(&admin, &format!("{path}?{name}=1&{name}=1"), body.clone()).await;
            assert_eq!(answer.status, 400, "{} {name} twice: {}", act.name, answer.json);
        }
    }
    assert_eq!(content(&app).await, before);
}
