"""Who signs in during a run, and what they find: a small forum, made through the API."""

import itertools
import json
import os
import urllib.error
import urllib.request

API = os.environ["FOLKMOOT_URL"] + "/api/v1"
PASSWORD = os.environ["FOLKMOOT_ADMIN_PASSWORD"]
_numbers = itertools.count(1)


def call(method, path, body=None, token=None):
    """One request; the body of the answer, and an error for anything but 2xx."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(API + path, data=data, method=method)
    if data is not None:
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
        return json.loads(text) if text else None


def sign_in(username):
    return call("POST", "/auth/login", {"login": username, "password": PASSWORD})["access_token"]


def works(token):
    try:
        call("GET", "/me", token=token)
        return True
    except urllib.error.HTTPError as refused:
        if refused.code == 401:
            return False
        raise


def newcomer(role):
    """Registers one more member with this role; the name."""
    username = f"{role} {os.getpid()} {next(_numbers)}"
    member = call("POST", "/members", {"username": username, "password": PASSWORD})
    if role != "member":
        call("PUT", f"/members/{member['id']}/role", {"role": role}, sign_in("admin"))
    return username


def content(token):
    """Threads with replies, quotes and likes, of two members and of who runs."""
    writers = [token, sign_in(newcomer("member")), sign_in(newcomer("member"))]
    for number in range(4):
        made = call("POST", "/threads", {"forum_id": 1, "title": f"Thread {number}", "body": "The **first** post."}, writers[number % 3])
        posts, first = f"/threads/{made['thread']['id']}/posts", made["post"]["id"]
        for writer in writers:
            reply = call("POST", posts, {"body": f"[quote post={first}]\nThe first post.\n[/quote]\n\nSo be it :thumb:"}, writer)
            for other in writers:
                if other != writer:
                    call("PUT", f"/posts/{reply['id']}/like", token=other)
