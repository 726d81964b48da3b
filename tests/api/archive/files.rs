//! `folkmoot export` and its file, by the program itself.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};

use super::*;
use crate::support::{database, who_waits};

/// A folder that goes with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("fm-{}", uuid::Uuid::new_v4().simple()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(&self.0).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Runs a command of the program on a database.
fn run(database_url: &str, command: &str, file: &Path) -> Output {
    program(database_url, command, file).output().unwrap()
}

fn program(database_url: &str, command: &str, file: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
    program.arg(command).arg(file).env("FOLKMOOT_DATABASE_URL", database_url);
    program
}

/// A folder, and a database that the program has made and filled.
async fn given() -> (Folder, String) {
    let (folder, url) = (Folder::new(), database::bare().await);
    let file = folder.0.join("small");
    fs::write(&file, text(&small())).unwrap();
    let done = run(&url, "import", &file);
    assert!(done.status.success(), "{done:?}");
    fs::remove_file(&file).unwrap();
    (folder, url)
}

#[actix_web::test]
async fn an_exported_file_is_for_its_owners_eyes_only() {
    let (folder, url) = given().await;
    let (file, elsewhere) = (folder.0.join("out"), folder.0.join("elsewhere"));
    // Somebody else may have put a link where the file is to be.
    fs::write(&elsewhere, "kept").unwrap();
    symlink(&elsewhere, &file).unwrap();
    let done = run(&url, "export", &file);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
    assert!(fs::symlink_metadata(&file).unwrap().is_file());
    assert_eq!(fs::read(&file).unwrap(), write_out_bytes(&url, Compression::None).await);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "kept");
    assert_eq!(folder.names(), ["elsewhere", "out"]);
}

#[actix_web::test]
async fn two_exports_to_one_name_do_not_mix() {
    let (folder, url) = given().await;
    let file = folder.0.join("out");
    let programs: Vec<_> = (0..4).map(|_| program(&url, "export", &file).spawn().unwrap()).collect();
    for mut program in programs {
        assert!(program.wait().unwrap().success());
    }
    assert_eq!(fs::read(&file).unwrap(), write_out_bytes(&url, Compression::None).await);
    assert_eq!(folder.names(), ["out"]);
}

#[actix_web::test]
async fn what_is_no_file_is_written_to_as_it_is() {
    let (folder, url) = given().await;
    let pipe = folder.0.join("out.gz");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
    let mut exporting = program(&url, "export", &pipe).spawn().unwrap();
    let done = run(&database::bare().await, "import", &pipe);
    if !done.status.success() {
        // It waits for somebody who reads.
        exporting.kill().unwrap();
    }
    assert!(done.status.success(), "{done:?}");
    assert!(exporting.wait_with_output().unwrap().status.success());
    assert!(!fs::symlink_metadata(&pipe).unwrap().is_file());
    assert_eq!(folder.names(), ["out.gz"]);
}

#[actix_web::test]
async fn an_export_that_is_ended_leaves_nothing_behind() {
    let (folder, url) = given().await;
    let (client, file) = (sql(&url).await, folder.0.join("out"));
    client.batch_execute("BEGIN; LOCK TABLE likes").await.unwrap();
    let mut exporting = program(&url, "export", &file).spawn().unwrap();
    who_waits(&client).await;
    assert_eq!(folder.names().len(), 1);
    kill_process(Pid::from_child(&exporting), Signal::TERM).unwrap();
    assert!(!exporting.wait().unwrap().success());
    assert!(folder.names().is_empty());
    client.batch_execute("COMMIT").await.unwrap();
}

#[actix_web::test]
async fn an_export_that_fails_leaves_nothing_behind() {
    let (folder, url) = given().await;
    // A folder can not be replaced by a file.
    fs::create_dir(folder.0.join("out")).unwrap();
    let done = run(&url, "export", &folder.0.join("out"));
    assert!(!done.status.success(), "{done:?}");
    assert_eq!(folder.names(), ["out"]);
    sql(&url).await.batch_execute("DROP TABLE likes").await.unwrap();
    let done = run(&url, "export", &folder.0.join("other"));
    assert!(!done.status.success(), "{done:?}");
    assert_eq!(folder.names(), ["out"]);
}
