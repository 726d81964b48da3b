//! The requests of a connection, as it shares them with those who answer: the next one is read when the answer has ended.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_http::{ConnectionType, Response};
use actix_web::body::{BodySize, BoxBody, MessageBody};
use bytes::Bytes;

use crate::error::Error;

/// The turn of a connection: the client's or the service's.
#[derive(Clone, Default)]
pub struct Turn(Rc<Requests>);

#[derive(Default)]
struct Requests {
    /// How many are being answered, and how many there were.
    in_work: Cell<u64>,
    all: Cell<u64>,
    /// Why what the client has sent is no request.
    refusal: Cell<Option<Error>>,
    /// Whether the connection is closed after the present answer.
    closes: Cell<bool>,
}

/// A request that is being answered, as long as this is kept.
pub struct Taken(Turn);

impl Turn {
    /// Begins a request.
    pub fn take(&self) -> Taken {
        self.0.in_work.set(self.0.in_work.get() + 1);
        self.0.all.set(self.0.all.get() + 1);
        Taken(self.clone())
    }

    /// Whether this number of requests has come, and all are answered.
    pub fn has_answered(&self, requests: u64) -> bool {
        self.0.in_work.get() == 0 && self.0.all.get() == requests
    }

    /// Makes the present request the last one.
    pub fn close(&self) {
        self.0.closes.set(true);
    }

    /// Whether the present request is the last one.
    pub fn closes(&self) -> bool {
        self.0.closes.get()
    }

    /// Has the next request answered by this problem.
    pub fn refuse(&self, problem: Error) {
        self.0.refusal.set(Some(problem));
    }

    /// Returns the problem that answers the present request, if it is refused.
    pub fn refusal(&self) -> Option<Error> {
        self.0.refusal.take()
    }
}

impl Taken {
    /// Returns the answer with a body that ends the request when the HTTP library drops it.
    pub fn answered(self, mut answer: Response<BoxBody>) -> Response<InTurn> {
        if self.0.0.closes.get() {
            answer.head_mut().set_connection_type(ConnectionType::Close);
        }
        answer.map_body(|_, body| InTurn { body, _request: self })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let in_work = &self.0.0.in_work;
        in_work.set(in_work.get().saturating_sub(1));
    }
}

/// The body of an answer, with its request.
pub struct InTurn {
    body: BoxBody,
    _request: Taken,
}

impl MessageBody for InTurn {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
