//! Answers that are kept: what guests read is the same for all of them.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Uri;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, LINK};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use serde::Serialize;
use tokio::time::timeout;

use super::etag::{self, Etag};
use super::query::CanonicalUrl;
use super::{direct, encoding, frame};
use crate::cache::{Coding, FREE_ROWS, JOINED_FOR, Kept, Packed, SURE_FOR, Terms, Thing};
use crate::db::{NEAR, Pool};
use crate::error::Error;
use crate::state::State;

/// For so long an answer is kept at most: cards, forums and posts of other threads may be 5 s old.
pub const LASTS: Duration = Duration::from_secs(4);
/// And so long what may be a second old.
const A_SECOND: Duration = Duration::from_millis(450);

/// What guests are promised of nodes that did not take the write: of what changes, and of what is beside it.
const PROMISED: Duration = Duration::from_secs(1);
const PROMISED_BESIDE: Duration = Duration::from_secs(5);

// All that makes an answer old, in a row, and a little for the way. What is read is as late as a replica may be; then it is shown for
// its time, or given to who joins while it is being read. What is kept of things that are followed is shown for as long as a node
// that hears of nothing is sure.
const _: () = {
    let longer = if A_SECOND.as_millis() > JOINED_FOR.as_millis() { A_SECOND } else { JOINED_FOR };
    assert!(NEAR.as_millis() + longer.as_millis() < PROMISED.as_millis());
    assert!(SURE_FOR.as_millis() < PROMISED.as_millis());
    assert!(NEAR.as_millis() + LASTS.as_millis() < PROMISED_BESIDE.as_millis());
};

/// So long a replica may take before the primary is asked instead.
const REPLICA_TIME: Duration = Duration::from_secs(1);

/// The key of the cache that a URL is, if it is canonical.
pub fn key(uri: &Uri) -> &str {
    uri.path_and_query().map_or("", |address| address.as_str())
}

/// How fresh an answer is for guests.
#[derive(Clone, Copy, Debug)]
pub enum Fresh<'a> {
    /// As these things are: what else it shows may be 5 s old.
    As(&'a [Thing]),
    /// A second old at most, also where these things have changed: lists and counters.
    WithinASecond(&'a [Thing]),
}

/// What guests read, once for all of them; what others read, for each.
pub async fn read(
    request: &HttpRequest,
    url: &CanonicalUrl,
    is_guest: bool,
    fresh: Fresh<'_>,
    read: impl AsyncFn(&Pool) -> Result<Kept, Error>,
) -> Result<HttpResponse, Error> {
    let state = request.app_data::<Data<State>>().ok_or_else(|| Error::internal("no state"))?;
    let kept = match is_guest {
        true => for_guests(url, fresh, state, read).await?,
        false => Arc::new(read(&state.db).await?.held(&state.store.held).await?),
    };
    match is_guest {
        true => answer(&kept, request).await,
        // What is for one reader is compressed like all other answers.
        false => Ok(with_its_body(plain(&kept))),
    }
}

/// What is the same for all guests: from memory, else from a replica that is fresh enough, else from the primary.
pub async fn for_guests(
    url: &CanonicalUrl,
    fresh: Fresh<'_>,
    state: &State,
    read: impl AsyncFn(&Pool) -> Result<Kept, Error>,
) -> Result<Arc<Kept>, Error> {
    let (of, lasts) = match fresh {
        Fresh::As(things) => (things, LASTS),
        Fresh::WithinASecond(things) => (things, A_SECOND),
    };
    let from_somewhere = async || {
        // Looked up after the stamps were taken: what is found changed until then, the replica has to have.
        let last_change = matches!(fresh, Fresh::As(_)).then(|| state.store.changes.last_change(of));
        match state.replicas.near(last_change) {
            // What it does not do, or not in time, the primary does; and what it does not have yet, the primary may.
            Some(replica) => match timeout(REPLICA_TIME, read(replica)).await {
                Ok(Ok(kept)) => Ok(kept),
                Ok(Err(_)) | Err(_) => read(&state.db).await,
            },
            None => read(&state.db).await,
        }
    };
    state.store.find_or(&Terms { key: url.as_str(), of, lasts }, from_somewhere).await
}

/// A thing as it is kept, with the tag that it is known by.
pub fn shown(etag: &Etag, thing: &impl Serialize) -> Result<Kept, Error> {
    Ok(Kept::new(serde_json::to_vec(thing).map_err(Error::internal)?, etag.field()?))
}

/// The same, known by its bytes.
pub fn shown_by_bytes(thing: &impl Serialize) -> Result<Kept, Error> {
    by_bytes(serde_json::to_vec(thing).map_err(Error::internal)?)
}

/// JSON that is made of rows of this size. Long JSON is written into memory of about its length: a buffer that grows takes up to three
/// times as much.
pub fn json(thing: &impl Serialize, rows: u64) -> Result<Vec<u8>, Error> {
    let length = if rows > FREE_ROWS { usize::try_from(rows).unwrap_or_default() } else { 0 };
    let mut body = Vec::with_capacity(length);
    serde_json::to_writer(&mut body, thing).map_err(Error::internal)?;
    Ok(body)
}

/// JSON as it is kept, known by its bytes.
pub fn by_bytes(body: Vec<u8>) -> Result<Kept, Error> {
    let etag = Etag::of_bytes(&body).field()?;
    Ok(Kept::new(body, etag))
}

/// The answer as this request takes it: in the coding it likes best, or 304.
pub async fn answer(kept: &Kept, request: &HttpRequest) -> Result<HttpResponse, Error> {
    let state = request.app_data::<Data<State>>().ok_or_else(|| Error::internal("no state"))?;
    if let Some(parts) = answer_at_once(kept, request.headers())? {
        return Ok(with_its_body(parts));
    }
    match encoding::best(request.headers()) {
        None => Ok(with_its_body(plain(kept))),
        Some(coding) => match kept.packed(coding, &state.store.room).await.map_err(Error::internal)? {
            Some(packed) => Ok(with_its_body(coded(kept, packed, coding))),
            None => {
                let mut answer = with_its_body(plain(kept));
                answer.extensions_mut().insert(encoding::AsItIs);
                Ok(answer)
            }
        },
    }
}

/// The same, its body by itself, unless it would have to be compressed first and is long.
pub(super) fn answer_at_once(kept: &Kept, headers: &HeaderMap) -> Result<Option<HeadAndBody>, Error> {
    if headers.contains_key(IF_NONE_MATCH)
        && let Some(named) = etag::matching(headers, kept.etag.to_str().map_err(Error::internal)?)
    {
        let named = HeaderValue::try_from(named).map_err(Error::internal)?;
        let head = HttpResponse::NotModified().insert_header((ETAG, named)).finish();
        return Ok(Some((head, Bytes::new())));
    }
    let Some(coding) = encoding::best(headers) else { return Ok(Some(plain(kept))) };
    let packed = kept.packed_at_once(coding).transpose().map_err(Error::internal)?;
    Ok(packed.map(|packed| coded(kept, packed, coding)))
}

/// An answer that has no body yet, and what is to be it.
type HeadAndBody = (HttpResponse, Bytes);

fn with_its_body((head, body): HeadAndBody) -> HttpResponse {
    direct::with_body(head, [body])
}

fn plain(kept: &Kept) -> HeadAndBody {
    (head(kept, kept.etag.clone()).finish(), kept.body.clone())
}

fn coded(kept: &Kept, packed: Packed, coding: Coding) -> HeadAndBody {
    let mut head = head(kept, packed.etag);
    head.insert_header((CONTENT_ENCODING, coding.field()));
    (head.finish(), packed.bytes)
}

fn head(kept: &Kept, etag: HeaderValue) -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((CONTENT_TYPE, frame::JSON.clone()));
    answer.insert_header((ETAG, etag));
    if let Some(link) = &kept.link {
        answer.insert_header((LINK, link.clone()));
    }
    answer
}

/// Counts a look at a thread's page.
pub fn viewed(kept: &Kept, state: &State) {
    if let Some(thread) = kept.thread {
        state.views.add(thread);
    }
}
