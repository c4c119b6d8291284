// Comfort for the lists; every form works without this file. Listens at the document, since a live page changes what is
// on it.
"use strict";

// Ask before what cannot be undone.
document.addEventListener("submit", (event) => {
  const question = event.submitter && event.submitter.dataset.confirm;
  if (question && !window.confirm(asked(event.target, question))) {
    event.preventDefault();
  } else if (question && event.target.elements.ask) {
    // The server would ask again.
    event.target.elements.ask.disabled = true;
  }
});

/** The question, and how many jobs it is about where they are ticked. */
function asked(form, question) {
  const selected = form.querySelector(".selected")?.textContent;
  return selected ? `${question}\n${selected}` : question;
}

// Tick all rows at once, say how many are ticked, and offer the deeds only when there is something to do them to.
function ticks(form) {
  return [...form.querySelectorAll("tbody input[type=checkbox]")];
}

function update(form) {
  const all = form.querySelector("input[data-all]");
  const boxes = ticks(form);
  const count = boxes.filter((box) => box.checked).length;
  all.hidden = false;
  all.checked = count > 0 && count === boxes.length;
  all.indeterminate = count > 0 && count < boxes.length;
  form.querySelector(".selected").textContent = count === 0 ? "" : `${document.body.dataset.selected} ${count}`;
  for (const deed of form.querySelectorAll(".deeds button")) {
    deed.disabled = count === 0;
  }
}

function updateAll() {
  for (const form of document.querySelectorAll("form[data-selection]")) {
    update(form);
  }
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-selection]");
  if (!form) {
    return;
  }
  if (event.target.matches("input[data-all]")) {
    for (const box of ticks(form)) {
      box.checked = event.target.checked;
    }
  }
  update(form);
});

// A browser that comes back to this page may have kept the ticks.
window.addEventListener("pageshow", updateAll);
document.getElementById("content").addEventListener("refreshed", updateAll);
updateAll();

// On a narrow screen the navigation scrolls: the page that is shown is in sight.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
