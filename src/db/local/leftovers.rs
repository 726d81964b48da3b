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
    for (signal, patience) in [
        (Signal::INT, FAST_SHUTDOWN),
        (Signal::QUIT, IMMEDIATE_SHUTDOWN),
    ] {
        // Without a postmaster its processes end by themselves.
        if let Some(pid) = postmaster(cluster)? {
            let pid_shown = pid.as_raw_pid();
            tracing::warn!(
                pid = pid_shown,
                ?signal,
                "stopping the PostgreSQL that an earlier run left"
            );
            tell(pid, signal);
        }
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(lock) = try_take_server_lock(data_dir)? {
                return Ok(lock);
            }
            thread::sleep(POLL);
        }
    }
    Err(LocalError::StillRunning {
        cluster: cluster.to_owned(),
        pid: postmaster(cluster)?.map(Pid::as_raw_pid),
    })
}

/// Removes what would stop PostgreSQL from starting though it is of processes that are gone: their ids may be others' by now,
/// above all in a container. Only for one who holds the server lock.
pub(super) fn remove_stale_files(cluster: &Path, socket_dir: &Path) -> Result<(), LocalError> {
    for path in [
        cluster.join("postmaster.pid"),
        socket_dir.join(".s.PGSQL.5432"),
        socket_dir.join(".s.PGSQL.5432.lock"),
    ] {
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
        Some(pid) => Err(LocalError::ForeignServer {
            cluster: cluster.to_owned(),
            pid: pid.as_raw_pid(),
        }),
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

fn works_on(pid: Pid, cluster: &Path) -> bool {
    if Path::new("/proc/self/cwd").exists() {
        let folder = format!("/proc/{}/cwd", pid.as_raw_pid());
        return fs::read_link(folder).is_ok_and(|folder| folder == cluster);
    }
    Command::new("ps")
        .args(["-o", "comm=", "-p", &pid.as_raw_pid().to_string()])
        .output()
        .is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres"))
}

/// Sends a signal to a process of ours; that it is gone already is what the signal was for.
pub(super) fn tell(pid: Pid, signal: Signal) {
    if let Err(error) = kill_process(pid, signal) {
        tracing::debug!(pid = pid.as_raw_pid(), ?signal, %error, "the signal was not taken");
    }
}
