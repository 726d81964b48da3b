//! `GET /api/v1/posts?ids=1,2`: many posts at once, from anywhere.

use std::collections::{BTreeMap, HashMap};

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::Post;
use super::view::{Loaded, PostView};
use crate::access::Viewer;
use crate::error::Error;
use crate::ids::{MAX_ID, PostId};
use crate::members::MemberView;
use crate::state::State;
use crate::web::page;
use crate::web::query::{self, Query};

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
/// From any threads, in the order in which they were asked for. What is not there, or may not be seen, is in `missing`.
#[utoipa::path(tag = "posts", params(ListPosts), responses((status = 200, description = "The posts", body = PostsByIds)),
    security((), ("bearer" = ["read"])))]
#[get("/api/v1/posts")]
pub async fn list_posts(
    request: HttpRequest,
    viewer: Viewer,
    query: Query<ListPosts>,
    state: Data<State>,
) -> Result<HttpResponse, Error> {
    let conn = &mut state.db.get().await?;
    let mut asked = query.0.ids;
    let mut seen = std::collections::HashSet::new();
    asked.retain(|id| seen.insert(*id));
    let found = Post::many_seen_by(&viewer, &asked, conn).await?;
    let (views, members) = Loaded::new(found, [], &viewer, state.clock.now(), conn).await?.show(&viewer);
    let mut by_id: HashMap<_, _> = views.into_iter().map(|post| (post.id, post)).collect();
    let missing = asked.iter().copied().filter(|id| !by_id.contains_key(id)).collect();
    let items = asked.iter().filter_map(|id| by_id.remove(id)).collect();
    page::answer(&request, None, &PostsByIds { items, members, missing, next: None })
}
