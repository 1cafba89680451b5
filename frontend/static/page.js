// Small manners of every page: counters in the bar, menus that close, times that count down.
(() => {
  "use strict";

  // The counters' region holds words for screen readers; the bar shows the numbers.
  function showCounters() {
    for (const count of document.querySelectorAll("[data-count-for]")) {
      const n = Number(count.dataset.count);
      for (const badge of document.querySelectorAll(`[data-counter="${count.dataset.countFor}"]`)) {
        badge.className = n ? "counter" : "";
        badge.setAttribute("aria-hidden", "true");
        badge.textContent = n ? (n > 99 ? "99+" : String(n)) : "";
      }
    }
  }

  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu !== except) menu.open = false;
    }
  }

  // The words come with the page, so that the time left reads the same before and after it counts on.
  const left = document.documentElement.dataset;

  function inWords(minutes) {
    if (minutes < 0) return left.leftOver;
    if (minutes < 60) return left.leftMinute.replace("{n}", minutes);
    const hours = Math.floor(minutes / 60);
    if (hours < 48) return left.leftHour.replace("{n}", hours).replace("{m}", minutes % 60);
    return left.leftDay.replace("{n}", Math.floor(hours / 24)).replace("{h}", hours % 24);
  }

  function countDown() {
    for (const time of document.querySelectorAll("time[data-until]")) {
      const minutes = Math.floor((new Date(time.dateTime) - Date.now()) / 60000);
      time.classList.toggle("is-soon", minutes < 10);
      const text = inWords(minutes);
      if (time.textContent !== text) time.textContent = text;
    }
  }

  // Along the strip alone: the page itself stays at its top.
  function centre(tab, strip) {
    const [inner, outer] = [tab.getBoundingClientRect(), strip.getBoundingClientRect()];
    strip.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
  }

  document.addEventListener("DOMContentLoaded", () => {
    showCounters();
    countDown();
    setInterval(countDown, 15000);
    const here = document.querySelector(".tabs [aria-current]");
    if (here) centre(here, here.closest(".tabs"));
    const counters = document.querySelector('[data-region="/counters/"]');
    if (counters) counters.dispatchEvent(new Event("region:refresh", { bubbles: true }));
  });
  document.addEventListener("region:updated", () => {
    showCounters();
    countDown();
  });
  // While something is pressed, nothing may move under it: the press would end beside it, and nothing happen.
  // `await window.tenchoReleased()` before words come or go. A click follows the end of a touch a little later.
  const CLICK_MS = 50;
  const LONGEST_PRESS_MS = 2000;
  let pressed = null;
  let letGo = null;
  let letGoTimer = 0;
  window.tenchoReleased = () => pressed;

  function released() {
    pressed = null;
    letGo();
  }

  function held(forMs) {
    if (!pressed) pressed = new Promise((done) => (letGo = done));
    clearTimeout(letGoTimer);
    letGoTimer = setTimeout(released, forMs);
  }

  document.addEventListener("pointerdown", () => held(LONGEST_PRESS_MS), { capture: true, passive: true });
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => pressed && held(CLICK_MS), { capture: true, passive: true });
  }
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenus(null);
  });
  // A second press while the first is under way would only be refused by the server.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent && !event.defaultPrevented) event.preventDefault();
    else setTimeout(() => { if (!event.defaultPrevented) form.dataset.sent = "1"; }, 0);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
})();
