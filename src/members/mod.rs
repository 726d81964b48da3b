//! Members: who writes here. What always holds: a name is unique under NFKC and case folding and never given again;
//! `post_count` and `likes_received` equal rows, and what is shown adds what an archive brought beyond them.

mod by_username;
mod counters;
mod create;
mod custom_title;
mod list;
mod model;
mod read;
mod role;
mod suspension;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

pub use by_username::read_member_by_username;
pub use counters::count;
pub use model::{
    Card, MemberPath, MemberState, NewMember, Subject, create, find_by_username, must_not_be_last_admin, set_password,
    set_role,
};
pub use read::read_member;
pub use view::{Country, MemberView, Members, card, cards};

/// The acts of this feature, but for the busiest, and for the one that has to stand before those of others.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list::list_members)
        .service(create::create_member)
        .service(suspension::suspend_member)
        .service(suspension::unsuspend_member)
        .service(role::set_member_role)
        .service(custom_title::set_custom_title);
}
