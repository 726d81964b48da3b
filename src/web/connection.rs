//! A client's connection: it hands the HTTP library one request at a time, the next one when the answer is flushed, and it limits
//! how long a client may keep the service waiting.

use std::io::{Error, ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use actix_web::dev::Extensions;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::unconstrained;
use tokio::time::{Sleep, sleep_until};

use super::direct::Queue;
use super::framing::malformed;
use super::inbound::Inbound;
use super::turn::Turn;
use crate::cache::Held;
use crate::error::{Code, Error as Problem};

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From an answer to the first byte of the next request, and from there to the end of its head.
    pub head: Duration,
    /// For each `LEAST_TAKEN` bytes of an answer.
    pub answer: Duration,
    /// For a whole long answer, once others need its memory.
    pub memory: Duration,
}

/// How long a client that may still be sending is listened to after the last answer: a reset could destroy that answer on its way
/// (RFC 9112, section 9.6).
pub const LINGER: Duration = Duration::from_secs(1);
/// How many bytes are dropped at a time then.
const DROPPED: usize = 4 * 1024;
/// So many bytes of an answer a client has to take each time, where it does not take all.
const LEAST_TAKEN: usize = 16 * 1024;
/// Interval at which a connection with a slow client looks whether others need the memory of its answer.
const MEMORY_CHECK: Duration = Duration::from_millis(250);
/// So many bytes of an answer the system keeps for a client. It asks for more when a third of them is gone: of the megabytes that it
/// would keep by itself, a client that reads slowly and steadily takes too few in its time.
const KEPT: usize = 64 * 1024;

impl Default for Patience {
    fn default() -> Self {
        Self { head: Duration::from_secs(5), answer: Duration::from_secs(20), memory: Duration::from_secs(5) }
    }
}

/// A connection that is closed where its client takes too long.
pub struct Connection {
    stream: TcpStream,
    patience: Patience,
    turn: Turn,
    /// Bytes that the client has sent.
    inbound: Inbound,
    /// Whether more has come, or the end, while a request was answered; whether the end was read.
    has_unread: bool,
    has_ended: bool,
    /// What is written behind what the server writes.
    queue: Queue,
    /// The budget that long answers take memory from.
    held: Held,
    /// Until when the next head has to begin or to end, or a body that nobody needs.
    head_by: Option<Instant>,
    /// Whether the next head, or an empty line before it, has begun: its time is set once.
    head_has_begun: bool,
    /// Until when some more of the answer has to be taken, and how much was since.
    taken_by: Option<Instant>,
    taken: usize,
    /// Until when the client is listened to, once the service has closed its side.
    closed_by: Option<Instant>,
    /// A timer for all deadlines: it may fire too early, never too late.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Whom it wakes up.
    wakes: Option<Waker>,
}

impl Connection {
    /// One that was just taken.
    ///
    /// # Errors
    ///
    /// Where it has ended already.
    pub fn new(stream: TcpStream, patience: Patience, held: Held) -> Result<Self> {
        // An answer's last bytes need not wait for the client's word about those before.
        stream.set_nodelay(true)?;
        rustix::net::sockopt::set_socket_send_buffer_size(&stream, KEPT)?;
        Ok(Self {
            stream,
            patience,
            turn: Turn::default(),
            inbound: Inbound::default(),
            has_unread: false,
            has_ended: false,
            queue: Queue::default(),
            held,
            head_by: Some(Instant::now() + patience.head),
            head_has_begun: false,
            taken_by: None,
            taken: 0,
            closed_by: None,
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
        match &written {
            Poll::Pending => self.wait_for_client(cx).map(|ended| ended.map(|()| 0)),
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

    /// Fails when the client takes too little in its time, or when others need the memory of a long answer that it takes slowly. Of all
    /// clients only slow ones hold memory for long, so together they cannot keep it from the others.
    fn wait_for_client(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let by = *self.taken_by.get_or_insert_with(|| {
            self.taken = 0;
            Instant::now() + self.patience.answer
        });
        let Some(since) = self.queue.long_since() else { return self.fail_if_late(by, cx) };
        let (now, gives_way) = (Instant::now(), since + self.patience.memory);
        if now >= gives_way && self.held.is_short() {
            return Poll::Ready(Err(Error::new(
                ErrorKind::TimedOut,
                "others need the memory of a slow client's answer",
            )));
        }
        self.fail_if_late(by.min(gives_way.max(now + MEMORY_CHECK)), cx)
    }

    fn fail_if_late(&mut self, by: Instant, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if self.is_late(by, cx) { Poll::Ready(Err(too_late())) } else { Poll::Pending }
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

    /// Has the library read a request that is answered by this problem, in place of a head. In place of a body it reads the end of
    /// the connection, which fails the request. Returns whether that is so.
    fn refuse(&mut self, problem: Problem) -> bool {
        let is_body = !self.inbound.is_at_head();
        self.turn.close();
        self.head_by = None;
        if is_body {
            self.inbound.close();
        } else {
            self.turn.refuse(problem);
            self.inbound.refuse();
        }
        is_body
    }

    /// Reads from the client until the library has something, or there is nothing to read.
    fn read_on(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> std::result::Result<Poll<Result<()>>, Problem> {
        let from = buffer.filled().len();
        loop {
            match Pin::new(&mut self.stream).poll_read(cx, buffer) {
                Poll::Pending => return self.await_client(cx),
                Poll::Ready(Err(error)) => return Ok(Poll::Ready(Err(error))),
                Poll::Ready(Ok(())) if buffer.filled().len() == from => {
                    self.has_ended = true;
                    self.turn.close();
                    return if self.is_within_head() {
                        Err(malformed("the connection ended within the head of a request"))
                    } else {
                        Ok(Poll::Ready(Ok(())))
                    };
                }
                Poll::Ready(Ok(())) => {}
            }
            let is_head = self.inbound.is_at_head();
            if self.inbound.take_in(buffer, from)? {
                self.head_by = self.head_by.filter(|_| !is_head);
                return Ok(Poll::Ready(Ok(())));
            }
            if is_head && !self.head_has_begun {
                (self.head_by, self.head_has_begun) = (Some(Instant::now() + self.patience.head), true);
            }
        }
    }

    fn is_within_head(&self) -> bool {
        self.inbound.is_at_head() && self.inbound.has_more()
    }

    /// Handles a read without data: an idle connection ends, and a head or the rest of a body fails, when it is late.
    fn await_client(&mut self, cx: &mut Context<'_>) -> std::result::Result<Poll<Result<()>>, Problem> {
        let Some(by) = self.head_by else { return Ok(Poll::Pending) };
        if !self.is_late(by, cx) {
            Ok(Poll::Pending)
        } else if self.is_within_head() {
            Err(Problem::new(Code::RequestTimeout, "the head of the request did not come in time"))
        } else if self.inbound.is_at_head() {
            Ok(Poll::Ready(Ok(())))
        } else {
            Ok(Poll::Ready(Err(too_late())))
        }
    }

    /// Notes whether the client sends something while a request is answered; it is read later.
    fn await_answer(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if !self.has_unread && !self.inbound.has_more() {
            match self.stream.poll_peek(cx, &mut ReadBuf::new(&mut [0])) {
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                peeked => self.has_unread = peeked.is_ready(),
            }
        }
        Poll::Pending
    }

    /// All that was handed over is answered: goes on to the next request, or limits the rest of a body that nobody needs.
    fn go_on(&mut self, cx: &mut Context<'_>) {
        let is_next = self.inbound.go_on();
        if is_next || (self.head_by.is_none() && !self.inbound.is_at_head() && !self.inbound.is_at_end()) {
            (self.head_by, self.head_has_begun) = (Some(Instant::now() + self.patience.head), false);
        }
        if is_next && (std::mem::take(&mut self.has_unread) || self.inbound.has_more()) {
            cx.waker().wake_by_ref();
        }
    }

    /// Drops what a client still sends, until it ends or this has taken `LINGER`.
    fn linger(&mut self, by: Instant, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let is_within = !self.inbound.is_at_head() && !self.inbound.is_at_end();
        let mut lingers = self.has_unread || self.inbound.has_more() || is_within || self.turn.closes();
        let mut dropped = [0; DROPPED];
        loop {
            let mut buffer = ReadBuf::new(&mut dropped);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => lingers = true,
                Poll::Pending if lingers && !self.is_late(by, cx) => return Poll::Pending,
                _ => return Poll::Ready(Ok(())),
            }
        }
    }

    /// Whether this moment has come; else the task is woken up then, or before.
    fn is_late(&mut self, by: Instant, cx: &mut Context<'_>) -> bool {
        let by = tokio::time::Instant::from_std(by);
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(by)));
        if alarm.is_elapsed() || alarm.deadline() > by {
            alarm.as_mut().reset(by);
        } else if self.wakes.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            // It is set: to ask it again would cost each request something.
            return false;
        }
        self.wakes = Some(cx.waker().clone());
        if rings(alarm, cx).is_pending() {
            return false;
        }
        // It may have rung for what has come in the meantime.
        alarm.as_mut().reset(by);
        rings(alarm, cx).is_ready()
    }
}

fn too_late() -> Error {
    Error::new(ErrorKind::TimedOut, "the client took too long")
}

/// Whether it rings; if not it is set, also where the task has had its turn and should let others go first.
fn rings(alarm: &mut Pin<Box<Sleep>>, cx: &mut Context<'_>) -> Poll<()> {
    Pin::new(&mut unconstrained(alarm.as_mut())).poll(cx)
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        loop {
            let is_head = this.inbound.is_at_head();
            let read = match this.inbound.hand_over(buffer) {
                Ok(true) => {
                    this.head_by = this.head_by.filter(|_| !is_head);
                    return Poll::Ready(Ok(()));
                }
                Ok(false) if this.inbound.is_at_end() => return this.await_answer(cx),
                Ok(false) => this.read_on(cx, buffer),
                Err(problem) => Err(problem),
            };
            let problem = match read {
                Ok(read) => return read,
                Err(problem) => problem,
            };
            if this.refuse(problem) {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let count = ready!(self.write(bytes, cx))?;
        self.queue.advance(count.saturating_sub(bytes.len()));
        Poll::Ready(Ok(count.min(bytes.len())))
    }

    /// All has been written. A body that is no longer needed is not read again, so its deadline is checked here.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        ready!(this.write_queued(cx))?;
        this.taken_by = None;
        if this.turn.has_answered(this.inbound.begun()) {
            this.go_on(cx);
        }
        if let Some(by) = this.head_by
            && this.is_late(by, cx)
        {
            return Poll::Ready(Err(too_late()));
        }
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let this = &mut *self;
        let by = match this.closed_by {
            Some(by) => by,
            None => {
                ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
                *this.closed_by.insert(Instant::now() + LINGER)
            }
        };
        if this.has_ended { Poll::Ready(Ok(())) } else { this.linger(by, cx) }
    }
}
