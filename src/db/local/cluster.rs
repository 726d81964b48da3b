//! The cluster: PostgreSQL's files, in `postgres` under the data folder. It appears there whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown, lchown};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use super::error::{During, LocalError};
use super::find::Programs;
use super::launcher::{Account, Launcher};
use crate::private_files::NO_LINK;

/// The account that everyone who may reach the socket signs in as.
pub(super) const SUPERUSER: &str = "folkmoot";

const UNFINISHED: &str = "postgres.unfinished";

/// What the program wants other than PostgreSQL's defaults, and an operator may want otherwise again.
const SETTINGS: &str = "
# What folkmoot adds to PostgreSQL's defaults when it makes a cluster. Change it as you like; folkmoot gives
# what it depends on (the socket, no network, the time zone) on the command line.
max_connections = 200
shared_buffers = 128MB
";

/// What a cluster is made with.
pub(super) struct Tools<'a> {
    pub(super) programs: &'a Programs,
    pub(super) launcher: &'a Launcher,
    /// Whether the files must be on the disk before the cluster counts as made.
    pub(super) sync: bool,
}

/// # Errors
/// [`LocalError::NotACluster`] for a folder with something else in it.
pub(super) fn major(cluster: &Path) -> Result<Option<u32>, LocalError> {
    match fs::read_to_string(cluster.join("PG_VERSION")) {
        Ok(text) => match text.trim().parse() {
            Ok(major) => Ok(Some(major)),
            Err(_) => Err(not_a_cluster(cluster)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if has_entries(cluster)? {
                Err(not_a_cluster(cluster))
            } else {
                Ok(None)
            }
        }
        Err(error) => Err(error).during("read", &cluster.join("PG_VERSION")),
    }
}

fn not_a_cluster(cluster: &Path) -> LocalError {
    LocalError::NotACluster { cluster: cluster.to_owned() }
}

fn has_entries(folder: &Path) -> Result<bool, LocalError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).during("read", folder),
    }
}

/// Makes the cluster in a folder of another name and renames it when it is whole and on the disk.
/// `lock` goes to all that initdb starts, so that no one takes the folder while some of it still works.
pub(super) fn make(data_dir: &Path, cluster: &Path, tools: &Tools, lock: &File) -> Result<(), LocalError> {
    let unfinished = data_dir.join(UNFINISHED);
    remove_unfinished(&unfinished)?;
    DirBuilder::new().mode(0o700).create(&unfinished).during("make", &unfinished)?;
    if let Some(account) = &tools.launcher.account {
        chown(&unfinished, Some(account.uid), Some(account.gid)).during("hand over", &unfinished)?;
    }
    initdb(&unfinished, tools, lock)?;
    append_settings(&unfinished.join("postgresql.conf"))?;
    fs::rename(&unfinished, cluster).during("move into its place", cluster)?;
    sync(data_dir)
}

/// What a first start left that was killed.
fn remove_unfinished(unfinished: &Path) -> Result<(), LocalError> {
    match fs::remove_dir_all(unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).during("remove", unfinished),
        _ => Ok(()),
    }
}

fn initdb(folder: &Path, tools: &Tools, lock: &File) -> Result<(), LocalError> {
    let mut said = String::new();
    for locale in locales(tools.programs.major) {
        let mut command = tools.launcher.command(&tools.programs.initdb());
        command
            .arg("-D")
            .arg(folder)
            .arg(format!("--username={SUPERUSER}"))
            .args(["--auth-local=trust", "--auth-host=reject"])
            .args(["--encoding=UTF8", "--data-checksums"])
            .args(locale);
        if !tools.sync {
            command.arg("--no-sync");
        }
        let (status, output) = run(command, lock).during("run initdb for", folder)?;
        if status.success() {
            return Ok(());
        }
        said = output;
        // Another locale would not mend another fault.
        if !said.to_lowercase().contains("locale") && !said.contains("ICU") {
            break;
        }
    }
    Err(LocalError::InitFailed { folder: folder.to_owned(), output: said })
}

/// What the command says on standard error goes through the locked file, as the programs that it starts keep that open,
/// and so the lock, even if it is killed before them.
fn run(mut command: Command, mut lock: &File) -> io::Result<(ExitStatus, String)> {
    lock.rewind()?;
    lock.set_len(0)?;
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(lock.try_clone()?).status()?;
    lock.rewind()?;
    let mut said = Vec::new();
    lock.read_to_end(&mut said)?;
    lock.set_len(0)?;
    Ok((status, String::from_utf8_lossy(&said).trim().to_owned()))
}

/// In the order in which they are tried: the same order of characters everywhere, as far as the system has it.
fn locales(major: u32) -> Vec<Vec<&'static str>> {
    let c_utf8 = vec!["--locale=C.UTF-8"];
    let icu = vec!["--locale=C", "--locale-provider=icu", "--icu-locale=und"];
    let c = vec!["--locale=C"];
    if major >= 17 {
        let builtin = vec!["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
        vec![builtin, c_utf8, icu, c]
    } else {
        vec![c_utf8, icu, c]
    }
}

fn append_settings(path: &Path) -> Result<(), LocalError> {
    // initdb ran as another account, which could have put a link there.
    let mut file = OpenOptions::new().append(true).custom_flags(NO_LINK).open(path).during("open", path)?;
    file.write_all(SETTINGS.as_bytes()).during("write", path)?;
    file.sync_all().during("write", path)
}

fn sync(folder: &Path) -> Result<(), LocalError> {
    let opened = File::open(folder).during("open", folder)?;
    opened.sync_all().during("write", folder)
}

/// Gives a cluster that was made as root to the account that PostgreSQL has to run as now.
/// The folder itself comes last, so that a hand-over that was cut short is taken up again.
pub(super) fn hand_over(cluster: &Path, account: &Account) -> Result<(), LocalError> {
    let owner = fs::metadata(cluster).during("look at", cluster)?.uid();
    if owner == account.uid {
        return Ok(());
    }
    tracing::info!(cluster = %cluster.display(), account = account.name, "handing the cluster over");
    let mut folders = vec![cluster.to_owned()];
    let mut entered = 0;
    while let Some(folder) = folders.get(entered).cloned() {
        entered += 1;
        for entry in fs::read_dir(&folder).during("read", &folder)? {
            let entry = entry.during("read", &folder)?;
            let path: PathBuf = entry.path();
            if entry.file_type().during("look at", &path)?.is_dir() {
                folders.push(path);
            } else {
                lchown(&path, Some(account.uid), Some(account.gid)).during("hand over", &path)?;
            }
        }
    }
    for folder in folders.iter().rev() {
        lchown(folder, Some(account.uid), Some(account.gid)).during("hand over", folder)?;
    }
    Ok(())
}
