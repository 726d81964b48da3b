//! Bodies that are written from where they are. The server puts what it sends into a buffer of each connection, byte by byte; for a
//! page that is kept this is most of the work, and a thousand open connections hold a thousand copies of pages. So it is given the
//! first bytes of such a body, and the connection writes the others behind them, in one call of the system.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::IoSlice;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_LENGTH;
use bytes::{Buf, Bytes};

use crate::cache::LONG;

/// With so many bytes in its buffer the server writes them out before it asks a body for more. Heads are smaller, and together with the
/// first bytes of a body more.
pub const FIRST: usize = 1024;

/// Shorter bodies are as well copied.
const WORTH_IT: usize = 4 * FIRST;

/// At most so many pieces are written at a time; answers have less.
const AT_A_TIME: usize = 8;

/// A body of some pieces.
#[derive(Clone, Default)]
pub struct Pieces(VecDeque<Bytes>);

impl Pieces {
    fn len(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    fn whole(self) -> Bytes {
        self.try_into_bytes().unwrap_or_else(|pieces| Vec::from(pieces.0).concat().into())
    }
}

/// By the server's own way: for whatever is between.
impl MessageBody for Pieces {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.len() as u64)
    }

    /// Only if nothing has to be copied for it: the server asks for this of each body, and most are written as they are.
    fn try_into_bytes(mut self) -> Result<Bytes, Self> {
        match self.0.len() {
            1 => self.0.pop_front().ok_or(self),
            _ => Err(self),
        }
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

/// An answer with this body, that is written directly if nothing between changes it.
pub fn with_body(mut answer: HttpResponse, pieces: impl IntoIterator<Item = Bytes>) -> HttpResponse {
    let pieces = Pieces(pieces.into_iter().filter(|piece| !piece.is_empty()).collect());
    match pieces.len() {
        // A 304 has none, not one of no bytes.
        0 => answer,
        1..WORTH_IT => answer.set_body(BoxBody::new(pieces.whole())),
        _ => {
            answer.extensions_mut().insert(pieces.clone());
            answer.set_body(BoxBody::new(pieces))
        }
    }
}

/// The whole body of an answer, if it is not a stream, for who puts another in its place.
pub fn whole<B: MessageBody>(answer: HttpResponse<B>) -> (HttpResponse<()>, Result<Bytes, B>) {
    let (mut answer, body) = answer.into_parts();
    let pieces = answer.extensions_mut().remove::<Pieces>();
    (answer, pieces.map_or_else(|| body.try_into_bytes(), |pieces| Ok(pieces.whole())))
}

/// Tells whether an answer was made by `with_body` and is long enough to be in pieces.
pub fn has_pieces<B>(answer: &HttpResponse<B>) -> bool {
    answer.extensions().contains::<Pieces>()
}

/// The pieces of an answer that still has them: what is 304 now has another body.
fn untouched<B>(answer: &mut HttpResponse<B>) -> Option<Pieces> {
    let is_so = answer.status() == StatusCode::OK;
    answer.extensions_mut().remove().filter(|_| is_so)
}

/// What a connection is to write behind what the server writes.
#[derive(Clone, Default)]
pub struct Queue(Rc<RefCell<Queued>>);

#[derive(Default)]
struct Queued {
    pieces: VecDeque<Bytes>,
    /// Start of the present answer, if it is long enough to count in the memory budget.
    long_since: Option<Instant>,
    /// Who waits for the end of it.
    waiting: Option<Waker>,
}

impl Queue {
    /// Whether all is written.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().pieces.is_empty()
    }

    /// Since when a long answer is written; none for other answers.
    pub fn long_since(&self) -> Option<Instant> {
        self.0.borrow().long_since
    }

    /// These bytes, and what is to be written behind them, for one call of the system.
    pub fn behind<T>(&self, bytes: &[u8], write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
        let queued = self.0.borrow();
        let mut slices = [IoSlice::new(&[]); AT_A_TIME];
        let all = std::iter::once(bytes).chain(queued.pieces.iter().map(|piece| &**piece));
        let mut count = 0;
        for (slice, bytes) in slices.iter_mut().zip(all) {
            *slice = IoSlice::new(bytes);
            count += 1;
        }
        write(&slices[..count])
    }

    /// So many bytes of it are written.
    pub fn advance(&self, mut count: usize) {
        let mut queued = self.0.borrow_mut();
        while let Some(piece) = queued.pieces.front_mut() {
            if count < piece.len() {
                piece.advance(count);
                return;
            }
            count -= piece.len();
            queued.pieces.pop_front();
        }
        queued.long_since = None;
        if let Some(waiting) = queued.waiting.take() {
            waiting.wake();
        }
    }

    /// The answer with its body written directly, or else as it is.
    pub fn take<B>(&self, mut answer: HttpResponse<B>) -> Result<HttpResponse, HttpResponse<B>> {
        let Some(pieces) = untouched(&mut answer) else { return Err(answer) };
        Ok(self.with_pieces(answer, pieces))
    }

    /// An answer that nothing will change any more, with this body.
    pub fn with_body(&self, answer: HttpResponse, body: Bytes) -> HttpResponse {
        match body.len() {
            ..WORTH_IT => with_body(answer, [body]),
            _ => self.with_pieces(answer, Pieces([body].into())),
        }
    }

    fn with_pieces<B>(&self, mut answer: HttpResponse<B>, pieces: Pieces) -> HttpResponse {
        let length = pieces.len() as u64;
        answer.head_mut().no_chunking(true);
        answer.headers_mut().insert(CONTENT_LENGTH, length.into());
        answer.set_body(BoxBody::new(Direct { pieces: Some(pieces.0), queue: self.clone() }))
    }
}

/// A body that gives the server its first bytes, and the connection the others.
struct Direct {
    /// None of them is empty; nothing once the connection has them.
    pieces: Option<VecDeque<Bytes>>,
    queue: Queue,
}

impl MessageBody for Direct {
    type Error = Infallible;

    /// It has the length that its head says: to the server, which sees a part of it, it is a stream.
    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let this = &mut *self;
        let mut queued = this.queue.0.borrow_mut();
        if let Some(mut pieces) = this.pieces.take()
            && let Some(piece) = pieces.front_mut()
        {
            let first = piece.split_to(FIRST.min(piece.len()));
            pieces.retain(|piece| !piece.is_empty());
            let is_long = pieces.iter().map(Bytes::len).sum::<usize>() >= LONG - FIRST;
            queued.long_since = is_long.then(Instant::now);
            queued.pieces = pieces;
            return Poll::Ready(Some(Ok(first)));
        }
        // The next answer's head would come between.
        if !queued.pieces.is_empty() {
            queued.waiting = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(None)
    }
}
