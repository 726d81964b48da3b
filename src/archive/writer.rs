//! Writes an archive's lines, compressed or not.

use std::path::Path;
use std::pin::Pin;

use async_compression::tokio::write::{GzipEncoder, ZstdEncoder};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::error::ExportError;
use super::line::Line;
use super::progress::Progress;

/// How an archive is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Plain lines.
    #[default]
    None,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
}

impl Compression {
    /// As the file's name says: `.gz`, `.zst`, or anything else for none.
    pub fn of(path: &Path) -> Self {
        match path.extension().and_then(|e| e.to_str()) {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// Gathered before it goes to the compressor or the file.
const CHUNK: usize = 256 * 1024;

/// Writes lines.
pub(super) struct Writer<'a> {
    output: Pin<Box<dyn AsyncWrite + Send + 'a>>,
    buffer: Vec<u8>,
    progress: &'a Progress,
    /// Lines written.
    pub lines: u64,
}

impl<'a> Writer<'a> {
    pub fn new(output: impl AsyncWrite + Send + 'a, compression: Compression, progress: &'a Progress) -> Self {
        let output: Pin<Box<dyn AsyncWrite + Send + 'a>> = match compression {
            Compression::None => Box::pin(output),
            Compression::Gzip => Box::pin(GzipEncoder::new(output)),
            Compression::Zstd => Box::pin(ZstdEncoder::new(output)),
        };
        Self { output, buffer: Vec::with_capacity(2 * CHUNK), progress, lines: 0 }
    }

    pub async fn line(&mut self, line: &Line) -> Result<(), ExportError> {
        serde_json::to_writer(&mut self.buffer, line).map_err(std::io::Error::from)?;
        self.buffer.push(b'\n');
        self.lines += 1;
        if self.buffer.len() >= CHUNK {
            self.drain().await?;
        }
        Ok(())
    }

    async fn drain(&mut self) -> Result<(), ExportError> {
        self.output.write_all(&self.buffer).await?;
        self.buffer.clear();
        self.progress.lines(self.lines);
        Ok(())
    }

    /// Writes what is left, and the end of the compressed stream.
    pub async fn finish(mut self) -> Result<u64, ExportError> {
        self.drain().await?;
        self.output.shutdown().await?;
        Ok(self.lines)
    }
}
