//! One PostgreSQL from the first check of its folder to a process that takes connections.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use rustix::process::geteuid;

use super::cluster::{self, Tools};
use super::error::{During, LocalError};
use super::find;
use super::launcher::Launcher;
use super::leftovers;
use super::lock::{FolderLock, try_take_server_lock};
use super::log::ServerLog;
use super::socket::SocketFolder;
use crate::private_files::{self, NotPrivate};

/// The port is but a part of the socket's name.
pub(super) const PORT: &str = "5432";

/// What a caller asks for.
#[derive(Debug)]
pub(super) struct Request {
    /// As the caller wrote it, for messages.
    pub(super) data_dir: PathBuf,
    pub(super) program: String,
    pub(super) settings: Vec<(String, String)>,
}

/// A folder that is ours and in order, so that PostgreSQL can be started on it again and again.
#[derive(Debug)]
pub(super) struct Server {
    data_dir: PathBuf,
    cluster: PathBuf,
    postgres: PathBuf,
    launcher: Launcher,
    settings: Vec<(String, String)>,
    pub(super) socket: SocketFolder,
    pub(super) log: ServerLog,
    _lock: FolderLock,
}

impl Server {
    /// Answers with the server lock too, which the first start uses.
    pub(super) fn prepare(request: Request) -> Result<(Server, File), LocalError> {
        let shown = &request.data_dir;
        make_data_dir(shown)?;
        let data_dir = shown.canonicalize().during("open", shown)?;
        private_files::check_folder(&data_dir, shown)?;
        refuse_others_cluster(&data_dir.join("postgres"))?;
        let folder_lock = FolderLock::take(&data_dir, shown, &request.program)?;
        let cluster = data_dir.join("postgres");

        let made_by = cluster::major(&cluster)?;
        let programs = find::choose(&find::installed(), made_by, shown)?;
        let launcher = match Launcher::choose(&data_dir, &cluster, &programs) {
            Err(LocalError::NotEnterable { .. }) if has_only_locks(&data_dir)? => {
                tracing::info!(folder = %shown.display(), "letting others pass through the folder");
                fs::set_permissions(&data_dir, Permissions::from_mode(0o711)).during("open to others", shown)?;
                Launcher::choose(&data_dir, &cluster, &programs)?
            }
            other => other?,
        };

        let server_lock = leftovers::take_over(&data_dir, &cluster)?;
        if made_by.is_none() {
            tracing::info!(folder = %shown.display(), major = programs.major, "making a PostgreSQL cluster");
            // Who does without fsync later does not need it now.
            let sync = !request.settings.contains(&("fsync".to_owned(), "off".to_owned()));
            let tools = Tools { programs: &programs, launcher: &launcher, sync };
            cluster::make(&data_dir, &cluster, &tools, &server_lock)?;
        }
        if let Some(account) = &launcher.account {
            cluster::hand_over(&cluster, account)?;
        }
        let server = Server {
            socket: SocketFolder::choose(&cluster, launcher.account.as_ref())?,
            log: ServerLog::new(&data_dir),
            postgres: programs.postgres(),
            settings: request.settings,
            data_dir,
            cluster,
            launcher,
            _lock: folder_lock,
        };
        Ok((server, server_lock))
    }

    /// The lock for another start, or `None` while processes of the last one are left.
    pub(super) fn try_lock(&self) -> Result<Option<File>, LocalError> {
        try_take_server_lock(&self.data_dir)
    }

    pub(super) fn end_orphans(&self) -> Result<(), LocalError> {
        leftovers::end_orphans(&self.cluster)
    }

    /// `lock` goes to the new process and all that it starts. Answers with the length of the log before.
    pub(super) fn spawn(&self, lock: File) -> Result<(Child, u64), LocalError> {
        leftovers::remove_stale_files(&self.cluster, &self.socket.path)?;
        let log_path = self.log.path();
        self.log.keep_bounded()?;
        let log = self.log.open()?;
        let log_start = log.metadata().during("look at", log_path)?.len();

        let mut command = self.launcher.command(&self.postgres);
        command.arg("-D").arg(&self.cluster);
        for (name, value) in self.all_settings() {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let child = command
            .stdin(lock)
            .stdout(log.try_clone().during("open", log_path)?)
            .stderr(Stdio::from(log))
            .spawn()
            .during("run", &self.postgres)?;
        Ok((child, log_start))
    }

    fn all_settings(&self) -> impl Iterator<Item = (&str, String)> {
        // A list of folders, each in quotes as it may have spaces.
        let socket = self.socket.path.to_string_lossy().replace('"', "\"\"");
        let ours = [
            ("listen_addresses", String::new()),
            ("port", PORT.to_owned()),
            ("unix_socket_directories", format!("\"{socket}\"")),
            ("unix_socket_permissions", "0700".to_owned()),
            ("logging_collector", "off".to_owned()),
            ("log_destination", "stderr".to_owned()),
            ("log_timezone", "UTC".to_owned()),
            ("timezone", "UTC".to_owned()),
        ];
        let given = &self.settings;
        let given = given.iter().map(|(name, value)| (name.as_str(), value.clone()));
        ours.into_iter().chain(given)
    }

    pub(super) fn is_ready(&self, child: &Child) -> Result<bool, LocalError> {
        let file = leftovers::pid_file(&self.cluster)?;
        Ok(file.is_some_and(|file| file.ready && u32::try_from(file.pid) == Ok(child.id())))
    }

    pub(super) fn start_failed(&self, status: String, log_start: u64) -> LocalError {
        LocalError::StartFailed {
            cluster: self.cluster.clone(),
            status,
            log: self.log.path().to_owned(),
            lines: self.log.last_lines(log_start),
        }
    }
}

/// Makes the folder, for this account alone, and those above it, which no other account may write.
fn make_data_dir(folder: &Path) -> Result<(), LocalError> {
    if let Some(parent) = folder.parent().filter(|parent| *parent != Path::new("")) {
        DirBuilder::new().recursive(true).mode(0o755).create(parent).during("make", parent)?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error).during("make", folder),
        _ => Ok(()),
    }
}

/// Whether the folder is as new: its mode is our own then, and hides nothing.
fn has_only_locks(data_dir: &Path) -> Result<bool, LocalError> {
    for entry in fs::read_dir(data_dir).during("read", data_dir)? {
        let name = entry.during("read", data_dir)?.file_name();
        if name != "lock" && name != "postgres.lock" {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The cluster of root may be a plain account's: root let that account have it.
fn refuse_others_cluster(cluster: &Path) -> Result<(), LocalError> {
    let owner = match fs::metadata(cluster) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.during("look at", cluster)?.uid(),
    };
    let us = geteuid();
    if !us.is_root() && owner != us.as_raw() {
        return Err(NotPrivate::NotOurs { path: cluster.to_owned(), owner }.into());
    }
    Ok(())
}
