// Comfort for the lists; every form works without this file.
"use strict";

// Ask before what cannot be undone.
document.addEventListener("submit", (event) => {
  const question = event.submitter && event.submitter.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
  }
});

// Tick all rows at once, say how many are ticked, and offer the deeds only when there is something to do them to.
for (const form of document.querySelectorAll("form[data-selection]")) {
  const all = form.querySelector("input[data-all]");
  const ticks = [...form.querySelectorAll("tbody input[type=checkbox]")];
  const deeds = form.querySelectorAll(".deeds button");
  const said = form.querySelector(".selected");

  const update = () => {
    const count = ticks.filter((tick) => tick.checked).length;
    all.checked = count === ticks.length;
    all.indeterminate = count > 0 && count < ticks.length;
    said.textContent = count === 0 ? "" : `${count} selected`;
    for (const deed of deeds) {
      deed.disabled = count === 0;
    }
  };

  all.hidden = false;
  all.addEventListener("change", () => {
    for (const tick of ticks) {
      tick.checked = all.checked;
    }
    update();
  });
  form.addEventListener("change", update);
  // A browser that comes back to this page may have kept the ticks.
  window.addEventListener("pageshow", update);
  update();
}
