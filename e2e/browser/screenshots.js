// Pictures of the pages for the documentation, of a server with the made-up shop of `bessemer demo`. No test: it is run
// by `screenshots`, and fails where a page that is to be drawn has nothing to show.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { launch, open } from "./support/browser.js";
import { hire, seedFeatures, startConfigured } from "./support/features.js";
import { startDemo } from "./support/programs.js";
import { until } from "./support/until.js";

const IMAGES = path.resolve(import.meta.dirname, "../../docs/images");
const FINISHED = 1_500; // jobs of the shop that have ended before the first picture is taken

const LAPTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 } };

const PICTURES = [
  ["home", "/", { ...LAPTOP }],
  ["home-dark", "/", { ...LAPTOP, colorScheme: "dark" }],
  ["busy", "/busy", { ...LAPTOP }],
  ["queues", "/queues", { ...LAPTOP }],
  ["retries", "/retries", { ...LAPTOP, colorScheme: "dark" }],
  ["search", "/search?q=state:retries", { ...LAPTOP }],
  ["statistics", "/statistics?span=1h", { ...LAPTOP }],
  ["phone", "/", { ...PHONE, colorScheme: "dark" }],
  ["arabic", "/", { ...LAPTOP, locale: "ar" }],
];

/** Pages of what jobs may ask for, of a server where that was asked for. */
const featured = ({ january }) => [
  ["batches", "/batches", { ...LAPTOP }],
  ["batch", `/batches/${january}`, { ...LAPTOP }],
  ["throttles", "/throttles", { ...LAPTOP }],
  ["throttle", "/throttles?queue=partner-api", { ...LAPTOP, colorScheme: "dark" }],
  ["cron", "/cron", { ...LAPTOP }],
  ["unique", "/unique", { ...LAPTOP }],
  ["progress", "/jobs/import-0001", { ...LAPTOP }],
];

test("the pictures of the documentation", { timeout: 300_000 }, async () => {
  const server = await startConfigured();
  const demo = startDemo(server);
  const browser = await launch();
  try {
    const lively = async () => {
      demo.alive();
      const { faktory } = await server.stats();
      return faktory.total_processed >= FINISHED && faktory.sets.dead > 0;
    };
    await until(lively, "a lively shop", () => demo.output, 240_000);
    await mkdir(IMAGES, { recursive: true });
    for (const [name, address, options] of PICTURES) {
      await draw(browser, server, name, address, options);
    }
    const job = await someDeadJob(browser, server);
    await draw(browser, server, "job", job, { ...LAPTOP });
    const site = await hire(server);
    for (const [name, address, options] of featured(await seedFeatures(site))) {
      await draw(browser, server, name, address, options);
    }
    site.worker.close();
  } finally {
    await browser.close();
    await demo.stop();
    await server.stop();
  }
});

async function draw(browser, server, name, address, options) {
  const { page, close } = await open(browser, server, { reducedMotion: "reduce", ...options });
  await page.goto(address, { waitUntil: "load" });
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: path.join(IMAGES, `${name}.png`) });
  await close();
}

async function someDeadJob(browser, server) {
  const { page, close } = await open(browser, server);
  await page.goto("/morgue");
  const address = await page.locator("tbody th a").first().getAttribute("href");
  await close();
  return address;
}
