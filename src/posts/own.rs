//! A reader's own part of a thread page: what it likes there and what it may do. It is read in one statement, which also tells
//! whether the page that is kept is still the page.

use actix_web::HttpResponse;
use bytes::Bytes;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::parts::About;
use super::thread_page::ViewerPart;
use crate::access::Signed;
use crate::cache::Kept;
use crate::db::{fixed, known};
use crate::error::Error;
use crate::ids::PostId;
use crate::web::answer;
use crate::web::etag::Etag;

/// What the database has of it.
#[derive(Queryable)]
pub struct Own {
    pub page_version: i64,
    liked: Vec<PostId>,
}

impl Own {
    /// Reads it. Each like is looked up by the whole of its key, however many the thread has.
    pub async fn load(about: &About, signed: &Signed, mut conn: &AsyncPgConnection) -> QueryResult<Option<Self>> {
        let own = fixed::<(BigInt, Array<BigInt>)>(
            "SELECT threads.page_version, ARRAY(SELECT likes.post_id FROM unnest(?) WITH ORDINALITY AS shown (id, n) \
             JOIN likes ON likes.thread_id = threads.id AND likes.post_id = shown.id AND likes.member_id = ? \
             ORDER BY shown.n) FROM threads WHERE threads.id = ?",
        )
        .with(about.posts.as_slice().into_sql::<Array<BigInt>>())
        .with(signed.member_id.into_sql::<BigInt>())
        .with(about.thread.id.into_sql::<BigInt>());
        known!(own).get_result(&mut conn).await.optional()
    }

    /// The page with it. `card` is the reader's own, for a page that does not show it anyway.
    pub fn join(self, page: &Kept, about: &About, signed: &Signed, card: Option<&Kept>) -> Result<HttpResponse, Error> {
        let seams = page.seams.ok_or_else(|| Error::internal("a page has its seams"))?;
        let part = ViewerPart::new(signed, &about.thread, self.liked);
        let etag = Etag::page(about.thread.page_version, &(&page.etag, &part, card.map(|card| &card.etag)));
        let part = serde_json::to_vec(&part).map_err(Error::internal)?;
        let mut pieces = vec![page.body.slice(..seams.members)];
        if let Some(card) = card {
            pieces.extend([format!(",\"{}\":", signed.member_id).into(), card.body.clone()]);
        }
        pieces.extend([page.body.slice(seams.members..seams.viewer), part.into(), Bytes::from_static(b"}")]);
        Ok(answer::written(&etag, pieces))
    }
}
