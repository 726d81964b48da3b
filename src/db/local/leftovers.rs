//! What an earlier run may have left: its PostgreSQL still at work, or the files of one that is gone.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::error::{During, LocalError};
use super::lock::try_take_server_lock;

const POLL: Duration = Duration::from_millis(20);
/// A fast shutdown writes what is in memory to the disk first.
const FAST_SHUTDOWN: Duration = Duration::from_secs(60);
/// For how long processes without a postmaster may take to notice.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(1);
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(15);

/// What PostgreSQL's `postmaster.pid` says.
#[derive(Debug)]
pub(super) struct PidFile {
    pub(super) pid: i32,
    pub(super) port: String,
    pub(super) socket_dir: String,
    /// It takes connections.
    pub(super) ready: bool,
}

/// `None` where there is no such file, or one that PostgreSQL has only begun to write.
pub(super) fn pid_file(cluster: &Path) -> Result<Option<PidFile>, LocalError> {
    let path = cluster.join("postmaster.pid");
    match fs::read(&path) {
        Ok(bytes) => Ok(parse(&String::from_utf8_lossy(&bytes))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).during("read", &path),
    }
}

fn parse(text: &str) -> Option<PidFile> {
    let lines: Vec<&str> = text.lines().collect();
    let line = |number: usize| lines.get(number - 1).map_or("", |line| line.trim_end());
    Some(PidFile {
        pid: line(1).parse().ok()?,
        port: line(4).to_owned(),
        socket_dir: line(5).to_owned(),
        ready: line(8) == "ready",
    })
}

/// Ends the PostgreSQL of an earlier run, if it still works, and answers with the lock that says that none of it is left.
pub(super) fn take_over(data_dir: &Path, cluster: &Path) -> Result<fs::File, LocalError> {
    if let Some(lock) = try_take_server_lock(data_dir)? {
        refuse_a_foreign_server(cluster)?;
        return Ok(lock);
    }
    if let Some(pid) = postmaster(cluster)? {
        tracing::warn!(pid = pid.as_raw_pid(), "stopping the PostgreSQL that an earlier run left");
        tell(pid, Signal::INT);
        if let Some(lock) = lock_within(FAST_SHUTDOWN, data_dir)? {
            return Ok(lock);
        }
    } else if let Some(lock) = lock_within(LAST_WORDS, data_dir)? {
        return Ok(lock);
    }
    end_orphans(cluster)?;
    lock_within(IMMEDIATE_SHUTDOWN, data_dir)?
        .ok_or(LocalError::StillRunning { cluster: cluster.to_owned(), pid: postmaster(cluster)?.map(Pid::as_raw_pid) })
}

fn lock_within(patience: Duration, data_dir: &Path) -> Result<Option<fs::File>, LocalError> {
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        if let Some(lock) = try_take_server_lock(data_dir)? {
            return Ok(Some(lock));
        }
        thread::sleep(POLL);
    }
    Ok(None)
}

/// Breaks off every process of PostgreSQL on this cluster. Without a postmaster they end by themselves, but one in the middle
/// of a long query does not notice. Where there is no /proc to find them in, they are waited for.
pub(super) fn end_orphans(cluster: &Path) -> Result<(), LocalError> {
    let proc = Path::new("/proc");
    if !has_proc() {
        return Ok(());
    }
    for entry in fs::read_dir(proc).during("read", proc)? {
        let name = entry.during("read", proc)?.file_name();
        let pid = name.to_str().and_then(|name| name.parse().ok());
        if let Some(pid) = pid.and_then(Pid::from_raw)
            && works_on(pid, cluster)
        {
            tracing::warn!(pid = pid.as_raw_pid(), "breaking off what an ended PostgreSQL left");
            tell(pid, Signal::QUIT);
        }
    }
    Ok(())
}

/// Removes what would stop PostgreSQL from starting though it is of processes that are gone: their ids may be others' by now,
/// above all in a container. Only for one who holds the server lock.
pub(super) fn remove_stale_files(cluster: &Path, socket_dir: &Path) -> Result<(), LocalError> {
    for path in
        [cluster.join("postmaster.pid"), socket_dir.join(".s.PGSQL.5432"), socket_dir.join(".s.PGSQL.5432.lock")]
    {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).during("remove", &path);
            }
            _ => {}
        }
    }
    Ok(())
}

fn refuse_a_foreign_server(cluster: &Path) -> Result<(), LocalError> {
    match postmaster(cluster)? {
        Some(pid) => Err(LocalError::ForeignServer { cluster: cluster.to_owned(), pid: pid.as_raw_pid() }),
        None => Ok(()),
    }
}

/// The process of `postmaster.pid`, if it is a PostgreSQL on this cluster and not one that got its id later.
fn postmaster(cluster: &Path) -> Result<Option<Pid>, LocalError> {
    let file = pid_file(cluster)?;
    // PostgreSQL writes a minus before the id of one without a postmaster (`postgres --single`).
    let pid = file.and_then(|file| Pid::from_raw(file.pid.abs()));
    Ok(pid.filter(|&pid| test_kill_process(pid).is_ok() && works_on(pid, cluster)))
}

/// A process that we may not look into is another's, and does not work on our files.
fn works_on(pid: Pid, cluster: &Path) -> bool {
    let pid = pid.as_raw_pid();
    if has_proc() {
        return fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == cluster)
            && fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end() == "postgres");
    }
    Command::new("ps")
        .args(["-o", "comm=", "-p", &pid.to_string()])
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres"))
}

fn has_proc() -> bool {
    Path::new("/proc/self/cwd").exists()
}

/// Sends a signal to a process of ours; that it is gone already is what the signal was for.
pub(super) fn tell(pid: Pid, signal: Signal) {
    if let Err(error) = kill_process(pid, signal) {
        tracing::debug!(pid = pid.as_raw_pid(), ?signal, %error, "the signal was not taken");
    }
}
