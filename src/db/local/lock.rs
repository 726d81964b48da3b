//! The two locks of a data folder. `lock` is held by the program that owns the folder and says its name. `postgres.lock` is
//! inherited by every process of its PostgreSQL (as standard input), so it is free exactly when none of them is left.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::error::{During, LocalError};
use crate::private_files;

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
        let deadline = Instant::now() + INHERITED;
        while !try_lock(&file, &path)? {
            let holder = Holder::read(&mut file, &path)?;
            if holder.lives() || Instant::now() > deadline {
                return Err(holder.in_use(shown));
            }
            std::thread::sleep(POLL);
        }
        file.set_len(0).during("write", &path)?;
        file.rewind().during("write", &path)?;
        let words = format!("{}\n{program}\n", process::id());
        file.write_all(words.as_bytes()).during("write", &path)?;
        Ok(FolderLock { file })
    }
}

/// A program that is killed just as it starts another one leaves the lock to that, until it has become what it is to be.
const INHERITED: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// Who has the lock, by its own words: it may have it and not have written its name yet.
struct Holder {
    pid: Option<String>,
    program: Option<String>,
}

impl Holder {
    fn read(file: &mut File, path: &Path) -> Result<Self, LocalError> {
        let mut words = String::new();
        file.rewind().during("read", path)?;
        file.read_to_string(&mut words).during("read", path)?;
        let mut lines = words.lines().map(str::to_owned);
        Ok(Self { pid: lines.next(), program: lines.next() })
    }

    fn lives(&self) -> bool {
        let pid = self.pid.as_ref().and_then(|pid| Pid::from_raw(pid.parse().ok()?));
        // One of another user may not be asked.
        pid.is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
    }

    fn in_use(self, shown: &Path) -> LocalError {
        LocalError::InUse {
            folder: shown.to_owned(),
            program: self.program.unwrap_or_else(|| "another folkmoot".to_owned()),
            pid: self.pid.unwrap_or_else(|| "unknown".to_owned()),
        }
    }
}

/// The lock of PostgreSQL's processes, or `None` while some of an earlier start are left.
pub(super) fn try_take_server_lock(data_dir: &Path) -> Result<Option<File>, LocalError> {
    let path = data_dir.join("postgres.lock");
    let file = open(&path)?;
    Ok(try_lock(&file, &path)?.then_some(file))
}

fn open(path: &Path) -> Result<File, LocalError> {
    Ok(private_files::open(path, OpenOptions::new().read(true).write(true).create(true).truncate(false))?)
}

fn try_lock(file: &File, path: &Path) -> Result<bool, LocalError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error).during("lock", path),
    }
}
