mod like;
mod list_by_member;
mod list_by_post;
