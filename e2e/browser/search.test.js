// Find jobs and act on them: the search, what is done to everything that matches, its undo, and the marks of statistics.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, tabTo } from "./support/browser.js";
import { Faktory } from "./support/faktory.js";
import { startServer } from "./support/programs.js";
import { until } from "./support/until.js";

let server;
let browser;
let worker;

before(async () => {
  server = await startServer();
  browser = await launch();
  worker = await Faktory.connect(server, { wid: "w-search", hostname: "box", pid: 42 });
});

after(async () => {
  worker?.close();
  await browser?.close();
  await server?.stop();
});

async function failMany(count, jobtype) {
  for (let n = 0; n < count; n += 1) {
    const jid = `${jobtype.toLowerCase()}-${String(n).padStart(4, "0")}`;
    const failure = { retry_count: 9, remaining: 16, failed_at: new Date().toISOString() };
    await worker.push({ jid, jobtype, args: [n], queue: jobtype, failure });
    await worker.fetch(jobtype);
    await worker.fail(jid, { errtype: "Timeout", message: `no answer from ${n}`, backtrace: [] });
  }
}

const sets = async () => (await server.stats()).faktory.sets;

test("the box on every page finds a job by its jid, its type and its error", { timeout: 60_000 }, async () => {
  await failMany(3, "Find");
  const { page, complaints, close } = await open(browser, server);
  for (const [query, found] of [["jid:find-000*", 3], ["type:Find", 3], ["type:fin*", 3], ['error:"from 2"', 1], ["type:Find state:dead", 0]]) {
    await page.goto("/");
    await page.getByRole("searchbox", { name: "Search jobs" }).fill(query);
    await page.keyboard.press("Enter");
    await page.waitForURL("**/search?q=*");
    await page.getByText(found === 0 ? "No job matches." : found === 1 ? "1 job matches" : `${found} jobs match`, { exact: false }).first().waitFor();
    assert.equal(await page.locator("#rows tr").count(), found, query);
  }
  await page.getByRole("searchbox", { name: "Search jobs" }).fill("find-0001");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/jobs/find-0001");
  assert.deepEqual(complaints, []);
  await close();
});

test("a search that cannot be read says where", { timeout: 60_000 }, async () => {
  const { page, close } = await open(browser, server);
  await page.goto("/search?q=age%3Exyz");
  await page.getByRole("alert").getByText("(at character").waitFor();
  await close();
});

test("everything that matches is deleted by keyboard alone, and brought back", { timeout: 60_000 }, async () => {
  await failMany(30, "Bulk");
  const before = (await sets()).retries;
  const { page, complaints, close } = await open(browser, server);
  await page.goto("/search?q=type%3ABulk");
  await page.getByText("30 jobs match").waitFor();
  await tabTo(page, page.locator(".deeds-on-all").getByRole("button", { name: "Delete…" }));
  await page.keyboard.press("Enter");
  await page.getByText("Delete 30 jobs?").waitFor();
  const typed = page.locator("input[name=typed]");
  if ((await typed.count()) > 0) {
    await tabTo(page, typed);
    await page.keyboard.type("30");
  }
  await tabTo(page, page.getByRole("button", { name: "Delete 30 jobs" }));
  await page.keyboard.press("Enter");
  await until(async () => (await sets()).retries === before - 30, "the jobs to be gone");
  const undo = page.locator("#works").getByRole("button", { name: "Undo" });
  await undo.waitFor();
  await tabTo(page, undo);
  await page.keyboard.press("Enter");
  await page.getByText("30 jobs were brought back").waitFor();
  await until(async () => (await sets()).retries === before, "the jobs to be back");
  assert.deepEqual(complaints, []);
  await close();
});

test("everything that matches gets other arguments, by keyboard alone, and goes to another queue", { timeout: 60_000 }, async () => {
  await failMany(12, "Amend");
  const { page, complaints, close } = await open(browser, server);
  await page.goto("/search?q=type%3AAmend+state%3Aretries%2Cdead");
  await page.getByText("12 jobs match").waitFor();
  await tabTo(page, page.locator(".deeds-on-all").getByRole("button", { name: "Edit…" }));
  await page.keyboard.press("Enter");
  await page.getByText("Edit 12 jobs and put them into their queues?").waitFor();
  await tabTo(page, page.getByLabel("Arguments"));
  await page.keyboard.type('["amended"]');
  await tabTo(page, page.getByLabel("Queue", { exact: true }));
  await page.keyboard.type("amended");
  await page.keyboard.press("Enter");
  await page.getByText("12 jobs edited and enqueued").waitFor();
  const job = await worker.fetch("amended");
  assert.deepEqual([job.jobtype, job.args], ["Amend", ["amended"]]);
  assert.equal((await server.stats()).faktory.queues.amended, 11);
  assert.deepEqual(complaints, []);
  await close();
});

test("of two who edit one job the later is told that it has changed", { timeout: 60_000 }, async () => {
  await worker.push({ jid: "edited-0001", jobtype: "Edited", args: [0], queue: "edited" });
  const visits = await Promise.all([open(browser, server), open(browser, server, { javaScriptEnabled: false })]);
  const save = async ({ page }, args) => {
    await page.getByLabel("Arguments").fill(args);
    await page.getByRole("button", { name: "Save", exact: true }).click();
  };
  for (const { page } of visits) {
    await page.goto("/jobs/edited-0001");
    await page.getByRole("link", { name: "Edit", exact: true }).click();
  }
  const [first, second] = visits;
  await save(first, "[1]");
  await first.page.waitForURL("**/jobs/edited-0001");
  await save(second, "[2]");
  await second.page.getByRole("alert").getByText("Somebody has changed the job").waitFor();
  assert.deepEqual((await worker.fetch("edited")).args, [1]);
  for (const { close } of visits) {
    await close();
  }
});

test("a whole list is killed, and retried from the dead", { timeout: 60_000 }, async () => {
  await failMany(5, "List");
  const { retries, dead } = await sets();
  const { page, complaints, close } = await open(browser, server);
  const act = async (name, confirm) => {
    await page.locator(".head").getByRole("button", { name }).click();
    const typed = page.locator("input[name=typed]");
    if ((await typed.count()) > 0) {
      await typed.fill(String(confirm.match(/\d+/)[0]));
    }
    await page.getByRole("button", { name: confirm, exact: true }).click();
  };
  await page.goto("/retries");
  await act("Kill…", `Kill ${retries} jobs`);
  await until(async () => (await sets()).dead === dead + retries, "dead jobs");
  await page.goto("/morgue");
  await act("Retry now…", `Retry ${dead + retries} jobs`);
  await until(async () => (await sets()).dead === 0, "no dead jobs");
  assert.equal((await worker.fetch("List")).jobtype, "List");
  assert.deepEqual(complaints, []);
  await close();
});

test("queues are paused and resumed", { timeout: 60_000 }, async () => {
  await worker.push({ jid: "pause-0001", jobtype: "Pause", queue: "pause" });
  const { page, complaints, close } = await open(browser, server);
  await page.goto("/queues");
  await page.getByRole("button", { name: "Pause pause" }).click();
  await page.getByRole("button", { name: "Resume pause" }).waitFor();
  assert.equal(await page.locator("tr", { hasText: "pause" }).locator(".badge").first().textContent(), "paused");
  await page.getByRole("button", { name: "Resume pause" }).click();
  await page.getByRole("button", { name: "Pause pause" }).waitFor();
  assert.equal((await worker.fetch("pause")).jid, "pause-0001");
  assert.deepEqual(complaints, []);
  await close();
});

test("a finished job is found under Recent and counted by Statistics, which take a mark", { timeout: 60_000 }, async () => {
  await worker.push({ jid: "stats-0001", jobtype: "Stats<b>", queue: "stats" });
  await worker.fetch("stats");
  assert.equal(await worker.ask('ACK {"jid":"stats-0001"}'), "OK");
  const { page, complaints, close } = await open(browser, server);
  await until(async () => (await page.goto("/recent")) && (await page.getByText("stats-0001").count()) > 0, "the finished job");
  await page.getByLabel("Where is it now?").fill("stats-0001");
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByText("No job with the jid stats-0001 is in the store").waitFor();
  await page.goto("/statistics?span=1h");
  await page.getByLabel("Mark this moment").fill("v2 <b>");
  await page.getByRole("button", { name: "Set mark" }).click();
  await page.locator(".marks li", { hasText: "v2 <b>" }).waitFor();
  await page.getByRole("link", { name: "Stats<b>", exact: true }).click();
  await page.getByRole("heading", { name: "Type Stats<b>" }).waitFor();
  assert.deepEqual(complaints, []);
  await close();
});
