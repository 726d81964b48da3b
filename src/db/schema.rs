// @generated automatically by Diesel CLI.

diesel::table! {
    archive_ids (source, kind, archive_id) {
        source -> Text,
        kind -> Text,
        archive_id -> Text,
        our_id -> Int8,
        present -> Bool,
    }
}

diesel::table! {
    event_log (id) {
        id -> Int2,
        last_position -> Int8,
    }
}

diesel::table! {
    events (id) {
        id -> Int8,
        position -> Nullable<Int8>,
        kind -> Text,
        thread_id -> Nullable<Int8>,
        post_id -> Nullable<Int8>,
        forum_id -> Nullable<Int8>,
        member_id -> Nullable<Int8>,
        actor_id -> Nullable<Int8>,
        at -> Timestamptz,
    }
}

diesel::table! {
    forums (id) {
        id -> Int8,
        slug -> Text,
        title -> Text,
        description -> Nullable<Text>,
        parent_id -> Nullable<Int8>,
        ancestors -> Array<Int8>,
        kind -> Text,
        position -> Int8,
        thread_count -> Int8,
        post_count -> Int8,
        last_thread_id -> Nullable<Int8>,
        last_post_at -> Nullable<Timestamptz>,
        version -> Int8,
    }
}

diesel::table! {
    idempotency_keys (member_id, key) {
        member_id -> Int8,
        key -> Text,
        request_hash -> Bytea,
        status -> Int2,
        location -> Nullable<Text>,
        etag -> Nullable<Text>,
        body -> Bytea,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    likes (thread_id, post_id, member_id) {
        thread_id -> Int8,
        post_id -> Int8,
        member_id -> Int8,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    mail_counts (address_hash) {
        address_hash -> Bytea,
        since -> Timestamptz,
        count -> Int4,
    }
}

diesel::table! {
    mail_times (counted_hash, mail_id) {
        counted_hash -> Bytea,
        mail_id -> Uuid,
        written_at -> Timestamptz,
    }
}

diesel::table! {
    mail_tokens (member_id, purpose) {
        member_id -> Int8,
        purpose -> Text,
        token_hash -> Bytea,
        email -> Text,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    mails (id) {
        id -> Uuid,
        member_id -> Nullable<Int8>,
        sealed -> Bytea,
        created_at -> Timestamptz,
        attempts -> Int2,
        next_attempt_at -> Timestamptz,
    }
}

diesel::table! {
    members (id) {
        id -> Int8,
        username -> Nullable<Text>,
        username_key -> Nullable<Text>,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        email_verified -> Bool,
        password_hash -> Nullable<Text>,
        custom_title -> Nullable<Text>,
        country -> Nullable<Text>,
        bio -> Nullable<Text>,
        avatar_url -> Nullable<Text>,
        role -> Text,
        joined_at -> Timestamptz,
        post_count -> Int8,
        posts_elsewhere -> Int8,
        likes_received -> Int8,
        likes_elsewhere -> Int8,
        posts_shown -> Int8,
        likes_shown -> Int8,
        suspended_at -> Nullable<Timestamptz>,
        suspended_until -> Nullable<Timestamptz>,
        suspend_reason -> Nullable<Text>,
        suspended_by -> Nullable<Int8>,
        deleted_at -> Nullable<Timestamptz>,
        version -> Int8,
    }
}

diesel::table! {
    nodes (id) {
        id -> Uuid,
        seen_at -> Timestamptz,
    }
}

diesel::table! {
    posts (thread_id, id) {
        thread_id -> Int8,
        id -> Int8,
        position -> Int8,
        author_id -> Int8,
        body -> Text,
        html -> Text,
        text -> Text,
        renderer -> Int2,
        mentions -> Array<Int8>,
        emoji -> Array<Text>,
        like_count -> Int8,
        created_at -> Timestamptz,
        last_edit_at -> Nullable<Timestamptz>,
        last_edit_by -> Nullable<Int8>,
        last_edit_reason -> Nullable<Text>,
        edit_count -> Int8,
        deleted_at -> Nullable<Timestamptz>,
        deleted_by -> Nullable<Int8>,
        delete_reason -> Nullable<Text>,
        version -> Int8,
    }
}

diesel::table! {
    quotes (thread_id, post_id, ordinal) {
        thread_id -> Int8,
        post_id -> Int8,
        ordinal -> Int4,
        quoted_post_id -> Int8,
        excerpt -> Text,
    }
}

diesel::table! {
    ranks (from_posts) {
        from_posts -> Int8,
        name -> Text,
    }
}

diesel::table! {
    refresh_tokens (token_hash) {
        token_hash -> Bytea,
        session_id -> Int8,
        created_at -> Timestamptz,
        spent_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    revisions (thread_id, post_id, number) {
        thread_id -> Int8,
        post_id -> Int8,
        number -> Int8,
        body -> Text,
        edited_by -> Nullable<Int8>,
        edited_at -> Timestamptz,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Int8,
        member_id -> Int8,
        scopes -> Array<Text>,
        user_agent -> Nullable<Text>,
        created_at -> Timestamptz,
        last_used_at -> Timestamptz,
        expires_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    signing_keys (kid) {
        kid -> Text,
        public_key -> Bytea,
        sealed_private_key -> Bytea,
        created_at -> Timestamptz,
        signs_from -> Timestamptz,
    }
}

diesel::table! {
    site (id) {
        id -> Int2,
        uuid -> Uuid,
        created_at -> Timestamptz,
        first_forum_id -> Nullable<Int8>,
        first_member_id -> Nullable<Int8>,
    }
}

diesel::table! {
    threads (id) {
        id -> Int8,
        forum_id -> Int8,
        kind -> Text,
        title -> Text,
        slug -> Text,
        author_id -> Int8,
        tags -> Array<Text>,
        pinned -> Bool,
        locked -> Bool,
        deleted_at -> Nullable<Timestamptz>,
        deleted_by -> Nullable<Int8>,
        delete_reason -> Nullable<Text>,
        post_count -> Int8,
        like_count -> Int8,
        view_count -> Int8,
        highest_position -> Int8,
        created_at -> Timestamptz,
        last_post_id -> Nullable<Int8>,
        last_post_position -> Nullable<Int8>,
        last_post_author_id -> Nullable<Int8>,
        last_post_at -> Timestamptz,
        version -> Int8,
        page_version -> Int8,
    }
}

diesel::table! {
    tokens (id) {
        id -> Int8,
        member_id -> Int8,
        name -> Text,
        token_hash -> Bytea,
        scopes -> Array<Text>,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    username_skeletons (skeleton) {
        skeleton -> Text,
        member_id -> Int8,
    }
}

diesel::joinable!(likes -> members (member_id));
diesel::joinable!(mail_tokens -> members (member_id));
diesel::joinable!(mails -> members (member_id));
diesel::joinable!(posts -> threads (thread_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(revisions -> members (edited_by));
diesel::joinable!(sessions -> members (member_id));
diesel::joinable!(threads -> forums (forum_id));
diesel::joinable!(tokens -> members (member_id));
diesel::joinable!(username_skeletons -> members (member_id));

diesel::allow_tables_to_appear_in_same_query!(
    archive_ids,
    event_log,
    events,
    forums,
    idempotency_keys,
    likes,
    mail_counts,
    mail_times,
    mail_tokens,
    mails,
    members,
    nodes,
    posts,
    quotes,
    ranks,
    refresh_tokens,
    revisions,
    sessions,
    signing_keys,
    site,
    threads,
    tokens,
    username_skeletons,
);
