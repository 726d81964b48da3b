//! How answers are compressed.

use std::io::Write;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// More than this is not compressed where requests are worked on: others would wait for it.
const AT_ONCE: usize = 64 * 1024;
/// And of those one at a time: it takes a core for as long as it lasts.
static ROOM: Semaphore = Semaphore::const_new(1);

/// How bytes can be coded for the way (RFC 9110, section 8.4.1; brotli: RFC 7932; zstd: RFC 8878).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Gzip,
    Brotli,
    Zstd,
}

impl Coding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Gzip, Self::Brotli, Self::Zstd];

    /// As header fields and entity tags name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// The bytes in this coding, as quickly as may be.
    pub async fn code(self, bytes: &Bytes) -> std::io::Result<Bytes> {
        if bytes.len() <= AT_ONCE {
            return self.compress(bytes, Effort::AtOnce);
        }
        self.code_beside(bytes.clone(), Effort::AtOnce).await
    }

    /// The bytes in this coding, as small as is worth it. Nobody waits for it.
    pub(super) async fn code_well(self, bytes: Bytes) -> std::io::Result<Bytes> {
        self.code_beside(bytes, Effort::Later).await
    }

    async fn code_beside(self, bytes: Bytes, effort: Effort) -> std::io::Result<Bytes> {
        let room = ROOM.acquire().await.map_err(std::io::Error::other)?;
        let work = move || {
            // It goes on when whoever asked for it has gone away.
            let _room = room;
            self.compress(&bytes, effort)
        };
        spawn_blocking(work).await?
    }

    /// At once: quick enough not to be felt by who waits. Later: as small as is worth it for what many ask for.
    fn compress(self, bytes: &[u8], effort: Effort) -> std::io::Result<Bytes> {
        let level = |at_once, later| if effort == Effort::AtOnce { at_once } else { later };
        let room = Vec::with_capacity(bytes.len() / 3);
        let compressed = match self {
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(room, flate2::Compression::new(level(3, 9)));
                encoder.write_all(bytes)?;
                encoder.finish()?
            }
            Self::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(room, 4096, level(3, 5), window(bytes.len()));
                encoder.write_all(bytes)?;
                encoder.into_inner()
            }
            Self::Zstd => zstd::bulk::compress(bytes, if effort == Effort::AtOnce { 1 } else { 12 })?,
        };
        Ok(exact(compressed))
    }
}

/// The logarithm of brotli's window (RFC 7932, section 9.1): as large as what is compressed, as memory is taken for all of it. With a
/// quality above 5 its tables would take tens of megabytes each time.
fn window(length: usize) -> u32 {
    length.next_power_of_two().trailing_zeros().clamp(10, 20)
}

/// What is kept takes no more room than it needs.
pub(super) fn exact(bytes: Vec<u8>) -> Bytes {
    bytes.into_boxed_slice().into()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    AtOnce,
    Later,
}
