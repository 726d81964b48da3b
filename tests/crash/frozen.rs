//! Processes that stand still: they neither answer nor refuse. Other tests share this file.

use rustix::process::{Pid, Signal, kill_process};

/// They go on when it is dropped: what fails leaves none behind.
pub struct Frozen(Vec<Pid>);

impl Frozen {
    /// A process and all that it has started.
    pub fn with_children(parent: Pid) -> Result<Self, String> {
        // First the one that starts the others; what it is about to start shows when it has stopped.
        tell(parent, Signal::STOP)?;
        let mut frozen = Self(vec![parent]);
        loop {
            let new: Vec<_> = children_of(parent)?.into_iter().filter(|pid| !frozen.0.contains(pid)).collect();
            if new.is_empty() {
                return Ok(frozen);
            }
            for pid in new {
                // One that ended meanwhile needs no stop.
                tell(pid, Signal::STOP).ok();
                frozen.0.push(pid);
            }
        }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for pid in &self.0 {
            // One that is gone can not be told, and need not be.
            tell(*pid, Signal::CONT).ok();
        }
    }
}

pub fn tell(pid: Pid, signal: Signal) -> Result<(), String> {
    kill_process(pid, signal).map_err(|e| format!("process {}: {e}", pid.as_raw_pid()))
}

fn children_of(parent: Pid) -> Result<Vec<Pid>, String> {
    let listed = std::process::Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output();
    let listed = listed.map_err(|e| format!("ps: {e}"))?.stdout;
    let child = |line: &str| {
        let (pid, its_parent) = line.trim().split_once(char::is_whitespace)?;
        let is_child = its_parent.trim().parse() == Ok(parent.as_raw_pid());
        Pid::from_raw(pid.parse().ok()?).filter(|_| is_child)
    };
    Ok(String::from_utf8_lossy(&listed).lines().filter_map(child).collect())
}
