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
  "/busy?stop=all",
  "/queues?sort=-oldest",
  "/queues/default?clear=1",
  "/busy",
  "/queues",
  "/queues/default",
  "/queues/default?page=2",
  "/retries",
  "/scheduled",
  "/morgue",
  "/debug",
  "/audit",
  "/tokens",
  "/jobs/queued-0001",
  "/jobs/failed-0001",
  "/jobs/dead-00001",
  "/jobs/later-0001",
  "/jobs/working-0001",
  "/recent",
  "/recent?find=failed-0001",
  "/search",
  "/search?q=type:Mail*",
  "/search?q=age%3Ex",
  "/act?in=retries&action=delete",
  "/statistics",
  "/statistics?span=1h",
  "/statistics/types/Mail%3Cb%3E?span=1h",
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

for (const [colorScheme, width] of [["light", 1280], ["dark", 375]]) {
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

test("a type without a blank breaks, and hides no column of any list", { timeout: 120_000 }, async () => {
  const long = `Long${"T".repeat(508)}`;
  const args = ["x".repeat(600)];
  const push = (jid, more) => producer.push({ jid, jobtype: long, args, queue: "long", ...more });
  const bid = await worker.ask(`BATCH NEW ${JSON.stringify({ description: long, success: { jobtype: long } })}`);
  await push("long-member-1", { queue: "long-batch", custom: { bid, unique_for: 600 } });
  await worker.ask(`BATCH COMMIT ${bid}`);
  await push("long-later-1", { at: new Date(Date.now() + 3_600_000).toISOString() });
  for (const [jid, retry] of [["long-failed-1", 25], ["long-dead-001", -1]]) {
    await push(jid, { queue: jid, retry });
    await worker.fetch(jid);
    await worker.fail(jid, { errtype: long, message: long, backtrace: [long] });
  }
  await push("long-runs-01", { queue: "long-runs" });
  await worker.fetch("long-runs");
  await push("long-waits-1", {});
  const lists = [
    "/recent",
    "/busy",
    "/queues/long",
    "/retries",
    "/scheduled",
    "/morgue",
    "/search?q=jid:long-*",
    "/act?q=jid:long-*&action=kill",
    "/statistics?span=1h",
    "/batches",
    `/batches/${bid}`,
    "/unique",
    "/audit",
    "/jobs/long-failed-1",
  ];
  for (const width of [1280, 360]) {
    const { page, complaints, close } = await open(browser, server, { viewport: { width, height: 900 } });
    for (const path of lists) {
      const response = await page.goto(path, { waitUntil: "load" });
      assert.equal(response.status(), 200, path);
      const { over, hidden } = await page.evaluate(() => {
        const cells = [...document.querySelectorAll("main table :is(td, tbody th)")];
        const beyond = (cell) => cell.getBoundingClientRect().right > window.innerWidth;
        return {
          over: document.documentElement.scrollWidth - window.innerWidth,
          hidden: cells.filter((cell) => !cell.closest(".scroll") && beyond(cell)).length,
        };
      });
      assert(over <= 0, `${path} is ${over} pixels too wide at ${width}`);
      assert.equal(hidden, 0, `cells of ${path} are out of sight at ${width}`);
    }
    assert.deepEqual(complaints, []);
    await close();
  }
});

test("the page of a problem is readable too", { timeout: 60_000 }, async () => {
  const { page, close } = await open(browser, server, { bypassCSP: true });
  const response = await page.goto("/nowhere");
  assert.equal(response.status(), 404);
  await page.getByText("There is no such page").waitFor();
  await scan(page);
  await page.getByRole("navigation").getByRole("link", { name: "Queues" }).click();
  await page.waitForURL("**/queues");
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
  await page.getByText("Selected: 1").waitFor();
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

  await tabTo(page, row.getByRole("link", { name: "Stop other:7" }));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Stop other:7?" }).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
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
  const gone = async () => (await (await fetch(`${server.url}/jobs/doomed-0001`)).text()).includes("Bring back");
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
  await page.goto("/jobs/doomed-0001");
  await page.getByRole("button", { name: "Bring back" }).click();
  await page.getByRole("heading", { name: "Waiting for its next retry" }).waitFor();
  assert.equal(await gone(), false);
  assert.deepEqual(questions, ["Delete this job?", "Delete this job?"]);
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
  await page.getByRole("link", { name: "90 days" }).click();
  assert.equal(await page.locator("[aria-labelledby=history-title] .chart g").count(), 90);
  await page.getByRole("button", { name: "Dark" }).click();
  await page.waitForURL("**/?days=90");
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await page.goto("/queues/plain-0001?clear=1");
  await page.getByRole("button", { name: "Clear" }).click();
  await page.waitForURL("**/queues");
  await close();
});

test("a page looks every 2 to 20 seconds", { timeout: 60_000 }, async () => {
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
  await page.locator("[aria-labelledby=throughput-title] polyline").first().waitFor({ state: "attached" });
  assert.deepEqual(complaints, []);
  await close();
});

test("a list follows what happens, and takes nothing out of somebody's hands", { timeout: 60_000 }, async () => {
  const push = (jid) => producer.push({ jid, jobtype: "Follow", queue: "follow" });
  await push("follow-0001");
  const { page, complaints, close } = await open(browser, server);
  await page.addInitScript(() => localStorage.setItem("timeInterval", "2000"));
  await page.goto("/queues/follow");
  await push("follow-0002");
  await page.getByText("follow-0002").waitFor();
  const beacon = page.locator("#live");

  await page.getByRole("checkbox", { name: "Select follow-0002" }).check();
  await push("follow-0003");
  await until(async () => (await beacon.textContent()) === "Paused", "a pause while a job is ticked");
  assert.equal(await page.getByText("follow-0003").count(), 0);
  await page.getByRole("checkbox", { name: "Select follow-0002" }).uncheck();
  await page.evaluate(() => document.activeElement.blur());
  await page.getByText("follow-0003").waitFor();
  assert.equal(await beacon.textContent(), "Live");

  const link = page.locator("#content").getByRole("link", { name: "Follow" }).first();
  await link.focus();
  await push("follow-0004");
  await page.getByText("follow-0004").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.closest("tr").textContent.includes("follow-0003")), true);

  await beacon.click();
  assert.equal(await beacon.getAttribute("aria-pressed"), "true");
  await push("follow-0005");
  await until(async () => (await server.stats()).faktory.queues.follow === 5, "the last job");
  assert.equal(await page.getByText("follow-0005").count(), 0);
  await beacon.click();
  await page.getByText("follow-0005").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("a long queue is cleared by who types its name, and a running job is given to another worker", { timeout: 60_000 }, async () => {
  for (let n = 0; n < 101; n += 1) {
    await producer.push({ jid: `clear-${String(n).padStart(4, "0")}`, jobtype: "Clear", queue: "clear" });
  }
  const { page, complaints, close } = await open(browser, server);
  await page.goto("/queues?sort=size");
  assert.match(await page.locator("tbody tr").first().textContent(), /clear/);
  await page.getByRole("link", { name: "Clear clear", exact: true }).click();
  const name = page.getByLabel("Type clear to go on");
  await name.fill("clea");
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("Nothing was done").waitFor();
  await page.goBack();
  await name.fill("clear");
  await page.getByRole("button", { name: "Clear" }).click();
  await page.waitForURL("**/queues");
  assert.equal((await server.stats()).faktory.queues.clear ?? 0, 0);

  await producer.push({ jid: "taken-0001", jobtype: "Taken", queue: "taken" });
  await worker.fetch("taken");
  await page.goto("/busy");
  page.once("dialog", (dialog) => dialog.accept());
  const release = page.getByRole("button", { name: "Release taken-0001" });
  await release.click();
  await until(async () => (await server.stats()).faktory.queues.taken === 1, "the job in its queue again");
  // A context that is closed while a page is on its way to the next may never end.
  await release.waitFor({ state: "detached" });
  await page.waitForLoadState();
  assert.deepEqual(complaints.filter((complaint) => !complaint.includes("409")), []);
  await close();
});
