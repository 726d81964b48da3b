//! People as clients: `anna.put(&post.url("/like"))`.

use serde_json::Value;

use super::{Answer, App};

/// Someone who calls the service, signed in or not.
#[derive(Clone)]
pub struct Person {
    pub app: App,
    /// Where the service is that it calls.
    pub url: String,
    pub id: i64,
    pub token: Option<String>,
}

impl Person {
    /// Someone who is not signed in.
    pub fn guest(app: &App) -> Self {
        Self { app: app.clone(), url: app.url.clone(), id: 0, token: None }
    }

    /// The same one with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same one, calling another node.
    pub fn at(&self, app: &App) -> Self {
        Self { app: app.clone(), url: app.url.clone(), ..self.clone() }
    }

    /// The same one, calling a node that is a process of its own.
    pub fn at_url(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], None).await
    }

    pub async fn head(&self, path: &str) -> Answer {
        self.ask("HEAD", path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, &[], Some(body)).await
    }

    /// A POST without a body.
    pub async fn act(&self, path: &str) -> Answer {
        self.ask("POST", path, &[], None).await
    }

    pub async fn put(&self, path: &str) -> Answer {
        self.ask("PUT", path, &[], None).await
    }

    pub async fn put_json(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path, &[], Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &[], None).await
    }

    /// A PATCH of this version.
    pub async fn patch(&self, path: &str, version: i64, body: Value) -> Answer {
        self.ask("PATCH", path, &[("If-Match", &format!("\"{version}\""))], Some(body)).await
    }

    /// Any request; its answer is held against the document.
    pub async fn ask(&self, method: &str, path: &str, fields: &[(&str, &str)], body: Option<Value>) -> Answer {
        let mut request = self.request(method, path);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Answer::read(method, path, request.send().await.unwrap()).await
    }

    /// A POST of raw bytes.
    pub async fn post_bytes(&self, path: &str, content_type: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request("POST", path).header("Content-Type", content_type).body(body);
        Answer::read("POST", path, request.send().await.unwrap()).await
    }

    /// Any request with raw bytes.
    pub async fn send_bytes(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        content_type: &str,
        body: &str,
    ) -> Answer {
        let mut request = self.request(method, path).header("Content-Type", content_type).body(body.to_owned());
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        Answer::read(method, path, request.send().await.unwrap()).await
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.url);
        let request = self.app.http.request(method.parse().unwrap(), url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}
