//! The private PostgreSQL, with real processes and folders.

mod folders;
mod frozen;
mod kills;
mod replicas;
mod starts;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use folkmoot::db::local::{LocalError, LocalPostgres};
use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};
use tokio_postgres::NoTls;

/// Names the folder for [`own_a_server_until_killed`].
const OWNED_FOLDER: &str = "FOLKMOOT_TEST_OWNED_FOLDER";
const PATIENCE: Duration = Duration::from_secs(60);
const QUICK: [(&str, &str); 1] = [("fsync", "off")];

/// A folder that goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = env::temp_dir().join(format!("fm-{}", uuid::Uuid::new_v4().simple()));
        // Others enter it and do not write it, whatever the umask.
        fs::DirBuilder::new().mode(0o755).create(&path).unwrap();
        Folder(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

async fn start(folder: &Path) -> LocalPostgres {
    LocalPostgres::start(folder, "folkmoot serve", &QUICK).await.unwrap()
}

async fn refusal(folder: &Path) -> LocalError {
    LocalPostgres::start(folder, "folkmoot import", &QUICK).await.unwrap_err()
}

async fn try_ask(url: &str, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let messages = client.simple_query(sql).await;
    drop(client);
    connection.await.unwrap()?;
    let rows = messages?.into_iter().filter_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("").to_owned()),
        _ => None,
    });
    Ok(rows.collect())
}

async fn ask(url: &str, sql: &str) -> Vec<String> {
    try_ask(url, sql).await.unwrap()
}

async fn ask_until_answered(url: &str, sql: &str) -> Vec<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match try_ask(url, sql).await {
            Ok(rows) => return rows,
            Err(error) => assert!(Instant::now() < deadline, "still no answer: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn postmaster(folder: &Path) -> Pid {
    let text = fs::read_to_string(folder.join("postgres/postmaster.pid")).unwrap();
    Pid::from_raw(text.lines().next().unwrap().parse().unwrap()).unwrap()
}

async fn until_gone(pid: Pid) {
    let deadline = Instant::now() + PATIENCE;
    while test_kill_process(pid).is_ok() {
        assert!(Instant::now() < deadline, "process {pid:?} is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Another process, of this same binary, that owns the folder and runs its server.
struct Owner(Child);

impl Owner {
    fn of(folder: &Path) -> Owner {
        Owner::without(&[], folder).unwrap()
    }

    /// One on a system where some programs do not do what they are for, or what it says why its server does not start.
    fn without(programs: &[&str], folder: &Path) -> Result<Owner, String> {
        let broken = Folder::new();
        fs::set_permissions(&broken.0, fs::Permissions::from_mode(0o755)).unwrap();
        for name in programs {
            fs::write(broken.join(name), "#!/bin/sh\nexit 1\n").unwrap();
            fs::set_permissions(broken.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = env::var("PATH").unwrap();
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "db::local::own_a_server_until_killed"])
            .args(["--ignored", "--nocapture"])
            .env(OWNED_FOLDER, folder)
            .env("PATH", format!("{}:{path}", broken.0.display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if line.ends_with("ready") {
                return Ok(Owner(child));
            }
            said.push_str(&line);
        }
        child.wait().unwrap();
        Err(said)
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
#[ignore = "run by other tests, as a process that they kill"]
async fn own_a_server_until_killed() {
    let folder = env::var_os(OWNED_FOLDER).expect("a folder is given");
    match LocalPostgres::start(Path::new(&folder), "folkmoot serve", &QUICK).await {
        Ok(_server) => {
            println!("ready");
            std::future::pending::<()>().await;
        }
        Err(error) => println!("{error}"),
    }
}
