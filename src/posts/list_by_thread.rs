//! `GET /api/v1/threads/{thread_id}/posts`: the thread page, the heart of the service.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use diesel_async::AsyncPgConnection;
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use super::outline::Outline;
use super::own::Own;
use super::parts::{About, Named};
use super::thread_page::{ThreadPage, Wanted, position};
use crate::access::{Signed, Viewer};
use crate::cache::{Kept, Terms, Thing};
use crate::db::Pool;
use crate::error::{Code, Error, OrNotFound};
use crate::ids::{PostId, ThreadId};
use crate::members;
use crate::state::State;
use crate::threads::ThreadPath;
use crate::web::kept::{self, Fresh};
use crate::web::page::Limit;
use crate::web::query::{self, CanonicalUrl, Query};

/// Which page of a thread.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPostsByThread {
    /// The page's number, from 1 (the default).
    #[serde(default, deserialize_with = "page")]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    page: Option<i64>,
    /// Instead of a number: the page that has this post.
    #[serde(default, deserialize_with = "query::id")]
    #[param(value_type = Option<PostId>)]
    around: Option<PostId>,
    /// Places of a page.
    #[param(inline)]
    per_page: Option<Limit>,
}

impl ListPostsByThread {
    fn url(&self, thread: ThreadId) -> CanonicalUrl {
        CanonicalUrl::new(format!("/api/v1/threads/{thread}/posts"))
            .with("page", self.page.filter(|page| *page != 1))
            .with("around", self.around)
            .with("per_page", self.per_page.and_then(Limit::unless_usual))
    }
}

fn page<'de, D: Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    query::id::<D, i64>(input).map_err(|_| serde::de::Error::custom("takes a whole number from 1"))
}

/// Read a page of a thread.
///
/// Everything that is needed to draw it, in one answer: the thread, its forum and the way there, the posts with what they quote,
/// each member once, and for members their own likes and rights. Page N is always the same places: a deleted post keeps its
/// own. A page past the end is 404. `page` and `around` exclude each other. A page whose posts are too long for the memory of the server
/// is 400 `page_too_large`; `detail` then names a `per_page` that fits.
#[utoipa::path(tag = "posts", params(ThreadPath, ListPostsByThread),
    responses((status = 200, description = "The page", body = ThreadPage)), security((), ("bearer" = ["read"])),
    extensions(("x-problems" = json!(["page_too_large"]))))]
#[get("/api/v1/threads/{thread_id}/posts")]
pub async fn list_posts_by_thread(
    request: HttpRequest,
    viewer: Viewer,
    path: Path<ThreadPath>,
    query: Query<ListPostsByThread>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    if query.0.page.is_some() && query.0.around.is_some() {
        return Err(Error::new(Code::InvalidParameter, "`page` and `around` exclude each other"));
    }
    let asked = Asked { thread: path.thread_id, query: &query.0, viewer: &viewer, state: &state };
    let url = query.0.url(path.thread_id);
    let page = asked.page(&url).await?;
    kept::viewed(&page, &state);
    match viewer.member() {
        Some(signed) => asked.with_own_part(page, signed, &url).await,
        None => kept::answer(&page, &request).await,
    }
}

/// A page that somebody asks for.
struct Asked<'a> {
    thread: ThreadId,
    query: &'a ListPostsByThread,
    viewer: &'a Viewer,
    state: &'a State,
}

impl Asked<'_> {
    /// The page without what is a reader's own. Whoever moderates sees more than others: that is not kept.
    async fn page(&self, url: &CanonicalUrl) -> Result<Arc<Kept>, Error> {
        if self.viewer.moderates() {
            let page = self.read(self.viewer, &self.state.db).await?;
            return page.held(&self.state.store.held).await.map(Arc::new);
        }
        // It names the forum's newest thread: a deleted one is not to be seen here either.
        let (guest, of) = (&Viewer::guest(), [Thing::Thread(self.thread), Thing::Visibility]);
        if self.viewer.is_guest() {
            let read = async |db: &Pool| self.read(guest, db).await;
            return kept::for_guests(url, Fresh::As(&of), self.state, read).await;
        }
        let terms = Terms { key: url.as_str(), of: &of, lasts: kept::LASTS };
        self.state.store.find_or(&terms, async || self.read(guest, &self.state.db).await).await
    }

    async fn read(&self, viewer: &Viewer, db: &Pool) -> Result<Kept, Error> {
        let (held, now) = (&self.state.store.held, self.state.clock.now());
        let load = async |conn: &AsyncPgConnection| {
            let wanted = self.wanted(viewer, conn).await?;
            Named::load(self.thread, wanted, viewer, conn).await
        };
        let permit = held.load_permit().await?;
        let named = db.share(load).await?;
        let needed = Outline::memory(&named.posts, viewer, "per_page")?;
        let (memory, permit) = held.reserve_beside(needed, permit, || held.load_permit()).await?;
        let page = db.share(async |conn| named.with_the_rest(viewer, now, conn).await).await?;
        let (size, viewer, secret) = (page.size(), viewer.clone(), self.state.secret.clone());
        let render = move || Ok(page.render(&viewer, &secret)?.made_in(memory));
        drop(permit);
        self.state.store.answers.run(size, render).await?
    }

    async fn wanted(&self, viewer: &Viewer, conn: &AsyncPgConnection) -> Result<Wanted, Error> {
        let per_page = self.query.per_page.unwrap_or_default().get();
        match self.query.around {
            None => Ok(Wanted { page: self.query.page.unwrap_or(1), per_page }),
            Some(post) => {
                let position = position(self.thread, post, viewer, conn).await?.or_not_found()?;
                Ok(Wanted::around(position, per_page))
            }
        }
    }

    /// The page with the reader's own part. Whoever is signed in sees what was acknowledged before, on whichever node: the one
    /// statement tells whether the page is still the page, and if not it is read anew.
    async fn with_own_part(
        &self,
        mut page: Arc<Kept>,
        signed: &Signed,
        url: &CanonicalUrl,
    ) -> Result<HttpResponse, Error> {
        let mut own = self.own(&page, signed).await?;
        let least = own.page_version;
        let mut is_old = about(&page)?.thread.page_version != least;
        while is_old {
            // Somebody else may have found it out before, and read it anew.
            if self.state.store.holds(&page) {
                self.state.store.changes.void(Thing::Thread(self.thread));
            }
            // The next page may need its memory.
            drop(page);
            page = self.page(url).await?;
            own = self.own(&page, signed).await?;
            is_old = about(&page)?.thread.page_version < least;
        }
        let about = about(&page)?;
        let is_named = about.named.contains(&signed.member_id);
        let card = if is_named { None } else { Some(members::card(signed.member_id, self.state).await?) };
        own.join(&page, about, signed, card.as_deref(), &self.state.secret)
    }

    async fn own(&self, page: &Kept, signed: &Signed) -> Result<Own, Error> {
        Own::read(about(page)?, signed, &self.state.db).await?.or_not_found()
    }
}

fn about(page: &Kept) -> Result<&About, Error> {
    page.about.downcast_ref().ok_or_else(|| Error::internal("a page is kept with what it is about"))
}
