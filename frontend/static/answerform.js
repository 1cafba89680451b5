/* Answer forms: live counters and hints while somebody types.
 *
 * Nothing here stops anybody from typing or saving; the server's checks decide. Patterns come from people and may
 * be catastrophic, so they run in a worker of this same file that is ended when it takes too long.
 */
"use strict";

(() => {
  const isWorker = typeof document === "undefined";

  if (isWorker) {
    self.addEventListener("message", (event) => {
      const { id, pattern, mode, text } = event.data;
      let matches = null;
      try {
        const source = mode === "full" ? `^(?:${pattern})$` : pattern;
        matches = new RegExp(source, "u").test(text);
      } catch {
        matches = null; // RE2 knows this pattern and JavaScript does not: left to the server.
      }
      self.postMessage({ id, matches });
    });
    return;
  }

  const SCRIPT_URL = document.currentScript ? document.currentScript.src : "";
  const PATTERN_MS = 300;
  const TYPING_PAUSE_MS = 300;
  const START_MS = 5000;
  const HALF_WIDTH = /[\x00-\x7f\uff61-\uff9f]/u;

  /* Same rules as tasks/answers/measure.py. */
  const normalised = (text) => text.replaceAll("\r\n", "\n").normalize("NFC");
  const characters = (text) => Array.from(normalised(text)).length;
  const cp932Bytes = (text) => {
    let bytes = 0;
    for (const char of text.replaceAll("\r\n", "\n")) {
      bytes += HALF_WIDTH.test(char) ? 1 : 2;
    }
    return bytes;
  };
  const fill = (template, values) =>
    template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

  /* --- Patterns, in a worker that may be lost ------------------------------------------------------------------ */

  const patterns = (() => {
    const tooSlow = new Set();
    const waiting = new Map();
    let worker = null;
    let isLoaded = false; // Until it has answered once, the script itself may still be on its way.
    let next = 0;

    const start = () => {
      worker = new Worker(SCRIPT_URL);
      isLoaded = false;
      worker.addEventListener("message", (event) => {
        isLoaded = true;
        const asked = waiting.get(event.data.id);
        if (asked) {
          waiting.delete(event.data.id);
          clearTimeout(asked.timer);
          asked.resolve(event.data.matches);
        }
      });
      worker.addEventListener("error", abandon);
    };

    const abandon = () => {
      if (worker) {
        worker.terminate();
        worker = null;
      }
      for (const asked of waiting.values()) {
        clearTimeout(asked.timer);
        asked.resolve(null);
      }
      waiting.clear();
    };

    /* true, false, or null when this browser cannot say. */
    const test = (check, text) => {
      if (tooSlow.has(check.pattern) || !SCRIPT_URL) {
        return Promise.resolve(null);
      }
      try {
        if (!worker) {
          start();
        }
      } catch {
        return Promise.resolve(null);
      }
      return new Promise((resolve) => {
        const id = (next += 1);
        const allowed = PATTERN_MS * (waiting.size + 1) + (isLoaded ? 0 : START_MS);
        const timer = setTimeout(() => {
          tooSlow.add(check.pattern);
          abandon();
        }, allowed);
        waiting.set(id, { resolve, timer });
        worker.postMessage({ id, pattern: check.pattern, mode: check.mode, text });
      });
    };
    return { test };
  })();

  /* --- One control --------------------------------------------------------------------------------------------- */

  const scopeOf = (control) => control.closest("[data-answer-form]");
  const byData = (control, name) => {
    const scope = scopeOf(control);
    return scope ? scope.querySelector(`[data-answer-${name}="${CSS.escape(control.id)}"]`) : null;
  };
  const number = (control, name) => {
    const value = control.dataset[name];
    return value === undefined || value === "" ? null : Number(value);
  };

  const showCounter = (control) => {
    const place = byData(control, "counter");
    if (!place) {
      return;
    }
    const texts = scopeOf(control).dataset;
    const parts = [];
    let over = 0;
    const count = (n, max, template) => {
      parts.push(fill(template, { n, max }));
      over = Math.max(over, n - max);
    };
    const maxChars = number(control, "maxChars");
    const maxBytes = number(control, "cp932Max");
    if (maxChars !== null) {
      count(characters(control.value), maxChars, texts.textCharsMax);
    }
    if (maxBytes !== null) {
      count(cp932Bytes(control.value), maxBytes, texts.textBytesMax);
    }
    if (over > 0) {
      parts.push(fill(texts.textOver, { n: over }));
    }
    place.textContent = parts.join(" · ");
    place.classList.toggle("text-danger", over > 0);
  };

  const checksOf = (control) => {
    try {
      return JSON.parse(control.dataset.answerChecks || "[]");
    } catch {
      return [];
    }
  };

  const isBlank = (control) =>
    control.matches("[data-answer-group]")
      ? !control.querySelector("input:checked")
      : control.value.trim() === "";

  const fails = async (check, control) => {
    const blank = isBlank(control);
    if (check.kind === "required") {
      return blank;
    }
    if (blank || control.matches("[data-answer-group]")) {
      return false;
    }
    if (check.kind === "length") {
      const length = characters(control.value);
      return (check.min !== null && length < check.min) || (check.max !== null && length > check.max);
    }
    if (check.kind === "regex") {
      const matches = await patterns.test(check, control.value.replaceAll("\r\n", "\n"));
      return matches !== null && matches === check.negate;
    }
    return false;
  };

  const latest = new WeakMap();

  const showHints = async (control) => {
    const place = byData(control, "hint");
    if (!place) {
      return;
    }
    const turn = (latest.get(control) || 0) + 1;
    latest.set(control, turn);
    const messages = [];
    for (const check of checksOf(control)) {
      if (await fails(check, control)) {
        messages.push(check.message);
      }
    }
    const text = messages.join(" ");
    if (latest.get(control) === turn && place.textContent !== text) {
      place.textContent = text;
    }
  };

  /* --- Listening on the document, so that forms brought in later work too --------------------------------------- */

  const timers = new WeakMap();

  const controlOf = (target) => {
    if (!(target instanceof Element)) {
      return null;
    }
    return target.closest("[data-answer-group]") || target.closest("[data-answer-checks]");
  };

  document.addEventListener("input", (event) => {
    const control = controlOf(event.target);
    if (!control) {
      return;
    }
    if (!control.matches("[data-answer-group]")) {
      showCounter(control);
    }
    clearTimeout(timers.get(control));
    timers.set(control, setTimeout(() => showHints(control), TYPING_PAUSE_MS));
  });

  document.addEventListener("focusout", (event) => {
    const control = controlOf(event.target);
    const leftGroup = control && !(event.relatedTarget instanceof Node && control.contains(event.relatedTarget));
    if (leftGroup) {
      showHints(control);
    }
  });

  const countAll = (root) => {
    for (const place of root.querySelectorAll("[data-answer-counter]")) {
      const control = document.getElementById(place.dataset.answerCounter);
      if (control) {
        showCounter(control);
      }
    }
  };

  document.addEventListener("htmx:load", (event) => countAll(event.target));
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", () => countAll(document));
  } else {
    countAll(document);
  }
})();
