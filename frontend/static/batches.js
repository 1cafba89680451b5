// The director's pages: dropping a file, the total while typing, moving on when a job is done, columns on a phone.
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
