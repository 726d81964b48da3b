//! A reader's own part of a thread page: what it likes there and what it may do. It is read in one statement, which also tells
//! whether the page that is kept is still the page.

use actix_web::HttpResponse;
use bytes::Bytes;
use diesel::sql_types::{BigInt, Nullable};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::parts::About;
use super::thread_page::ViewerPart;
use crate::access::Signed;
use crate::cache::Kept;
use crate::db::{Lookup, Pool, fixed, known};
use crate::error::Error;
use crate::ids::{MemberId, PostId, ThreadId};
use crate::state::Secret;
use crate::web::answer;
use crate::web::etag::Etag;

/// What the database has of it.
pub struct Own {
    pub page_version: i64,
    /// In any order.
    liked: Vec<PostId>,
}

/// Whose part of which page: of a thread, with these posts.
pub struct OfPage {
    thread: ThreadId,
    posts: Vec<PostId>,
    member: MemberId,
}

/// For each page by its number among those that are asked for: the page version, and each post that is liked.
type Row = (i64, Option<i64>, Option<PostId>);

impl Lookup for Own {
    type Key = OfPage;
    type Found = Option<Self>;

    /// Each like is looked up by the whole of its key, however many the thread has.
    async fn find(pages: &[OfPage], mut conn: &AsyncPgConnection) -> Result<Vec<Option<Self>>, Error> {
        let shown = || pages.iter().flat_map(|page| page.posts.iter().map(move |post| (page, *post)));
        let numbers = (1_i64..).zip(pages).flat_map(|(n, page)| page.posts.iter().map(move |_| n));
        let own = fixed::<(BigInt, Nullable<BigInt>, Nullable<BigInt>)>(
            "SELECT asked.n, threads.page_version, NULL FROM unnest(?::bigint[]) WITH ORDINALITY AS asked (thread_id, n) \
             JOIN threads ON threads.id = asked.thread_id \
             UNION ALL SELECT shown.n, NULL, likes.post_id FROM \
             unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[]) AS shown (n, thread_id, post_id, member_id) \
             JOIN likes ON likes.thread_id = shown.thread_id AND likes.post_id = shown.post_id \
             AND likes.member_id = shown.member_id",
        )
        .with_numbers(pages.iter().map(|page| page.thread))
        .with_numbers(numbers)
        .with_numbers(shown().map(|(page, _)| page.thread))
        .with_numbers(shown().map(|(_, post)| post))
        .with_numbers(shown().map(|(page, _)| page.member));
        let rows: Vec<Row> = known!(own).load(&mut conn).await?;
        let mut found: Vec<(Option<i64>, Vec<PostId>)> = pages.iter().map(|_| Default::default()).collect();
        for (number, page_version, liked) in rows {
            let page = usize::try_from(number - 1).ok().and_then(|n| found.get_mut(n));
            let page = page.ok_or_else(|| Error::internal("a page that nobody asked for"))?;
            page.0 = page.0.or(page_version);
            page.1.extend(liked);
        }
        let own =
            |(page_version, liked): (Option<i64>, _)| page_version.map(|page_version| Self { page_version, liked });
        Ok(found.into_iter().map(own).collect())
    }
}

impl Own {
    /// Reads it.
    pub async fn read(about: &About, signed: &Signed, db: &Pool) -> Result<Option<Self>, Error> {
        let page = OfPage { thread: about.thread.id, posts: about.posts.clone(), member: signed.member_id };
        db.look_up::<Self>(page).await
    }

    /// The page with it. `card` is the reader's own, for a page that does not show it anyway.
    pub fn join(
        self,
        page: &Kept,
        about: &About,
        signed: &Signed,
        card: Option<&Kept>,
        secret: &Secret,
    ) -> Result<HttpResponse, Error> {
        let seams = page.seams.ok_or_else(|| Error::internal("a page has its seams"))?;
        let liked = about.posts.iter().copied().filter(|post| self.liked.contains(post)).collect();
        let part = ViewerPart::new(signed, &about.thread, liked);
        let rest = (&page.etag, &part, card.map(|card| &card.etag));
        let etag = Etag::page(about.thread.page_version, &rest, secret)?;
        let part = serde_json::to_vec(&part).map_err(Error::internal)?;
        let mut pieces = vec![page.body.slice(..seams.members)];
        if let Some(card) = card {
            pieces.extend([format!(",\"{}\":", signed.member_id).into(), card.body.clone()]);
        }
        pieces.extend([page.body.slice(seams.members..seams.viewer), part.into(), Bytes::from_static(b"}")]);
        Ok(answer::written(&etag, pieces))
    }
}
