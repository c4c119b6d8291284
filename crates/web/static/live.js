// The live half of the home page: looks at /stats every few seconds, draws what changed, refreshes the figures.
// No library, no markup from data: numbers go into the page as text and as attributes of SVG shapes.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 720;
const HEIGHT = 160;
const SAMPLES = 60;
const STORED = "timeInterval"; // milliseconds, under the name that the reference uses

const live = document.getElementById("live");
const chart = document.getElementById("live-chart");
const beacon = live.querySelector(".beacon");
const slider = document.getElementById("interval");

/** What each look found: processed and failed since the one before, and when it was. */
const samples = [];
let before = null;
let timer = 0;

const numbers = new Intl.NumberFormat("en");

function text(selector, value) {
  for (const element of document.querySelectorAll(selector)) {
    element.textContent = value;
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
  return Number.isFinite(stored) ? Math.min(Math.max(stored, 2000), 20000) : 5000;
}

function remember(milliseconds) {
  try {
    window.localStorage.setItem(STORED, String(milliseconds));
  } catch {
    // As above.
  }
}

function showInterval() {
  const seconds = Math.round(interval() / 1000);
  slider.value = String(seconds);
  document.getElementById("interval-shown").textContent = `${seconds} s`;
}

function showFigures(stats) {
  const { faktory, server } = stats;
  text(".summary .processed .count", count(faktory.total_processed));
  text(".summary .failures .count", count(faktory.total_failures));
  text(".summary .enqueued .count", count(faktory.total_enqueued));
  text(".summary .busy .count", count(faktory.tasks.Busy.size));
  text(".summary .retries .count", count(faktory.tasks.Retries.size));
  text(".summary .scheduled .count", count(faktory.tasks.Scheduled.size));
  text(".summary .dead .count", count(faktory.tasks.Dead.size));
  text("footer .connections, [data-live=connections]", count(server.connections));
  text("[data-live=memory]", count(server.used_memory_mb));
  text("[data-live=commands]", count(server.command_count));
  text("[data-live=uptime]", count(Math.floor(server.uptime / 86400)));
  text("footer .clock", stats.server_utc_time);
  const active = faktory.tasks.Busy.size > 0;
  const status = document.querySelector(".status");
  status.classList.toggle("active", active);
  status.textContent = active ? "active" : "idle";
}

/** One curve, newest sample at the right edge. */
function curve(kind, top) {
  const step = WIDTH / (SAMPLES - 1);
  const points = samples.map((sample, i) => {
    const x = WIDTH - (samples.length - 1 - i) * step;
    const y = HEIGHT - 1 - (sample[kind] / top) * (HEIGHT - 2);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const first = WIDTH - (samples.length - 1) * step;
  const area = document.createElementNS(SVG, "polygon");
  area.setAttribute("class", `area ${kind}`);
  area.setAttribute("points", `${first.toFixed(1)},${HEIGHT} ${points.join(" ")} ${WIDTH},${HEIGHT}`);
  const line = document.createElementNS(SVG, "polyline");
  line.setAttribute("class", `line ${kind}`);
  line.setAttribute("points", points.join(" "));
  return [area, line];
}

function draw() {
  const top = Math.max(1, ...samples.map((sample) => Math.max(sample.good, sample.bad)));
  chart.replaceChildren(...curve("good", top), ...curve("bad", top));
  document.getElementById("live-top").textContent = count(top);
  const newest = samples[samples.length - 1];
  document.getElementById("live-words").textContent =
    `${count(newest.good)} processed, ${count(newest.bad)} failed in ${newest.seconds} s`;
  const seconds = samples.reduce((sum, sample) => sum + sample.seconds, 0);
  document.getElementById("live-since").textContent = `the last ${seconds} s`;
}

function take(stats) {
  const now = { at: Date.parse(stats.now), processed: stats.faktory.total_processed, failed: stats.faktory.total_failures };
  if (before) {
    samples.push({
      good: Math.max(0, now.processed - before.processed), // a flush sets the counters back
      bad: Math.max(0, now.failed - before.failed),
      seconds: Math.max(0, Math.round((now.at - before.at) / 1000)),
    });
    samples.splice(0, samples.length - SAMPLES);
    draw();
  }
  before = now;
}

async function look() {
  beacon.className = "beacon";
  try {
    const response = await fetch(live.dataset.stats, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (!response.ok) {
      throw new Error(`status ${response.status}`);
    }
    const stats = await response.json();
    showFigures(stats);
    take(stats);
    beacon.className = "beacon beat";
  } catch (error) {
    beacon.className = "beacon lost";
    document.getElementById("live-words").textContent = `No answer from the server (${error.message})`;
  }
  timer = window.setTimeout(look, interval());
}

slider.addEventListener("input", () => {
  remember(Number(slider.value) * 1000);
  showInterval();
  window.clearTimeout(timer);
  timer = window.setTimeout(look, interval());
});

live.hidden = false;
showInterval();
look();
