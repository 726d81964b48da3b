//! PostgreSQL's log, `postgres.log` in the data folder: bounded in size, and quoted when a start fails.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Twice this is the most that the log and its predecessor, `postgres.log.1`, take.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
const QUOTED_BYTES: u64 = 16 * 1024;
const QUOTED_LINES: usize = 12;

#[derive(Debug)]
pub(super) struct ServerLog {
    path: PathBuf,
}

impl ServerLog {
    pub(super) fn new(data_dir: &Path) -> ServerLog {
        ServerLog { path: data_dir.join("postgres.log") }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opened for appending, so that it can be cut while PostgreSQL writes to it.
    pub(super) fn open(&self) -> io::Result<File> {
        OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)
    }

    pub(super) fn keep_bounded(&self) -> io::Result<()> {
        let file = self.open()?;
        if file.metadata()?.len() > MOST_BYTES {
            fs::copy(&self.path, self.path.with_extension("log.1"))?;
            file.set_len(0)?;
        }
        Ok(())
    }

    /// The last lines that were written since the log was `start` bytes long.
    pub(super) fn last_lines(&self, start: u64) -> String {
        match self.read_from(start) {
            Ok(text) => {
                let lines: Vec<&str> = text.lines().collect();
                lines[lines.len().saturating_sub(QUOTED_LINES)..].join("\n")
            }
            Err(error) => format!("(the log cannot be read: {error})"),
        }
    }

    fn read_from(&self, start: u64) -> io::Result<String> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(start.max(length.saturating_sub(QUOTED_BYTES))))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
