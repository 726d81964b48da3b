//! Mails, as their readers see them.

use folkmoot::error::Error;
use folkmoot::mails::{Mailer, Post};
use folkmoot::state::State;
use serde_json::json;

use super::{App, PASSWORD, Person};

/// A mail that was sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    /// All of it, as it was sent.
    pub raw: String,
}

impl Mail {
    /// Reads one as it was sent.
    pub fn read(raw: String) -> Self {
        let field = |name: &str| {
            let line = raw.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_else(|| panic!("no {name}: {raw}")).to_owned()
        };
        Self { to: field("To"), subject: field("Subject"), raw }
    }

    /// The token of the link to this page.
    #[track_caller]
    pub fn token(&self, page: &str) -> String {
        let link = format!("http://forum.test/{page}#token=");
        let (_, rest) = self.raw.split_once(&link).unwrap_or_else(|| panic!("no {link}: {}", self.raw));
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect()
    }
}

/// Sends all mails that are due; gives how many were looked at. An error of one keeps no other from being sent.
pub async fn send_due(mailer: &Mailer, state: &State) -> Result<usize, Error> {
    let mut post = Post::new(mailer, state);
    let (mut looked_at, mut failed) = (0, None);
    loop {
        match post.take_due().await {
            Ok(more) => looked_at += more,
            Err(error) => failed = Some(error),
        }
        match post.ended().await {
            Some(ended) => failed = ended.err().or(failed),
            None => return failed.map_or(Ok(looked_at), Err),
        }
    }
}

impl App {
    /// Sends all that is due; gives what was sent by it.
    pub async fn mails(&self) -> Vec<Mail> {
        while send_due(&self.mailer, &self.shared.state).await.unwrap() > 0 {}
        let Ok(folder) = std::fs::read_dir(&self.mail_dir) else { return Vec::new() };
        let mut sent = Vec::new();
        for file in folder {
            let file = file.unwrap().path();
            sent.push(Mail::read(std::fs::read_to_string(&file).unwrap()));
            std::fs::remove_file(file).unwrap();
        }
        sent.sort();
        sent
    }

    /// The only mail that is due, sent.
    #[track_caller]
    pub fn mail(&self) -> impl Future<Output = Mail> {
        let place = std::panic::Location::caller();
        let mails = self.clone();
        async move {
            let mut mails = mails.mails().await;
            assert_eq!(mails.len(), 1, "{place}: {mails:?}");
            mails.remove(0)
        }
    }

    /// A member who has registered with this address, verified it, and signed in.
    pub async fn verified(&self, name: &str, email: &str) -> Person {
        let body = json!({"username": name, "password": PASSWORD, "email": email});
        let id = self.guest().post("/api/v1/members", body).await.expect(201).id();
        let token = self.mail().await.token("verify-email");
        self.guest().post("/api/v1/auth/verify-email", json!({"token": token})).await.expect(204);
        let login = self.login(name, PASSWORD).await.expect(200);
        let token = login["access_token"].as_str().unwrap().to_owned();
        Person { id, token: Some(token), ..self.guest() }
    }
}
