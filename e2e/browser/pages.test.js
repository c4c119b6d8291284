// Every page: nothing on the console, nothing against the content policy, nothing that a scan for accessibility finds,
// light and dark, wide and narrow; the keyboard reaches the actions, and they work without scripts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, scan, tabTo } from "./support/browser.js";
import { Faktory } from "./support/faktory.js";
import { startServer } from "./support/programs.js";
import { until } from "./support/until.js";

const HOSTILE = `<img src=x onerror="alert(1)"></td></table>' \u202e{{7*7}}\u0000`;
const FAILURE = { errtype: "Boom", message: HOSTILE, backtrace: ["failure_worker.rs:12", HOSTILE] };
const WID = "w-browser-1";
const PAGES = [
  "/",
  "/?days=180",
  "/busy",
  "/queues",
  "/queues/default",
  "/queues/default?page=2",
  "/retries",
  "/scheduled",
  "/morgue",
  "/debug",
  "/jobs/queued-0001",
  "/jobs/failed-0001",
  "/jobs/dead-00001",
  "/jobs/later-0001",
  "/jobs/working-0001",
];

let server;
let browser;
let worker;
let producer;

before(async () => {
  server = await startServer();
  browser = await launch();
  producer = await Faktory.connect(server);
  worker = await Faktory.connect(server, { wid: WID, hostname: "box<b>", pid: 42, labels: ["rust", "<i>"] });
  await seed();
});

after(async () => {
  worker?.close();
  producer?.close();
  await browser?.close();
  await server?.stop();
});

async function seed() {
  const job = (jid, more) => producer.push({ jid, jobtype: "Mail<b>", args: [HOSTILE, { [HOSTILE]: 1 }], custom: { locale: "en" }, ...more });
  for (let n = 1; n <= 30; n += 1) {
    await job(`queued-${String(n).padStart(4, "0")}`);
  }
  await job("later-0001", { at: new Date(Date.now() + 3_600_000).toISOString() });
  await job("working-0001", { queue: "w" });
  await worker.fetch("w");
  await fail("failed-0001", {});
  await fail("dead-00001", { retry: -1 });
}

/** Makes a job that has failed so often that its next retry by itself is hours away. Its queue is its jid. */
async function fail(jid, more) {
  const failure = { retry_count: 9, remaining: 16, failed_at: new Date().toISOString() };
  await producer.push({ jid, jobtype: "Mail<b>", args: [HOSTILE], queue: jid, failure, ...more });
  await worker.fetch(jid);
  await worker.fail(jid, FAILURE);
}

async function beat() {
  return worker.ask(`BEAT ${JSON.stringify({ wid: WID, rss_kb: 123_456 })}`);
}

for (const [colorScheme, width] of [["light", 1280], ["dark", 390]]) {
  test(`no page complains, ${colorScheme} and ${width} wide`, { timeout: 120_000 }, async () => {
    await beat();
    const options = { colorScheme, viewport: { width, height: 900 } };
    const strict = await open(browser, server, options);
    const scanned = await open(browser, server, { ...options, bypassCSP: true, reducedMotion: "reduce" });
    for (const path of PAGES) {
      const response = await strict.page.goto(path, { waitUntil: "load" });
      assert.equal(response.status(), 200, path);
      assert.equal(await strict.page.locator("main img").count(), 0, `${path}: data became an element`);
      const overflow = await strict.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert(overflow <= 0, `${path} is ${overflow} pixels too wide`);
      await scanned.page.goto(path);
      await scan(scanned.page);
    }
    assert.deepEqual([...strict.complaints, ...scanned.complaints], []);
    await strict.close();
    await scanned.close();
  });
}

test("the page of a problem is readable too", { timeout: 60_000 }, async () => {
  const { page, close } = await open(browser, server, { bypassCSP: true });
  const response = await page.goto("/nowhere");
  assert.equal(response.status(), 404);
  await page.getByText("There is no such page").waitFor();
  await scan(page);
  await close();
});

test("the keyboard leads past the navigation and to the actions", { timeout: 60_000 }, async () => {
  await fail("keys-00001", {});
  const { page, complaints, close } = await open(browser, server);
  await page.goto("/retries");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  await page.keyboard.press("Enter");
  await tabTo(page, page.getByRole("checkbox", { name: "Select keys-00001" }));
  await page.keyboard.press("Space");
  await page.getByText("1 selected").waitFor();
  await tabTo(page, page.locator(".deeds").getByRole("button", { name: "Retry now" }));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/retries");
  assert.equal((await worker.fetch("keys-00001")).jid, "keys-00001");
  assert.equal(await worker.ask('ACK {"jid":"keys-00001"}'), "OK");
  assert.deepEqual(complaints, []);
  await close();
});

test("quiet reaches the worker with its next beat", { timeout: 60_000 }, async () => {
  const other = await Faktory.connect(server, { wid: "w-quiet-001", hostname: "other", pid: 7 });
  const { page, complaints, close } = await open(browser, server);
  await page.goto("/busy");
  const row = page.locator(".processes tbody tr", { hasText: "w-quiet-001" });
  await tabTo(page, row.getByRole("button", { name: "Quiet other:7" }));
  await page.keyboard.press("Enter");
  await row.getByText("quiet", { exact: true }).waitFor();
  assert.equal(await row.getByRole("button", { name: "Quiet" }).count(), 0);
  assert.equal(await other.ask('BEAT {"wid":"w-quiet-001"}'), '{"state":"quiet"}');
  assert.equal(await beat(), "OK");

  page.once("dialog", (dialog) => dialog.accept());
  await row.getByRole("button", { name: "Stop other:7" }).click();
  await row.getByText("terminating").waitFor();
  assert.equal(await other.ask('BEAT {"wid":"w-quiet-001"}'), '{"state":"terminate"}');
  assert.deepEqual(complaints, []);
  other.close();
  await close();
});

test("what cannot be undone is asked for first", { timeout: 60_000 }, async () => {
  await fail("doomed-0001", {});
  const { page, close } = await open(browser, server);
  await page.goto("/jobs/doomed-0001");
  const gone = async () => (await fetch(`${server.url}/jobs/doomed-0001`)).status === 404;
  const questions = [];
  page.once("dialog", (dialog) => {
    questions.push(dialog.message());
    return dialog.dismiss();
  });
  await page.getByRole("button", { name: "Delete" }).click();
  assert.equal(await gone(), false);
  page.once("dialog", (dialog) => {
    questions.push(dialog.message());
    return dialog.accept();
  });
  await page.getByRole("button", { name: "Delete" }).click();
  await page.waitForURL("**/retries");
  assert.equal(await gone(), true);
  assert.deepEqual(questions, ["Delete this job for good?", "Delete this job for good?"]);
  await close();
});

test("everything works without scripts", { timeout: 60_000 }, async () => {
  await fail("plain-0001", {});
  const { page, close } = await open(browser, server, { javaScriptEnabled: false });
  await page.goto("/retries");
  await page.getByRole("checkbox", { name: "Select plain-0001" }).check();
  await page.locator(".deeds").getByRole("button", { name: "Kill" }).click();
  await page.goto("/morgue");
  const row = page.locator("tbody tr", { hasText: "plain-0001" });
  await row.locator("th a").click();
  await page.getByRole("button", { name: "Retry now" }).click();
  assert.equal((await worker.fetch("plain-0001")).jid, "plain-0001");
  await page.goto("/");
  assert.equal(await page.locator("#live").isVisible(), false);
  await page.getByRole("link", { name: "3 months" }).click();
  assert.equal(await page.locator(".chart g").count(), 90);
  await close();
});

test("the live chart keeps its interval between 2 and 20 seconds", { timeout: 60_000 }, async () => {
  const { page, complaints, close } = await open(browser, server);
  await page.goto("/");
  for (const [stored, shown] of [["0", "2 s"], ["-1", "2 s"], ["1e99", "2 s"], ["999999", "20 s"], ["junk", "5 s"], ["3000", "3 s"]]) {
    await page.evaluate((value) => localStorage.setItem("timeInterval", value), stored);
    await page.reload();
    await page.locator("#live").waitFor();
    assert.equal(await page.locator("#interval-shown").textContent(), shown, stored);
  }
  await page.locator("#interval").focus();
  await page.keyboard.press("Home");
  assert.equal(await page.evaluate(() => localStorage.getItem("timeInterval")), "2000");
  await until(async () => (await page.locator(".beacon.beat").count()) === 1, "a beat of the beacon");
  await page.locator("#live-chart polyline").first().waitFor({ state: "attached" });
  assert.deepEqual(complaints, []);
  await close();
});
