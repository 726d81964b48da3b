//! One request, and what came of it.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::Tried;

/// Longer than the service itself lets a request take: what a client has given up is then over on the other side too.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Debug)]
pub struct Ask {
    pub method: Method,
    pub path: String,
    pub key: Option<String>,
    pub if_match: Option<i64>,
    pub body: Option<Value>,
}

impl Ask {
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), key: None, if_match: None, body: None }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub fn json(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    pub fn key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    pub fn if_match(self, version: i64) -> Self {
        Self { if_match: Some(version), ..self }
    }

    /// Asks one node once. An error means that nothing is known of what was done.
    pub async fn send(&self, http: &reqwest::Client, node: &str, token: Option<&str>) -> Tried<Told> {
        let mut request = http.request(self.method.clone(), format!("{node}{}", self.path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = &self.key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(version) = self.if_match {
            request = request.header("If-Match", format!("\"{version}\""));
        }
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|e| kind_of(&e))?;
        let status = answer.status().as_u16();
        let field = |name: &str| answer.headers().contains_key(name);
        let (retry_after, replayed) = (field("retry-after"), field("idempotency-replayed"));
        let bytes = answer.bytes().await.map_err(|e| kind_of(&e))?;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Told { status, retry_after, replayed, body })
    }
}

/// What a node may not do, in a sentence: a 503 or 429 that does not say when to come again, and no answer while it is up.
pub fn complaint(ask: &Ask, told: &Tried<Told>, stayed_up: bool) -> Option<String> {
    let (method, path) = (&ask.method, &ask.path);
    match told {
        Ok(told) if matches!(told.status, 429 | 503) && !told.retry_after => {
            Some(format!("{method} {path}: {} without Retry-After", told.status))
        }
        Err(error) if stayed_up => Some(format!("{method} {path}: no answer from a node that is up: {error}")),
        _ => None,
    }
}

/// An answer that came whole.
#[derive(Clone, Debug)]
pub struct Told {
    pub status: u16,
    pub retry_after: bool,
    pub replayed: bool,
    pub body: Value,
}

impl Told {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The problem's code; empty where there is none.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("")
    }

    /// Whether the same request has to be sent again to know.
    pub fn leaves_open(&self) -> bool {
        self.status >= 500 || matches!(self.status, 408 | 429) || self.code() == "idempotency_key_in_use"
    }

    /// Status and code, as reports list them.
    pub fn kind(&self) -> String {
        format!("{} {}", self.status, self.code()).trim_end().to_owned()
    }

    pub fn number(&self, field: &str) -> Tried<i64> {
        self.body[field].as_i64().ok_or_else(|| format!("an answer has no number `{field}`: {}", self.body))
    }
}

fn kind_of(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connection refused"
    } else {
        "connection reset"
    };
    kind.to_owned()
}

/// A client with connections of its own.
pub fn client() -> Tried<reqwest::Client> {
    // Connections that nobody used for a while may be closed by the node just when they are used again.
    let unused = Duration::from_secs(2);
    reqwest::Client::builder().no_proxy().timeout(PATIENCE).pool_idle_timeout(unused).build().map_err(|e| e.to_string())
}
