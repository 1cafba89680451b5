/* Answer forms: live counters and hints while somebody types, fields that depend on others, repeated rows.
 *
 * Each rule that is judged here is one that tasks/answers judges in the same way. Nothing here stops anybody from typing or saving; the server's checks decide. Patterns come from people and may
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
  const MAX_STRING = 100000;
  const MAX_NAMED = 20; // words, or characters that CP932 lacks
  const MAX_NUMBER = 1e15;
  const HALF_WIDTH = /[\x00-\x7f\uff61-\uff9f]/u;
  // What Python's str.strip() takes away; trim() differs at \x1c-\x1f, \x85 and \ufeff.
  const BLANKS = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
  const ENDS = new RegExp(`^${BLANKS}+|${BLANKS}+$`, "gu");
  const INVISIBLE = /[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]/gu;
  const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/u;

  /* Same rules as tasks/answers/measure.py. */
  const lines = (text) => text.replace(/\r\n?/g, "\n");
  const characters = (text) => Array.from(lines(text).normalize("NFC")).length;
  const cp932Bytes = (text) => {
    let bytes = 0;
    for (const char of lines(text)) {
      bytes += HALF_WIDTH.test(char) ? 1 : 2;
    }
    return bytes;
  };
  /* What CP932 holds of two bytes, found out on first need: the browser reads it, but does not write it. */
  let twoBytes = null;
  const readTwoBytes = () => {
    const pairs = [];
    for (let first = 0x81; first <= 0xfc; first = first === 0x9f ? 0xe0 : first + 1) {
      for (let second = 0x40; second <= 0xfc; second += second === 0x7e ? 2 : 1) pairs.push(first, second);
    }
    twoBytes = new Set(new TextDecoder("shift_jis").decode(Uint8Array.from(pairs)));
    twoBytes.delete("\ufffd");
    // Written like their full-width twins, as Windows does it.
    for (const char of "¢£¬‖−〜") twoBytes.add(char);
  };
  const missingInCp932 = (text) => {
    if (!twoBytes) readTwoBytes();
    return [...new Set(lines(text))].filter((char) => !HALF_WIDTH.test(char) && !twoBytes.has(char));
  };
  const strip = (text) => text.replace(ENDS, "");
  /* For comparing words. The server reads a text without its markup as well, and may find more. */
  const fold = (text) => text.replace(INVISIBLE, "").normalize("NFKC").toLowerCase();
  const goesOn = (neighbour, edge) =>
    (/^[a-z]$/i.test(neighbour) && /^[a-z]$/i.test(edge)) || (/^[0-9]$/.test(neighbour) && /^[0-9]$/.test(edge));
  const holdsWord = (folded, word) => {
    for (let at = folded.indexOf(word); at !== -1; at = folded.indexOf(word, at + 1)) {
      const end = at + word.length;
      if (!goesOn(folded.charAt(at - 1), word.charAt(0)) && !goesOn(folded.charAt(end), word.at(-1))) return true;
    }
    return false;
  };
  const fill = (template, values) =>
    template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

  /* Same reading as frontend/answerform/post.py: a number, or null for what is none. */
  const narrow = (text) => strip(text.normalize("NFKC")).replace(/^[−ー‐–]/u, "-");
  const WHOLE = /^[+-]?[0-9]{1,16}$/;
  const DECIMAL = /^[+-]?(?:[0-9]{1,16}(?:\.[0-9]{0,16})?|\.[0-9]{1,16})$/;
  const GROUPED = /^[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?$/;
  const DAY = /^([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?$/u;
  const numberOf = (typed, isWhole) => {
    let text = narrow(typed);
    if (GROUPED.test(text)) {
      text = text.replaceAll(",", "");
    }
    return WHOLE.test(text) || (!isWhole && DECIMAL.test(text)) ? Number(text) : null;
  };
  /* The date as the server stores it, or null for what is none. */
  const dateOf = (typed) => {
    const parts = DAY.exec(narrow(typed));
    if (!parts) {
      return null;
    }
    const [year, month, day] = parts.slice(1).map(Number);
    const date = new Date(0);
    date.setUTCFullYear(year, month - 1, day);
    const exists = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
    return exists ? date.toISOString().slice(0, 10) : null;
  };

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
  /* Where one whole answer is filled in: fields may be drawn one by one. */
  const answerOf = (element) => element.closest("form") || document;
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

  const uploadOf = (control) => {
    const field = control.closest("[data-answer-image]");
    const hidden = field && field.querySelector("[data-answer-upload]");
    return hidden ? hidden.value : "";
  };

  const isBlank = (control) => {
    if (control.matches("[data-answer-rows]")) {
      return filledRows(control) === 0;
    }
    if (control.matches("[data-answer-group]")) {
      return !control.querySelector("input:checked");
    }
    if (control.type === "file") {
      return control.files.length === 0 && strip(uploadOf(control)) === "";
    }
    return strip(control.value) === "";
  };

  /* What the form itself asks of a value, found in the same order as by tasks/answers/judge.py. */
  const judges = {
    text: (rule, control) => {
      const text = lines(control.value);
      const length = characters(text);
      const control_ = CONTROL.exec(text);
      if (Array.from(text).length > MAX_STRING) return ["too_long", { length }];
      if (text.includes("\x00")) return ["nul", {}];
      if (rule.min !== null && length < rule.min) return ["too_short", { length }];
      if (rule.max !== null && length > rule.max) return ["too_long", { length }];
      if (control_) {
        const code = control_[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
        return ["control_character", { char: `U+${code}` }];
      }
      return rule.of === "text" && text.includes("\n") ? ["line_break", {}] : null;
    },
    number: (rule, control) => {
      const isWhole = rule.of === "integer";
      const value = numberOf(control.value, isWhole);
      if (value === null) return [isWhole ? "not_a_whole_number" : "not_a_number", {}];
      if (Math.abs(value) > MAX_NUMBER) return ["too_big", {}];
      if (rule.min !== null && value < rule.min) return ["too_small", {}];
      return rule.max !== null && value > rule.max ? ["too_big", {}] : null;
    },
    choice: (rule, control) => {
      const chosen = control.selectedOptions[0];
      return chosen && "answerOdd" in chosen.dataset ? ["not_an_option", {}] : null;
    },
    choices: (rule, control) => {
      const chosen = [...control.querySelectorAll("input:checked")];
      if (chosen.some((box) => "answerOdd" in box.dataset)) return ["not_an_option", {}];
      if (rule.min !== null && chosen.length < rule.min) return ["too_few_options", {}];
      return rule.max !== null && chosen.length > rule.max ? ["too_many_options", {}] : null;
    },
    date: (rule, control) => (dateOf(control.value) === null ? ["not_a_date", {}] : null),
    rows: (rule, control) => {
      const n = filledRows(control);
      if (rule.max !== null && n > rule.max) return ["too_many_rows", { n }];
      return rule.min !== null && n < rule.min ? ["too_few_rows", { n }] : null;
    },
  };
  Object.assign(judges, { long_text: judges.text, integer: judges.number });

  /* The pictures that still have no counterpart: blank as a whole is wrong here too. */
  const missingPairs = (control) => {
    const pairs = [...control.querySelectorAll("[data-answer-pair]")];
    const missing = pairs.filter((pair) => isBlank(pair.querySelector("input[type=file]")));
    const pictures = named(missing.map((pair) => pair.dataset.answerPair));
    return missing.length ? ["pairs_missing", { pictures }] : null;
  };

  /* The code and sentence of what a rule finds, or null. */
  const find = async (check, control) => {
    if (check.kind === "field" && check.of === "image_pairs") {
      return said(check, missingPairs(control));
    }
    const blank = isBlank(control);
    const row = control.closest("[data-answer-row]");
    if (check.kind === "required") {
      // A row that is blank as a whole counts as none.
      return blank && !(row && isBlankRow(row)) ? ["required", check.message] : null;
    }
    if (blank) {
      return null;
    }
    if (check.kind === "field") {
      return said(check, judges[check.of](check, control));
    }
    if (check.kind === "bytes_cp932") {
      return tooMuchForCp932(check, control.value);
    }
    if (check.kind === "banned") {
      const folded = fold(lines(control.value));
      const held = check.words.filter(([, word]) => holdsWord(folded, word)).map(([word]) => word);
      return held.length ? ["check_banned", fill(check.message, { words: named(held) })] : null;
    }
    if (check.kind === "allowed") {
      const text = lines(control.value);
      const values = Array.from(text).slice(0, 60).join("");
      return check.values.includes(strip(text)) ? null : ["check_allowed", fill(check.message, { values })];
    }
    return (await fails(check, control)) ? [`check_${check.kind}`, check.message] : null;
  };

  const named = (all) => all.slice(0, MAX_NAMED).join(document.documentElement.lang === "ja" ? "、" : ", ");

  const tooMuchForCp932 = (check, text) => {
    const missing = missingInCp932(text);
    if (missing.length) {
      const characters = missing.map((char) => {
        return `${char} (U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")})`;
      });
      return ["check_bytes_cp932", fill(check.missing, { characters: named(characters) })];
    }
    return check.max !== null && cp932Bytes(text) > check.max ? ["check_bytes_cp932", check.message] : null;
  };

  const said = (check, found) => (found ? [found[0], fill(check.messages[found[0]], found[1])] : null);

  const fails = async (check, control) => {
    if (check.kind === "length") {
      const length = characters(control.value);
      return (check.min !== null && length < check.min) || (check.max !== null && length > check.max);
    }
    const text = lines(control.value);
    if (check.kind !== "regex" || /[\u2028\u2029]/u.test(text)) {
      return false; // The dot takes these in RE2 alone.
    }
    const matches = await patterns.test(check, text);
    return matches !== null && matches === check.negate;
  };

  const latest = new WeakMap();

  const showHints = async (control) => {
    const place = byData(control, "hint");
    if (!place) {
      return;
    }
    const turn = (latest.get(control) || 0) + 1;
    latest.set(control, turn);
    const found = [];
    for (const check of checksOf(control)) {
      const finding = await find(check, control);
      if (finding && !found.some(([code]) => code === finding[0])) {
        found.push([...finding, check.blocking !== false]);
      }
    }
    if (window.tenchoReleased) {
      await window.tenchoReleased();
    }
    if (latest.get(control) !== turn) {
      return;
    }
    const text = found.map(([, message]) => message).join(" ");
    // Its codes beside the sentences: those that would keep the answer from being handed in.
    const codes = found.filter(([, , blocking]) => blocking).map(([code]) => code).join(" ");
    // Without a finding, what others said here (a picture was uploaded) stays.
    if ((text !== "" || place.dataset.answerFound) && place.textContent !== text) {
      place.textContent = text;
    }
    place.dataset.answerFound = codes || (text && "advice");
  };

  /* --- Fields that depend on others -------------------------------------------------------------------------------- */

  const holds = (rule, root) => {
    const named = [...root.querySelectorAll(`[name="${CSS.escape(rule.name)}"]`)];
    if (rule.kind === "choices") {
      return named.some((box) => box.checked && rule.is.includes(box.value));
    }
    if (!named.length) {
      return false;
    }
    const typed = named[0].value;
    if (rule.kind === "integer" || rule.kind === "number") {
      return rule.is.includes(numberOf(typed, rule.kind === "integer"));
    }
    return rule.is.includes(rule.kind === "date" ? dateOf(typed) : rule.kind === "text" ? strip(typed) : typed);
  };

  /* Same as tasks/answers/normalise.hidden_fields: in order, as a condition looks at an earlier field. */
  const showAsked = (root) => {
    const hidden = new Set();
    for (const item of root.querySelectorAll("[data-answer-show-if]")) {
      const rule = JSON.parse(item.dataset.answerShowIf);
      const asked = !hidden.has(rule.name) && holds(rule, root);
      if (!asked) {
        for (const control of item.querySelectorAll("[name^='answer-']")) {
          hidden.add(control.name);
        }
      }
      const around = item.closest("[data-field]") || item;
      around.hidden = item.hidden = !asked;
      const when = item.querySelector("[data-answer-when]");
      if (when) {
        when.hidden = true;
      }
    }
  };

  /* --- Repeated rows ------------------------------------------------------------------------------------------------ */

  const rowsIn = (rows) => [...rows.querySelectorAll("[data-answer-row]")];
  const cellsIn = (row) => [...row.querySelectorAll("[data-answer-checks]")];
  const isBlankRow = (row) => cellsIn(row).every(isBlank);
  const filledRows = (rows) => rowsIn(rows).filter((row) => !isBlankRow(row)).length;
  const NUMBERED = [
    "id", "name", "for", "aria-describedby", "data-answer-upload", "data-answer-hint", "data-answer-counter",
  ];

  const renumber = (rows) => {
    const texts = rows.dataset;
    const prefix = `${texts.answerRows}-`;
    const all = rowsIn(rows);
    all.forEach((row, index) => {
      const n = index + 1;
      for (const element of row.querySelectorAll("*")) {
        for (const name of NUMBERED) {
          const value = element.getAttribute(name);
          if (value && value.includes(prefix)) {
            element.setAttribute(name, value.replace(/\S+/g, (word) => renamed(word, prefix, index)));
          }
        }
      }
      row.setAttribute("aria-label", fill(texts.textRow, { n }));
      row.querySelector("[data-answer-number]").textContent = n;
      row.querySelector("[data-answer-tools]").hidden = false;
      const label = (selector, text) => row.querySelector(selector).setAttribute("aria-label", fill(text, { n }));
      label("[data-answer-move='up']", texts.textUp);
      label("[data-answer-move='down']", texts.textDown);
      label("[data-answer-remove]", texts.textRemove);
      row.querySelector("[data-answer-move='up']").disabled = index === 0;
      row.querySelector("[data-answer-move='down']").disabled = n === all.length;
    });
    const add = rows.querySelector("[data-answer-add]");
    add.hidden = false;
    add.disabled = all.length >= Number(texts.answerMost);
  };

  /* answer-sizes-new-width, answer-sizes-3-width → answer-sizes-0-width */
  const renamed = (word, prefix, index) =>
    word.startsWith(prefix) ? prefix + word.slice(prefix.length).replace(/^(?:new|\d+)-/, `${index}-`) : word;

  const newRow = (rows) => {
    const row = rows.querySelector("[data-answer-row-new]").content.firstElementChild.cloneNode(true);
    rows.querySelector("[data-answer-row-list]").append(row);
    renumber(rows);
    countAll(row);
    return row;
  };

  const removed = new WeakMap(); // rows → the row taken out last, and its place

  const say = (rows, text, n, canUndo = false) => {
    rows.querySelector("[data-answer-said]").textContent = fill(text, { n });
    rows.querySelector("[data-answer-undo]").hidden = !canUndo;
  };

  const focusFirst = (row) => {
    const first = row.querySelector("input:not([type=hidden]), select, textarea");
    if (first) {
      first.focus();
    }
  };

  const addRow = (rows) => {
    const row = newRow(rows);
    say(rows, rows.dataset.textAdded, rowsIn(rows).length);
    focusFirst(row);
  };

  const removeRow = (rows, row) => {
    const all = rowsIn(rows);
    const index = all.indexOf(row);
    removed.set(rows, { row, index });
    row.remove();
    if (all.length === 1) {
      newRow(rows);
    }
    renumber(rows);
    say(rows, rows.dataset.textRemoved, index + 1, true);
    const left = rowsIn(rows);
    left[Math.min(index, left.length - 1)].querySelector("[data-answer-remove]").focus();
  };

  const undo = (rows) => {
    const { row, index } = removed.get(rows);
    const left = rowsIn(rows);
    if (left.length === 1 && isBlankRow(left[0])) {
      left[0].remove();
    }
    const before = rowsIn(rows)[index];
    const list = rows.querySelector("[data-answer-row-list]");
    list.insertBefore(row, before || null);
    renumber(rows);
    say(rows, rows.dataset.textBack, index + 1);
    focusFirst(row);
  };

  const moveRow = (rows, row, button) => {
    const isUp = button.dataset.answerMove === "up";
    const all = rowsIn(rows);
    const other = all[all.indexOf(row) + (isUp ? -1 : 1)];
    if (!other) {
      return;
    }
    // Its neighbour moves, so that the focus stays where it is.
    if (isUp) {
      row.after(other);
    } else {
      row.before(other);
    }
    renumber(rows);
    say(rows, rows.dataset.textMoved, rowsIn(rows).indexOf(row) + 1);
    if (button.disabled) {
      // The button of the last step is off now: its twin takes the focus.
      row.querySelector("[data-answer-move]:not(:disabled)").focus();
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    const rows = button && button.closest("[data-answer-rows]");
    if (!rows || rows.disabled) {
      return;
    }
    const row = button.closest("[data-answer-row]");
    if (button.matches("[data-answer-add]")) {
      addRow(rows);
    } else if (button.matches("[data-answer-remove]")) {
      removeRow(rows, row);
    } else if (button.matches("[data-answer-move]")) {
      moveRow(rows, row, button);
    } else if (button.matches("[data-answer-undo]")) {
      undo(rows);
    } else {
      return;
    }
    showHints(rows);
    rows.dispatchEvent(new CustomEvent("answer:changed", { bubbles: true }));
  });

  /* A draft of another window or of this browser's memory may have more rows, or fewer. */
  document.addEventListener("answer:rows", (event) => {
    const rows = event.target;
    const wanted = Math.max(event.detail, 1);
    while (rowsIn(rows).length < wanted) {
      newRow(rows);
    }
    for (const row of rowsIn(rows).slice(wanted)) {
      row.remove();
    }
    renumber(rows);
  });

  /* --- Listening on the document, so that forms brought in later work too --------------------------------------- */

  const timers = new WeakMap();

  const controlOf = (target) => {
    if (!(target instanceof Element)) {
      return null;
    }
    return target.closest("[data-answer-group]") || target.closest("[data-answer-checks]");
  };

  /* Of a cell, and of a pair's file, also the whole that it is a part of. */
  const wholeOf = (control) => {
    const whole = control.parentElement && control.parentElement.closest("[data-answer-rows], [data-answer-pairs]");
    return whole || null;
  };

  document.addEventListener("input", (event) => {
    const control = controlOf(event.target);
    if (!control) {
      return;
    }
    if (!control.matches("fieldset") && control.type !== "file") {
      showCounter(control);
    }
    showAsked(answerOf(control));
    clearTimeout(timers.get(control));
    timers.set(control, setTimeout(() => showAll(control), TYPING_PAUSE_MS));
  });

  /* Of a row all cells: whether one of them is missing depends on the others. */
  const showAll = (control) => {
    if (!control.isConnected) {
      return; // its row was removed meanwhile
    }
    const row = control.closest("[data-answer-row]");
    for (const each of row ? cellsIn(row) : [control]) {
      if (each === control || byData(each, "hint").dataset.answerFound) {
        showHints(each);
      }
    }
    const whole = wholeOf(control);
    if (whole) {
      showHints(whole);
    }
  };

  document.addEventListener("focusout", (event) => {
    const control = controlOf(event.target);
    const leftGroup = control && !(event.relatedTarget instanceof Node && control.contains(event.relatedTarget));
    if (leftGroup) {
      showAll(control);
    }
  });

  const countAll = (root) => {
    for (const place of root.querySelectorAll("[data-answer-counter]")) {
      const scope = scopeOf(place) || document;
      const control = scope.querySelector(`[id="${CSS.escape(place.dataset.answerCounter)}"]`);
      if (control) {
        showCounter(control);
      }
    }
  };

  const setUp = (root) => {
    countAll(root);
    for (const rows of root.querySelectorAll("[data-answer-rows]:enabled")) {
      renumber(rows);
    }
    for (const item of root.querySelectorAll("[data-answer-show-if]")) {
      if (!item.querySelector(":disabled")) {
        showAsked(answerOf(item));
      }
    }
  };

  document.addEventListener("htmx:load", (event) => setUp(event.target));
  document.addEventListener("answer:filled", (event) => setUp(event.target));
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", () => setUp(document));
  } else {
    setUp(document);
  }
})();
