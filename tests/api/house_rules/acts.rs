//! Each act in its place: what the last plural noun of its URL is called is the folder, what follows it, or else the
//! method, is the file.

use std::collections::BTreeSet;

use folkmoot::openapi::document;

use super::source::{Handler, SOURCES};
use crate::support::App;

/// The acts: method, URL, operation, file.
const ACTS: &str = "
    POST   /api/v1/members                               create_member            members/create.rs
    GET    /api/v1/members                               list_members             members/list.rs
    GET    /api/v1/members/{member_id}                   read_member              members/read.rs
    GET    /api/v1/members/by-username/{username}        read_member_by_username  members/by_username.rs
    PUT    /api/v1/members/{member_id}/suspension        suspend_member           members/suspension.rs
    DELETE /api/v1/members/{member_id}/suspension        unsuspend_member         members/suspension.rs
    PUT    /api/v1/members/{member_id}/role              set_member_role          members/role.rs
    PUT    /api/v1/members/{member_id}/custom-title      set_custom_title         members/custom_title.rs
    GET    /api/v1/me                                    read_me                  me/read.rs
    PATCH  /api/v1/me                                    edit_me                  me/edit.rs
    POST   /api/v1/me/deletion                           delete_me                me/deletion.rs
    PUT    /api/v1/me/password                           change_password          me/password.rs
    PUT    /api/v1/me/email                              change_email             me/email.rs
    POST   /api/v1/auth/login                            login                    auth/login.rs
    POST   /api/v1/auth/refresh                          refresh                  auth/refresh.rs
    POST   /api/v1/auth/logout                           logout                   auth/logout.rs
    POST   /api/v1/auth/verify-email                     verify_email             auth/verify_email.rs
    POST   /api/v1/auth/forgot-password                  forgot_password          auth/forgot_password.rs
    POST   /api/v1/auth/reset-password                   reset_password           auth/reset_password.rs
    GET    /api/v1/auth/sessions                         list_sessions            sessions/list.rs
    DELETE /api/v1/auth/sessions/{session_id}            end_session              sessions/end.rs
    DELETE /api/v1/auth/sessions                         end_other_sessions       sessions/end.rs
    GET    /api/v1/me/tokens                             list_tokens              tokens/list.rs
    POST   /api/v1/me/tokens                             create_token             tokens/create.rs
    DELETE /api/v1/me/tokens/{token_id}                  delete_token             tokens/delete.rs
    GET    /api/v1/ranks                                 list_ranks               ranks/list.rs
    PUT    /api/v1/ranks                                 set_ranks                ranks/set.rs
    GET    /api/v1/forums                                list_forums              forums/list.rs
    POST   /api/v1/forums                                create_forum             forums/create.rs
    GET    /api/v1/forums/{forum_id}                     read_forum               forums/read.rs
    PATCH  /api/v1/forums/{forum_id}                     edit_forum               forums/edit.rs
    DELETE /api/v1/forums/{forum_id}                     delete_forum             forums/delete.rs
    GET    /api/v1/threads                               list_threads             threads/list.rs
    POST   /api/v1/threads                               create_thread            threads/create.rs
    GET    /api/v1/threads/{thread_id}                   read_thread              threads/read.rs
    PATCH  /api/v1/threads/{thread_id}                   edit_thread              threads/edit.rs
    DELETE /api/v1/threads/{thread_id}                   delete_thread            threads/delete.rs
    POST   /api/v1/threads/{thread_id}/restore           restore_thread           threads/restore.rs
    PUT    /api/v1/threads/{thread_id}/lock              lock_thread              threads/lock.rs
    DELETE /api/v1/threads/{thread_id}/lock              unlock_thread            threads/lock.rs
    PUT    /api/v1/threads/{thread_id}/pin               pin_thread               threads/pin.rs
    DELETE /api/v1/threads/{thread_id}/pin               unpin_thread             threads/pin.rs
    POST   /api/v1/threads/{thread_id}/move              move_thread              threads/move.rs
    GET    /api/v1/members/{member_id}/threads           list_threads_by_member   threads/list_by_member.rs
    GET    /api/v1/threads/{thread_id}/posts             list_posts_by_thread     posts/list_by_thread.rs
    POST   /api/v1/threads/{thread_id}/posts             create_post              posts/create.rs
    GET    /api/v1/posts                                 list_posts               posts/list.rs
    GET    /api/v1/posts/{post_id}                       read_post                posts/read.rs
    PATCH  /api/v1/posts/{post_id}                       edit_post                posts/edit.rs
    DELETE /api/v1/posts/{post_id}                       delete_post              posts/delete.rs
    POST   /api/v1/posts/{post_id}/restore               restore_post             posts/restore.rs
    GET    /api/v1/members/{member_id}/posts             list_posts_by_member     posts/list_by_member.rs
    GET    /api/v1/posts/{post_id}/revisions             list_revisions_by_post   revisions/list_by_post.rs
    GET    /api/v1/posts/{post_id}/revisions/{number}    read_revision            revisions/read.rs
    PUT    /api/v1/posts/{post_id}/like                  like_post                likes/like.rs
    DELETE /api/v1/posts/{post_id}/like                  unlike_post              likes/like.rs
    GET    /api/v1/posts/{post_id}/likes                 list_likes_by_post       likes/list_by_post.rs
    GET    /api/v1/members/{member_id}/likes             list_likes_by_member     likes/list_by_member.rs
    GET    /.well-known/jwks.json                        read_jwks                site/jwks.rs
    GET    /health/live                                  read_liveness            site/health.rs
    GET    /health/ready                                 read_readiness           site/health.rs
    GET    /problems/{code}                              read_problem             site/problem.rs
    GET    /openapi.json                                 read_openapi             site/document.rs
";

/// The page for people, which is not in the document.
const PAGE: &str = "site/docs.rs";

fn acts() -> impl Iterator<Item = Handler> {
    SOURCES.iter().flat_map(|source| source.handlers()).filter(|handler| handler.file != PAGE)
}

/// A difference of two sets, told in lines.
fn difference<T: Ord + std::fmt::Debug>(left: &BTreeSet<T>, right: &BTreeSet<T>) -> String {
    left.difference(right).map(|one| format!("\n  {one:?}")).collect()
}

#[test]
fn each_act_is_in_its_place() {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let listed: BTreeSet<_> = ACTS.lines().map(words).filter(|words| !words.is_empty()).collect();
    let built: BTreeSet<_> = acts().map(|act| vec![act.method, act.url, act.function, act.file]).collect();
    let (missing, more) = (difference(&listed, &built), difference(&built, &listed));
    assert!(listed == built, "listed in {}, but not in src/: {missing}\nin src/, but not listed: {more}", file!());
}

#[test]
fn a_handler_can_be_seen_at_a_glance() {
    let long: Vec<_> =
        SOURCES.iter().flat_map(|source| source.handlers()).filter(|handler| handler.lines > 30).collect();
    let long: Vec<_> = long.iter().map(|h| format!("{} in {} has {} lines", h.function, h.file, h.lines)).collect();
    assert!(long.is_empty(), "{long:?}: 30 is the most");
}

#[test]
fn what_is_written_is_what_is_documented() {
    let document = document();
    let paths = document["paths"].as_object().unwrap().iter();
    let documented: BTreeSet<_> = paths
        .flat_map(|(url, item)| {
            item.as_object().unwrap().iter().map(move |(method, operation)| (url, method, operation))
        })
        .map(|(url, method, o)| (method.to_uppercase(), url.clone(), o["operationId"].as_str().unwrap().to_owned()))
        .collect();
    let written: BTreeSet<_> = acts().map(|act| (act.method, act.url, act.function)).collect();
    let (unregistered, unknown) = (difference(&written, &documented), difference(&documented, &written));
    assert!(written == documented, "not registered: {unregistered}\nnot in src/: {unknown}");
}

#[actix_web::test]
async fn what_is_documented_is_what_is_served() {
    let app = App::start().await;
    let mut paths = Vec::new();
    for (url, item) in document()["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
        paths.push((url.clone(), methods.collect::<Vec<_>>()));
    }
    for (url, methods) in paths {
        let path: Vec<_> = url.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect();
        let path = path.join("/");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            // A method that no route of a known path takes is told with 405, one that is taken never.
            let answer = app.guest().ask(method, &path, &[], None).await;
            let is_served = methods.iter().any(|served| served == method);
            assert_eq!(answer.status != 405, is_served, "{method} {url}: {}", answer.status);
            if !is_served {
                let refused = answer.refused(405, "method_not_allowed");
                let allowed: BTreeSet<_> = refused.header("allow").split(", ").collect();
                assert!(
                    methods.iter().all(|m| allowed.contains(m.as_str())) && !allowed.contains(method),
                    "{allowed:?}"
                );
            }
        }
    }
}

#[actix_web::test]
async fn what_no_route_takes_is_not_found() {
    let app = App::start().await;
    for path in ["/", "/api", "/api/v1", "/api/v1/", "/api/v1/none", "/api/v1/threads/", "//", "/api/v2/threads"] {
        for method in ["GET", "POST", "DELETE"] {
            app.guest().ask(method, path, &[], None).await.refused(404, "not_found");
        }
    }
}
