//! Where PostgreSQL's socket lies: in the cluster, which only its owner can enter, or, where that path is longer
//! than a socket's may be, in a private folder elsewhere.

use std::env;
use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;
use sha2::{Digest, Sha256};

use super::error::{During, LocalError};
use super::launcher::Account;

/// The bytes that `sockaddr_un` has for a path, less the closing zero.
const LONGEST_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };
const SOCKET_NAME: &str = "/.s.PGSQL.5432";
/// Someone else may have made the folder of the first name, and of some more.
const NAMES_TO_TRY: u32 = 16;

#[derive(Debug)]
pub(super) struct SocketFolder {
    pub(super) path: PathBuf,
    /// Made for the socket alone: goes with it.
    private: bool,
}

impl SocketFolder {
    /// `account` is the one that PostgreSQL runs as, if not ours.
    pub(super) fn choose(cluster: &Path, account: Option<&Account>) -> Result<SocketFolder, LocalError> {
        if fits(cluster) {
            return Ok(SocketFolder { path: cluster.to_owned(), private: false });
        }
        let mut tried = Vec::new();
        for base in bases(account.is_some()) {
            for path in names(&base, cluster) {
                if fits(&path) && claim(&path, account)? {
                    return Ok(SocketFolder { path, private: true });
                }
                tried.push(base.display().to_string());
            }
        }
        tried.dedup();
        Err(LocalError::NoSocketFolder { tried: tried.join(", ") })
    }

    /// After the server has ended, which removes its socket itself.
    pub(super) fn remove(&self) {
        if self.private
            && let Err(error) = fs::remove_dir(&self.path)
        {
            tracing::debug!(folder = %self.path.display(), %error, "the socket's folder stays");
        }
    }
}

/// Short enough, and without what a connection string (a comma parts hosts) or `postmaster.pid` (a line) cannot say.
fn fits(folder: &Path) -> bool {
    folder.as_os_str().len() + SOCKET_NAME.len() <= LONGEST_PATH
        && folder.to_str().is_some_and(|path| !path.contains(|c: char| c == ',' || c.is_control()))
}

/// Another account may enter none of the folders that are ours, and a folder that `sudo` kept is not even that.
fn bases(for_another_account: bool) -> Vec<PathBuf> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let mut bases = Vec::new();
    if !for_another_account {
        bases.extend(runtime);
        bases.push(env::temp_dir());
        let us = geteuid().as_raw();
        bases.retain(|base| {
            base.is_absolute() && fs::metadata(base).is_ok_and(|found| found.is_dir() && is_safe_base(&found, us))
        });
    }
    bases.push(PathBuf::from("/tmp"));
    bases
}

/// Whether only `us` and root can remove what `us` makes there: where others may write, the sticky bit keeps them from it.
fn is_safe_base(found: &Metadata, us: u32) -> bool {
    [us, 0].contains(&found.uid()) && (found.mode() & 0o022 == 0 || found.mode() & 0o1000 != 0)
}

fn names(base: &Path, cluster: &Path) -> impl Iterator<Item = PathBuf> {
    let digest = Sha256::digest(cluster.as_os_str().as_bytes());
    let short: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let base = base.to_owned();
    (0..NAMES_TO_TRY).map(move |number| match number {
        0 => base.join(format!("folkmoot-{short}")),
        _ => base.join(format!("folkmoot-{short}-{number}")),
    })
}

/// Makes the folder, or takes one of an earlier run; `false` if it is someone else's or others may enter it.
fn claim(path: &Path, account: Option<&Account>) -> Result<bool, LocalError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {
            if let Some(account) = account {
                chown(path, Some(account.uid), Some(account.gid)).during("hand over", path)?;
            }
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(path).during("look at", path)?;
            let owner = account.map_or_else(|| geteuid().as_raw(), |account| account.uid);
            Ok(found.is_dir() && found.uid() == owner && found.mode() & 0o077 == 0)
        }
        // A runtime folder may be another account's (kept by `sudo`).
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
        Err(error) => Err(error).during("make", path),
    }
}
