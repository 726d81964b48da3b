// The story of tests/clients/README.md, told with openapi-fetch and the types that openapi-typescript makes.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/folkmoot.js";

type Problem = components["schemas"]["Problem"];

const baseUrl = process.env["FOLKMOOT_URL"]!;
const password = "a long walk to the moot";
const client = (token?: string) =>
  createClient<paths>({ baseUrl, ...(token ? { headers: { Authorization: `Bearer ${token}` } } : {}) });

async function ok<T>(call: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await call;
  assert.ok(data !== undefined, JSON.stringify(error));
  return data;
}

async function refused(call: Promise<{ error?: Problem; response: Response }>, status: number, code: Problem["code"]): Promise<Problem> {
  const { error, response } = await call;
  assert.ok(error, "accepted");
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.deepEqual([response.status, error.code], [status, code]);
  return error;
}

const guest = client();

// Two members register and sign in.
const anna = await ok(guest.POST("/api/v1/members", { body: { username: "typescript anna", password } }));
await ok(guest.POST("/api/v1/members", { body: { username: "typescript ben", password } }));
const signedIn = await ok(guest.POST("/api/v1/auth/login", { body: { login: "typescript anna", password } }));
assert.equal(signedIn.member.id, anna.id);
const ben = await ok(guest.POST("/api/v1/auth/login", { body: { login: "typescript ben", password } }));
const [asAnna, asBen] = [client(signedIn.access_token), client(ben.access_token)];

// A thread, and a reply that quotes its first post.
const forum_id = (await ok(guest.GET("/api/v1/forums"))).items[0]!.id;
const made = await ok(asAnna.POST("/api/v1/threads", { body: { forum_id, title: "Hello from TypeScript", body: "The **first** post." } }));
const ofThread = { thread_id: made.thread.id };
const reply = await ok(asBen.POST("/api/v1/threads/{thread_id}/posts", {
  params: { path: ofThread, header: { "Idempotency-Key": "typescript-reply-1" } },
  body: { body: `[quote post=${made.post.id}]\nThe **first** post.\n[/quote]\n\nSo be it :thumb:` },
}));
assert.equal(reply.position, 2);
assert.deepEqual([reply.quotes[0]!.post_id, reply.quotes[0]!.author_id, reply.quotes[0]!.available], [made.post.id, anna.id, true]);

// Liked by the other; not by its author.
const ofReply = { post_id: reply.id };
const like = await ok(asAnna.PUT("/api/v1/posts/{post_id}/like", { params: { path: ofReply } }));
assert.deepEqual(like, { liked: true, like_count: 1 });
await refused(asBen.PUT("/api/v1/posts/{post_id}/like", { params: { path: ofReply } }), 403, "own_post");

// An edit of the version that was read, and one of a version that is stale.
const edit = (body: string) =>
  asBen.PATCH("/api/v1/posts/{post_id}", { params: { path: ofReply, header: { "If-Match": `"${reply.version}"` } }, body: { body } });
const edited = await ok(edit("Be it so."));
assert.deepEqual([edited.version, edited.body, edited.last_edit?.count], [reply.version + 1, "Be it so.", 1]);
await refused(edit("Too late."), 412, "version_mismatch");

// The pages of the thread, and a list by its cursor.
const page = await ok(asAnna.GET("/api/v1/threads/{thread_id}/posts", { params: { path: ofThread, query: { page: 2, per_page: 1 } } }));
assert.deepEqual([page.pagination.page, page.pagination.pages, page.posts[0]!.id], [2, 2, reply.id]);
assert.equal(page.members[anna.id]!.username, "typescript anna");
assert.deepEqual(page.viewer?.liked, [reply.id]);
const second = await ok(asAnna.POST("/api/v1/threads", { body: { forum_id, title: "Once more", body: "Another." } }));
const seen: number[] = [];
let cursor: string | null | undefined;
do {
  const query: { limit: number; cursor?: string } = cursor ? { limit: 1, cursor } : { limit: 1 };
  const list: components["schemas"]["ThreadList"] =
    await ok(guest.GET("/api/v1/members/{member_id}/threads", { params: { path: { member_id: anna.id }, query } }));
  seen.push(...list.items.map((thread) => thread.id));
  cursor = list.next;
} while (cursor !== null);
assert.deepEqual(seen, [second.thread.id, made.thread.id]);

// New tokens for the old.
const tokens = await ok(guest.POST("/api/v1/auth/refresh", { body: { refresh_token: signedIn.refresh_token } }));
const again = await ok(client(tokens.access_token).DELETE("/api/v1/posts/{post_id}/like", { params: { path: ofReply } }));
assert.deepEqual(again, { liked: false, like_count: 0 });

// Refused as the document says.
const post = (who: typeof guest, body: string) => who.POST("/api/v1/threads/{thread_id}/posts", { params: { path: ofThread }, body: { body } });
await refused(post(guest, "Hm."), 401, "not_signed_in");
await refused(guest.GET("/api/v1/posts/{post_id}", { params: { path: { post_id: 999_999_999 } } }), 404, "not_found");
const blank = await refused(post(asBen, " "), 422, "invalid_body");
assert.deepEqual([blank.errors?.[0]?.pointer, blank.errors?.[0]?.code], ["/body", "blank"]);

console.log("TypeScript: the whole story");
