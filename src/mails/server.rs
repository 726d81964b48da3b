//! A mail server, spoken to by SMTP (RFC 5321) step by step: what it says of a mail is final, what it says of us is not.

use std::time::Duration;

use lettre::Address;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;
use url::Url;

use super::transport::NotSent;
use crate::config::is_this_machine;

/// For so long a server is waited for when its mail has been taken already.
const GOODBYE: Duration = Duration::from_secs(1);

/// Where mails are sent, and how.
pub(super) struct Server {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
    hello: ClientId,
}

impl Server {
    /// The server of a URL. What is sent on the way to it is read by nobody, unless the operator says that it may be: a link to set a
    /// new password is worth a password.
    pub fn new(url: &str, from: &Mailbox) -> Result<Self, String> {
        let url = Url::parse(url).map_err(told)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("there is no host")?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err("behind the host nothing but a port, ?tls=required and ?tls=none is known".into());
        }
        let tls = || TlsParameters::new(host.to_owned()).map_err(told);
        let (tls, port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Tls::Wrapper(tls()?), 465),
            ("smtp", Some("tls=required")) => (Tls::Required(tls()?), 587),
            ("smtp", Some("tls=none")) => (Tls::None, 25),
            ("smtp", None) if is_this_machine(host) => (Tls::None, 25),
            ("smtp", None) => {
                let why = "without TLS the links in mails could be read on their way, and each is worth a password";
                return Err(format!(
                    "{why}: use smtps:// or ?tls=required, or say ?tls=none where nobody is on that way"
                ));
            }
            _ => return Err("it begins with smtps:// or smtp://, and may end with ?tls=... after smtp://".into()),
        };
        let credentials = credentials(&url)?;
        if credentials.is_some() && matches!(tls, Tls::None) && !is_this_machine(host) {
            return Err("without TLS the password could be read on its way: use smtps:// or ?tls=required".into());
        }
        let hello = ClientId::Domain(from.email.domain().to_owned());
        Ok(Self { host: host.to_owned(), port: url.port().unwrap_or(port), tls, credentials, hello })
    }

    /// One attempt to send a mail.
    pub async fn send(&self, mail: &Message) -> Result<(), NotSent> {
        let connection = &mut self.session().await.map_err(|error| NotSent { permanent: false, ..refused(&error) })?;
        let sent = deliver(mail, connection).await;
        // It has been taken, or not: how the server says goodbye does not matter.
        let _ = timeout(GOODBYE, connection.abort()).await;
        sent
    }

    /// A connection on which mails can be sent.
    async fn session(&self) -> Result<AsyncSmtpConnection, Error> {
        let wrapped = match &self.tls {
            Tls::Wrapper(tls) => Some(tls.clone()),
            _ => None,
        };
        let server = (self.host.as_str(), self.port);
        let patience = Some(super::Mailer::PATIENCE);
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, patience, &self.hello, wrapped, None).await?;
        if let Tls::Required(tls) = &self.tls {
            connection.starttls(tls.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

async fn deliver(mail: &Message, connection: &mut AsyncSmtpConnection) -> Result<(), NotSent> {
    let envelope = mail.envelope();
    let mut options = Vec::new();
    let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
    if !envelope.to().iter().chain(envelope.from()).all(is_ascii) {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(NotSent { code: None, reason: "the server can not take such an address", permanent: true });
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    // Whom mails are from is the same for all: that the server does not take it, the operator can mend.
    let from = Mail::new(envelope.from().cloned(), options);
    connection.command(from).await.map_err(|error| NotSent { permanent: false, ..refused(&error) })?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(|error| refused(&error))?;
    }
    connection.command(Data).await.map_err(|error| refused(&error))?;
    connection.message(&mail.formatted()).await.map_err(|error| refused(&error))?;
    Ok(())
}

fn credentials(url: &Url) -> Result<Option<Credentials>, String> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(String::from).map_err(told);
    let (name, password) = (decoded(url.username())?, url.password().map(decoded).transpose()?);
    match (name.is_empty(), password) {
        (true, None) => Ok(None),
        (false, Some(password)) if !password.is_empty() => Ok(Some(Credentials::new(name, password))),
        _ => Err("a name and a password go together".into()),
    }
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Replies that tell of how we sign in, not of the mail (RFC 4954, section 6; RFC 3207, section 4): the operator can mend that.
const OF_SIGNING_IN: [u16; 4] = [530, 534, 535, 538];

/// What a server said of a mail.
fn refused(error: &Error) -> NotSent {
    let reason = match error {
        e if e.status().is_some() => "the server refused it",
        e if e.is_tls() => "TLS failed",
        e if e.is_timeout() => "it took too long",
        e if e.is_client() => "the server can not take it",
        _ => "the connection failed",
    };
    let code = error.status().map(u16::from);
    let permanent = error.is_permanent() && !code.is_some_and(|code| OF_SIGNING_IN.contains(&code));
    NotSent { code, reason, permanent }
}
