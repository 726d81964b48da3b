//! What every act refuses alike: callers who are not signed in, ids that name nothing, and bodies that are none.

use serde_json::{Value, json};

use super::Person;

/// Ids in a path that no thing has.
pub const NO_IDS: [&str; 7] =
    ["abc", "0", "-1", "9223372036854775808", "10000000000000000000000000000000000000000", "007", "999999"];

impl Person {
    /// Asks with each id that names nothing (`{}` in the path), and expects 404 of all.
    pub async fn finds_none(&self, method: &str, path: &str, fields: &[(&str, &str)], body: Option<Value>) {
        for id in NO_IDS {
            let path = path.replace("{}", id);
            let answer = self.ask(method, &path, fields, body.clone()).await;
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.json);
            if method != "HEAD" {
                answer.refused(404, "not_found");
            }
        }
    }

    /// Asks without a token, and expects 401 with a challenge, however wrong the rest is.
    pub async fn must_sign_in(&self, method: &str, path: &str) {
        let guest = self.app.guest();
        let answer = guest.ask(method, path, &[], Some(json!({"wrong": true}))).await.refused(401, "not_signed_in");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        let forged = self.with_token("forged");
        let answer = forged.ask(method, path, &[], None).await.refused(401, "invalid_token");
        assert!(answer.header("www-authenticate").contains("invalid_token"));
    }

    /// Sends what is no JSON object within its limits, and expects each to be told as what it is.
    pub async fn must_send_json(&self, method: &str, path: &str, fields: &[(&str, &str)]) {
        let json = "application/json";
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let large = format!("{{\"x\": \"{}\"}}", "a".repeat(1 << 20));
        let cases = [
            ("text/plain", large.as_str(), 413, "body_too_large"),
            ("text/plain", "{}", 415, "unsupported_media_type"),
            (json, "{", 400, "malformed_json"),
            (json, "", 400, "malformed_json"),
            (json, "{} {}", 400, "malformed_json"),
            (json, deep.as_str(), 400, "json_too_deep"),
            (json, "[]", 422, "invalid_body"),
            (json, "[1, \"A list\", \"of the fields\", null, null, null]", 422, "invalid_body"),
            (json, "null", 422, "invalid_body"),
            (json, "\"text\"", 422, "invalid_body"),
        ];
        for (content_type, body, status, code) in cases {
            let answer = self.send_bytes(method, path, fields, content_type, body).await;
            let shown = &body[..body.len().min(40)];
            assert_eq!(answer.status, status, "{method} {path} with {content_type} {shown}: {}", answer.json);
            answer.refused(status, code);
        }
    }
}
