"""What Schemathesis does not know by itself: who calls. FUZZ_AS says it: guest, member, moderator or admin."""

import os
import threading

import schemathesis

import people

ROLE = os.environ["FUZZ_AS"]
# These end the session or the member that calls them, so a visitor calls them, and another one when that has happened.
# What lists or makes sessions and tokens is called by the visitor too: it is the visitor's that can be ended.
BY_VISITORS = [
    "delete_me", "change_password", "list_sessions", "end_session", "end_other_sessions",
    "list_tokens", "create_token", "delete_token",
]  # fmt: skip


class Bearer:
    def set(self, case, token, context):
        case.headers["Authorization"] = f"Bearer {token}"


if ROLE == "guest":
    people.content(people.sign_in(people.newcomer("member")))
else:
    runner = people.newcomer(ROLE)
    people.content(people.sign_in(runner))

    # An access token lives ten minutes.
    @schemathesis.auth(refresh_interval=300).skip_for(operation_id=BY_VISITORS)
    class Runner(Bearer):
        def get(self, case, context):
            return people.sign_in(runner)

    @schemathesis.auth(refresh_interval=None).apply_to(operation_id=BY_VISITORS)
    class Visitor(Bearer):
        token = None
        one_at_a_time = threading.Lock()

        def get(self, case, context):
            with self.one_at_a_time:
                if not (self.token and people.works(self.token)):
                    self.token = people.sign_in(people.newcomer(ROLE))
                return self.token
