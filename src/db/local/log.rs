//! PostgreSQL's log, `postgres.log` in the data folder: bounded in size, and quoted when a start fails.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::error::{During, LocalError};
use crate::private_files::{self, NotPrivate};

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
    pub(super) fn open(&self) -> Result<File, NotPrivate> {
        private_files::open(&self.path, OpenOptions::new().read(true).append(true).create(true))
    }

    pub(super) fn keep_bounded(&self) -> Result<(), LocalError> {
        let mut file = self.open()?;
        if file.metadata().during("look at", &self.path)?.len() > MOST_BYTES {
            let mut predecessor = private_files::create(&self.path.with_extension("log.1"))?;
            io::copy(&mut file, &mut predecessor).during("copy", &self.path)?;
            file.set_len(0).during("shorten", &self.path)?;
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

    fn read_from(&self, start: u64) -> Result<String, LocalError> {
        let mut file = self.open()?;
        let length = file.metadata().during("look at", &self.path)?.len();
        let from = SeekFrom::Start(start.max(length.saturating_sub(QUOTED_BYTES)));
        file.seek(from).during("read", &self.path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).during("read", &self.path)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
