//! Hands the HTTP library what a client sends, one request at a time. The library decodes all that it can read and keeps method,
//! version and `Connection` of the last request only: answers to earlier ones would be written by the rules of that one.

use actix_web::http::Method;
use bytes::{Buf, BytesMut};
use tokio::io::ReadBuf;

use super::framing::Framer;
use crate::error::Error;

/// Maximum length of a request id that a refused head has, in bytes.
const MAX_ID: usize = 64;

/// The bytes of a connection on their way to the library.
#[derive(Debug, Default)]
pub struct Inbound {
    framer: Framer,
    /// Bytes that have come, and that the library may not read yet or has no room for.
    ahead: BytesMut,
}

impl Inbound {
    /// Whether the next bytes are a head, or a part of it.
    pub fn is_at_head(&self) -> bool {
        self.framer.is_at_head()
    }

    /// Whether the library has the whole of the present request.
    pub fn is_at_end(&self) -> bool {
        self.framer.is_at_end()
    }

    /// How many requests the library has, at least in part.
    pub fn begun(&self) -> u64 {
        self.framer.begun()
    }

    /// Whether there are bytes that the library does not have.
    pub fn has_more(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Hands over bytes that are here and belong to the present request. Returns whether there are any.
    ///
    /// # Errors
    ///
    /// Fails if a head or a chunk is malformed.
    pub fn hand_over(&mut self, buffer: &mut ReadBuf<'_>) -> Result<bool, Error> {
        // Empty lines before a head are no part of it (RFC 9112, section 2.2).
        while self.framer.is_at_head() && self.ahead.starts_with(b"\r\n") {
            self.ahead.advance(2);
            self.framer.restart();
        }
        if self.ahead.is_empty() || !self.framer.judge(&mut self.ahead)? {
            return Ok(false);
        }
        let room = self.ahead.len().min(buffer.remaining());
        let count = self.framer.pass(&self.ahead[..room])?;
        buffer.put_slice(&self.ahead[..count]);
        self.ahead.advance(count);
        if self.ahead.is_empty() {
            // An idle connection holds no memory.
            self.ahead = BytesMut::new();
        }
        Ok(count > 0)
    }

    /// Takes in the bytes of `buffer` from `from` on, and leaves those that belong to the present request. Returns whether there are
    /// any. A request that comes whole and alone is not copied.
    ///
    /// # Errors
    ///
    /// Fails if a head or a chunk is malformed.
    pub fn take_in(&mut self, buffer: &mut ReadBuf<'_>, from: usize) -> Result<bool, Error> {
        let mut left = Ok(0);
        if self.ahead.is_empty() {
            let bytes = &mut buffer.filled_mut()[from..];
            left = self.framer.judge(bytes).and_then(|some| if some { self.framer.pass(bytes) } else { Ok(0) });
        }
        let until = from + left.as_ref().map_or(0, |count| *count);
        self.ahead.extend_from_slice(&buffer.filled()[until..]);
        buffer.set_filled(until);
        if left? > 0 { Ok(true) } else { self.hand_over(buffer) }
    }

    /// Goes on to the next request after the answer. Returns false if the present one is not whole, or is the last.
    pub fn go_on(&mut self) -> bool {
        self.framer.go_on()
    }

    /// Drops all that comes.
    pub fn close(&mut self) {
        self.framer.end_with(0);
        self.ahead = BytesMut::new();
    }

    /// Puts a request that the library can read in the place of a head that it could not.
    pub fn refuse(&mut self) {
        let stand_in = stand_in(&self.ahead);
        self.framer.end_with(stand_in.len());
        self.ahead = BytesMut::from(&*stand_in);
    }
}

/// The last request of a connection, with what is known of the head in whose place it is: the method, as the answer to HEAD has no
/// body, and the request id.
fn stand_in(head: &[u8]) -> String {
    let text = |bytes| str::from_utf8(bytes).ok().map(str::trim);
    let mut lines = head.split(|byte| *byte == b'\n');
    let method = lines.next().and_then(|line| text(line.split(|byte| *byte == b' ').next()?));
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    let method = method.filter(|method| known.iter().any(|it| it == method)).unwrap_or("-");
    let id = lines.find_map(|line| {
        let (name, value) = text(line)?.split_once(':')?;
        let value = value.trim();
        let is_id = value.len() <= MAX_ID && value.bytes().all(|byte| byte.is_ascii_graphic());
        (is_id && name.eq_ignore_ascii_case("x-request-id")).then_some(value)
    });
    let id = id.map_or_else(String::new, |id| format!("X-Request-Id: {id}\r\n"));
    format!("{method} * HTTP/1.1\r\nHost: -\r\nConnection: close\r\n{id}\r\n")
}
