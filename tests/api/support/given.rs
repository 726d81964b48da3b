//! What a test starts from, made without the acts that other tests are about.

use folkmoot::access::Passwords;
use serde_json::json;
use tokio::sync::OnceCell;

use super::{Answer, App, Person};

impl App {
    /// A member with this name who is signed in.
    pub async fn member(&self, name: &str) -> Person {
        self.signed_in(name, "member").await
    }

    /// A moderator who is signed in.
    pub async fn moderator(&self, name: &str) -> Person {
        self.signed_in(name, "moderator").await
    }

    /// An administrator who is signed in.
    pub async fn admin(&self, name: &str) -> Person {
        self.signed_in(name, "admin").await
    }

    async fn signed_in(&self, name: &str, role: &str) -> Person {
        let now = self.clock.now();
        let sql = "WITH member AS (
                INSERT INTO members (username, username_key, role, joined_at)
                VALUES ($1, lower($1), $2, $3::text::timestamptz) RETURNING id
            )
            INSERT INTO sessions (member_id, scopes, created_at, last_used_at, expires_at)
            SELECT id, '{read,post,like,profile,moderate,admin}', $3::text::timestamptz, $3::text::timestamptz,
                   $3::text::timestamptz + interval '30 days'
            FROM member RETURNING member_id, id";
        let row = self.sql().await.query_one(sql, &[&name, &role, &now.to_rfc3339()]).await.unwrap();
        let (member, session): (i64, i64) = (row.get(0), row.get(1));
        let token = self.shared.keys.sign(member.into(), session.into(), now).unwrap();
        Person { id: member, token: Some(token), ..self.guest() }
    }
}

/// The password of everyone who registers here.
pub const PASSWORD: &str = "a long sentence of mine";

impl App {
    /// Registers a member; gives its id.
    pub async fn register(&self, name: &str) -> i64 {
        let body = json!({"username": name, "password": PASSWORD});
        self.guest().post("/api/v1/members", body).await.expect(201).id()
    }

    /// Signs in with a name and a password.
    pub async fn login(&self, name: &str, password: &str) -> Answer {
        self.guest().post("/api/v1/auth/login", json!({"login": name, "password": password})).await
    }

    /// A member that has registered and signed in, and its refresh token.
    pub async fn registered(&self, name: &str) -> (Person, String) {
        let id = self.register(name).await;
        let answer = self.login(name, PASSWORD).await.expect(200);
        let text = |field: &str| answer[field].as_str().unwrap().to_owned();
        (Person { id, token: Some(text("access_token")), ..self.guest() }, text("refresh_token"))
    }

    /// Asks for the next pair of tokens.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.guest().post("/api/v1/auth/refresh", json!({"refresh_token": token})).await
    }
}

impl App {
    /// A forum that holds threads.
    pub async fn forum(&self, slug: &str) -> i64 {
        let sql = "INSERT INTO forums (slug, title, kind) VALUES ($1, $1, 'forum') RETURNING id";
        self.sql().await.query_one(sql, &[&slug]).await.unwrap().get(0)
    }
}

impl Person {
    /// Gives the member `PASSWORD`, as who registers has it.
    pub async fn has_password(&self) {
        static HASH: OnceCell<String> = OnceCell::const_new();
        let hash = HASH.get_or_init(async || Passwords::new().hash(PASSWORD).await.unwrap()).await;
        let sql =
            "UPDATE members SET password_hash = $1 WHERE id = $2 AND password_hash IS NULL AND deleted_at IS NULL";
        self.app.sql().await.execute(sql, &[hash, &self.id]).await.unwrap();
    }

    /// Deletes the account, with the right password.
    pub async fn delete_account(&self) -> Answer {
        self.has_password().await;
        self.post("/api/v1/me/deletion", json!({"password": PASSWORD})).await
    }

    /// Starts a thread; gives its id.
    pub async fn start_thread(&self, forum: i64, title: &str, body: &str) -> i64 {
        let asked = json!({"forum_id": forum, "title": title, "body": body});
        self.post("/api/v1/threads", asked).await.expect(201)["thread"]["id"].as_i64().unwrap()
    }

    /// Replies to a thread; gives the post's id.
    pub async fn reply(&self, thread: i64, body: &str) -> i64 {
        self.post(&format!("/api/v1/threads/{thread}/posts"), json!({"body": body})).await.expect(201).id()
    }
}

impl Person {
    /// The same one with a new access token of its session.
    pub async fn refreshed(&self) -> Self {
        let sql = format!("SELECT max(id) FROM sessions WHERE member_id = {}", self.id);
        let session = self.app.count(&sql).await;
        let now = self.app.clock.now();
        self.with_token(&self.app.shared.keys.sign(self.id.into(), session.into(), now).unwrap())
    }
}

impl Person {
    /// The same one, calling with a new personal token that has these scopes.
    pub async fn personal_token(&self, scopes: &[&str]) -> Self {
        let body = json!({"name": "a program", "scopes": scopes});
        let answer = self.post("/api/v1/me/tokens", body).await.expect(201);
        self.with_token(answer["token"].as_str().unwrap())
    }
}
