//! How PostgreSQL's programs are run: never as root, which they refuse, and so that they end when we do.
//!
//! Where we are root they run in a user namespace that maps root to a plain account: inside they see that account, outside
//! the files stay root's. Where namespaces are not allowed they run as an account that can enter the folder.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::geteuid;

use super::error::{During, LocalError};
use super::find::Programs;

/// An account of the system, by its ids.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

#[derive(Debug)]
pub(super) struct Launcher {
    /// Programs that each run the next: `unshare`, `setpriv`.
    prefix: Vec<OsString>,
    /// The account to become, if not ours.
    pub(super) account: Option<Account>,
}

impl Launcher {
    /// `cluster` may not exist yet; `data_dir` does.
    pub(super) fn choose(data_dir: &Path, cluster: &Path, programs: &Programs) -> Result<Launcher, LocalError> {
        if !geteuid().is_root() {
            return Ok(Launcher::plain());
        }
        match owner_of(cluster)? {
            Some(owner) if owner.uid != 0 => {
                let why = "the files of its cluster belong to another account";
                first_able([owner], why, data_dir, programs)
            }
            _ => match Launcher::in_namespace() {
                Some(launcher) if launcher.can_enter(data_dir, programs) => Ok(launcher),
                _ => {
                    let why = "this system allows no user namespace that could do it";
                    first_able(candidates(data_dir)?, why, data_dir, programs)
                }
            },
        }
    }

    fn plain() -> Launcher {
        Launcher { prefix: ending_with_us(), account: None }
    }

    fn in_namespace() -> Option<Launcher> {
        let unshare = program("unshare")?;
        // initdb wants an account with a name.
        let inside = named_accounts().into_iter().next()?;
        let mut prefix = vec![
            unshare.into_os_string(),
            "--user".into(),
            format!("--map-user={}", inside.uid).into(),
            format!("--map-group={}", inside.gid).into(),
            "--".into(),
        ];
        prefix.extend(ending_with_us());
        Some(Launcher { prefix, account: None })
    }

    fn become_account(account: Account) -> Launcher {
        Launcher { prefix: ending_with_us(), account: Some(account) }
    }

    /// A command that runs `program` so, in a process group of its own: a Ctrl-C at the terminal is for us, not for PostgreSQL.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut words = self.prefix.iter().map(OsString::as_os_str).chain([program.as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or(program.as_os_str()));
        command.args(words);
        if let Some(account) = &self.account {
            command.uid(account.uid).gid(account.gid);
        }
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        // Our own folder may be one that the account cannot enter.
        command.env("LC_ALL", "C").current_dir("/").process_group(0);
        command
    }

    fn can_enter(&self, data_dir: &Path, programs: &Programs) -> bool {
        let tried = self
            .command(Path::new("/bin/sh"))
            .args(["-c", r#"cd -- "$1" && exec "$2" --version"#, "sh"])
            .args([data_dir, &programs.postgres()])
            .stdin(Stdio::null())
            .output();
        match tried {
            Ok(output) if output.status.success() => true,
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                tracing::debug!(launcher = ?self, said = said.trim(), "PostgreSQL cannot run so");
                false
            }
            Err(error) => {
                tracing::debug!(launcher = ?self, %error, "PostgreSQL cannot run so");
                false
            }
        }
    }
}

fn first_able(
    accounts: impl IntoIterator<Item = Account>,
    why: &'static str,
    data_dir: &Path,
    programs: &Programs,
) -> Result<Launcher, LocalError> {
    let mut names = Vec::new();
    for account in accounts {
        names.push(format!("`{}`", account.name));
        let launcher = Launcher::become_account(account);
        if launcher.can_enter(data_dir, programs) {
            return Ok(launcher);
        }
    }
    Err(LocalError::NotEnterable { folder: data_dir.to_owned(), accounts: names.join(" or "), why })
}

/// Whose home the folder is in (we may be run by `sudo`), then the accounts made for such work.
fn candidates(data_dir: &Path) -> Result<Vec<Account>, LocalError> {
    let mut candidates = named_accounts();
    for folder in data_dir.ancestors() {
        if let Some(owner) = owner_of(folder)?
            && owner.uid != 0
        {
            candidates.retain(|account| account.uid != owner.uid);
            candidates.insert(0, owner);
            break;
        }
    }
    Ok(candidates)
}

fn owner_of(path: &Path) -> Result<Option<Account>, LocalError> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.during("look at", path)?,
    };
    let known = accounts().into_iter().find(|account| account.uid == metadata.uid());
    Ok(Some(known.unwrap_or_else(|| Account {
        name: metadata.uid().to_string(),
        uid: metadata.uid(),
        gid: metadata.gid(),
    })))
}

fn named_accounts() -> Vec<Account> {
    let all = accounts();
    ["postgres", "_postgres", "nobody"]
        .iter()
        .filter_map(|name| all.iter().find(|account| account.name == *name))
        .cloned()
        .collect()
}

fn accounts() -> Vec<Account> {
    // A system without the file has no accounts that we could become.
    let Ok(text) = fs::read_to_string("/etc/passwd") else {
        return Vec::new();
    };
    text.lines().filter_map(account_in).collect()
}

fn account_in(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let mut id = || fields.nth(1)?.parse::<i64>().ok();
    let uid = id()?;
    let gid = fields.next()?.parse::<i64>().ok()?;
    // macOS writes nobody as -2, which is the same number.
    let unsigned = |id: i64| u32::try_from(id & 0xffff_ffff).ok();
    Some(Account { name, uid: unsigned(uid)?, gid: unsigned(gid)? })
}

/// Words before a program that let it be shut down when the thread that started it ends; none where the system cannot.
fn ending_with_us() -> Vec<OsString> {
    let Some(setpriv) = program("setpriv") else {
        return Vec::new();
    };
    let words = ["--pdeathsig", "INT", "--"];
    let works = Command::new(&setpriv)
        .args(words)
        .arg("true")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !works {
        return Vec::new();
    }
    let mut prefix = vec![setpriv.into_os_string()];
    prefix.extend(words.map(OsString::from));
    prefix
}

fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path)
        .chain(usual)
        .filter(|folder| folder.as_os_str() != OsStr::new(""))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}
