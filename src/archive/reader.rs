//! Reads an archive: plain, gzip or zstd by its first bytes; line by line, never more than one batch of them at a time.

use std::io::{self, Cursor};

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, BufReader};

use super::error::{BadLine, ImportError};

/// A batch is full with this many lines or bytes.
const BATCH_LINES: usize = 5_000;
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// The most bytes of one line: a body of 1 MiB takes six times that when all of it is written as `\u1234`.
const MAX_LINE: usize = 8 * 1024 * 1024;

/// What is decompressed at a time.
const BUFFER: usize = 64 * 1024;

const GZIP: &[u8] = &[0x1F, 0x8B];
const ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];

/// Any input, decompressed.
pub(super) type Input<'a> = Box<dyn AsyncBufRead + Unpin + Send + 'a>;

/// Lines as they stand in the file, with their numbers.
#[derive(Debug, Default)]
pub(super) struct RawBatch {
    text: Vec<u8>,
    /// Number, start and end in `text`.
    lines: Vec<(u64, usize, usize)>,
    /// The file ends here.
    pub ends: bool,
}

/// Reads batches of lines.
pub(super) struct Reader<'a> {
    input: Input<'a>,
    /// The number of the last line that was read.
    line: u64,
}

impl<'a> Reader<'a> {
    /// Looks at the first bytes to see how the input is compressed.
    pub async fn new(input: impl AsyncBufRead + Unpin + Send + 'a) -> Result<Self, ImportError> {
        Self::decompressing(input).await.map_err(|error| ImportError::Read { line: 0, error })
    }

    async fn decompressing(mut input: impl AsyncBufRead + Unpin + Send + 'a) -> io::Result<Self> {
        let mut start = Vec::new();
        (&mut input).take(ZSTD.len() as u64).read_to_end(&mut start).await?;
        let (is_gzip, is_zstd) = (start.starts_with(GZIP), start.starts_with(ZSTD));
        let whole = Cursor::new(start).chain(input);
        let input: Input<'a> = if is_gzip {
            // A gzip file may be several, one after the other.
            let mut decoder = GzipDecoder::new(whole);
            decoder.multiple_members(true);
            Box::new(BufReader::with_capacity(BUFFER, decoder))
        } else if is_zstd {
            let mut decoder = ZstdDecoder::new(whole);
            decoder.multiple_members(true);
            Box::new(BufReader::with_capacity(BUFFER, decoder))
        } else {
            Box::new(whole)
        };
        Ok(Self { input, line: 0 })
    }

    /// The next lines; blank ones are counted and left out.
    pub async fn batch(&mut self) -> Result<RawBatch, ImportError> {
        let mut batch = RawBatch::default();
        while batch.lines.len() < BATCH_LINES && batch.text.len() < BATCH_BYTES {
            let start = batch.text.len();
            let read = (&mut self.input).take(MAX_LINE as u64 + 1).read_until(b'\n', &mut batch.text).await;
            let read = read.map_err(|error| ImportError::Read { line: self.line, error })?;
            if read == 0 {
                batch.ends = true;
                break;
            }
            if read > MAX_LINE {
                let reason = format!("a line has at most {MAX_LINE} bytes");
                return Err(BadLine { line: self.line + 1, field: None, reason }.into());
            }
            self.line += 1;
            let end = start + batch.text[start..].trim_ascii_end().len();
            if end > start {
                batch.lines.push((self.line, start, end));
            }
        }
        Ok(batch)
    }
}

impl RawBatch {
    /// The lines with their numbers.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = (u64, &[u8])> {
        self.lines.iter().map(|(number, start, end)| (*number, &self.text[*start..*end]))
    }
}
