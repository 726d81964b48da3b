//! Things that belong to someone, for others to try their hands on; and the whole content of a database in one line.

use serde_json::Value;

use super::acts::Act;
use crate::support::{App, Person};

/// What one member has made: some of it is there, some deleted.
pub struct World {
    pub owner: Person,
    pub name: String,
    pub forum: i64,
    pub other_forum: i64,
    pub thread: i64,
    pub post: i64,
    /// A post that was deleted, in a thread that was not.
    pub deleted_post: i64,
    pub deleted_thread: i64,
    /// A post that was not deleted, in a thread that was.
    pub hidden_post: i64,
    pub session: i64,
    pub token: i64,
}

/// Which of its things a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// What everyone may see.
    Theirs,
    /// A deleted thread, or a deleted post.
    Deleted,
    /// A post of a deleted thread.
    Hidden,
    /// What never was.
    Absent,
}

/// What only these tests write.
pub const SECRET: &str = "xyzzyplugh";

impl World {
    /// Makes it anew, whatever there was before; `name` tells it from others.
    pub async fn make(app: &App, name: &str) -> Self {
        let (owner, moderator) = (app.member(name).await, app.moderator(&format!("{name} mod")).await);
        let slug = name.to_lowercase().replace([' ', '_'], "-");
        let (forum, other_forum) = (app.forum(&slug).await, app.forum(&format!("{slug}-other")).await);
        let thread = owner.start_thread(forum, "A thread of theirs", "The first post.").await;
        let post = owner.reply(thread, "Some words.").await;
        let deleted_post = owner.reply(thread, &format!("{SECRET} in a deleted post")).await;
        owner.delete(&format!("/api/v1/posts/{deleted_post}")).await.expect(204);
        let title = format!("{SECRET} in a title");
        let deleted_thread = owner.start_thread(forum, &title, &format!("{SECRET} in a first post")).await;
        let hidden_post = owner.reply(deleted_thread, &format!("{SECRET} in a reply")).await;
        moderator.delete(&format!("/api/v1/threads/{deleted_thread}")).await.expect(204);
        let of_owner = |what: &str| format!("SELECT max(id) FROM {what} WHERE member_id = {}", owner.id);
        owner.personal_token(&["read"]).await;
        let (session, token) = (app.count(&of_owner("sessions")).await, app.count(&of_owner("tokens")).await);
        let name = name.to_owned();
        Self {
            owner,
            name,
            forum,
            other_forum,
            thread,
            post,
            deleted_post,
            deleted_thread,
            hidden_post,
            session,
            token,
        }
    }

    /// An act's path with ids of this world's things.
    pub fn path(&self, act: &Act, target: Target) -> String {
        act.path(|parameter| self.fill(parameter, target))
    }

    fn fill(&self, parameter: &str, target: Target) -> String {
        let pick = |theirs: i64, deleted: i64, hidden: i64| match target {
            Target::Theirs => theirs.to_string(),
            Target::Deleted => deleted.to_string(),
            Target::Hidden => hidden.to_string(),
            Target::Absent => "999999999".to_owned(),
        };
        match parameter {
            "thread_id" => pick(self.thread, self.deleted_thread, self.deleted_thread),
            "post_id" => pick(self.post, self.deleted_post, self.hidden_post),
            "member_id" => pick(self.owner.id, self.owner.id, self.owner.id),
            "forum_id" => pick(self.forum, self.forum, self.forum),
            "session_id" => pick(self.session, self.session, self.session),
            "token_id" => pick(self.token, self.token, self.token),
            "username" if target == Target::Absent => "nobody at all".into(),
            "username" => self.name.replace(' ', "%20"),
            "number" => "1".into(),
            "code" if target == Target::Absent => "none".into(),
            "code" => "not_found".into(),
            unknown => panic!("say here what stands for {{{unknown}}}"),
        }
    }

    /// A body that the act takes, with ids of this world's things.
    pub fn body(&self, act: &Act) -> Option<Value> {
        let mut body = act.good_body()?;
        if !body["forum_id"].is_null() {
            body["forum_id"] = self.other_forum.into();
        }
        if !body["username"].is_null() {
            body["username"] = format!("{} new", self.name).into();
        }
        if !body["slug"].is_null() {
            body["slug"] = format!("forum-{}", self.other_forum).into();
        }
        Some(body)
    }
}

/// Everything that a database holds but when tokens were last used, which reading writes.
pub async fn content(app: &App) -> String {
    let client = app.sql().await;
    let tables = "SELECT table_name::text FROM information_schema.tables \
                  WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1";
    let mut all = String::new();
    for row in client.query(tables, &[]).await.unwrap() {
        let table: String = row.get(0);
        // What is noted of a use, and what becomes of an entry of the log, is nobody's act.
        let row = match table.as_str() {
            "tokens" => "to_jsonb(t) - 'last_used_at'",
            "events" => "to_jsonb(t) - 'position'",
            "event_log" => "to_jsonb(t) - 'last_position'",
            _ => "to_jsonb(t)",
        };
        let sql =
            format!("SELECT md5(coalesce(string_agg(({row})::text, '' ORDER BY ({row})::text), '')) FROM {table} t");
        let digest: String = client.query_one(&sql, &[]).await.unwrap().get(0);
        all += &format!("{table} {digest}\n");
    }
    all
}
