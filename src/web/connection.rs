//! A client's connection, and how long it may keep the service waiting: with the head of a request, and with taking an answer.
//! The server itself watches over the first head of a connection alone.

use std::cell::Cell;
use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use actix_web::dev::Extensions;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::unconstrained;
use tokio::time::{Sleep, sleep_until};

use super::direct::Queue;

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the first byte of a request to the end of its head.
    pub head: Duration,
    /// For each `LEAST_TAKEN` bytes of an answer.
    pub answer: Duration,
}

/// So many bytes of an answer a client has to take each time, where it does not take all.
const LEAST_TAKEN: usize = 16 * 1024;
/// So many bytes of an answer the system keeps for a client. It asks for more when a third of them is gone: of the megabytes that it
/// would keep by itself, a client that reads slowly and steadily takes too few in its time.
const KEPT: usize = 64 * 1024;

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(5), answer: Duration::from_secs(20) }
    }
}

/// A connection that is closed where its client takes too long.
pub struct Connection {
    stream: TcpStream,
    patience: Patience,
    turn: Turn,
    /// What is written behind what the server writes.
    queue: Queue,
    /// Until when the next head has to be whole, and whether it has begun.
    head_by: Option<Instant>,
    head_has_begun: bool,
    /// How many requests there were when that was set.
    requests: u64,
    /// Until when some more of the answer has to be taken, and how much was since.
    taken_by: Option<Instant>,
    taken: usize,
    /// One for both: it may be too early, never too late.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Whom it wakes up.
    wakes: Option<Waker>,
}

/// How many requests of a connection are worked on, and how many there were.
#[derive(Clone, Default)]
pub struct Turn(Rc<Requests>);

#[derive(Default)]
struct Requests {
    in_work: Cell<u64>,
    all: Cell<u64>,
}

/// A request that is worked on, as long as this is kept.
pub struct Taken(Turn);

impl Turn {
    /// It is the server's, as a request has come.
    pub fn take(&self) -> Taken {
        self.0.in_work.set(self.0.in_work.get() + 1);
        self.0.all.set(self.0.all.get() + 1);
        Taken(self.clone())
    }

    fn is_the_clients(&self) -> bool {
        self.0.in_work.get() == 0
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let in_work = &self.0.0.in_work;
        in_work.set(in_work.get().saturating_sub(1));
    }
}

impl Connection {
    /// One that was just taken.
    ///
    /// # Errors
    ///
    /// Where it has ended already.
    pub fn new(stream: TcpStream, patience: Patience) -> Result<Self> {
        // An answer's last bytes need not wait for the client's word about those before.
        stream.set_nodelay(true)?;
        rustix::net::sockopt::set_socket_send_buffer_size(&stream, KEPT)?;
        Ok(Self {
            stream,
            patience,
            turn: Turn::default(),
            queue: Queue::default(),
            head_by: None,
            head_has_begun: false,
            requests: 0,
            taken_by: None,
            taken: 0,
            alarm: None,
            wakes: None,
        })
    }

    /// Leaves what its requests are to find.
    pub fn known_to(&self, requests: &mut Extensions) {
        requests.insert(self.turn.clone());
        requests.insert(self.queue.clone());
    }

    /// Writes these bytes and what is queued behind them, or some of it. Tells how much.
    fn write(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Poll<Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        let written = match self.queue.is_empty() {
            true => stream.poll_write(cx, bytes),
            false => self.queue.behind(bytes, |all| stream.poll_write_vectored(cx, all)),
        };
        if written.is_ready() && self.head_by.is_some() {
            self.head_by = Some(Instant::now() + 2 * self.patience.head);
        }
        match &written {
            Poll::Pending => {
                let by = *self.taken_by.get_or_insert_with(|| {
                    self.taken = 0;
                    Instant::now() + self.patience.answer
                });
                self.until(by, cx).map(|ended| ended.map(|()| 0))
            }
            Poll::Ready(Ok(count)) if self.taken_by.is_some() => {
                self.taken += count;
                if self.taken >= LEAST_TAKEN {
                    self.taken_by = None;
                }
                written
            }
            Poll::Ready(_) => written,
        }
    }

    /// Writes what is queued.
    fn write_queued(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        while !self.queue.is_empty() {
            match ready!(self.write(&[], cx))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                count => self.queue.advance(count),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Sets the time for the next head, where it is the client's turn.
    fn expect_head(&mut self, has_come: bool) {
        let requests = self.turn.0.all.get();
        if !self.turn.is_the_clients() {
            self.head_by = None;
        } else if requests != self.requests {
            // It may have begun together with the one before, and nothing more come of it. So there is a time for it in any
            // case: twice as long, as it may be idle at first.
            (self.head_by, self.head_has_begun) = (Some(Instant::now() + 2 * self.patience.head), false);
            self.requests = requests;
        }
        if has_come && !self.head_has_begun {
            (self.head_by, self.head_has_begun) = (Some(Instant::now() + self.patience.head), true);
        }
    }

    /// Fails when this moment has come; else the task is woken up then, or before.
    fn until(&mut self, by: Instant, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let by = tokio::time::Instant::from_std(by);
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(by)));
        if alarm.is_elapsed() || alarm.deadline() > by {
            alarm.as_mut().reset(by);
        } else if self.wakes.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            // It is set: to ask it again would cost each request something.
            return Poll::Pending;
        }
        self.wakes = Some(cx.waker().clone());
        if rings(alarm, cx).is_pending() {
            return Poll::Pending;
        }
        // It may have rung for what has come in the meantime.
        alarm.as_mut().reset(by);
        rings(alarm, cx).map(|()| Err(Error::new(ErrorKind::TimedOut, "the client took too long")))
    }
}

/// Whether it rings; if not it is set, also where the task has had its turn and should let others go first.
fn rings(alarm: &mut Pin<Box<Sleep>>, cx: &mut Context<'_>) -> Poll<()> {
    Pin::new(&mut unconstrained(alarm.as_mut())).poll(cx)
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        this.expect_head(buffer.filled().len() > before);
        match (read, this.head_by, this.taken_by) {
            // Who still takes an answer has not begun to wait for the next one.
            (Poll::Pending, Some(by), None) => this.until(by, cx),
            (read, ..) => read,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let count = ready!(self.write(bytes, cx))?;
        self.queue.advance(count.saturating_sub(bytes.len()));
        Poll::Ready(Ok(count.min(bytes.len())))
    }

    /// All has been written. Whoever waits for the rest of a body that nobody needs any more does not ask for it again.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        ready!(this.write_queued(cx))?;
        this.taken_by = None;
        this.expect_head(false);
        if let Some(by) = this.head_by
            && let Poll::Ready(late) = this.until(by, cx)
        {
            return Poll::Ready(late);
        }
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
