//! Message framing of requests (RFC 9112): the end of a head, and the end of a counted or chunked body. A head is refused if two
//! readers could disagree about it, or if the HTTP library would refuse it: the library answers without a problem document.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use actix_web::http::{Method, Uri};
use httparse::{Header, Request, Status};

use crate::error::{Code, Error};

/// Maximum size of the target in the request line, in bytes.
const MAX_TARGET: usize = 8 * 1024;
/// Maximum size of all names and values of fields together, in bytes; of chunk extensions and trailers too.
const MAX_FIELDS: usize = 16 * 1024;
/// Maximum number of fields. The HTTP library has the same limit.
const MAX_FIELD_COUNT: usize = 96;
/// Maximum length of a method, in bytes.
const MAX_METHOD: usize = 32;
/// Maximum size of a head that has not ended, in bytes: the limits above, with room for separators.
const MAX_HEAD: usize = MAX_TARGET + MAX_FIELDS + 1024;
/// Maximum number of digits of a chunk's size; 15 of them cannot overflow.
const MAX_SIZE_DIGITS: u8 = 15;

/// The head of a request that can be read in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its size in bytes, with the empty line.
    pub length: usize,
    pub body: Framing,
    /// Whether the client offers another protocol.
    has_upgrade: bool,
}

/// The framing of a request body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Counted(u64),
    Chunked,
}

impl Head {
    /// Reads the head at the start of `bytes`. Returns `None` if its end has not come.
    ///
    /// # Errors
    ///
    /// Fails if the head is malformed, ambiguous or too large.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, Error> {
        if bytes.first() == Some(&b'\n') {
            return Err(malformed("a line of the head ends without CR"));
        }
        let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELD_COUNT];
        let mut request = Request::new(&mut []);
        let status = request.parse_with_uninit_headers(bytes, &mut fields);
        if request.path.is_some_and(|target| target.len() > MAX_TARGET) {
            return Err(target_too_long());
        }
        match status {
            Ok(Status::Complete(length)) => Self::of(&request, &bytes[..length]).map(Some),
            Ok(Status::Partial) if bytes.len() <= MAX_HEAD => Ok(None),
            Ok(Status::Partial) if request.path.is_none() => Err(target_too_long()),
            Ok(Status::Partial) | Err(httparse::Error::TooManyHeaders) => Err(fields_too_large()),
            // The first byte of a TLS record with a handshake (RFC 8446, section 5.1).
            Err(_) if bytes.first() == Some(&0x16) => Err(malformed("this port takes HTTP without TLS")),
            Err(error) => Err(malformed(format!("the head of the request is not HTTP/1.1: {error}"))),
        }
    }

    fn of(request: &Request<'_, '_>, head: &[u8]) -> Result<Self, Error> {
        // Without a short circuit, so that many bytes are compared at a time.
        let bare = head.iter().zip(&head[1..]).filter(|(before, byte)| **byte == b'\n' && **before != b'\r').count();
        if bare > 0 {
            return Err(malformed("a line of the head ends without CR"));
        }
        let is_old = request.version == Some(0);
        let method = request.method.unwrap_or_default();
        check_request_line(method, request.path.unwrap_or_default())?;
        let fields = Fields::of(request.headers)?;
        if fields.hosts > 1 || (fields.hosts == 0 && !is_old) {
            return Err(malformed("a request has one Host field"));
        }
        let body = match (fields.length, fields.is_chunked) {
            (Some(_), true) => return Err(malformed("a body has Content-Length or Transfer-Encoding, not both")),
            (None, true) if is_old => return Err(malformed("HTTP/1.0 has no Transfer-Encoding")),
            (None, true) => Framing::Chunked,
            (None, false) if is_old && method == "POST" => {
                return Err(malformed("a POST of HTTP/1.0 needs Content-Length"));
            }
            (length, false) => Framing::Counted(length.unwrap_or(0)),
        };
        Ok(Self { length: head.len(), body, has_upgrade: fields.has_upgrade })
    }

    /// Overwrites what offers another protocol, as a server may ignore it (RFC 9110, section 7.8). The HTTP library would take
    /// all bytes that follow for a body.
    pub fn ignore_upgrade(&self, bytes: &mut [u8]) {
        const IGNORED: &[u8] = b"ignored";
        if !self.has_upgrade {
            return;
        }
        for line in bytes[..self.length].split_mut(|byte| *byte == b'\n') {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (name, value) = line.split_at_mut(colon);
            if name.eq_ignore_ascii_case(b"upgrade") {
                name.copy_from_slice(IGNORED);
            } else if name.eq_ignore_ascii_case(b"connection") {
                for option in value[1..].split_mut(|byte| *byte == b',' || byte.is_ascii_whitespace()) {
                    if option.eq_ignore_ascii_case(b"upgrade") {
                        option.copy_from_slice(IGNORED);
                    }
                }
            }
        }
    }
}

/// Fields that framing depends on.
#[derive(Default)]
struct Fields {
    size: usize,
    hosts: usize,
    length: Option<u64>,
    is_chunked: bool,
    has_upgrade: bool,
}

impl Fields {
    fn of(all: &[Header<'_>]) -> Result<Self, Error> {
        let mut fields = Self::default();
        for Header { name, value } in all {
            fields.size += name.len() + value.len();
            // Most fields differ in length from each of these names.
            match name.len() {
                4 if name.eq_ignore_ascii_case("host") => fields.hosts += 1,
                7 if name.eq_ignore_ascii_case("upgrade") => fields.has_upgrade = true,
                10 if name.eq_ignore_ascii_case("connection") => {
                    let mut options = value.split(|byte| *byte == b',');
                    fields.has_upgrade |= options.any(|it| it.trim_ascii().eq_ignore_ascii_case(b"upgrade"));
                }
                14 if name.eq_ignore_ascii_case("content-length") => {
                    let length = digits(value).filter(|_| fields.length.is_none());
                    fields.length = Some(length.ok_or_else(|| malformed("Content-Length is one number"))?);
                }
                17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                    if fields.is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                        return Err(malformed("the only Transfer-Encoding of requests is chunked"));
                    }
                    fields.is_chunked = true;
                }
                _ => {}
            }
        }
        if fields.size > MAX_FIELDS { Err(fields_too_large()) } else { Ok(fields) }
    }
}

fn digits(value: &[u8]) -> Option<u64> {
    let text = str::from_utf8(value).ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn check_request_line(method: &str, target: &str) -> Result<(), Error> {
    let is_method = method == "GET" || (method.len() <= MAX_METHOD && Method::from_bytes(method.as_bytes()).is_ok());
    if !is_method || method == "CONNECT" {
        return Err(malformed("the method is none that this server takes"));
    }
    // Most targets have none but these bytes, and need not be parsed twice.
    let is_plain = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'?' | b'&' | b'=' | b'-' | b'_' | b'.' | b'~' | b'%')
    };
    let is_url = |url: Uri| target.starts_with('/') || target == "*" || url.scheme().is_some();
    let is_target = target.starts_with('/') && target.bytes().all(is_plain) || Uri::try_from(target).is_ok_and(is_url);
    if is_target { Ok(()) } else { Err(malformed("the target of the request is no URL")) }
}

pub fn malformed(detail: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::BadRequest, detail)
}

fn target_too_long() -> Error {
    Error::new(Code::UriTooLong, format!("a URL may have {MAX_TARGET} bytes"))
}

fn fields_too_large() -> Error {
    let detail = format!("there may be {MAX_FIELD_COUNT} header fields of {MAX_FIELDS} bytes in all");
    Error::new(Code::RequestHeadTooLarge, detail)
}

/// The place in a chunked body (RFC 9112, section 7.1) that has been read up to now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chunks {
    state: ChunkState,
    /// Bytes of the present chunk that are still to come.
    left: u64,
    /// Bytes of extensions and trailers that have come.
    extras: usize,
}

#[derive(Clone, Copy, Debug)]
enum ChunkState {
    /// In a chunk's size, of which so many digits have come.
    Size(u8),
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// At the start of a trailer, or of the empty line that ends the body.
    Line,
    Trailer,
    TrailerLf,
    EndLf,
}

impl Default for ChunkState {
    fn default() -> Self {
        Self::Size(0)
    }
}

impl Chunks {
    /// Reads on. Returns how many of these bytes belong to the body, and whether it has ended.
    ///
    /// # Errors
    ///
    /// Fails if the body is malformed, or its extensions and trailers are too large.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(usize, bool), Error> {
        let mut at = 0;
        while at < bytes.len() {
            if let ChunkState::Data = self.state {
                let part = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len() - at);
                self.left -= part as u64;
                at += part;
                if self.left == 0 {
                    self.state = ChunkState::DataCr;
                }
                continue;
            }
            let has_ended = self.step(bytes[at])?;
            at += 1;
            if has_ended {
                return Ok((at, true));
            }
        }
        Ok((at, false))
    }

    fn step(&mut self, byte: u8) -> Result<bool, Error> {
        use ChunkState::{Data, DataCr, DataLf, EndLf, Extension, Line, Size, SizeLf, Trailer, TrailerLf};
        self.state = match (self.state, byte) {
            (Size(1..), b'\r') | (Extension, b'\r') => SizeLf,
            (Size(1..), b';') => Extension,
            (Size(count @ 0..MAX_SIZE_DIGITS), _) => {
                let digit = char::from(byte).to_digit(16).ok_or_else(bad_chunk)?;
                self.left = self.left * 16 + u64::from(digit);
                Size(count + 1)
            }
            (SizeLf, b'\n') if self.left > 0 => Data,
            (SizeLf, b'\n') | (TrailerLf, b'\n') => Line,
            (DataCr, b'\r') => DataLf,
            (DataLf, b'\n') => Size(0),
            (Line, b'\r') => EndLf,
            (EndLf, b'\n') => return Ok(true),
            (Trailer, b'\r') => TrailerLf,
            // A line that begins with a blank would continue the one before.
            (Line, b' ' | b'\t') => return Err(bad_chunk()),
            (state @ (Extension | Line | Trailer), _) if is_text(byte) && self.extras < MAX_FIELDS => {
                self.extras += 1;
                if let Extension = state { Extension } else { Trailer }
            }
            _ => return Err(bad_chunk()),
        };
        Ok(false)
    }
}

fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

fn bad_chunk() -> Error {
    malformed("a chunk of the body is malformed")
}

/// Tells which bytes of a connection belong to its present request.
#[derive(Debug, Default)]
pub struct Framer {
    /// How many of the next bytes do, and what follows them.
    allowed: u64,
    next: Next,
    /// How many requests have begun.
    begun: u64,
}

#[derive(Clone, Copy, Debug)]
enum Next {
    /// The head of a request; the end of it is not among the first bytes of this number.
    Head(usize),
    /// The rest of a chunked body.
    Chunks(Chunks),
    /// Nothing, until the request is answered.
    Answer,
    /// Nothing, until the connection is closed.
    Close,
}

impl Default for Next {
    fn default() -> Self {
        Self::Head(0)
    }
}

impl Framer {
    pub fn is_at_head(&self) -> bool {
        self.allowed == 0 && matches!(self.next, Next::Head(_))
    }

    /// Whether the present request is whole.
    pub fn is_at_end(&self) -> bool {
        self.allowed == 0 && matches!(self.next, Next::Answer | Next::Close)
    }

    pub fn begun(&self) -> u64 {
        self.begun
    }

    /// Reads the head at the start of `bytes`, if one is due. Returns whether the request has some of these bytes.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are no head.
    pub fn judge(&mut self, bytes: &mut [u8]) -> Result<bool, Error> {
        let Next::Head(seen) = self.next else { return Ok(!self.is_at_end()) };
        if self.allowed > 0 {
            return Ok(true);
        }
        // A head that comes in many pieces is read at its first and at its last one.
        let may_end = seen == 0 || bytes[seen.saturating_sub(3)..].windows(3).any(|three| three == b"\n\r\n");
        let head = if may_end || bytes.len() > MAX_HEAD { Head::read(bytes)? } else { None };
        let Some(head) = head else {
            self.next = Next::Head(bytes.len());
            return Ok(false);
        };
        head.ignore_upgrade(bytes);
        self.begun += 1;
        (self.allowed, self.next) = match head.body {
            Framing::Counted(length) => (length.saturating_add(head.length as u64), Next::Answer),
            Framing::Chunked => (head.length as u64, Next::Chunks(Chunks::default())),
        };
        Ok(true)
    }

    /// Returns how many of these bytes belong to the present request.
    ///
    /// # Errors
    ///
    /// Fails if its body is malformed.
    pub fn pass(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let counted = usize::try_from(self.allowed).unwrap_or(usize::MAX).min(bytes.len());
        self.allowed -= counted as u64;
        let Next::Chunks(chunks) = &mut self.next else { return Ok(counted) };
        // The head goes first by itself: a chunk that is malformed fails its request, which has to have begun.
        if counted > 0 || self.allowed > 0 {
            return Ok(counted);
        }
        let (count, has_ended) = chunks.read(bytes)?;
        if has_ended {
            self.next = Next::Answer;
        }
        Ok(count)
    }

    /// Goes on to the next request after the answer. Returns false if the present one is not whole, or is the last.
    pub fn go_on(&mut self) -> bool {
        let goes_on = self.allowed == 0 && matches!(self.next, Next::Answer);
        if goes_on {
            self.next = Next::default();
        }
        goes_on
    }

    /// Forgets what it has seen of a head.
    pub fn restart(&mut self) {
        self.next = Next::default();
    }

    /// The next bytes of this number are the last request.
    pub fn end_with(&mut self, last: usize) {
        self.begun += u64::from(last > 0);
        (self.allowed, self.next) = (last as u64, Next::Close);
    }
}
