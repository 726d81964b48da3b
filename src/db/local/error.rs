//! Why the private PostgreSQL is not to be had; each message says what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use crate::private_files::NotPrivate;

/// What stands between a data folder and a running PostgreSQL.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    #[error(
        "no PostgreSQL server programs are installed. Install them (Debian, Ubuntu: `apt-get install postgresql`; \
         Fedora: `dnf install postgresql-server`; macOS: `brew install postgresql@17`), \
         or name a database of your own with --database-url"
    )]
    NoServerPrograms,

    #[error(
        "the PostgreSQL {major} in {} is too old: install PostgreSQL 15 or later, \
         or name a database of your own with --database-url", bin.display()
    )]
    TooOld { bin: PathBuf, major: u32 },

    #[error(
        "the data in {} was made by PostgreSQL {made_by}, and installed is PostgreSQL {installed}: \
         install the server programs of PostgreSQL {made_by}, or bring the data over with `pg_upgrade`, \
         or give another --data-dir", folder.display()
    )]
    OtherMajor {
        folder: PathBuf,
        made_by: u32,
        /// The installed majors, newest first, for instance "17, 15".
        installed: String,
    },

    #[error(
        "{} is in use by `{program}` (process {pid}): stop that first, or give another --data-dir", folder.display()
    )]
    InUse { folder: PathBuf, program: String, pid: String },

    #[error(
        "a PostgreSQL (process {pid}) that folkmoot did not start runs on {}: stop it with `pg_ctl stop -D {}`",
        cluster.display(), cluster.display()
    )]
    ForeignServer { cluster: PathBuf, pid: i32 },

    #[error(
        "the PostgreSQL of an earlier run{} still works on {} and does not end: \
         look with `ps` what its processes do, end them, and start again",
        pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(), cluster.display()
    )]
    StillRunning { cluster: PathBuf, pid: Option<i32> },

    #[error(
        "{} is neither empty nor a PostgreSQL cluster (it has no readable PG_VERSION): \
         move it away, or give another --data-dir", cluster.display()
    )]
    NotACluster { cluster: PathBuf },

    #[error(transparent)]
    NotPrivate(#[from] NotPrivate),

    #[error(
        "PostgreSQL refuses to run as root, {why}, and {accounts} cannot enter {}: \
         let others enter the folder and those above it (`chmod o+x`), or give a --data-dir that others can enter \
         (/var/lib/folkmoot), or run folkmoot as an account other than root", folder.display()
    )]
    NotEnterable {
        folder: PathBuf,
        accounts: String,
        /// Why it has to be one of these accounts.
        why: &'static str,
    },

    #[error(
        "no folder is short enough and safe for the socket of PostgreSQL (tried {tried}): \
         give a --data-dir with a shorter path, or set XDG_RUNTIME_DIR to a folder that only you can enter"
    )]
    NoSocketFolder { tried: String },

    #[error("PostgreSQL's initdb could not make a cluster in {}. It said:\n{output}", folder.display())]
    InitFailed { folder: PathBuf, output: String },

    #[error(
        "PostgreSQL did not start on {} ({status}). The end of its log, {}:\n{lines}",
        cluster.display(), log.display()
    )]
    StartFailed { cluster: PathBuf, status: String, log: PathBuf, lines: String },

    #[error("the private PostgreSQL runs but takes no connection: {source}. Its log is {}", log.display())]
    Connect { log: PathBuf, source: tokio_postgres::Error },

    #[error("could not {act} {}: {source}", path.display())]
    Io {
        /// A verb, as in "could not open".
        act: &'static str,
        path: PathBuf,
        source: io::Error,
    },

    #[error("the private PostgreSQL on {} was stopped before it was ready", folder.display())]
    Stopped { folder: PathBuf },
}

/// Names the act and the file an [`io::Error`] came from, which it does not know itself.
pub(super) trait During<T> {
    fn during(self, act: &'static str, path: &Path) -> Result<T, LocalError>;
}

impl<T> During<T> for io::Result<T> {
    fn during(self, act: &'static str, path: &Path) -> Result<T, LocalError> {
        self.map_err(|source| LocalError::Io { act, path: path.to_owned(), source })
    }
}
