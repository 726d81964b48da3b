//! The archive format: a forum as lines of JSON. What always holds: a line refers only to lines before it; what a file's ids became
//! here is remembered, so that the same file changes nothing twice; a batch of lines is one transaction, counters included.

mod checks;
mod demo;
mod error;
mod export;
mod import;
mod line;
mod progress;
mod reader;
mod writer;

pub use demo::Demo;
pub use error::{BadLine, ExportError, ImportError};
pub use export::export;
pub use import::{Added, Summary, import};
pub use progress::{Counted, Progress};
pub use writer::Compression;

/// The version of the format, as the first line of a file says it.
pub const VERSION: u64 = 1;

/// What the name of a source begins with where a forum of this program wrote the file; its uuid follows.
const OWN_SOURCE: &str = "folkmoot-";
