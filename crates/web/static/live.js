// Keeps a page fresh: the figures around it and, where its content is marked `data-live`, the content itself, which is
// fetched as a page like any other and morphed into place by htmx. It waits while somebody is at something: nothing that
// is selected, ticked, open, focused or being typed is taken away. No markup is built from data.
"use strict";

const STORED = "timeInterval"; // milliseconds, under the name that the reference uses
const DEFAULT = 5000;

const content = document.getElementById("content");
const beacon = document.getElementById("live");
const numbers = new Intl.NumberFormat("en");

let paused = false;
let pressed = false;
let timer = 0;

function text(selector, value) {
  for (const element of document.querySelectorAll(selector)) {
    if (element.textContent !== value) {
      element.textContent = value;
    }
  }
}

function count(value) {
  return numbers.format(Number.isFinite(value) ? value : 0);
}

/** Milliseconds between two looks: 2 to 20 seconds, whatever was stored. */
function interval() {
  let stored = NaN;
  try {
    stored = Number.parseInt(window.localStorage.getItem(STORED), 10);
  } catch {
    // Storage may be forbidden; then the default has to do.
  }
  return Number.isFinite(stored) ? Math.min(Math.max(stored, 2000), 20000) : DEFAULT;
}

function remember(milliseconds) {
  try {
    window.localStorage.setItem(STORED, String(milliseconds));
  } catch {
    // As above.
  }
}

/** `live`, `paused` or `lost`, with a beat where something has just come. */
function show(state, beats = false) {
  beacon.className = `beacon ${state}`;
  beacon.textContent = beacon.dataset[state];
  beacon.setAttribute("aria-pressed", String(paused));
  if (beats) {
    void beacon.offsetWidth; // so that the animation starts again
    beacon.classList.add("beat");
  }
}

/** The figures around the page. */
function showFigures({ faktory, server, server_utc_time }) {
  text(".summary .processed .count", count(faktory.total_processed));
  text(".summary .failures .count", count(faktory.total_failures));
  text(".summary .enqueued .count", count(faktory.total_enqueued));
  text(".summary .busy .count", count(faktory.tasks.Busy.size));
  text(".summary .retries .count", count(faktory.tasks.Retries.size));
  text(".summary .scheduled .count", count(faktory.tasks.Scheduled.size));
  text(".summary .dead .count", count(faktory.tasks.Dead.size));
  text("footer .connections", count(server.connections));
  text("footer .clock", server_utc_time);
  const active = faktory.tasks.Busy.size > 0;
  const status = document.querySelector(".status");
  status.classList.toggle("active", active);
  text(".status", active ? status.dataset.active : status.dataset.idle);
}

/** Whether a refresh would take something out of somebody's hands. */
function inUse() {
  const selection = window.getSelection();
  const selected = selection && !selection.isCollapsed && content.contains(selection.anchorNode);
  const focused = document.activeElement;
  const control = focused && content.contains(focused) && focused.matches("input:not([type=range]), select, textarea, button, .button");
  return pressed || selected || control || content.querySelector("input[type=checkbox]:checked") !== null;
}

async function refresh() {
  let swapped = true;
  const check = (event) => {
    const { status } = event.detail.ctx.response;
    swapped = status === 200 && !inUse() && !paused;
    if (status === 404) {
      delete content.dataset.live; // it has ended; what was known of it may still be read
    }
    if (!swapped) {
      event.preventDefault();
    }
  };
  content.addEventListener("htmx:before:swap", check);
  try {
    const here = window.location.pathname + window.location.search;
    await window.htmx.ajax("GET", here, { source: content, target: content, select: "#content", swap: "outerMorph" });
  } finally {
    content.removeEventListener("htmx:before:swap", check);
  }
  if (swapped) {
    content.dispatchEvent(new CustomEvent("refreshed"));
  }
}

async function look() {
  window.clearTimeout(timer);
  if (!document.hidden && !paused) {
    try {
      const response = await fetch(beacon.dataset.stats, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!response.ok) {
        throw new Error(`status ${response.status}`);
      }
      showFigures(await response.json());
      const busy = "live" in content.dataset && inUse();
      if ("live" in content.dataset && !busy) {
        await refresh();
      }
      show(busy || paused ? "paused" : "live", !busy && !paused);
    } catch {
      show("lost");
    }
  }
  timer = window.setTimeout(look, interval());
}

beacon.addEventListener("click", () => {
  paused = !paused;
  show(paused ? "paused" : "live");
  if (!paused) {
    look();
  }
});

document.addEventListener("visibilitychange", () => document.hidden || look());
document.addEventListener("pointerdown", () => {
  pressed = true;
});
for (const released of ["pointerup", "pointercancel", "dragend"]) {
  document.addEventListener(released, () => {
    pressed = false;
  });
}

// How often is chosen on the home page, and holds for all.
function showInterval() {
  const seconds = Math.round(interval() / 1000);
  for (const slider of document.querySelectorAll("#interval")) {
    slider.value = String(seconds);
    slider.closest(".interval").hidden = false;
  }
  text("#interval-shown", `${seconds} s`);
}

document.addEventListener("input", (event) => {
  if (event.target.id === "interval") {
    remember(Number(event.target.value) * 1000);
    showInterval();
    window.clearTimeout(timer);
    timer = window.setTimeout(look, interval());
  }
});
content.addEventListener("refreshed", showInterval);

showInterval();
beacon.hidden = false;
show("live");
timer = window.setTimeout(look, interval());
