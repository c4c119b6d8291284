// Pages that follow what happens: by the stream that the server tells, by asking where it cannot be had, and not at all
// while nobody looks.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open } from "./support/browser.js";
import { Faktory } from "./support/faktory.js";
import { startServer } from "./support/programs.js";
import { until } from "./support/until.js";

let server;
let browser;
let producer;
let jobs = 0;

before(async () => {
  server = await startServer();
  browser = await launch();
  producer = await Faktory.connect(server);
});

after(async () => {
  producer?.close();
  await browser?.close();
  await server?.stop();
});

async function push() {
  jobs += 1;
  await producer.push({ jid: `live-${String(jobs).padStart(4, "0")}`, jobtype: "Live", queue: "live" });
}

/** The requests of a page from now on, by path. */
function requests(page) {
  const paths = [];
  page.on("request", (request) => paths.push(new URL(request.url()).pathname));
  return paths;
}

const shown = (page) => page.locator("li.enqueued span.count").textContent();
const counted = (page) => until(async () => (await shown(page)) === String(jobs), `${jobs} jobs on the page`);

/** Waits until the page was told of another second. */
async function tick(page) {
  const clock = page.locator("footer .clock");
  const before = await clock.textContent();
  await until(async () => (await clock.textContent()) !== before, "a tick");
}

/** As if the tab went behind another one, or came to the front: Chromium without a screen has every tab in front. */
async function hide(page, hidden) {
  await page.evaluate((is) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => is });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

test("a count changes by the stream, without a reload and without asking", { timeout: 60_000 }, async () => {
  const { page, complaints, close } = await open(browser, server);
  await page.addInitScript(() => localStorage.setItem("timeInterval", "20000"));
  const paths = requests(page);
  await page.goto("/tokens"); // a page whose content stays as it is
  await push();
  await counted(page);
  assert.equal(paths.filter((path) => path === "/events").length, 1);
  assert.equal(paths.includes("/stats"), false);
  assert.equal(paths.filter((path) => path === "/tokens").length, 1);

  // Nobody looks: nothing is held open, and nothing is asked for.
  await hide(page, true);
  const before = await shown(page);
  await push();
  const hears = await fetch(`${server.url}/events`);
  const ticks = hears.body.pipeThrough(new TextDecoderStream()).getReader();
  let told = "";
  await until(async () => {
    told += (await ticks.read()).value;
    return told.split("event: tick").length > 3;
  }, "three ticks for somebody else");
  await ticks.cancel();
  assert.equal(await shown(page), before);
  assert.equal(paths.includes("/stats"), false);
  await hide(page, false);
  await counted(page);
  assert.equal(paths.filter((path) => path === "/events").length, 2);
  assert.deepEqual(complaints, []);
  await close();
});

test("the first change after a quiet while is shown at once, and then a page looks as often as was chosen", { timeout: 60_000 }, async () => {
  await push(); // so that there is the queue
  const { page, complaints, close } = await open(browser, server);
  await page.addInitScript(() => localStorage.setItem("timeInterval", "20000"));
  await page.clock.install();
  await page.goto("/queues/live");
  await tick(page);
  await tick(page); // what was pushed before is no news any more
  await page.clock.fastForward(21_000); // and so a look is due, and the next in 20 seconds
  await until(async () => (await page.locator(".beacon.beat").count()) === 1, "the look that was due");
  const row = (number) => page.getByText(`live-${String(number).padStart(4, "0")}`).count();
  await push();
  const soon = 10_000;
  await until(async () => (await row(jobs)) === 1, "the first change", () => "", soon);
  await push();
  await counted(page);
  assert.equal(await row(jobs), 0, "the second is for the next look");
  await page.clock.fastForward(20_000);
  await until(async () => (await row(jobs)) === 1, "the second change", () => "", soon);
  assert.deepEqual(complaints, []);
  await close();
});

test("the page of a running job says that it has ended", { timeout: 60_000 }, async () => {
  const worker = await Faktory.connect(server, { wid: "live-worker" });
  await producer.push({ jid: "running-0001", jobtype: "Running", queue: "running" });
  await worker.fetch("running");
  const { page, complaints, close } = await open(browser, server);
  await page.addInitScript(() => localStorage.setItem("timeInterval", "2000"));
  await page.goto("/jobs/running-0001");
  await page.getByRole("heading", { name: "Being worked on" }).waitFor();
  await worker.ask('ACK {"jid":"running-0001"}');
  await page.getByText("This job is no longer here").waitFor();
  assert.match(await page.locator("table.recent tbody tr").textContent(), /Running[^]*live-worker[^]*done/);
  assert.equal(await page.locator("#content[data-live]").count(), 0);
  await tick(page);
  assert.deepEqual(complaints, []);
  worker.close();
  await close();
});

for (const [how, refuse] of [
  ["refused", (route) => route.fulfill({ status: 503, headers: { "content-security-policy": "default-src 'none'" } })],
  ["cut off", (route) => route.abort("connectionrefused")],
]) {
  test(`a page whose stream is ${how} asks instead`, { timeout: 60_000 }, async () => {
    const { page, complaints, close } = await open(browser, server);
    await page.addInitScript(() => localStorage.setItem("timeInterval", "2000"));
    await page.route("**/events", refuse);
    const paths = requests(page);
    await page.goto("/tokens");
    await push();
    await counted(page);
    assert(paths.includes("/stats"), String(paths));
    assert.equal(await page.locator("#live").textContent(), "Live");
    if (how === "refused") {
      assert.equal(paths.filter((path) => path === "/events").length, 1, "it is not asked for again at once");
    }
    assert.deepEqual(complaints.filter((complaint) => !/503|ERR_CONNECTION_REFUSED/.test(complaint)), []);
    await close();
  });
}

test("a page whose server ends says so, and follows the next one", { timeout: 90_000 }, async () => {
  const first = await startServer();
  const { page, close } = await open(browser, first);
  await page.addInitScript(() => localStorage.setItem("timeInterval", "2000"));
  await page.goto("/tokens");
  const says = (state) => until(async () => (await page.locator("#live").textContent()) === state, `a page that says ${state}`);
  await says("Live");
  await first.stop();
  await says("No answer");
  const next = await startServer(first.ports);
  const client = await Faktory.connect(next);
  await client.push({ jid: "live-next", jobtype: "Live", queue: "live" });
  await until(async () => (await shown(page)) === "1", "the job of the next server");
  await says("Live");
  client.close();
  await close();
  await next.stop();
});
