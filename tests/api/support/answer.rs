//! Answers, as tests look at them.

use std::ops::Index;

use serde_json::Value;

use super::contract;

/// An answer that has been held against the document.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub json: Value,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// Reads an answer to its end.
    pub async fn read(method: &str, path: &str, response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap().to_vec();
        let is_json = headers.get("content-type").is_some_and(|t| t.to_str().unwrap().contains("json"));
        let json = if is_json && !bytes.is_empty() { serde_json::from_slice(&bytes).unwrap() } else { Value::Null };
        let answer = Self { status, headers, json, bytes };
        contract::check(method, path, &answer);
        answer
    }

    /// The answer, if its status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.json);
        self
    }

    /// A problem with this status and code.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.json["code"].as_str()), (status, Some(code)), "{}", self.json);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.json["request_id"], self.header("x-request-id"));
        self
    }

    /// A 422 with a flaw of this code at this place.
    #[track_caller]
    pub fn flawed(self, pointer: &str, flaw: &str) -> Self {
        let answer = self.refused(422, "invalid_body");
        let found =
            answer.json["errors"].as_array().unwrap().iter().any(|e| e["pointer"] == pointer && e["code"] == flaw);
        assert!(found, "no {flaw} at {pointer}: {}", answer.json);
        answer
    }

    /// A header field, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The `id` of the thing.
    #[track_caller]
    pub fn id(&self) -> i64 {
        self.json["id"].as_i64().unwrap()
    }

    /// The ids of a list's items.
    #[track_caller]
    pub fn item_ids(&self) -> Vec<i64> {
        self.json["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
    }
}

impl Index<&str> for Answer {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        &self.json[name]
    }
}
