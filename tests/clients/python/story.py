"""The story of tests/clients/README.md, told with the client that openapi-python-client makes."""

import os
from typing import TypeVar

from folkmoot_client import AuthenticatedClient, Client
from folkmoot_client.api.auth import login, refresh
from folkmoot_client.api.forums import list_forums
from folkmoot_client.api.likes import like_post, unlike_post
from folkmoot_client.api.members import create_member
from folkmoot_client.api.posts import create_post, edit_post, list_posts_by_thread, read_post
from folkmoot_client.api.threads import create_thread, list_threads_by_member
from folkmoot_client.models import (
    CreateMember,
    CreatePost,
    CreateThread,
    EditPost,
    Flaw,
    GivenRefreshToken,
    Login,
    Problem,
    ProblemCode,
)
from folkmoot_client.types import UNSET, Response, Unset

URL = os.environ["FOLKMOOT_URL"]
PASSWORD = "a long walk to the moot"
T = TypeVar("T")


def ok(answer: T | Problem | None) -> T:
    assert answer is not None and not isinstance(answer, Problem), answer
    return answer


def refused(answer: Response[T | Problem], status: int, code: ProblemCode) -> Problem:
    assert isinstance(answer.parsed, Problem), answer
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.parsed.code) == (status, code), answer
    return answer.parsed


guest = Client(URL)
# Where a token is optional, the generated types ask for a client that has one: this one sends it where nobody looks.
nobody = AuthenticatedClient(URL, token="none", auth_header_name="X-Nothing")

# Two members register and sign in.
anna = ok(create_member.sync(client=guest, body=CreateMember(username="python anna", password=PASSWORD)))
ok(create_member.sync(client=guest, body=CreateMember(username="python ben", password=PASSWORD)))
signed_in = ok(login.sync(client=guest, body=Login(login="python anna", password=PASSWORD)))
assert signed_in.member.id == anna.id
ben = ok(login.sync(client=guest, body=Login(login="python ben", password=PASSWORD)))
as_anna = AuthenticatedClient(URL, token=signed_in.access_token)
as_ben = AuthenticatedClient(URL, token=ben.access_token)

# A thread, and a reply that quotes its first post.
forum = ok(list_forums.sync(client=nobody)).items[0].id
made = ok(create_thread.sync(client=as_anna, body=CreateThread(forum_id=forum, title="Hello from Python", body="The **first** post.")))
thread, first = made.thread.id, made.post.id
quoting = f"[quote post={first}]\nThe **first** post.\n[/quote]\n\nSo be it :thumb:"
reply = ok(create_post.sync(thread, client=as_ben, body=CreatePost(body=quoting), idempotency_key="python-reply-1"))
assert (reply.position, reply.quotes[0].post_id, reply.quotes[0].author_id) == (2, first, anna.id)
assert reply.quotes[0].available

# Liked by the other; not by its author.
like = ok(like_post.sync(reply.id, client=as_anna))
assert like.liked and like.like_count == 1
refused(like_post.sync_detailed(reply.id, client=as_ben), 403, ProblemCode.OWN_POST)

# An edit of the version that was read, and one of a version that is stale.
version = f'"{reply.version}"'
edited = ok(edit_post.sync(reply.id, client=as_ben, if_match=version, body=EditPost(body="Be it so.")))
assert (edited.version, edited.body) == (reply.version + 1, "Be it so.")
assert edited.last_edit is not None and edited.last_edit.count == 1
late = edit_post.sync_detailed(reply.id, client=as_ben, if_match=version, body=EditPost(body="Too late."))
refused(late, 412, ProblemCode.VERSION_MISMATCH)

# The pages of the thread, and a list by its cursor.
page = ok(list_posts_by_thread.sync(thread, client=as_anna, page=2, per_page=1))
assert (page.pagination.page, page.pagination.pages, page.posts[0].id) == (2, 2, reply.id)
assert page.members[str(anna.id)].username == "python anna"
assert page.viewer is not None and page.viewer.liked == [reply.id]
second = ok(create_thread.sync(client=as_anna, body=CreateThread(forum_id=forum, title="Once more", body="Another."))).thread.id
seen: list[int] = []
cursor: str | Unset | None = UNSET
while cursor is not None:
    threads = ok(list_threads_by_member.sync(anna.id, client=nobody, limit=1, cursor=cursor))
    seen += [one.id for one in threads.items]
    cursor = threads.next_
assert seen == [second, thread], seen

# New tokens for the old.
tokens = ok(refresh.sync(client=guest, body=GivenRefreshToken(refresh_token=signed_in.refresh_token)))
again = ok(unlike_post.sync(reply.id, client=AuthenticatedClient(URL, token=tokens.access_token)))
assert not again.liked and again.like_count == 0

# Refused as the document says.
refused(create_post.sync_detailed(thread, client=nobody, body=CreatePost(body="Hm.")), 401, ProblemCode.NOT_SIGNED_IN)
refused(read_post.sync_detailed(999_999_999, client=nobody), 404, ProblemCode.NOT_FOUND)
blank = refused(create_post.sync_detailed(thread, client=as_ben, body=CreatePost(body=" ")), 422, ProblemCode.INVALID_BODY)
assert not isinstance(blank.errors, Unset)
assert (blank.errors[0].pointer, blank.errors[0].code) == ("/body", Flaw.BLANK)

print("Python: the whole story")
