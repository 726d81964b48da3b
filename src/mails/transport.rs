//! How a mail leaves: to a server by SMTP (RFC 5321), or into a folder, one file each.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message};
use url::Url;
use uuid::Uuid;

use super::counts::Counts;
use super::letter::Letter;
use super::server::Server;
use crate::config::MailConfig;
use crate::private_files::{self, NotPrivate};
use crate::web::identity::Email;

/// Sends mails.
pub struct Mailer {
    way: Way,
    from: Mailbox,
    link_base: String,
    /// For so long one attempt may take.
    patience: Duration,
    /// What became of the mails.
    pub counts: Arc<Counts>,
}

enum Way {
    Server(Box<Server>),
    Folder(PathBuf),
}

/// Why a mail was not sent, in words that tell nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSent {
    /// The server's reply.
    pub code: Option<u16>,
    pub reason: &'static str,
    /// Whether another attempt would be in vain.
    pub permanent: bool,
}

impl Mailer {
    /// For so long an attempt may take: less than the first wait between two.
    pub const PATIENCE: Duration = Duration::from_secs(30);

    /// As the operator wants it; an error says what is wrong, without the password.
    pub fn new(config: &MailConfig, data_dir: &Path, public_url: &str, patience: Duration) -> Result<Self, String> {
        let [url, from, link_base] = [&config.mail_url, &config.mail_from, &config.link_base].map(given);
        let from = match (from, url) {
            (Some(from), _) => from.parse().map_err(|_| "--mail-from: this is no e-mail address".to_owned())?,
            (None, None) => Mailbox::new(Some("folkmoot".into()), "folkmoot@localhost".parse().map_err(told)?),
            (None, Some(_)) => return Err("with --mail-url a --mail-from is needed: whom mails are from".into()),
        };
        let way = match url {
            Some(url) => Way::Server(Box::new(Server::new(url, &from).map_err(|e| format!("--mail-url: {e}"))?)),
            None => Way::Folder(mail_folder(config, data_dir)?),
        };
        let link_base = match link_base {
            Some(base) => plain_base("--link-base", base)?,
            None => plain_base("--public-url", public_url)?,
        };
        Ok(Self { way, from, link_base, patience, counts: Arc::default() })
    }

    /// What is said of it to people.
    pub fn told(&self) -> String {
        match &self.way {
            Way::Server(_) => "sent by the server of --mail-url".into(),
            Way::Folder(folder) => format!("written to {} (--mail-url names a server)", folder.display()),
        }
    }

    /// One attempt to send a letter.
    pub(super) async fn send(&self, id: Uuid, created_at: DateTime<Utc>, letter: &Letter) -> Result<(), NotSent> {
        let mail = self.mail(id, created_at, letter)?;
        let sent = async {
            match &self.way {
                Way::Server(server) => server.send(&mail).await,
                Way::Folder(folder) => {
                    let name = format!("{}-{id}.eml", created_at.format("%Y%m%dT%H%M%SZ"));
                    write_file(folder.clone(), name, mail.formatted()).await
                }
            }
        };
        let late = NotSent { code: None, reason: "it took too long", permanent: false };
        tokio::time::timeout(self.patience, sent).await.unwrap_or(Err(late))
    }

    /// The same id at each attempt, so that who gets it twice can tell.
    fn mail(&self, id: Uuid, created_at: DateTime<Utc>, letter: &Letter) -> Result<Message, NotSent> {
        let unfit = || NotSent { code: None, reason: "no mail can be sent to this address", permanent: true };
        let written = letter.written(&self.link_base).ok_or_else(unfit)?;
        let to = Email::stored(&written.to).and_then(|to| to.mailable()).ok_or_else(unfit)?;
        // RFC 3834, section 5: answers by machines stay away.
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into());
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(written.subject)
            .date(SystemTime::from(created_at))
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .raw_header(automatic)
            .header(ContentType::TEXT_PLAIN)
            .body(body(written.text))
            .map_err(|_| unfit())
    }
}

/// Plain ASCII goes as it is, so that a link can be copied out of a file: its lines are shorter than the 998 characters that RFC
/// 5322, section 2.1.1, allows.
fn body(text: String) -> Body {
    if text.is_ascii() && text.lines().all(|line| line.len() <= 998) {
        let bytes = text.replace('\n', "\r\n").into_bytes();
        return Body::dangerous_pre_encoded(bytes, ContentTransferEncoding::SevenBit);
    }
    Body::new(text)
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Returns the folder for mails. A folder that exists already is checked.
fn mail_folder(config: &MailConfig, data_dir: &Path) -> Result<PathBuf, String> {
    let folder = config.mail_dir.clone().unwrap_or_else(|| data_dir.join("mails"));
    match private_files::check_folder(&folder, &folder) {
        Err(error) if !error.is_not_found() => Err(format!("--mail-dir: {error}")),
        _ => Ok(folder),
    }
}

/// A variable that is set to nothing is one that is not set.
fn given(option: &Option<String>) -> Option<&str> {
    option.as_deref().filter(|text| !text.is_empty())
}

/// What an option says, without a slash at the end.
fn plain_base(option: &str, text: &str) -> Result<String, String> {
    let wrong = || format!("{option} {text}: this is no http or https URL without query and fragment");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    if !["http", "https"].contains(&url.scheme()) || !plain {
        return Err(wrong());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

async fn write_file(folder: PathBuf, name: String, bytes: Vec<u8>) -> Result<(), NotSent> {
    let failed = |reason| NotSent { code: None, reason, permanent: false };
    let written = tokio::task::spawn_blocking(move || write_whole(&folder, &name, &bytes)).await;
    match written {
        Ok(Ok(())) => Ok(()),
        Err(_) | Ok(Err(NotPrivate::Io { .. })) => Err(failed("the folder can not be written to")),
        Ok(Err(_)) => Err(failed("the folder is a link, another account's, or can be written by others")),
    }
}

/// Whole or not at all, and for its owner's eyes only: it holds what lets its reader in.
fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), NotPrivate> {
    private_files::make_folder(folder)?;
    let (new, path) = (folder.join(format!(".{name}.new")), folder.join(name));
    let mut file = private_files::create(&new)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| std::fs::rename(new, &path));
    written.map_err(|source| NotPrivate::Io { act: "write", path, source })
}
