// The director's pages: dropping a file, the total while typing, what a table's columns are for, moving on when
// a job is done, columns on a phone.
(() => {
  "use strict";

  // ---- a file dropped anywhere on the zone goes into its input -----------------------------------

  for (const zone of document.querySelectorAll("[data-drop]")) {
    const input = zone.querySelector("input[type=file]");
    let depth = 0;
    const over = (change) => {
      depth = Math.max(0, depth + change);
      zone.classList.toggle("is-over", depth > 0);
    };
    zone.addEventListener("dragenter", () => over(1));
    zone.addEventListener("dragleave", () => over(-1));
    zone.addEventListener("dragover", (event) => event.preventDefault());
    zone.addEventListener("drop", (event) => {
      event.preventDefault();
      over(-depth);
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    input.addEventListener("change", () => {
      const title = document.querySelector("#id_title");
      const file = input.files[0];
      if (!title || !file) return;
      const name = file.name.replace(/\.[^.]*$/, "");
      // What the director typed is theirs; what an earlier file brought is replaced.
      if (!title.value || title.value === title.dataset.from) title.value = title.dataset.from = name;
    });
  }

  // ---- what the terms would cost -------------------------------------------------------------------

  const terms = document.querySelector("[data-terms]");
  if (terms) {
    const reward = terms.querySelector("#id_reward");
    const yen = (amount) => `¥${amount.toLocaleString("en")}`;
    const show = () => {
      const amount = Math.max(0, Math.trunc(Number(reward.value) || 0));
      terms.querySelector("[data-reward]").textContent = yen(amount);
      terms.querySelector("[data-total]").textContent = yen(amount * Number(terms.dataset.answers));
    };
    reward.addEventListener("input", show);
    show();
  }

  // ---- what a table's columns are for: the sum, and the rules of what is filled ---------------------

  const own = document.querySelector("[data-own-columns]");
  if (own) {
    const roles = [...own.querySelectorAll("select[name^='role-']")];
    const words = own.querySelector("[data-own-sum]");
    const label = (select) => select.labels[0].textContent;
    const put = (part, text, good) => {
      const place = words.querySelector(`[data-sum="${part}"]`);
      if (place.textContent !== String(text)) place.textContent = text;
      if (good === undefined) return;
      place.parentElement.classList.toggle("ok", good);
      place.parentElement.classList.toggle("warn", !good);
    };
    const show = () => {
      const keys = roles.filter((select) => select.value === "key").map(label);
      const filled = roles.filter((select) => select.value.startsWith("fill:"));
      put("key", keys.join(", ") || words.dataset.none, keys.length === 1);
      put("fill", filled.length, filled.length > 0);
      const shownAs = roles.filter((select) => select.value.startsWith("input:"));
      const ticked = [...own.querySelectorAll("input[name=show]:checked")].map((box) => box.value);
      put("show", new Set([...ticked, ...shownAs.map((select) => select.name.slice("role-".length))]).size);
      for (const select of roles) select.closest("[data-column]").classList.toggle("is-used", select.value !== "");
      for (const rules of own.querySelectorAll("[data-rules-of]")) {
        const filling = filled.filter((select) => select.value === rules.dataset.rulesOf);
        rules.hidden = filling.length === 0;
        if (filling.length) rules.querySelector("[data-fills]").textContent = `→ ${filling.map(label).join(", ")}`;
      }
      own.querySelector("[data-no-fill]").hidden = filled.length > 0;
    };
    own.addEventListener("change", show);
    show();
  }

  // ---- a job that is done, a batch that another person moved ------------------------------------------

  function goOn() {
    const next = document.querySelector("[data-region] [data-continue]");
    if (next) window.location.replace(next.href);
    const board = document.querySelector("[data-board]");
    const state = board && board.querySelector("[data-state]");
    // The menu of actions stands outside the region and belongs to the old state.
    if (state && state.dataset.state !== board.dataset.board) window.location.reload();
  }
  document.addEventListener("region:updated", goOn);
  goOn();

  // ---- one column at a time on a phone -------------------------------------------------------------------

  let column = null;
  function showColumn() {
    const tabs = document.querySelector("[data-board-tabs]");
    if (!tabs) return;
    tabs.hidden = false;
    const buttons = [...tabs.querySelectorAll("button")];
    if (!column) {
      // What waits for a person first, else where something is.
      const order = ["in_review", "claimed", "open", "done"];
      const filled = buttons.filter((button) => button.dataset.n !== "0").map((button) => button.dataset.column);
      column = order.find((name) => filled.includes(name)) || order[0];
    }
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.column === column));
    for (const part of document.querySelectorAll(".board .column")) {
      part.classList.toggle("is-shown", part.dataset.column === column);
    }
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-board-tabs] button");
    if (!button) return;
    column = button.dataset.column;
    showColumn();
  });
  document.addEventListener("region:updated", showColumn);
  showColumn();
})();
