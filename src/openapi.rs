//! The document: title, security, tags, and what every operation has.

use actix_web::http::Method;
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;

#[derive(OpenApi)]
#[openapi(info(title = "folkmoot", description = "A forum as a service with no face of its own."))]
struct Document;

/// The OpenAPI document of everything that is served.
pub fn document() -> utoipa::openapi::OpenApi {
    let app = actix_web::App::new().into_utoipa_app().openapi(Document::openapi());
    app.configure(crate::routes::routes).split_for_parts().1
}

/// Each path of the document with its methods.
pub fn paths(document: &utoipa::openapi::OpenApi) -> Vec<(String, Vec<Method>)> {
    document.paths.paths.iter().map(|(path, item)| (path.clone(), methods(item))).collect()
}

fn methods(item: &utoipa::openapi::PathItem) -> Vec<Method> {
    let all = [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    all.into_iter().filter(|(_, operation)| operation.is_some()).map(|(method, _)| method).collect()
}
