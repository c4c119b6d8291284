// Batches, throttles, cron, unique keys and progress in a browser: each action is acted and its effect seen, with scripts and
// without, by keyboard, and live. That their pages are accessible in every language, dark and narrow, is tested here too.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, scan, tabTo } from "./support/browser.js";
import { pushBatch, seedFeatures, startFeatures } from "./support/features.js";
import { until } from "./support/until.js";

let site;
let server;
let browser;
let worker;
let seeded;

before(async () => {
  site = await startFeatures();
  ({ server, worker } = site);
  browser = await launch();
  seeded = await seedFeatures(site);
});

after(async () => {
  await browser?.close();
  await site?.stop();
});

const pages = () => [
  "/batches",
  "/batches?state=failed",
  `/batches/${seeded.january}`,
  `/batches/${seeded.january}?cancel=1`,
  "/throttles",
  "/throttles?queue=partner-api",
  "/cron",
  "/cron/cart-reminder",
  "/unique",
  "/unique?key=00000000000000000000000000000007",
  "/jobs/import-0001",
  "/jobs/january-0007",
  "/busy",
];

const ask = async (path, method = "GET") => (await fetch(`${server.url}/api/v1${path}`, { method })).json();

/** The page runs in the direction of its language, and no part of it is wider than the window. */
async function fits(page, locale) {
  const { lang, dir, over } = await page.evaluate(() => ({
    lang: document.documentElement.lang,
    dir: window.getComputedStyle(document.body).direction,
    over: document.documentElement.scrollWidth - window.innerWidth,
  }));
  assert.deepEqual([lang, dir], [locale, locale === "ar" ? "rtl" : "ltr"], page.url());
  assert(over <= 0, `${page.url()} is ${over} pixels too wide in ${locale}`);
}

for (const [locale, colorScheme, width] of [["en", "light", 1280], ["ar", "dark", 375]]) {
  test(`no page of a feature complains, ${locale}, ${colorScheme} and ${width} wide`, { timeout: 120_000 }, async () => {
    const look = { locale, colorScheme, viewport: { width, height: 900 }, reducedMotion: "reduce" };
    const { page, complaints, close } = await open(browser, server, { ...look, bypassCSP: true });
    for (const path of pages()) {
      assert.equal((await page.goto(path)).status(), 200, path);
      await fits(page, locale);
      await scan(page);
    }
    assert.deepEqual(complaints, []);
    await close();
  });
}

for (const locale of ["de", "fr", "es", "zh-cn"]) {
  test(`every page of a feature in ${locale} fits a phone`, { timeout: 60_000 }, async () => {
    const { page, complaints, close } = await open(browser, server, { locale, viewport: { width: 375, height: 800 } });
    for (const path of pages()) {
      await page.goto(path);
      await fits(page, locale);
    }
    assert.deepEqual(complaints, []);
    await close();
  });
}

test("a batch is found by its state, followed while it runs, and its members are reached", { timeout: 60_000 }, async () => {
  const bid = await pushBatch(worker, "follow", 102, { description: "Follow me" });
  const { page, complaints, close } = await open(browser, server);
  await page.addInitScript(() => localStorage.setItem("timeInterval", "2000"));
  await page.goto("/batches");
  await page.getByRole("link", { name: "running", exact: true }).click();
  await page.getByRole("link", { name: "Follow me" }).click();
  await page.getByText("0 / 102").waitFor();
  await page.getByText("Jobs that did not run yet: 102").waitFor();
  assert.equal(await page.locator("table.jobs tbody tr").count(), 100);
  await page.getByRole("link", { name: "Next" }).click();
  await page.locator("table.jobs tbody tr", { hasText: "follow-0102" }).waitFor();
  assert.equal(await page.locator("table.jobs tbody tr").count(), 2);
  await page.getByRole("link", { name: "First" }).click();
  // No reload: the page follows.
  await page.evaluate(() => {
    globalThis.stays = true;
  });
  const { jid } = await worker.fetch("follow");
  await page.getByText("being worked on").first().waitFor();
  await worker.ask(`ACK ${JSON.stringify({ jid })}`);
  await page.getByText("1 / 102").waitFor();
  assert.equal(await page.evaluate(() => globalThis.stays), true);
  await page.locator("table.jobs tbody tr th a").first().click();
  await page.waitForURL("**/jobs/follow-0*");
  await page.getByRole("link", { name: bid }).click();
  await page.waitForURL(`**/batches/${bid}`);
  assert.deepEqual(complaints, []);
  await close();
});

test("a batch whose callback was deleted is checked, by keyboard, and gets it again", { timeout: 60_000 }, async () => {
  const bid = await pushBatch(worker, "checked", 1, { success: { jobtype: "Report", queue: "lost" } });
  await worker.ask(`ACK ${JSON.stringify({ jid: (await worker.fetch("checked")).jid })}`);
  await ask("/queues/lost/clear", "POST");
  const { page, complaints, close } = await open(browser, server);
  await page.goto(`/batches/${bid}`);
  await page.getByText("whose job was deleted").waitFor();
  await tabTo(page, page.getByRole("button", { name: "Check" }));
  await page.keyboard.press("Enter");
  await page.getByText("Checked. Things put right: 1").waitFor();
  await page.getByText("The callback success, which was pushed").waitFor();
  assert.equal((await worker.fetch("lost")).custom._bid, bid);
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByText("nothing had to be put right").waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with scripts" : "without scripts";
  const name = (text) => `${text}-${javaScriptEnabled ? "js" : "plain"}`;

  test(`a batch is cancelled after a question, ${how}`, { timeout: 60_000 }, async () => {
    const bid = await pushBatch(worker, name("cancel"), 2);
    const { page, complaints, close } = await open(browser, server, { javaScriptEnabled });
    await page.goto(`/batches/${bid}`);
    await page.getByRole("link", { name: "Cancel", exact: true }).click();
    await page.getByRole("heading", { name: `Cancel the batch ${bid}?` }).waitFor();
    await page.getByRole("link", { name: "Do nothing" }).click();
    assert.equal((await ask(`/batches/${bid}`)).batch.state, "running");
    await page.getByRole("link", { name: "Cancel", exact: true }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.waitForURL(`**/batches/${bid}`);
    await page.locator("h1 .badge", { hasText: "cancelled" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Cancel", exact: true }).count(), 0);
    await until(async () => !((await server.stats()).faktory.queues[name("cancel")] > 0), "members that are gone");
    assert.deepEqual(complaints, []);
    await close();
  });

  test(`a limit is set, changed, lifted and handed back, ${how}`, { timeout: 60_000 }, async () => {
    const queue = name("limited");
    const { page, complaints, close } = await open(browser, server, { javaScriptEnabled });
    const limits = async () => (await ask("/throttles")).throttles.find((throttle) => throttle.queue === queue)?.limits;
    await page.goto("/throttles");
    await page.getByLabel("Queue", { exact: true }).fill(queue);
    await page.getByLabel("Jobs at once, all workers together").fill("1");
    await page.getByRole("button", { name: "Set" }).click();
    await page.waitForURL(`**/throttles?queue=${queue}`);
    await page.getByText("At once: 1").waitFor();

    for (const n of [1, 2]) {
      await worker.push({ jid: `${queue}-${n}`, jobtype: "Limited", queue });
    }
    await worker.fetch(queue);
    await page.reload();
    await page.getByText("full", { exact: true }).waitFor();
    await page.locator("tbody tr", { hasText: `${queue}-1` }).getByText("importer-1").waitFor();
    await page.getByLabel("Jobs at once, all workers together").fill("2");
    await page.getByRole("button", { name: "Set" }).click();
    await page.getByText("At once: 2").waitFor();
    assert.equal((await worker.fetch(queue)).jid, `${queue}-2`);

    await page.getByRole("button", { name: "Lift all limits" }).click();
    await page.getByText("No limit").waitFor();
    assert.deepEqual(await limits(), {});
    await page.getByRole("button", { name: "Back to the configuration" }).click();
    await page.waitForURL("**/throttles");
    assert.equal(await limits(), undefined);
    assert.deepEqual(complaints, []);
    await close();
  });

  test(`an entry is run now, paused and resumed, ${how}`, { timeout: 60_000 }, async () => {
    const { page, complaints, close } = await open(browser, server, { javaScriptEnabled });
    const runs = async () => (await ask("/cron/archive")).runs.length;
    const before = await runs();
    await page.goto("/cron");
    await page.getByRole("button", { name: "Run now: archive" }).click();
    await page.waitForURL("**/cron/archive");
    await page.locator("tbody tr", { hasText: "by hand" }).first().waitFor();
    assert.equal(await runs(), before + 1);
    const { jid } = await worker.fetch("default");
    await worker.ask(`ACK ${JSON.stringify({ jid })}`);
    await page.reload();
    await page.locator("tbody tr", { hasText: jid }).getByText("done").waitFor();
    await page.getByRole("button", { name: "Pause archive" }).click();
    await page.locator("h1 .badge", { hasText: "paused" }).waitFor();
    assert.equal((await ask("/cron/archive")).paused, true);
    await page.getByRole("button", { name: "Resume archive" }).click();
    await page.getByRole("button", { name: "Pause archive" }).waitFor();
    assert.equal((await ask("/cron/archive")).paused, false);
    assert.deepEqual(complaints, []);
    await close();
  });

  test(`a key is released after a question, ${how}`, { timeout: 60_000 }, async () => {
    const jid = name("unique-00001");
    const job = { jobtype: "Unique", args: [how], queue: "keys", custom: { unique_for: 600 } };
    await worker.push({ jid, ...job });
    const { page, complaints, close } = await open(browser, server, { javaScriptEnabled });
    await page.goto("/unique");
    const release = page.getByRole("button", { name: `Release the key of ${jid}` });
    if (javaScriptEnabled) {
      page.once("dialog", (dialog) => dialog.dismiss());
      await release.click();
      assert.equal(await release.count(), 1);
      page.once("dialog", (dialog) => dialog.accept());
      await tabTo(page, release);
      await page.keyboard.press("Enter");
    } else {
      await release.click();
      await page.getByRole("heading", { name: "Release this key?" }).waitFor();
      await page.getByRole("button", { name: "Release" }).click();
    }
    await release.waitFor({ state: "detached" });
    await worker.push({ ...job, jid: `${jid}-next` });
    assert.deepEqual(complaints, []);
    await close();
  });
}

test("limits that make no sense are refused in a sentence, and change nothing", { timeout: 60_000 }, async () => {
  const { page, close } = await open(browser, server, { javaScriptEnabled: false });
  await page.goto("/throttles?queue=reports");
  await page.getByLabel("Jobs at once, each worker").fill("");
  await page.getByRole("button", { name: "Set" }).click();
  await page.getByText("invalid limits: none is given").waitFor();
  await page.goto("/throttles?queue=reports");
  await page.getByText("Each worker: 1").waitFor();
  await close();
});

test("progress moves on Busy and on the job's page by itself", { timeout: 60_000 }, async () => {
  await worker.push({ jid: "moving-0001", jobtype: "Moving", queue: "moving" });
  await worker.fetch("moving");
  const track = (percent) => worker.ask(`TRACK SET {"jid":"moving-0001","percent":${percent},"desc":"step ${percent}"}`);
  await track(10);
  for (const path of ["/busy", "/jobs/moving-0001"]) {
    const { page, complaints, close } = await open(browser, server);
    await page.addInitScript(() => localStorage.setItem("timeInterval", "2000"));
    await page.goto(path);
    const far = (percent) => page.locator(".far", { hasText: `${percent}% · step ${percent}` });
    await far(10).waitFor();
    await page.evaluate(() => {
      globalThis.stays = true;
    });
    await track(55);
    await far(55).waitFor();
    assert.equal(await far(55).locator("progress").getAttribute("value"), "55");
    assert.equal(await page.evaluate(() => globalThis.stays), true, "the page was loaded again");
    await track(10);
    assert.deepEqual(complaints, []);
    await close();
  }
});
