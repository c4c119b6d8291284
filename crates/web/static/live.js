// Keeps a page fresh: the figures around it, which the server tells each second, and, where its content is marked
// `data-live`, the content itself, which is fetched as a page like any other and morphed into place by htmx. Who cannot
// listen asks instead. Nothing is held open for a page that nobody sees, or that is paused. It waits while somebody is at something: nothing that
// is selected, ticked, open, focused or being typed is taken away. No markup is built from data.
"use strict";

const STORED = "timeInterval"; // milliseconds, under the name that the reference uses
const DEFAULT = 5000;
const SILENCE = 4000; // milliseconds without a tick, after which the stream is not believed any more
const AGAIN = 60000; // milliseconds after which a stream that was refused is asked for again

const content = document.getElementById("content");
const beacon = document.getElementById("live");

let paused = false;
let pressed = false;
let timer = 0;
let stream = null;
let heard = -Infinity; // when the last tick came
let refused = -Infinity; // when the stream was refused
let changed = performance.now(); // when something of this page has changed

function text(selector, value) {
  for (const element of document.querySelectorAll(selector)) {
    if (element.textContent !== value) {
      element.textContent = value;
    }
  }
}

/** As the server writes numbers in the page's language. */
function count(value) {
  const { group, groupedFrom } = document.body.dataset;
  const digits = String(Number.isFinite(value) ? value : 0);
  return digits.length < Number(groupedFrom) ? digits : digits.replace(/\B(?=(?:\d{3})+$)/g, group);
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

/** The figures around the page, as a tick tells them. */
function showFigures(figures) {
  for (const name of ["processed", "failures", "enqueued", "busy", "retries", "scheduled", "dead"]) {
    text(`.summary .${name} .count`, count(figures[name]));
  }
  text("footer .connections", count(figures.connections));
  text("footer .clock", `${figures.now.slice(11, 19)} UTC`);
  const active = figures.busy > 0;
  const status = document.querySelector(".status");
  status.classList.toggle("active", active);
  text(".status", active ? status.dataset.active : status.dataset.idle);
}

/** Listens, where that is of use and the server lets us. */
function listen() {
  if (stream || document.hidden || paused || !window.EventSource || performance.now() - refused < AGAIN) {
    return;
  }
  stream = new EventSource(beacon.dataset.events);
  stream.addEventListener("tick", ({ data }) => {
    const isBack = heard === -Infinity && beacon.classList.contains("lost");
    heard = performance.now();
    showFigures(JSON.parse(data));
    if (isBack) {
      look();
    }
  });
  stream.addEventListener("changed", ({ data }) => notice(JSON.parse(data)));
  stream.addEventListener("error", () => {
    heard = -Infinity;
    // A connection that was cut is opened again by the browser; one that was refused is not.
    if (stream.readyState === EventSource.CLOSED) {
      refused = performance.now();
      leave();
    }
  });
}

/**
 * These lists have changed. `data-live` names those that the page shows: the first change after a quiet while is looked at
 * at once, and while they go on changing there is a look as often as was chosen.
 */
function notice(lists) {
  const shown = (content.dataset.live ?? "").split(" ");
  if (!lists.some((list) => shown.includes(list))) {
    return;
  }
  const wasQuiet = performance.now() - changed > interval();
  changed = performance.now();
  if (wasQuiet) {
    look();
  }
}

/** Listens no more. */
function leave() {
  stream?.close();
  stream = null;
  heard = -Infinity;
}

/** What a tick would tell, of a server that was asked. */
async function ask() {
  const response = await fetch(beacon.dataset.stats, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (!response.ok) {
    throw new Error(`status ${response.status}`);
  }
  const { faktory, server, now } = await response.json();
  const { Busy, Retries, Scheduled, Dead } = faktory.tasks;
  return {
    now,
    processed: faktory.total_processed,
    failures: faktory.total_failures,
    enqueued: faktory.total_enqueued,
    busy: Busy.size,
    retries: Retries.size,
    scheduled: Scheduled.size,
    dead: Dead.size,
    connections: server.connections,
  };
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
    listen();
    try {
      if (performance.now() - heard > SILENCE) {
        showFigures(await ask());
      }
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
  attend();
});

/** Whether somebody looks at the page has changed. */
function attend() {
  if (document.hidden || paused) {
    leave();
  } else {
    look();
  }
}

document.addEventListener("visibilitychange", attend);
// A page that the browser keeps for when somebody goes back to it.
window.addEventListener("pagehide", leave);
window.addEventListener("pageshow", ({ persisted }) => persisted && attend());
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
listen();
timer = window.setTimeout(look, interval());
