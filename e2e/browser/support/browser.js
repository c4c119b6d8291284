// A real browser, watched: whatever a page complains about fails the test.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { within } from "./until.js";

const axeSource = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const SWITCHES = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function launch() {
  // Chromium refuses its sandbox to root, as in a container.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: process.env.CHROMIUM, args: [...SWITCHES, ...sandbox] });
}

/** A page in a context of its own. `complaints` fills with console errors, exceptions and policy violations. */
export async function open(browser, server, options = {}) {
  const size = { width: 1280, height: 900 };
  const context = await within(browser.newContext({ baseURL: server.url, viewport: size, ...options }), "a context");
  const page = await within(context.newPage(), "a page");
  page.setDefaultTimeout(15_000);
  const complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) {
      complaints.push(`${message.type()} at ${page.url()}: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => complaints.push(`exception at ${page.url()}: ${error.message}`));
  page.on("response", (response) => {
    const policy = response.headers()["content-security-policy"] ?? "";
    if (!policy.includes("default-src 'none'") || policy.includes("unsafe")) {
      complaints.push(`no strict policy on ${response.url()}`);
    }
  });
  return { page, complaints, close: () => within(context.close(), "the end of a context") };
}

/** Scans for what keeps people from using the page. The page's context must have `bypassCSP: true`. */
export async function scan(page) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  const found = violations.map(({ id, impact, help, nodes }) => `${impact} ${id}: ${help}\n  ${nodes.map((node) => node.html).join("\n  ")}`);
  assert.deepEqual(found, [], `at ${page.url()}`);
}

/** Presses Tab until the focus is on what the locator names; fails when the focus comes round without having been. */
export async function tabTo(page, locator) {
  for (let presses = 0; presses < 200; presses += 1) {
    await page.keyboard.press("Tab");
    if (await locator.evaluate((element) => element === document.activeElement)) {
      return;
    }
  }
  assert.fail(`the keyboard does not reach ${locator}`);
}
