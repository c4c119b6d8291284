// Every page in every language: it runs in its direction, fits a phone, complains about nothing, and nothing that a scan
// for accessibility finds is wrong with it. Languages and the appearance are chosen at the foot of every page.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, scan } from "./support/browser.js";
import { Faktory } from "./support/faktory.js";
import { startServer } from "./support/programs.js";

const LANGUAGES = { en: "Queues", de: "Warteschlangen", fr: "Files", es: "Colas", "zh-cn": "队列", ar: "الطوابير" };
const PAGES = [
  "/",
  "/recent",
  "/busy",
  "/queues",
  "/queues/default",
  "/queues/default?clear=1",
  "/retries",
  "/scheduled",
  "/morgue",
  "/search?q=type:Mail",
  "/act?in=retries&action=delete",
  "/statistics?span=1h",
  "/statistics/types/Mail?span=1h",
  "/jobs/failed-0001",
  "/debug",
  "/audit",
  "/tokens",
];

let server;
let browser;
let worker;

before(async () => {
  server = await startServer();
  browser = await launch();
  worker = await Faktory.connect(server, { wid: "w-tongues", hostname: "box", pid: 42 });
  const push = (jid, more) => worker.push({ jid, jobtype: "Mail", args: [1], ...more });
  await push("queued-0001");
  await push("later-0001", { at: new Date(Date.now() + 3_600_000).toISOString() });
  for (const [jid, retry] of [["failed-0001", 25], ["dead-00001", -1]]) {
    await push(jid, { queue: jid, retry });
    await worker.fetch(jid);
    await worker.fail(jid, { errtype: "Boom", message: "m", backtrace: ["a.rs:1"] });
  }
  await push("working-0001", { queue: "w" });
  await worker.fetch("w");
});

after(async () => {
  worker?.close();
  await browser?.close();
  await server?.stop();
});

for (const [tag, queues] of Object.entries(LANGUAGES)) {
  test(`every page in ${tag}`, { timeout: 60_000 }, async () => {
    const { page, complaints, close } = await open(browser, server, {
      locale: tag,
      viewport: { width: 375, height: 800 },
      reducedMotion: "reduce",
    });
    for (const path of PAGES) {
      const response = await page.goto(path, { waitUntil: "load" });
      assert.equal(response.status(), 200, path);
      const { lang, dir, over } = await page.evaluate(() => ({
        lang: document.documentElement.lang,
        dir: window.getComputedStyle(document.body).direction,
        over: document.documentElement.scrollWidth - window.innerWidth,
      }));
      assert.equal(lang, tag, path);
      assert.equal(dir, tag === "ar" ? "rtl" : "ltr", path);
      assert(over <= 0, `${path} is ${over} pixels too wide in ${tag}`);
      await page.locator("nav.tabs").getByRole("link", { name: queues, exact: true }).waitFor();
    }
    assert.deepEqual(complaints, []);
    await close();
  });
}

test("a page from right to left is accessible too", { timeout: 60_000 }, async () => {
  const { page, close } = await open(browser, server, { locale: "ar", bypassCSP: true, reducedMotion: "reduce" });
  for (const path of PAGES) {
    await page.goto(path);
    await scan(page);
  }
  await close();
});

test("traces and JSON run from left to right on a page that does not, and figures follow the language", { timeout: 60_000 }, async () => {
  const { page, close } = await open(browser, server, { locale: "ar" });
  await page.goto("/jobs/failed-0001");
  const directions = await page.locator("pre").evaluateAll((all) => all.map((pre) => window.getComputedStyle(pre).direction));
  assert(directions.length >= 2, `${directions}`);
  assert(directions.every((direction) => direction === "ltr"), `${directions}`);
  await close();
  for (const [tag, said] of [["de", "1.234.567"], ["fr", "1\u202f234\u202f567"], ["es", "1.234.567"], ["ar", "1.234.567"], ["en", "1,234,567"]]) {
    const { page, complaints, close } = await open(browser, server, { locale: tag });
    // What the script writes into the summary is what the server would have written.
    const figures = { processed: 1_234_567, failures: 0, enqueued: 0, busy: 0, retries: 0, scheduled: 0, dead: 0, connections: 1, now: new Date().toISOString() };
    await page.route("**/events", (route) =>
      route.fulfill({
        headers: { "content-type": "text/event-stream", "content-security-policy": "default-src 'none'" },
        body: `event: tick\ndata: ${JSON.stringify(figures)}\n\n`,
      }),
    );
    await page.goto("/queues");
    await page.locator(".summary .processed .count", { hasText: said }).waitFor();
    assert.deepEqual(complaints.filter((complaint) => !complaint.includes("/events")), []);
    await close();
  }
});

test("language and appearance are chosen at the foot, and kept", { timeout: 60_000 }, async () => {
  const { page, complaints, close } = await open(browser, server);
  await page.goto("/retries?page=1");
  await page.getByRole("button", { name: "العربية" }).click();
  await page.waitForURL("**/retries?page=1");
  assert.equal(await page.locator("html").getAttribute("dir"), "rtl");
  await page.getByRole("button", { name: "داكن" }).click();
  await page.waitForURL("**/retries?page=1");
  await page.goto("/queues");
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  assert.equal(await page.locator("html").getAttribute("lang"), "ar");
  await page.getByRole("button", { name: "English" }).click();
  await page.getByRole("button", { name: "Auto" }).click();
  assert.equal(await page.locator("html").getAttribute("data-theme"), "auto");
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  assert.deepEqual(complaints, []);
  await close();
});
