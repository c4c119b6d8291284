// Waiting for a condition, and never for a time.

import { setTimeout as pause } from "node:timers/promises";

const PATIENCE_MS = 30_000;
const BETWEEN_LOOKS_MS = 50;

/** Looks until `condition` is truthy and returns what it returned. `context` is told when patience ends. */
export async function until(condition, what, context = () => "", patience = PATIENCE_MS) {
  const deadline = performance.now() + patience;
  let last;
  while (performance.now() < deadline) {
    try {
      const result = await condition();
      if (result) {
        return result;
      }
      last = undefined;
    } catch (error) {
      if (error.name === "AssertionError") {
        throw error;
      }
      last = error;
    }
    await pause(BETWEEN_LOOKS_MS);
  }
  throw new Error(`waited ${patience / 1000} s for ${what}\n${context().slice(-4_000)}`, { cause: last });
}

/** What `promise` comes to, if it does in time: a test that only hangs says nothing. */
export async function within(promise, what, patience = PATIENCE_MS) {
  const done = new AbortController();
  const over = pause(patience, undefined, { signal: done.signal }).then(() => {
    throw new Error(`waited ${patience / 1000} s for ${what}`);
  });
  over.catch(() => {});
  try {
    return await Promise.race([promise, over]);
  } finally {
    done.abort();
  }
}
