//! `GET /api/v1/posts?ids=1,2`: many posts at once, from anywhere.

use std::collections::{BTreeMap, HashMap};

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::outline::Outline;
use super::view::{Loaded, PostView};
use crate::access::Viewer;
use crate::cache::{Kept, Thing};
use crate::db::Pool;
use crate::error::Error;
use crate::ids::{MAX_ID, PostId};
use crate::members::MemberView;
use crate::state::State;
use crate::web::kept::{self, Fresh};
use crate::web::query::{self, CanonicalUrl, Query};

/// The most posts of one request.
const MAX: usize = 100;

/// Which posts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPosts {
    /// Ids, separated by commas; 100 at most.
    #[serde(deserialize_with = "ids")]
    #[param(value_type = Vec<PostId>, min_items = 1, max_items = 100, style = Form, explode = false, example = json!([1, 2]))]
    ids: Vec<PostId>,
}

fn ids<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<PostId>, D::Error> {
    let text = String::deserialize(input)?;
    let id = |part: &str| query::number(part).filter(|id| (1..=MAX_ID).contains(id)).map(PostId);
    let ids: Option<Vec<PostId>> = text.split(',').map(id).collect();
    match ids {
        Some(ids) if ids.len() <= MAX => Ok(ids),
        Some(_) => Err(serde::de::Error::custom(format_args!("takes at most {MAX} ids"))),
        None => Err(serde::de::Error::custom("takes ids separated by commas")),
    }
}

/// Posts by their ids.
#[derive(Serialize, ToSchema)]
pub struct PostsByIds {
    /// Those that are there, in the order in which they were asked for, each once.
    #[schema(max_items = 100)]
    items: Vec<PostView>,
    /// Every member that the items name, by id.
    members: BTreeMap<String, MemberView>,
    /// The ids of which nothing can be seen.
    #[schema(max_items = 100)]
    missing: Vec<PostId>,
    /// Always null: all come at once.
    next: Option<String>,
}

/// Read many posts by their ids.
///
/// From any threads, in the order in which they were asked for. What is not there, or may not be seen, is in `missing`. Posts that are
/// together too long for the memory of the server are 400 `page_too_large`; `detail` then names how many fit.
#[utoipa::path(tag = "posts", params(ListPosts), responses((status = 200, description = "The posts", body = PostsByIds)),
    security((), ("bearer" = ["read"])), extensions(("x-problems" = json!(["page_too_large"]))))]
#[get("/api/v1/posts")]
pub async fn list_posts(
    request: HttpRequest,
    viewer: Viewer,
    query: Query<ListPosts>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let mut ids = query.0.ids;
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(*id));
    let joined = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let url = CanonicalUrl::new("/api/v1/posts").with("ids", Some(joined));
    let of: Vec<_> = ids.iter().copied().map(Thing::Post).chain([Thing::Lists]).collect();
    let read = async |db: &Pool| read(&ids, &viewer, &state, db).await;
    kept::read(&request, &url, viewer.is_guest(), Fresh::WithinASecond(&of), read).await
}

async fn read(ids: &[PostId], viewer: &Viewer, state: &State, db: &Pool) -> Result<Kept, Error> {
    let conn = db.get().await?;
    let found = Outline::many_seen_by(viewer, ids, &conn).await?;
    let needed = Outline::memory(&found, viewer, "ids")?;
    let (memory, conn) = state.store.held.reserve_beside(needed, conn, || db.get()).await?;
    let loaded = Loaded::new(found, [], viewer, state.clock.now(), &conn).await?.only_shown(viewer);
    let (ids, viewer) = (ids.to_vec(), viewer.clone());
    let size = usize::try_from(loaded.size()).map_err(Error::internal)?;
    drop(conn);
    state.store.answers.run(size, move || Ok(show(&ids, loaded, &viewer)?.made_in(memory))).await?
}

fn show(ids: &[PostId], loaded: Loaded, viewer: &Viewer) -> Result<Kept, Error> {
    let size = loaded.size();
    let (views, members) = loaded.show(viewer);
    let mut by_id: HashMap<_, _> = views.into_iter().map(|post| (post.id, post)).collect();
    let missing = ids.iter().copied().filter(|id| !by_id.contains_key(id)).collect();
    let items = ids.iter().filter_map(|id| by_id.remove(id)).collect();
    kept::by_bytes(kept::json(&PostsByIds { items, members, missing, next: None }, size)?)
}
