// A client that pipelines: ten requests are on their way on each connection, and each gets its own answer.

import assert from "node:assert/strict";
import { Client } from "undici";

const COUNT = 400;
const client = new Client(process.env.FOLKMOOT_URL, { pipelining: 10 });

// undici pipelines POST only if told that it may, and closes the connection after HEAD unless told otherwise.
const kinds = [
  { method: "GET", path: "/api/v1/forums", status: 200, says: '"items"' },
  { method: "HEAD", path: "/api/v1/forums", status: 200, says: "" },
  { method: "GET", path: "/problems/own_post", status: 200, says: "your own post" },
  { method: "POST", path: "/api/v1/auth/login", body: '{"login": 1}', status: 422, says: '"invalid_body"' },
  { method: "OPTIONS", path: "/api/v1/forums", status: 204, says: "" },
  { method: "HEAD", path: "/no/such/path", status: 404, says: "" },
  { method: "GET", path: "/no/such/path", status: 404, says: '"not_found"' },
];

async function isAnswered({ method, path, body, status, says }, id) {
  const headers = { "x-request-id": id, "content-type": "application/json", accept: "application/json, text/html" };
  const answer = await client.request({ method, path, body, headers, reset: false, idempotent: true });
  const text = await answer.body.text();
  assert.equal(answer.headers["x-request-id"], id);
  assert.equal(answer.statusCode, status, text);
  assert.ok(says ? text.includes(says) : text === "", `${method} ${path}: ${text}`);
}

let connections = 0;
client.on("connect", () => (connections += 1));
// Another step each round, so that each kind follows each other one.
const kindOf = (number) => kinds[(number * (1 + (Math.floor(number / kinds.length) % 6))) % kinds.length];
const requests = Array.from({ length: COUNT }, (_, number) => isAnswered(kindOf(number), `request-${number}`));
const failed = (await Promise.allSettled(requests)).filter((ended) => ended.status === "rejected");
await client.destroy();
assert.equal(failed.length, 0, `${failed.length} of ${COUNT}: ${failed[0]?.reason}`);
assert.equal(connections, 1, "the connection was closed in between");
console.log(`undici: ${COUNT} requests, 10 at a time on one connection, each with its own answer`);
