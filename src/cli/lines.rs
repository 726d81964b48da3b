//! Lines of the log on their way: gathered, and written together some times a second, so that a request does not wait for each of
//! them to be read. What has to be read waits for its reader: a warning or an error is written at once, with all before it, by the
//! thread that says it, and so is what is gathered once it is a mebibyte: lines take little more memory than twice that.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How often lines are written.
const OFTEN: Duration = Duration::from_millis(50);
/// With so many bytes whoever adds more writes them: then nobody reads as fast as is written.
const MOST: usize = 1 << 20;

/// The lines of the program.
#[derive(Clone, Default)]
pub struct Lines(Arc<Gathered>);

#[derive(Default)]
struct Gathered {
    bytes: Mutex<Vec<u8>>,
    /// What is being written, by whoever holds it: lines come in their order. Its room is used again.
    out: Mutex<Vec<u8>>,
}

impl Lines {
    /// Begins to write what is gathered, for as long as the program runs.
    pub fn start() -> Self {
        let lines = Self::default();
        let theirs = lines.clone();
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(OFTEN);
                theirs.write_out();
            }
        });
        lines
    }

    /// Writes what is gathered. Where standard error is closed there is nobody to tell.
    pub fn write_out(&self) {
        let out = &mut *self.0.out.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(out, &mut *self.0.bytes.lock().unwrap_or_else(PoisonError::into_inner));
        if !out.is_empty() {
            _ = io::stderr().write_all(out);
            out.clear();
            out.shrink_to(MOST);
        }
    }
}

/// A line that is being written.
pub struct Line<'a> {
    lines: &'a Lines,
    is_urgent: bool,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gathered = &mut *self.lines.0.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.extend_from_slice(bytes);
        self.is_urgent |= gathered.len() > MOST;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        if self.is_urgent {
            self.lines.write_out();
        }
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { lines: self, is_urgent: false }
    }

    fn make_writer_for(&'a self, line: &Metadata<'_>) -> Line<'a> {
        Line { lines: self, is_urgent: *line.level() <= Level::WARN }
    }
}
