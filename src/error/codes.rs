//! The one table of all that can go wrong: codes of problems, and flaws of bodies.

use serde::Serialize;
use utoipa::ToSchema;

macro_rules! codes {
    ($($name:ident $code:literal $status:literal $title:literal $help:literal;)*) => {
        /// Every kind of problem there is. Its page is `/problems/<code>`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($name,)* }

        impl Code {
            /// The whole table.
            pub const ALL: &'static [Code] = &[$(Code::$name,)*];

            /// The code as clients see it, in snake_case.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$name => $code,)* }
            }

            /// The HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Code::$name => $status,)* }
            }

            /// A few words that are the same for each occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }

            /// What it means and what to do about it: the text of the problem's page.
            pub const fn help(self) -> &'static str {
                match self { $(Code::$name => $help,)* }
            }
        }
    };
}

codes! {
    BadRequest "bad_request" 400 "The request is malformed"
        "The server could not read the request. Look at `detail`.";
    MalformedJson "malformed_json" 400 "The body is not JSON"
        "The body could not be read as JSON in UTF-8. `detail` names the place where reading stopped.";
    JsonTooDeep "json_too_deep" 400 "The body is nested too deep"
        "A body may hold 32 levels of arrays and objects.";
    InvalidParameter "invalid_parameter" 400 "A parameter is wrong"
        "A query parameter is unknown, has the wrong type or lies outside its limits. `detail` names it.";
    PageTooLarge "page_too_large" 400 "The page is too large"
        "Its posts are so long that the server has not the memory to show them in one answer. `detail` gives the most that fit: ask for fewer.";
    InvalidCursor "invalid_cursor" 400 "The cursor is not one of ours"
        "`cursor` takes what `next` of the same list gave, unchanged. Start again without it.";
    InvalidIdempotencyKey "invalid_idempotency_key" 400 "The Idempotency-Key is malformed"
        "`Idempotency-Key` is one field of 1 to 255 visible ASCII characters, such as a UUID.";
    NotSignedIn "not_signed_in" 401 "Sign in first"
        "This act needs an access token: `Authorization: Bearer <access_token>`. POST /api/v1/auth/login gives one.";
    InvalidToken "invalid_token" 401 "The access token is not valid"
        "The token is not one of this server's, or was changed. Sign in again.";
    TokenExpired "token_expired" 401 "The access token has expired"
        "Get a new one with the refresh token: POST /api/v1/auth/refresh. For a personal token, make another.";
    SessionEnded "session_ended" 401 "The session has ended"
        "It was signed out, ended from another device, or ended with a change of password. Sign in again.";
    InvalidCredentials "invalid_credentials" 401 "Name or password is wrong"
        "No member has this name with this password.";
    InvalidRefreshToken "invalid_refresh_token" 401 "The refresh token is not valid"
        "It is unknown, has expired, or its session has ended. Sign in again.";
    RefreshTokenReused "refresh_token_reused" 401 "The refresh token was used before"
        "A refresh token is good for one use. As someone else may have it, its session has ended. Sign in again.";
    InsufficientScope "insufficient_scope" 403 "The token's scopes do not allow this"
        "`detail` and `WWW-Authenticate` name the scope that this act needs. Use another token, or sign in.";
    SessionRequired "session_required" 403 "A personal token does not do for this"
        "Password, e-mail, sessions, tokens and the account itself are changed by who has signed in: POST /api/v1/auth/login.";
    InsufficientRole "insufficient_role" 403 "Your role does not allow this"
        "`detail` names the role that this act needs.";
    AccountSuspended "account_suspended" 403 "The account is suspended"
        "`detail` gives the reason and, where there is one, the end.";
    WrongPassword "wrong_password" 403 "The current password is wrong"
        "The present password has to be given for this change.";
    NotYours "not_yours" 403 "This belongs to someone else"
        "Only its author, and who moderates, may do this.";
    OwnPost "own_post" 403 "This is your own post"
        "Members like the posts of others.";
    ThreadLocked "thread_locked" 403 "The thread is locked"
        "A locked thread takes no reply, edit or deletion from members.";
    SameOrHigherRole "same_or_higher_role" 403 "The member's role is not below yours"
        "Nobody suspends or changes the role of an equal, of a higher one or of oneself.";
    NotFound "not_found" 404 "Not found"
        "It does not exist, or you may not know that it does.";
    MethodNotAllowed "method_not_allowed" 405 "The method is not allowed here"
        "The `Allow` field lists the methods of this URL.";
    RequestTimeout "request_timeout" 408 "The request took too long to come"
        "A head has to come within 5 seconds, a body within 10 seconds.";
    UsernameTaken "username_taken" 409 "The username is taken"
        "Names are compared without regard to case and to Unicode compatibility forms. Choose another one.";
    UsernameLooksTaken "username_looks_taken" 409 "The username looks like a taken one"
        "A name that could be mistaken for another member's is not given. Choose another one.";
    SlugTaken "slug_taken" 409 "The slug is taken"
        "Another forum has this slug. Choose another one.";
    ForumNotEmpty "forum_not_empty" 409 "The forum is not empty"
        "Only a forum without threads (deleted ones included) and without forums below it can be deleted or become a category.";
    FirstPost "first_post" 409 "The first post goes only with its thread"
        "Delete the thread instead.";
    ThreadDeleted "thread_deleted" 409 "The thread is deleted"
        "Restore it first.";
    LastAdmin "last_admin" 409 "The last administrator stays"
        "Make someone else an administrator first.";
    MemberSuspended "member_suspended" 409 "The member is suspended"
        "A suspended member cannot be made moderator or administrator. Take the suspension back first.";
    EmailTaken "email_taken" 409 "The e-mail address is another member's"
        "You have shown that the address is yours, but another account has it. Set a new password for that one, or take the address off it.";
    TooManyTokens "too_many_tokens" 409 "There are too many personal tokens"
        "A member may have 100. Delete those that are not used any more.";
    IdempotencyKeyInUse "idempotency_key_in_use" 409 "A request with this Idempotency-Key is still being worked on"
        "The first one has not ended yet. Send the same request again a little later: it gets the answer of the first.";
    VersionMismatch "version_mismatch" 412 "It was changed meanwhile"
        "`If-Match` names a version that is no longer the present one. Read it again, and repeat the change on what you find.";
    BodyTooLarge "body_too_large" 413 "The body is too large"
        "A request body may have 256 KiB.";
    UriTooLong "uri_too_long" 414 "The URL is too long"
        "A URL may have 8 KiB.";
    UnsupportedMediaType "unsupported_media_type" 415 "The body is not of a known type"
        "Send JSON: `Content-Type: application/json`.";
    InvalidBody "invalid_body" 422 "The body breaks the rules"
        "It is JSON, but not what this act takes. `errors` lists each flaw with a pointer (RFC 6901) to its place.";
    IdempotencyKeyReused "idempotency_key_reused" 422 "The Idempotency-Key was used for another request"
        "A key belongs to one request: the same method, path and body, byte for byte. Make a new key for a new request.";
    InvalidMailToken "invalid_mail_token" 422 "The token from the mail is not valid"
        "It is unknown, was used or has expired, or a newer mail has taken its place. Ask for another mail.";
    VersionRequired "version_required" 428 "If-Match is required"
        "Send the ETag or the `version` of what you are changing: `If-Match: \"3\"`.";
    RequestHeadTooLarge "request_head_too_large" 431 "The header fields are too large"
        "Send fewer or shorter header fields.";
    TooManyRequests "too_many_requests" 429 "Too many requests"
        "`RateLimit-Policy` names the limits that this act counts for, `RateLimit` what is left of them. Try again after the seconds that `Retry-After` names.";
    InternalError "internal_error" 500 "The server failed"
        "The fault is ours; it was written to the log under `request_id`. Trying again may help.";
    DatabaseUnavailable "database_unavailable" 503 "The database can not be reached"
        "Try again after the seconds that `Retry-After` names.";
    Stopping "stopping" 503 "The service is stopping"
        "This node takes no new work. Another one does, or this one after its restart.";
    Overloaded "overloaded" 503 "The server has too much to do"
        "Try again after the seconds that `Retry-After` names.";
}

macro_rules! flaws {
    ($($name:ident $code:literal $help:literal;)*) => {
        /// What can be wrong with one place of a body.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Flaw { $(#[doc = $help] $name,)* }

        impl Flaw {
            /// The whole table.
            pub const ALL: &'static [Flaw] = &[$(Flaw::$name,)*];

            /// The code as clients see it.
            pub const fn name(self) -> &'static str {
                match self { $(Flaw::$name => $code,)* }
            }
        }
    };
}

flaws! {
    Missing "missing" "A required field is not there.";
    UnknownField "unknown_field" "No field has this name here.";
    WrongType "wrong_type" "The value has the wrong type.";
    Blank "blank" "Nothing is left after trimming.";
    TooShort "too_short" "The text has too few characters, or the list too few items.";
    TooLong "too_long" "The text has too many characters, the list too many items, or the body too many quotes.";
    ForbiddenCharacter "forbidden_character" "The text has a character that may not stand there.";
    Invalid "invalid" "The value is not one of those allowed.";
    Duplicate "duplicate" "The value stands there twice.";
    NotThere "not_there" "Nothing has this id.";
    CommonPassword "common_password" "The password is one of the most used ones.";
    Reserved "reserved" "The name is kept for the service.";
    TooDeep "too_deep" "Quotes are nested too deep.";
}
