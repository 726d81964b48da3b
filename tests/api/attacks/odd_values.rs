//! Values of the wrong kind, in every place of the document that takes one: each is told as what it is, and none is a fault.

use serde_json::{Value, json};

use super::acts::{Act, acts, resolved};
use super::world::{Target, World, content};
use crate::support::{App, Person};

const LARGE: [&str; 8] = [
    "9007199254740992",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "-9223372036854775809",
    "10000000000000000000000000000000000000000",
    "1e400",
    "-1",
];

/// What may be in a place: the first shape of it that is not null.
fn kind(shape: &Value) -> String {
    let shape = resolved(shape);
    if let Some(ways) = shape["oneOf"].as_array() {
        return ways.iter().map(kind).find(|kind| kind != "null").unwrap();
    }
    let kinds = shape["type"].as_array().cloned().unwrap_or_else(|| vec![shape["type"].clone()]);
    kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("string").to_owned()
}

fn properties(act: &Act) -> Vec<(String, String)> {
    let properties = act.body.as_ref().unwrap()["properties"].as_object().unwrap();
    properties.iter().map(|(name, shape)| (name.clone(), kind(shape))).collect()
}

/// Sends a body in which one property is this text of JSON.
async fn send(act: &Act, person: &Person, world: &World, name: &str, value: &str) -> crate::support::Answer {
    let mut body = world.body(act).unwrap();
    body[name] = json!("THE VALUE");
    let body = body.to_string().replace("\"THE VALUE\"", value);
    act.send(person, &world.path(act, Target::Theirs), &body).await
}

#[actix_web::test]
async fn a_nul_byte_is_a_flaw_wherever_a_text_is_taken() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    let admin = app.admin("Ada").await;
    let (before, mut sent) = (content(&app).await, 0);
    for act in acts().into_iter().filter(|act| act.body.is_some()) {
        for (name, kind) in properties(&act) {
            if kind != "string" {
                continue;
            }
            for value in ["\"a long enough\\u0000text\"", "\"\\u0000\"", "\"a long enough text\\u0000\""] {
                let answer = send(&act, &admin, &world, &name, value).await;
                let at = format!("/{name}");
                let told = answer.json["errors"].as_array().is_some_and(|e| e.iter().any(|e| e["pointer"] == *at));
                assert!(answer.status == 422 && told, "{} {name} {value}: {}", act.name, answer.json);
                sent += 1;
            }
        }
    }
    assert!(sent > 60, "{sent}");
    for act in acts() {
        for (name, _) in &act.query {
            let path = format!("{}?{name}=a%00b", world.path(&act, Target::Theirs));
            let answer = act.ask(&admin, &path, world.body(&act)).await;
            assert_eq!(
                (answer.status, &answer.json["code"]),
                (400, &json!("invalid_parameter")),
                "{} {name}",
                act.name
            );
        }
        if !act.parameters().is_empty() {
            let answer = act.ask(&admin, &act.path(|_| "%00".into()), world.body(&act)).await;
            assert_eq!(answer.status, 404, "{}: {}", act.name, answer.json);
        }
    }
    assert_eq!(content(&app).await, before);
}

/// Whether the document says of a place, or of the items of a list, that it takes no character that does not show.
fn takes_line(shape: &Value) -> bool {
    let shape = resolved(shape);
    let ways = shape["oneOf"].as_array().into_iter().flatten().chain(shape.get("items"));
    shape["pattern"].as_str().is_some_and(|pattern| pattern.contains("u202E")) || { ways }.any(takes_line)
}

/// Bidirectional controls, invisible characters, separators of lines, and those that only shape what is beside them.
#[actix_web::test]
async fn a_character_that_does_not_show_is_a_flaw_wherever_a_line_is_shown() {
    const HIDDEN: &str = "\u{202E}\u{2066}\u{2069}\u{200E}\u{61C}\u{200B}\u{AD}\u{FEFF}\u{2028}\u{3164}\u{2063}\u{E0041}\u{FFFC}\u{FDD0}\u{1FFFE}";
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    let admin = app.admin("Ada").await;
    let (before, mut taking) = (content(&app).await, Vec::new());
    for act in acts() {
        let shown = act.body.as_ref().and_then(|body| body["properties"].as_object()).into_iter().flatten();
        let shown = shown.filter(|(_, shape)| takes_line(shape));
        for (name, shape) in shown {
            let is_list = kind(shape) == "array";
            for hidden in HIDDEN.chars() {
                let text = json!(format!("a long {hidden} enough text")).to_string();
                let value = if is_list { format!("[{text}]") } else { text };
                let answer = send(&act, &admin, &world, name, &value).await;
                let at = format!("/{name}{}", if is_list { "/0" } else { "" });
                answer.flawed(&at, "forbidden_character");
            }
            taking.push(name.clone());
        }
        for (name, _) in act.query.iter().filter(|(name, _)| ["reason", "tag"].contains(&name.as_str())) {
            let path = format!("{}?{name}=a%E2%80%AEb", world.path(&act, Target::Theirs));
            act.ask(&admin, &path, None).await.refused(400, "invalid_parameter");
        }
    }
    for name in ["username", "title", "tags", "reason", "custom_title", "name"] {
        assert!(taking.iter().any(|taken| taken == name), "{name}: {taking:?}");
    }
    let ranks = json!({"items": [{"name": "New\u{202E}", "from": 0}]});
    admin.put_json("/api/v1/ranks", ranks).await.flawed("/items/0/name", "forbidden_character");
    assert_eq!(content(&app).await, before);
}

#[actix_web::test]
async fn numbers_beyond_what_a_computer_word_holds_are_no_fault_anywhere() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    let admin = app.admin("Ada").await;
    let (before, mut sent) = (content(&app).await, 0);
    for act in acts() {
        for large in LARGE {
            // A reason may be any text, so it would do what it is the reason for.
            for (name, _) in act.query.iter().filter(|(name, _)| name != "reason") {
                let path = format!("{}?{name}={large}", world.path(&act, Target::Theirs));
                let answer = act.ask(&admin, &path, world.body(&act)).await;
                let text = ["q", "tag"].contains(&name.as_str());
                let expected: &[u16] = if text { &[200, 400] } else { &[400, 404] };
                assert!(expected.contains(&answer.status), "{} {name}={large}: {}", act.name, answer.status);
                sent += 1;
            }
            if act.parameters().iter().any(|name| name.ends_with("_id") || *name == "number") {
                let answer = act.ask(&admin, &act.path(|_| large.into()), world.body(&act)).await;
                assert_eq!(answer.status, 404, "{} of {large}: {}", act.name, answer.json);
                sent += 1;
            }
            if act.body.is_some() {
                for (name, kind) in properties(&act).iter().filter(|(_, kind)| kind == "integer") {
                    let answer = send(&act, &admin, &world, name, large).await;
                    assert_eq!(answer.status, 422, "{} {name} {kind} {large}: {}", act.name, answer.json);
                    sent += 1;
                }
            }
        }
    }
    assert!(sent > 500, "{sent}");
    assert_eq!(content(&app).await, before);
}

#[actix_web::test]
async fn values_of_another_kind_are_flaws_of_their_place() {
    let app = App::start().await;
    let world = World::make(&app, "Anna").await;
    let admin = app.admin("Ada").await;
    let values = [
        ("null", "null"),
        ("boolean", "true"),
        ("integer", "1"),
        ("number", "1.5"),
        ("string", "\"x\""),
        ("array", "[]"),
        ("array", "[[]]"),
        ("array", "[null]"),
        ("object", "{}"),
        ("object", "{\"$ne\":null}"),
        ("object", "{\"$serde_json::private::Number\":\"1\"}"),
    ];
    let (before, mut sent) = (content(&app).await, 0);
    for act in acts().into_iter().filter(|act| act.body.is_some()) {
        for (name, kind) in properties(&act) {
            for (other, value) in values.iter().filter(|(other, _)| *other != kind && *other != "null") {
                let answer = send(&act, &admin, &world, &name, value).await;
                assert_eq!(answer.status, 422, "{} {name} as {other} {value}: {}", act.name, answer.json);
                let at = answer.json["errors"][0]["pointer"].as_str().unwrap();
                assert!(at.starts_with(&format!("/{name}")), "{} {name} as {value}: {at}", act.name);
                sent += 1;
            }
        }
    }
    assert!(sent > 300, "{sent}");
    assert_eq!(content(&app).await, before);
}
