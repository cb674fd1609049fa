"use strict";
// Filters the table and the cards. The state stands in the address, behind "#find?", so that a filtered view can be sent.
(() => {
  const form = document.getElementById("find");
  const told = document.getElementById("find-told");
  const rows = [...document.querySelectorAll("tr[data-claim]")].map((row) => ({
    row,
    card: document.getElementById(row.dataset.claim),
    text: [row.querySelector("th"), row.querySelector(".statement")].map((cell) => cell.textContent).join(" ").toLowerCase(),
  }));
  const groups = [...document.querySelectorAll("[data-group]")];
  const fields = [...form.elements].filter((field) => field.name);

  const state = () => {
    const chosen = fields.filter((field) => field.value.trim()).map((field) => [field.name, field.value.trim()]);
    return new URLSearchParams(chosen);
  };

  const shows = ({ row, text }, wanted) =>
    [...wanted].every(([name, value]) => {
      if (name === "q") return value.toLowerCase().split(/\s+/).every((word) => text.includes(word));
      return row.dataset[name].split(" ").includes(value);
    });

  const apply = () => {
    const wanted = state();
    let count = 0;
    for (const claim of rows) {
      const shown = shows(claim, wanted);
      claim.row.hidden = !shown;
      claim.card.hidden = !shown;
      count += shown;
    }
    for (const group of groups) group.hidden = !group.querySelector("[data-shown]:not([hidden])");
    told.textContent = `${count} of ${rows.length} claims shown`;
    return wanted;
  };

  const fill = (wanted) => {
    for (const field of fields) field.value = wanted.get(field.name) ?? "";
  };

  const follow = () => {
    const hash = decodeURIComponent(location.hash);
    if (hash.startsWith("#find?")) {
      fill(new URLSearchParams(location.hash.slice("#find?".length)));
      apply();
      form.scrollIntoView();
      return;
    }
    apply();
    const target = hash.length > 1 && document.getElementById(hash.slice(1));
    if (target && target.closest("[hidden]")) {
      form.reset();
      apply();
    }
    if (target) target.scrollIntoView();
  };

  form.addEventListener("input", () => {
    const wanted = apply().toString();
    history.replaceState(null, "", wanted ? `#find?${wanted}` : "#report-table");
  });
  form.addEventListener("reset", () => setTimeout(() => form.dispatchEvent(new Event("input"))));
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", follow);
  form.hidden = false;
  follow();
})();
