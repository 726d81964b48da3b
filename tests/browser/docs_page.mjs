// The docs page, as a person uses it: sign in, open the page, authorize, start a thread, reply, like.
// Runs a service of its own with a database of its own. Settings: FOLKMOOT (the program), CHROMIUM (the browser),
// SCREENSHOT (a file for a picture of the page).

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const PATIENCE = 30_000;
const PASSWORD = "a long walk to the moot";

/** Starts the service on a free port; gives its address and a way to stop it. */
async function serve(folder) {
  const env = { ...process.env, FOLKMOOT_ADMIN_PASSWORD: PASSWORD };
  delete env.FOLKMOOT_DATABASE_URL;
  delete env.DATABASE_URL;
  const program = process.env.FOLKMOOT || "target/debug/folkmoot";
  const child = spawn(program, ["serve", "--listen", "127.0.0.1:0", "--data-dir", folder], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const address = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const found = line.match(/(http:\/\/127\.0\.0\.1:\d+)\/docs/);
      if (found) return found[1];
    }
    throw new Error("the service ended before it said where its page is");
  })();
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  return { address: await address, stop };
}

/** Someone who calls the API without a browser. */
class Person {
  constructor(url, token) {
    this.url = url;
    this.token = token;
  }

  async send(method, path, status, body) {
    const headers = { "Content-Type": "application/json" };
    if (this.token) headers.Authorization = `Bearer ${this.token}`;
    const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    assert.equal(answer.status, status, `${method} ${path}: ${text}`);
    return text ? JSON.parse(text) : null;
  }

  static async joined(url, username) {
    const guest = new Person(url);
    await guest.send("POST", "/api/v1/members", 201, { username, password: PASSWORD });
    const signedIn = await guest.send("POST", "/api/v1/auth/login", 200, { login: username, password: PASSWORD });
    return new Person(url, signedIn.access_token);
  }
}

/** Opens the page; whatever it asks for elsewhere, and whatever it complains of, is noted. */
async function open(browser, url) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
  page.setDefaultTimeout(PATIENCE);
  const foreign = [];
  const complaints = [];
  page.on("request", (request) => {
    const at = new URL(request.url());
    if (at.protocol !== "data:" && at.protocol !== "blob:" && at.origin !== url) foreign.push(request.url());
  });
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${url}/docs`);
  await page.locator(".opblock").first().waitFor();
  return { page, foreign, complaints };
}

async function authorize(page, token) {
  await page.locator(".auth-wrapper .authorize").click();
  const dialog = page.locator(".dialog-ux");
  await dialog.locator("input").fill(token);
  await dialog.locator(".auth-btn-wrapper .authorize").click();
  await dialog.locator(".btn-done").click();
  await dialog.waitFor({ state: "detached" });
}

/** Tries an operation out on the page; gives the JSON of its answer. */
async function tryOut(page, tag, operation, status, parameters, body) {
  const block = page.locator(`#operations-${tag}-${operation}`);
  await block.locator(".opblock-summary-control").click();
  await block.locator(".try-out__btn").click();
  for (const [name, value] of Object.entries(parameters)) {
    await block.locator(`tr[data-param-name="${name}"] input`).fill(String(value));
  }
  if (body) await block.locator("textarea.body-param__text").fill(JSON.stringify(body, null, 2));
  const answered = page.waitForResponse((answer) => answer.request().method() !== "OPTIONS");
  await block.locator(".execute").click();
  const answer = await answered;
  const shown = block.locator(".live-responses-table .response .response-col_status");
  await shown.waitFor();
  const text = await answer.text();
  assert.equal(Number.parseInt(await shown.innerText(), 10), status, `${operation}: ${text}`);
  assert.equal(answer.status(), status, `${operation}: ${text}`);
  return JSON.parse(text);
}

async function story(browser, url) {
  const { page, foreign, complaints } = await open(browser, url);
  // A service that has no members yet shows its page all the same.
  if (process.argv.includes("--page-only")) return { page, foreign, complaints };
  const anna = await Person.joined(url, "anna");
  const ben = await Person.joined(url, "ben");
  const forums = await ben.send("GET", "/api/v1/forums", 200);
  await authorize(page, anna.token);
  const title = "Hello from the page";
  const begun = await tryOut(page, "threads", "create_thread", 201, {}, {
    forum_id: forums.items[0].id,
    title,
    body: "The first post, by **anna**.",
  });
  const thread_id = begun.thread.id;
  assert.equal(begun.thread.title, title);
  const reply = await tryOut(page, "posts", "create_post", 201, { thread_id }, { body: "And a reply." });
  assert.equal(reply.position, 2);
  const bens = await ben.send("POST", `/api/v1/threads/${thread_id}/posts`, 201, { body: "Well said." });
  const like = await tryOut(page, "likes", "like_post", 200, { post_id: bens.id });
  assert.deepEqual(like, { liked: true, like_count: 1 });
  // The token outlives the page, so that opening it again does not ask for it again.
  await page.goto("about:blank");
  await page.goto(`${url}/docs`);
  await page.locator(".auth-wrapper .authorize.locked").waitFor();
  return { page, foreign, complaints };
}

async function main(service) {
  // Playwright starts it without a sandbox, which containers and root do not have. No name but loopback resolves.
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: ["--disable-gpu", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
  });
  try {
    const { page, foreign, complaints } = await story(browser, service.address);
    assert.deepEqual(foreign, [], "the page asks other hosts");
    assert.deepEqual(complaints, [], "the page complains");
    if (process.env.SCREENSHOT) {
      await page.locator(".opblock").first().waitFor();
      await page.screenshot({ path: process.env.SCREENSHOT });
    }
  } finally {
    await browser.close();
  }
}

// A limit for the whole, so that nothing can hang a build.
const limit = setTimeout(() => {
  console.error("the story took more than three minutes");
  process.exit(1);
}, 180_000);
const folder = await mkdtemp(join(tmpdir(), "folkmoot-browser-"));
const service = await serve(folder);
try {
  await main(service);
} finally {
  await service.stop();
  await rm(folder, { recursive: true, force: true });
  clearTimeout(limit);
}
console.log("the docs page works");
