// The walk-through of the getting-started guide, in a browser: jobs run and are counted, one fails and is found with
// its stack trace, is retried by a click until it succeeds, and one that may be retried once dies.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open } from "./support/browser.js";
import { Faktory } from "./support/faktory.js";
import { startExample, startServer } from "./support/programs.js";
import { until } from "./support/until.js";

let server;
let browser;
let visit;
const running = [];

before(async () => {
  server = await startServer();
  browser = await launch();
  visit = await open(browser, server);
});

after(async () => {
  await Promise.all(running.map((program) => program.stop()));
  await browser?.close();
  await server?.stop();
});

function run(name) {
  const program = startExample(name, server);
  running.push(program);
  return program;
}

/** Starts the example until its first guess is wrong: every third one is lucky at once. */
async function runUntilItFails() {
  for (;;) {
    const program = run("failure_worker");
    const failed = await until(async () => {
      program.alive();
      const { faktory } = await server.stats();
      return faktory.sets.retries > 0 ? "failed" : program.count("Guessed ") > 0 && "lucky";
    }, "the outcome of a guess", () => program.output);
    if (failed === "failed") {
      return program;
    }
    await program.stop();
  }
}

test("a job says hello and four jobs calculate", { timeout: 60_000 }, async () => {
  const hello = run("hello_world");
  await hello.says("Hello Stuart!");
  await hello.stop(); // all examples fetch from the same queue, and each knows only its own jobs
  const math = run("math_worker");
  await math.says("The answer is: 8", 2);
  await math.says("The answer is: 4", 2);
  await until(async () => (await server.stats()).faktory.total_processed === 5, "five processed jobs");
  const { page } = visit;
  await page.goto("/");
  assert.equal(await page.locator("li.processed span.count").textContent(), "5");
  assert.equal(await page.locator("li.failures span.count").textContent(), "0");
  await math.stop();
});

test("a failing job is found with its stack trace and retried by a click until it succeeds", { timeout: 120_000 }, async () => {
  const { page } = visit;
  const worker = await runUntilItFails();
  let attempts = 0;
  while (worker.count("Guessed ") === 0) {
    attempts += 1;
    await page.goto("/retries");
    const row = page.locator("tbody tr", { hasText: "FailureWorker" });
    assert.match(await row.locator(".error").textContent(), /guessed [123] and not 2/);
    assert.equal(await row.locator(".number").textContent(), String(attempts - 1));
    await row.locator("th a").click();
    assert.match(await page.locator(".failure .message").textContent(), /guessed [123] and not 2/);
    assert.match(await page.locator("pre.trace").textContent(), /failure_worker\.rs/);
    await page.getByRole("button", { name: "Retry now" }).click();
    await page.waitForURL("**/retries");
    await until(async () => {
      const { faktory } = await server.stats();
      const failedAgain = faktory.sets.retries === 1 && faktory.total_failures === attempts + 1;
      return failedAgain || worker.count("Guessed ") > 0;
    }, "the outcome of a retry", () => worker.output);
  }
  await until(async () => (await server.stats()).faktory.sets.working === 0, "the success to be counted");
  const { faktory } = await server.stats();
  assert.equal(faktory.total_failures, attempts);
  assert.equal(faktory.sets.retries, 0);
  await page.goto("/retries");
  await page.getByText("No failed job is waiting for another try.").waitFor();
  await worker.stop();
});

test("a job with one retry dies after the second failure", { timeout: 60_000 }, async () => {
  const { page } = visit;
  const before = (await server.stats()).faktory.total_failures;
  const client = await Faktory.connect(server);
  // No guess is ever 9.
  await client.push({ jid: "doomed-0001", jobtype: "FailureWorker", args: [9], retry: 1 });
  client.close();
  const worker = run("failure_worker"); // pushes a job of its own, which may be lucky
  const row = page.locator("tbody tr", { hasText: "doomed-0001" });
  await until(async () => (await page.goto("/retries")) && (await row.count()) === 1, "the failed job", () => worker.output);
  await row.getByRole("checkbox").check();
  await page.locator(".deeds").getByRole("button", { name: "Retry now" }).click();
  await until(async () => (await server.stats()).faktory.sets.dead === 1, "a dead job", () => worker.output);
  await page.getByRole("link", { name: "Dead", exact: true }).click();
  assert.match(await row.locator(".error").textContent(), /guessed [123] and not 9/);
  await row.locator("th a").click();
  await page.getByRole("heading", { name: "Dead" }).waitFor();
  assert.match(await page.locator("pre.trace").textContent(), /failure_worker\.rs/);
  assert((await server.stats()).faktory.total_failures >= before + 2);
  await worker.stop();
});

test("home counts it all, and goes on counting by itself", { timeout: 60_000 }, async () => {
  const { page, complaints } = visit;
  const { faktory } = await server.stats();
  await page.goto("/");
  const shown = (figure) => page.locator(`li.${figure} span.count`).textContent();
  assert.equal(await shown("processed"), String(faktory.total_processed));
  assert.equal(await shown("failures"), String(faktory.total_failures));
  assert.equal(await shown("retries"), String(faktory.sets.retries));
  assert.equal(await shown("dead"), "1");
  const today = page.locator("[aria-labelledby=history-title] .chart g").last().locator("title");
  assert.match(await today.textContent(), new RegExp(`: ${faktory.total_processed} processed, ${faktory.total_failures} failed`));

  const hello = run("hello_world");
  await hello.says("Hello Stuart!");
  await until(async () => (await shown("processed")) === String(faktory.total_processed + 1), "the live figures");
  await page.locator("[aria-labelledby=throughput-title] polyline").first().waitFor({ state: "attached" });
  assert.deepEqual(complaints, []);
});
