//! The document: what the code declares of each act, and what every operation has beside that.

mod callers;
mod examples;
mod headers;
mod idempotency;
mod limits;
mod problems;
mod schemas;

use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;

use schemas::has_parameter;

use crate::error::FieldError;
use crate::web::served::Served;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "folkmoot",
        description = "A forum as a service with no face of its own: threads, posts, likes and members.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    components(schemas(FieldError)),
    tags(
        (name = "threads", description = "Threads of a forum"),
        (name = "posts", description = "Posts of a thread: a thread's first post is number 1"),
        (name = "revisions", description = "What a post said before"),
        (name = "likes", description = "Who likes what"),
        (name = "forums", description = "Forums, and categories that hold them"),
        (name = "members", description = "Who writes here"),
        (name = "ranks", description = "The ladder of ranks"),
        (name = "me", description = "The signed-in member's own profile"),
        (name = "auth", description = "Signing in and out"),
        (name = "sessions", description = "Where a member is signed in"),
        (name = "tokens", description = "Personal tokens: what programs of a member sign in with"),
        (name = "site", description = "The service itself"),
    ),
)]
struct Declared;

/// The OpenAPI 3.1 document of everything that is served.
pub fn document() -> Value {
    let app = actix_web::App::new().into_utoipa_app().openapi(Declared::openapi());
    let declared = app.configure(crate::routes::routes).split_for_parts().1;
    // A document that can not be written would be a fault of the build; every test would see it.
    let mut document = serde_json::to_value(declared).unwrap_or(Value::Null);
    document["components"]["securitySchemes"] = json!({"bearer": {
        "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
        "description": "An access token from `POST /api/v1/auth/login`, or a personal token. What an act needs of it stands \
            with the act: a scope, and `session` where a personal token will not do.",
    }});
    schemas::finish(&mut document);
    idempotency::add(&mut document);
    problems::add(&mut document);
    headers::add(&mut document);
    limits::add(&mut document);
    examples::add(&mut document);
    callers::describe(&mut document);
    document
}

/// Each path of the document with its methods.
pub fn paths(document: &Value) -> Vec<(String, Vec<Served>)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.map(|(path, item)| (path.clone(), acts(path, item))).collect()
}

fn acts(path: &str, item: &Value) -> Vec<Served> {
    let acts = item.as_object().into_iter().flatten();
    acts.filter_map(|(name, operation)| {
        Some(Served {
            route: path.into(),
            method: name.to_uppercase().parse().ok()?,
            takes_query: has_parameter(operation, "in", "query"),
            takes_body: operation["requestBody"].is_object(),
            takes_key: has_parameter(operation, "name", "Idempotency-Key"),
            needs: callers::of(operation),
            limit: limits::counted(path, operation),
        })
    })
    .collect()
}
