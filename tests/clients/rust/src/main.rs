//! The story of tests/clients/README.md, told with the client that openapi-generator makes.

use folkmoot_client::apis::configuration::Configuration;
use folkmoot_client::apis::{Error, auth_api, forums_api, likes_api, members_api, posts_api, threads_api};
use folkmoot_client::models::problem::Code;
use folkmoot_client::models::{
    CreateMember, CreatePost, CreateThread, EditPost, Flaw, GivenRefreshToken, Login, Problem,
};

const PASSWORD: &str = "a long walk to the moot";

/// The refusal of a request that must be refused, and its status.
fn refused<T: std::fmt::Debug, E>(answer: Result<T, Error<E>>) -> (u16, Problem) {
    match answer {
        Err(Error::ResponseError(refusal)) => {
            (refusal.status.as_u16(), serde_json::from_str(&refusal.content).expect("a problem document"))
        }
        Err(other) => panic!("{other}"),
        Ok(accepted) => panic!("accepted: {accepted:?}"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let base_path = std::env::var("FOLKMOOT_URL")?;
    let guest = Configuration { base_path, ..Configuration::default() };
    let with = |token: &str| Configuration { bearer_access_token: Some(token.to_owned()), ..guest.clone() };

    // Two members register and sign in.
    let anna = members_api::create_member(&guest, CreateMember::new("rust anna".into(), PASSWORD.into()), None).await?;
    members_api::create_member(&guest, CreateMember::new("rust ben".into(), PASSWORD.into()), None).await?;
    let signed_in = auth_api::login(&guest, Login::new("rust anna".into(), PASSWORD.into())).await?;
    assert_eq!(signed_in.member.id, anna.id);
    let ben = auth_api::login(&guest, Login::new("rust ben".into(), PASSWORD.into())).await?;
    let (as_anna, as_ben) = (with(&signed_in.access_token), with(&ben.access_token));

    // A thread, and a reply that quotes its first post.
    let forum = forums_api::list_forums(&guest).await?.items[0].id;
    let new = CreateThread::new(forum, "Hello from Rust".into(), "The **first** post.".into());
    let made = threads_api::create_thread(&as_anna, new, None).await?;
    let (thread, first) = (made.thread.id, made.post.id);
    let body = format!("[quote post={first}]\nThe **first** post.\n[/quote]\n\nSo be it :thumb:");
    let reply = posts_api::create_post(&as_ben, thread, CreatePost::new(body), Some("rust-reply-1")).await?;
    assert_eq!((reply.position, reply.quotes[0].post_id, reply.quotes[0].available), (2, first, true));
    assert_eq!(reply.quotes[0].author_id, Some(anna.id));

    // Liked by the other; not by its author.
    let like = likes_api::like_post(&as_anna, reply.id).await?;
    assert_eq!((like.liked, like.like_count), (true, 1));
    let (status, problem) = refused(likes_api::like_post(&as_ben, reply.id).await);
    assert_eq!((status, problem.code), (403, Code::OwnPost));

    // An edit of the version that was read, and one of a version that is stale.
    let version = format!("\"{}\"", reply.version);
    let edited = posts_api::edit_post(&as_ben, reply.id, &version, EditPost::new("Be it so.".into()), None).await?;
    assert_eq!((edited.version, edited.body.as_deref()), (reply.version + 1, Some("Be it so.")));
    assert_eq!(edited.last_edit.map(|edit| edit.count), Some(1));
    let stale = posts_api::edit_post(&as_ben, reply.id, &version, EditPost::new("Too late.".into()), None).await;
    let (status, problem) = refused(stale);
    assert_eq!((status, problem.code), (412, Code::VersionMismatch));

    // The pages of the thread, and a list by its cursor.
    let page = posts_api::list_posts_by_thread(&as_anna, thread, Some(2), None, Some(1)).await?;
    assert_eq!((page.pagination.page, page.pagination.pages, page.posts[0].id), (2, 2, reply.id));
    assert_eq!(page.members[&anna.id.to_string()].username.as_deref(), Some("rust anna"));
    assert_eq!(page.viewer.map(|viewer| viewer.liked), Some(vec![reply.id]));
    let second = CreateThread::new(forum, "Once more".into(), "Another.".into());
    let second = threads_api::create_thread(&as_anna, second, None).await?.thread.id;
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let list = threads_api::list_threads_by_member(&guest, anna.id, Some(1), cursor.as_deref()).await?;
        seen.extend(list.items.iter().map(|thread| thread.id));
        cursor = list.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, [second, thread]);

    // New tokens for the old.
    let tokens = auth_api::refresh(&guest, GivenRefreshToken::new(signed_in.refresh_token)).await?;
    let again = likes_api::unlike_post(&with(&tokens.access_token), reply.id).await?;
    assert_eq!((again.liked, again.like_count), (false, 0));

    // Refused as the document says.
    let (status, problem) = refused(posts_api::create_post(&guest, thread, CreatePost::new("Hm.".into()), None).await);
    assert_eq!((status, problem.code), (401, Code::NotSignedIn));
    let (status, problem) = refused(posts_api::read_post(&guest, 999_999_999).await);
    assert_eq!((status, problem.code), (404, Code::NotFound));
    let blank = posts_api::create_post(&as_ben, thread, CreatePost::new(" ".into()), None).await;
    let (status, problem) = refused(blank);
    assert_eq!((status, problem.code), (422, Code::InvalidBody));
    let errors = problem.errors.expect("the flaws");
    assert_eq!((errors[0].pointer.as_str(), errors[0].code), ("/body", Flaw::Blank));

    println!("Rust: the whole story");
    Ok(())
}
