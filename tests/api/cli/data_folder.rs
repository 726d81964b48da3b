//! The data folder and its files belong to this account alone: what others could have changed is refused, and links are not followed.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rustix::process::geteuid;

/// An account other than ours, as no account has this id.
const ANOTHER: u32 = 54_321;

/// A folder for the data folder and what is beside it, which goes with the value.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("fm-{}", uuid::Uuid::new_v4().simple()));
        DirBuilder::new().mode(0o755).create(&path).unwrap();
        Self(path)
    }

    fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    /// A folder with a data folder of this mode in it.
    fn with_data(mode: u32) -> Self {
        let place = Self::new();
        fs::create_dir(place.data()).unwrap();
        fs::set_permissions(place.data(), Permissions::from_mode(mode)).unwrap();
        place
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn folkmoot(data: &Path, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
    program.args(arguments).arg("--data-dir").arg(data).env_remove("DATABASE_URL").env_remove("FOLKMOOT_SECRET");
    program.output().unwrap()
}

fn migrate(data: &Path) -> Output {
    folkmoot(data, &["migrate"])
}

/// Starts the service, which makes all files, and ends at an address for metrics that no machine has.
const SERVE_AND_END: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "192.0.2.1:1"];
const ITS_END: &str = "--metrics-listen 192.0.2.1:1";

fn said(done: &Output) -> String {
    String::from_utf8_lossy(&done.stderr).into_owned()
}

fn refused(done: &Output, words: &str) {
    assert!(!done.status.success() && said(done).contains(words), "it does not say {words}: {}", said(done));
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn a_data_folder_that_others_may_write_is_refused_with_the_command_that_mends_it() {
    for mode in [0o775, 0o757, 0o777, 0o1777, 0o2770] {
        let place = Place::with_data(mode);
        let command = format!("chmod go-w {}", place.data().display());
        refused(&migrate(&place.data()), &format!("(mode {mode:04o}): take that right away with `{command}`"));
        assert_eq!(fs::read_dir(place.data()).unwrap().count(), 0, "{mode:o}");
    }
    let place = Place::with_data(0o775);
    // In the words of the operator, not by its full path.
    let mut program = Command::new(env!("CARGO_BIN_EXE_folkmoot"));
    program.args(["migrate", "--data-dir", "./data"]).env_remove("DATABASE_URL").current_dir(&place.0);
    refused(&program.output().unwrap(), "`chmod go-w ./data`");
    assert!(Command::new("chmod").args(["go-w", "./data"]).current_dir(&place.0).status().unwrap().success());
    let done = program.output().unwrap();
    assert!(done.status.success(), "{}", said(&done));
}

#[test]
fn a_data_folder_or_a_file_in_it_of_another_account_is_refused() {
    if !geteuid().is_root() {
        // Only root gives folders away; here is one that is root's.
        refused(&migrate(Path::new("/usr")), "/usr belongs to the account with id 0: run folkmoot as that account");
        return;
    }
    let place = Place::with_data(0o700);
    fs::write(place.data().join("lock"), "").unwrap();
    chown(place.data().join("lock"), Some(ANOTHER), None).unwrap();
    refused(&migrate(&place.data()), "data/lock belongs to the account with id 54321");
    chown(place.data(), Some(ANOTHER), None).unwrap();
    refused(&migrate(&place.data()), "data belongs to the account with id 54321: run folkmoot as that account");
}

#[test]
fn a_link_in_place_of_a_file_is_refused_and_what_it_leads_to_is_left_alone() {
    let place = Place::with_data(0o700);
    let victim = place.0.join("victim");
    for name in ["lock", "postgres.lock"] {
        let path = place.data().join(name);
        symlink(&victim, &path).unwrap();
        refused(&migrate(&place.data()), &format!("{name} is a symbolic link"));
        assert!(!victim.exists(), "{name}");
        fs::remove_file(path).unwrap();
    }
    refused(&folkmoot(&place.data(), &SERVE_AND_END), ITS_END);
    for name in ["lock", "postgres.lock", "postgres.log", "secret"] {
        let path = place.data().join(name);
        fs::rename(&path, &victim).unwrap();
        let before = fs::read(&victim).unwrap();
        symlink(&victim, &path).unwrap();
        refused(&folkmoot(&place.data(), &SERVE_AND_END), &format!("{name} is a symbolic link"));
        assert!(fs::read(&victim).unwrap() == before, "{name}");
        fs::remove_file(&path).unwrap();
        fs::rename(&victim, &path).unwrap();
    }
    refused(&folkmoot(&place.data(), &SERVE_AND_END), ITS_END);
}

#[test]
fn a_log_that_is_long_is_copied_to_a_file_of_its_own_and_not_through_a_link() {
    let place = Place::with_data(0o700);
    let (victim, old) = (place.0.join("victim"), place.data().join("postgres.log.1"));
    fs::write(&victim, "mine").unwrap();
    symlink(&victim, &old).unwrap();
    fs::write(place.data().join("postgres.log"), "x".repeat(17 << 20)).unwrap();
    let done = migrate(&place.data());
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    assert_eq!((fs::metadata(&old).unwrap().len(), mode(&old)), (17 << 20, 0o600));
    assert!(!fs::symlink_metadata(&old).unwrap().is_symlink());
}

#[test]
fn a_secret_that_others_may_read_is_refused_with_the_command_that_mends_it() {
    let place = Place::new();
    refused(&folkmoot(&place.data(), &SERVE_AND_END), ITS_END);
    let secret = place.data().join("secret");
    fs::set_permissions(&secret, Permissions::from_mode(0o640)).unwrap();
    refused(&folkmoot(&place.data(), &SERVE_AND_END), &format!("`chmod go-rwx {}`", secret.display()));
    fs::set_permissions(&secret, Permissions::from_mode(0o400)).unwrap();
    refused(&folkmoot(&place.data(), &SERVE_AND_END), ITS_END);
}

#[test]
fn all_that_is_made_is_for_its_owner_alone_whatever_the_umask() {
    let place = Place::new();
    let (above, data) = (place.0.join("above"), place.0.join("above/data"));
    let mut program = Command::new("sh");
    program.args(["-c", "umask 000; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_folkmoot")]);
    program.args(SERVE_AND_END).arg("--data-dir").arg(&data).env_remove("DATABASE_URL").env_remove("FOLKMOOT_SECRET");
    refused(&program.output().unwrap(), ITS_END);
    assert_eq!((mode(&above), mode(&data) & 0o066), (0o755, 0));
    let mut files: Vec<_> = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["lock", "postgres", "postgres.lock", "postgres.log", "secret"]);
    for name in files {
        assert_eq!(mode(&data.join(&name)) & 0o077, 0, "{name:?}");
    }
}

#[test]
fn a_mail_folder_that_others_may_write_or_a_link_is_refused_before_anything_is_touched() {
    let place = Place::with_data(0o700);
    let mails = place.data().join("mails");
    fs::create_dir(&mails).unwrap();
    fs::set_permissions(&mails, Permissions::from_mode(0o777)).unwrap();
    refused(&folkmoot(&place.data(), &SERVE_AND_END), &format!("`chmod go-w {}`", mails.display()));
    fs::remove_dir(&mails).unwrap();
    symlink(&place.0, &mails).unwrap();
    refused(&folkmoot(&place.data(), &SERVE_AND_END), "mails is a symbolic link");
    assert_eq!(fs::read_dir(place.data()).unwrap().count(), 1);
}
