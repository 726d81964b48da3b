//! The two locks of a data folder. `lock` is held by the program that owns the folder and says its name. `postgres.lock` is
//! inherited by every process of its PostgreSQL (as standard input), so it is free exactly when none of them is left.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process;

use super::error::{During, LocalError};

/// Held for as long as the value lives.
#[derive(Debug)]
pub(super) struct FolderLock {
    file: File,
}

impl Drop for FolderLock {
    /// Closing alone would leave it to a process that another thread has just forked, for a moment.
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "cannot unlock the data folder");
        }
    }
}

impl FolderLock {
    /// # Errors
    /// [`LocalError::InUse`] with the name of the program that holds it.
    pub(super) fn take(data_dir: &Path, shown: &Path, program: &str) -> Result<FolderLock, LocalError> {
        let path = data_dir.join("lock");
        let mut file = open(&path)?;
        if !try_lock(&file, &path)? {
            return Err(in_use(&mut file, shown, &path)?);
        }
        file.set_len(0).during("write", &path)?;
        file.rewind().during("write", &path)?;
        let words = format!("{}\n{program}\n", process::id());
        file.write_all(words.as_bytes()).during("write", &path)?;
        Ok(FolderLock { file })
    }
}

fn in_use(file: &mut File, shown: &Path, path: &Path) -> Result<LocalError, LocalError> {
    let mut words = String::new();
    file.read_to_string(&mut words).during("read", path)?;
    let mut lines = words.lines();
    // It may hold the lock and not have written its name yet.
    let pid = lines.next().unwrap_or("unknown").to_owned();
    let program = lines.next().unwrap_or("another folkmoot").to_owned();
    Ok(LocalError::InUse { folder: shown.to_owned(), program, pid })
}

/// The lock of PostgreSQL's processes, or `None` while some of an earlier start are left.
pub(super) fn try_take_server_lock(data_dir: &Path) -> Result<Option<File>, LocalError> {
    let path = data_dir.join("postgres.lock");
    let file = open(&path)?;
    Ok(try_lock(&file, &path)?.then_some(file))
}

fn open(path: &Path) -> Result<File, LocalError> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).during("open", path)
}

fn try_lock(file: &File, path: &Path) -> Result<bool, LocalError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error).during("lock", path),
    }
}
