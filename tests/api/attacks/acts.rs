//! Every act of the document, as attackers see it: where it is, what it asks for, and how to fill its path.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::support::{Answer, Person};

pub static DOCUMENT: LazyLock<Value> = LazyLock::new(folkmoot::openapi::document);

/// An act of the document.
#[derive(Clone)]
pub struct Act {
    /// Its operation id.
    pub name: String,
    pub method: String,
    /// The path, with names of its parameters.
    pub url: String,
    /// The scope that a token needs; none where the act does not look at who is calling.
    pub scope: Option<String>,
    /// Whether the token has to be of a session.
    pub session: bool,
    /// Whether who is not signed in may call it.
    pub for_guests: bool,
    /// The schema of its body, if it takes one.
    pub body: Option<Value>,
    /// The names of its query parameters, with their schemas.
    pub query: Vec<(String, Value)>,
}

/// What a reference leads to.
pub fn resolved(shape: &Value) -> &Value {
    shape["$ref"].as_str().map_or(shape, |at| DOCUMENT.pointer(&at[1..]).unwrap())
}

/// All of them.
pub fn acts() -> Vec<Act> {
    let items = DOCUMENT["paths"].as_object().unwrap().iter();
    let operations = items.flat_map(|(url, item)| item.as_object().unwrap().iter().map(move |(m, o)| (url, m, o)));
    operations.map(|(url, method, operation)| read(url, method, operation)).collect()
}

fn read(url: &str, method: &str, operation: &Value) -> Act {
    let ways = operation["security"].as_array().unwrap();
    let words = ways.iter().find_map(|way| way["bearer"].as_array()).cloned().unwrap_or_default();
    let words: Vec<_> = words.iter().map(|word| word.as_str().unwrap().to_owned()).collect();
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let in_query = parameters.filter(|parameter| parameter["in"] == "query");
    let media = &operation["requestBody"]["content"]["application/json"];
    Act {
        name: operation["operationId"].as_str().unwrap().to_owned(),
        method: method.to_uppercase(),
        url: url.to_owned(),
        scope: words.iter().find(|word| *word != "session").cloned(),
        session: words.iter().any(|word| word == "session"),
        for_guests: ways.is_empty() || ways.iter().any(|way| way["bearer"].is_null()),
        body: media.get("schema").map(|schema| resolved(schema).clone()),
        query: in_query.map(|p| (p["name"].as_str().unwrap().to_owned(), p["schema"].clone())).collect(),
    }
}

impl Act {
    /// Its path, filled by the names of its parameters.
    pub fn path(&self, fill: impl Fn(&str) -> String) -> String {
        let filled = |part: &str| match part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => fill(name),
            None => part.to_owned(),
        };
        self.url.split('/').map(filled).collect::<Vec<_>>().join("/")
    }

    /// The names of its path's parameters.
    pub fn parameters(&self) -> Vec<&str> {
        self.url.split(['{', '}']).skip(1).step_by(2).collect()
    }

    /// A body that it takes, as the document shows it.
    pub fn good_body(&self) -> Option<Value> {
        let schema = self.body.as_ref()?;
        let example = schema["example"].as_object().or_else(|| schema["examples"][0].as_object());
        Some(Value::Object(example.unwrap_or_else(|| panic!("{}: its body shows no example", self.name)).clone()))
    }

    /// Calls it. Edits name the first version of what they change.
    pub async fn ask(&self, person: &Person, path: &str, body: Option<Value>) -> Answer {
        let fields: &[_] = if self.method == "PATCH" { &[("If-Match", "\"1\"")] } else { &[] };
        person.ask(&self.method, path, fields, body).await
    }

    /// Calls it with a body of these bytes.
    pub async fn send(&self, person: &Person, path: &str, body: &str) -> Answer {
        let fields: &[_] = if self.method == "PATCH" { &[("If-Match", "\"1\"")] } else { &[] };
        person.send_bytes(&self.method, path, fields, "application/json", body).await
    }
}

/// The same answer but for the request's id, and without what changes by itself.
pub fn comparable(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let mut fields: Vec<_> =
        answer.headers.iter().map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    fields.retain(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    fields.sort();
    let mut told = answer.json.clone();
    if told["request_id"].is_string() {
        told["request_id"] = json!("");
    }
    (answer.status, fields, told)
}

#[test]
fn every_body_of_the_document_is_a_closed_object_with_an_example() {
    let taking: Vec<_> = acts().into_iter().filter(|act| act.body.is_some()).collect();
    assert!(taking.len() >= 18, "{}", taking.len());
    for act in taking {
        let body = act.body.as_ref().unwrap();
        assert_eq!((&body["type"], &body["additionalProperties"]), (&json!("object"), &json!(false)), "{}", act.name);
        assert!(!body["properties"].as_object().unwrap().is_empty(), "{}", act.name);
        act.good_body();
    }
}
