// Says beside a chart what is under the pointer: the text that the column tells anyway.
"use strict";

document.addEventListener("pointermove", (event) => {
  const column = event.target.closest?.(".chart .at");
  for (const readout of document.querySelectorAll("output.readout")) {
    const said = column && readout.closest(".plot").contains(column) ? column.querySelector("title").textContent : "";
    if (readout.textContent !== said) {
      readout.textContent = said;
    }
  }
});
