//! How mails leave: what the operator can set, and the folder.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use chrono::Duration;
use folkmoot::config::MailConfig;
use folkmoot::mails::Mailer;
use serde_json::json;

use crate::support::{App, PASSWORD, PATIENCE, send_due};

fn made(url: Option<&str>, from: Option<&str>, link_base: Option<&str>) -> Result<Mailer, String> {
    let [mail_url, mail_from, link_base] = [url, from, link_base].map(|text| text.map(str::to_owned));
    let config = MailConfig { mail_url, mail_from, mail_dir: None, link_base };
    Mailer::new(&config, Path::new("data"), "http://forum.test", PATIENCE)
}

#[actix_web::test]
async fn servers_that_keep_a_password_to_themselves_are_taken() {
    for url in [
        "smtps://name:secret@mail.example.org",
        "smtps://name%40example.org:s%3Acret@mail.example.org:4465",
        "smtp://name:secret@mail.example.org?tls=required",
        "smtp://name:secret@mail.example.org:2525?tls=required",
        "smtp://name:secret@127.0.0.1:2525",
        "smtp://name:secret@localhost",
        "smtp://name:secret@[::1]:2525",
        "smtp://relay.internal?tls=none",
        "smtp://127.0.0.1",
    ] {
        let mailer = made(Some(url), Some("A forum <forum@example.org>"), None);
        assert!(mailer.is_ok(), "{url}: {:?}", mailer.err());
    }
}

#[actix_web::test]
async fn what_is_wrong_is_told_without_the_password() {
    for url in [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtps://name:secret@mail.example.org/path",
        "smtps://name:secret@mail.example.org?tls=none",
        "smtp://name:secret@mail.example.org",
        "smtp://relay.internal",
        "smtp://name:secret@mail.example.org?tls=none",
        "smtp://name:secret@127.0.0.1.example.org",
        "smtp://name:secret@mail.example.org?tls=opportunistic",
        "smtp://name@mail.example.org?tls=required",
        "smtp://:secret@mail.example.org?tls=required",
        "smtp://name:secret@mail.example.org:99999?tls=required",
        "smtp://name:%ffsecret@mail.example.org?tls=required",
    ] {
        let told = made(Some(url), Some("forum@example.org"), None).err().unwrap_or_default();
        assert!(told.starts_with("--mail-url: ") && !told.contains("secret"), "{url}: {told:?}");
    }
    // A variable that is set to nothing is one that is not set.
    assert!(made(Some(""), Some(""), Some("")).is_ok());
    let told = |made: Result<Mailer, String>| made.err().unwrap_or_default();
    assert!(told(made(Some("smtps://mail.example.org"), None, None)).contains("--mail-from"));
    assert!(told(made(None, Some("nobody"), None)).starts_with("--mail-from"));
    let wrong = Mailer::new(&MailConfig::default(), Path::new(""), "nonsense", PATIENCE);
    assert!(told(wrong).starts_with("--public-url"));
    for base in
        ["forum.example.org", "ftp://forum.example.org", "https://x.org/?a=b", "https://x.org/#a", "javascript:1"]
    {
        assert!(told(made(None, None, Some(base))).starts_with("--link-base"), "{base}");
    }
}

#[actix_web::test]
async fn a_service_with_a_wrong_server_does_not_start() {
    let database = crate::support::database::bare().await;
    let mut program = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
    program.args(["serve", "--listen", "127.0.0.1:0", "--mail-url", "smtp://name:hidden@mail.example.org"]);
    program.args(["--mail-from", "forum@example.org", "--database-url", &database, "--allow-data-loss"]);
    program.args(["--secret", "a secret of at least thirty-two characters", "--public-url", "http://forum.test"]);
    let done = program.output().unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success() && told.contains("--mail-url: without TLS"), "{told}");
    assert!(!told.contains("hidden"));
}

#[actix_web::test]
async fn without_a_server_mails_are_files_for_their_owner_s_eyes() {
    let app = App::start().await;
    let body = json!({"username": "Żółw", "password": PASSWORD, "email": "anna@example.org"});
    app.guest().post("/api/v1/members", body).await.expect(201);
    send_due(&app.mailer, &app.shared.state).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&app.mail_dir), 0o700);
    let files: Vec<_> = std::fs::read_dir(&app.mail_dir).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!((mode(&files[0]), files[0].extension().unwrap().to_str()), (0o600, Some("eml")));
    let mail = app.mail().await;
    for line in [
        "From: folkmoot <folkmoot@localhost>",
        "To: anna@example.org",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(mail.raw.lines().any(|there| there == line), "{line} is not in {}", mail.raw);
    }
    assert!(mail.raw.contains("If it was not you, there is nothing to do") && !mail.raw.contains("Żółw"));
    assert!(mail.raw.lines().any(|line| line.starts_with("Message-ID: <") && line.ends_with("@localhost>")));
}

#[actix_web::test]
async fn links_start_with_what_the_operator_says() {
    let app = App::start().await;
    let config = MailConfig {
        mail_dir: Some(app.mail_dir.clone()),
        link_base: Some("https://forum.example.org/app/".into()),
        ..MailConfig::default()
    };
    let mailer = Mailer::new(&config, Path::new(""), "http://forum.test", PATIENCE).unwrap();
    let body = json!({"username": "Anna", "password": PASSWORD, "email": "anna@example.org"});
    app.guest().post("/api/v1/members", body).await.expect(201);
    send_due(&mailer, &app.shared.state).await.unwrap();
    let mail = app.mail().await;
    assert!(mail.raw.contains("\r\nhttps://forum.example.org/app/verify-email#token="), "{}", mail.raw);
}

#[actix_web::test]
async fn a_domain_of_any_script_is_written_as_servers_take_it() {
    let app = App::start().await;
    let body = json!({"username": "Anna", "password": PASSWORD, "email": "Anna@bücher.example"});
    app.guest().post("/api/v1/members", body).await.expect(201);
    assert_eq!(app.mail().await.to, "Anna@xn--bcher-kva.example");
}

#[actix_web::test]
async fn an_address_that_no_mail_can_be_written_to_is_given_up_at_once() {
    let app = App::start().await;
    let (anna, _) = app.registered("Anna").await;
    // As an archive may have had it.
    let sql =
        "UPDATE members SET email = 'a,b<c>@example.org', email_key = 'a,b<c>@example.org', email_verified = true";
    app.sql().await.batch_execute(sql).await.unwrap();
    let change = json!({"current": PASSWORD, "new": "another long sentence of mine"});
    anna.put_json("/api/v1/me/password", change).await.expect(204);
    assert_eq!(app.count("SELECT count(*) FROM mails").await, 1);
    assert!(app.mails().await.is_empty());
    assert_eq!(app.count("SELECT count(*) FROM mails").await, 0);
    assert_eq!(app.mailer.counts.outcomes(), [("sent", 0), ("put_off", 0), ("given_up", 1)]);
}

#[actix_web::test]
async fn a_mail_folder_that_others_may_write_or_a_link_takes_no_mail_until_it_is_mended() {
    let app = App::start().await;
    let body = json!({"username": "Anna", "password": PASSWORD, "email": "anna@example.org"});
    app.guest().post("/api/v1/members", body).await.expect(201);
    let told = || {
        let config = MailConfig { mail_dir: Some(app.mail_dir.clone()), ..MailConfig::default() };
        Mailer::new(&config, Path::new(""), "http://forum.test", PATIENCE).err().unwrap_or_default()
    };
    let elsewhere = app.mail_dir.with_extension("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, &app.mail_dir).unwrap();
    assert_eq!(send_due(&app.mailer, &app.shared.state).await.unwrap(), 1);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    assert!(told().starts_with("--mail-dir: ") && told().contains("is a symbolic link"), "{}", told());

    fs::remove_file(&app.mail_dir).unwrap();
    fs::rename(&elsewhere, &app.mail_dir).unwrap();
    fs::set_permissions(&app.mail_dir, Permissions::from_mode(0o770)).unwrap();
    app.clock.advance(Duration::hours(1));
    assert_eq!(send_due(&app.mailer, &app.shared.state).await.unwrap(), 1);
    assert_eq!(fs::read_dir(&app.mail_dir).unwrap().count(), 0);
    assert!(told().contains(&format!("`chmod go-w {}`", app.mail_dir.display())), "{}", told());

    fs::set_permissions(&app.mail_dir, Permissions::from_mode(0o750)).unwrap();
    app.clock.advance(Duration::hours(1));
    assert_eq!(app.mail().await.to, "anna@example.org");
    assert_eq!(told(), "");
}
