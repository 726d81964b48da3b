//! What an import or export shows while it works: lines, their rate and the time left, on a terminal only.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::io::{AsyncRead, ReadBuf};

/// A bar on standard error, or nothing.
#[derive(Clone)]
pub struct Progress {
    bar: ProgressBar,
    /// Bytes of the file, as it lies there, that were read: they move the bar of an import. An export's moves by lines.
    bytes: Option<Arc<AtomicU64>>,
}

/// An input whose bytes are counted.
pub struct Counted<R> {
    input: R,
    bytes: Arc<AtomicU64>,
}

impl Progress {
    /// Shows nothing.
    pub fn silent() -> Self {
        Self { bar: ProgressBar::hidden(), bytes: None }
    }

    /// For an import: shows a bar where standard error is a terminal; with time left where the size of the file is known, in bytes.
    pub fn on_terminal(size: Option<u64>) -> Self {
        Self { bar: bar(size), bytes: Some(Arc::default()) }
    }

    /// For an export: the same, by lines.
    pub fn of_lines() -> Self {
        Self { bar: bar(None), bytes: None }
    }

    /// About this many lines are to come.
    pub(super) fn expect(&self, lines: u64) {
        self.bar.set_length(lines);
        self.bar.set_style(style(true));
    }

    /// An input whose bytes move the bar: the file as it lies there, compressed or not.
    pub fn reading<R: AsyncRead + Unpin>(&self, input: R) -> Counted<R> {
        Counted { input, bytes: self.bytes.clone().unwrap_or_default() }
    }

    /// This many lines are done, all in all.
    pub fn lines(&self, lines: u64) {
        if self.bar.is_hidden() {
            return;
        }
        let rate = lines as f64 / self.bar.elapsed().as_secs_f64().max(0.001);
        self.bar.set_message(format!("{lines} lines, {rate:.0}/s"));
        let position = self.bytes.as_ref().map_or(lines, |bytes| bytes.load(Ordering::Relaxed));
        self.bar.set_position(position);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Counted<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let done = ready!(Pin::new(&mut self.input).poll_read(cx, buf));
        self.bytes.fetch_add((buf.filled().len() - before) as u64, Ordering::Relaxed);
        Poll::Ready(done)
    }
}

fn bar(length: Option<u64>) -> ProgressBar {
    ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr()).with_style(style(length.is_some()))
}

/// The time left is told where the end is known.
fn style(ends: bool) -> ProgressStyle {
    let template = if ends { "{bar:30} {percent:>3} %  {msg}, {eta} left" } else { "{spinner} {msg}, {elapsed}" };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
