// The review desk by keyboard: decide, go on, never wait. The next item is fetched while this one is looked at.
(() => {
  "use strict";

  const FRESH_MS = 20000; // a desk fetched longer ago may have been decided by somebody else
  const RENEW_MS = 4 * 60 * 1000;
  const TOAST_MS = 4000;
  const UNDO_MS = 58 * 1000;
  const AGAIN = "tencho.desk.again";
  const DIFF_MS = 300;
  const TRIES = 5;
  const frame = document.querySelector("[data-desk-frame]");
  const help = document.getElementById("help");
  const toast = document.querySelector("[data-toast]");
  const csrf = () => {
    const cookie = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
    return cookie ? decodeURIComponent(cookie[1]) : "";
  };

  let ahead = null; // {promise, at} of the next desk
  let busy = false;

  const desk = () => (frame ? frame.querySelector("[data-desk]") : null);

  // ---- requests -------------------------------------------------------------------------------

  function ask(url, body) {
    const headers = { "X-Desk": "1" };
    if (body) headers["X-CSRFToken"] = csrf();
    return fetch(url, {
      method: body ? "POST" : "GET",
      body,
      headers,
      credentials: "same-origin",
      redirect: "manual",
      cache: "no-store",
    });
  }

  async function refusal(answer) {
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
      const body = await answer.json().catch(() => null);
      if (answer.status !== 403) document.dispatchEvent(new CustomEvent("session:ended"));
      return body ? body.message : frame.dataset.textSignedOut;
    }
    const body = await answer.json().catch(() => null);
    if (!body || !body.message) return frame.dataset.textProblem;
    return [body.message, ...(body.fields || []).map((field) => labelOf(field.field) + field.message)].join("\n");
  }

  function labelOf(name) {
    const field = desk().querySelector(`[data-field="${CSS.escape((name || "").split(".")[0])}"] h3`);
    return field ? `${field.textContent}: ` : "";
  }

  function complain(text) {
    const note = desk().querySelector("[data-problem]");
    note.textContent = text;
    note.hidden = false;
    note.scrollIntoView({ block: "nearest" });
  }

  // With an address to take it back the line stays as long as that is possible.
  function tell(text, undo = "") {
    if (!toast || !text) return;
    toast.querySelector("[data-toast-text]").textContent = text;
    toast.querySelector("[data-toast-undo]").hidden = !undo;
    toast.dataset.undo = undo;
    toast.hidden = false;
    clearTimeout(tell.timer);
    tell.timer = setTimeout(() => {
      toast.hidden = true;
      toast.dataset.undo = "";
    }, undo ? UNDO_MS : TOAST_MS);
  }

  async function takeBack() {
    const line = document.querySelector("form[data-undo]");
    const url = (toast && toast.dataset.undo) || (line && line.action);
    if (!url || busy) return;
    if (!frame) {
      line.requestSubmit();
      return;
    }
    busy = true;
    try {
      const answer = await ask(url, new URLSearchParams());
      if (answer.ok) {
        tell.timer = clearTimeout(tell.timer);
        toast.hidden = true;
        toast.dataset.undo = "";
        ahead = null;
        swap(await answer.text());
        fetchAhead();
      } else complain(await refusal(answer));
    } catch {
      complain(frame.dataset.textProblem);
    }
    busy = false;
  }

  // ---- the next item --------------------------------------------------------------------------

  function fetchAhead() {
    const url = desk().dataset.next;
    const promise = ask(url).then(async (answer) => {
      if (answer.status === 204) return { html: "" };
      if (answer.status !== 200) throw new Error(String(answer.status));
      return { html: await answer.text() };
    });
    promise.catch(() => {});
    ahead = { promise, at: Date.now() };
  }

  async function takeAhead() {
    if (!ahead || Date.now() - ahead.at > FRESH_MS) fetchAhead();
    try {
      return await ahead.promise;
    } catch {
      fetchAhead();
      return ahead.promise;
    }
  }

  function swap(html) {
    frame.innerHTML = html;
    const shown = desk();
    history.pushState({ desk: true }, "", shown.dataset.url);
    document.title = `${shown.dataset.title} – ${document.title.split(" – ").pop()}`;
    window.scrollTo(0, 0);
    setUp();
    shown.querySelector("h1").focus({ preventScroll: true });
    if (window.tenchoLive) window.tenchoLive.scan();
  }

  // Shows the next item and leases it; what another reviewer took meanwhile is passed over.
  async function goOn() {
    for (let turn = 0; turn < TRIES; turn += 1) {
      const { html } = await takeAhead();
      if (!html) {
        window.location.assign(desk().dataset.queueUrl);
        return;
      }
      swap(html);
      fetchAhead();
      const answer = await lease();
      if (!answer || answer.ok) return;
      const body = await answer.clone().json().catch(() => ({}));
      if (body.code !== "reviewed_by_other" && body.code !== "illegal_transition") {
        complain(await refusal(answer));
        return;
      }
      ahead = null;
    }
  }

  async function lease() {
    const shown = desk();
    try {
      const answer = await ask(shown.dataset.start, new URLSearchParams());
      if (answer.ok && shown === desk()) {
        shown.dataset.mine = "";
        const start = shown.querySelector("[data-lease-form]");
        if (start) start.hidden = true;
        const presence = shown.querySelector("[data-region]");
        if (presence) presence.dispatchEvent(new CustomEvent("region:refresh"));
      }
      return answer;
    } catch {
      return null; // deciding works without the lease
    }
  }

  async function skip() {
    if (busy) return;
    busy = true;
    const shown = desk();
    try {
      if ("mine" in shown.dataset) ask(shown.dataset.stop, new URLSearchParams()).catch(() => {});
      await goOn();
    } catch {
      complain(frame.dataset.textProblem);
    }
    busy = false;
  }

  async function decide(form, submitter) {
    if (busy) return;
    const corrected = form === part("approve") && correction();
    if (corrected) {
      corrected.requestSubmit();
      return;
    }
    busy = true;
    frame.setAttribute("aria-busy", "true");
    desk().querySelector("[data-problem]").hidden = true;
    try {
      const body = new FormData(form);
      if (submitter && submitter.name) body.set(submitter.name, submitter.value);
      const answer = await ask(form.action, form.enctype === "multipart/form-data" ? body : new URLSearchParams(body));
      if (answer.ok) {
        const { message, undo } = await answer.json();
        tell(message, undo);
        await goOn();
      } else complain(await refusal(answer));
    } catch {
      complain(frame.dataset.textProblem);
    }
    frame.removeAttribute("aria-busy");
    busy = false;
  }

  // ---- comparing ------------------------------------------------------------------------------

  const words = window.Intl && Intl.Segmenter ? new Intl.Segmenter("ja", { granularity: "word" }) : null;
  const split = (text) => (words ? [...words.segment(text)].map((part) => part.segment) : text.split(/(\s+)/));

  // Text nodes only: what a worker typed never becomes markup.
  function draw(place, before, after) {
    place.replaceChildren();
    const parts = window.Diff.diffArrays(split(before), split(after), { timeout: DIFF_MS });
    if (!parts) return false;
    for (const part of parts) {
      const text = document.createTextNode(part.value.join(""));
      if (!part.added && !part.removed) place.append(text);
      else {
        const mark = document.createElement(part.added ? "ins" : "del");
        mark.append(text);
        place.append(mark);
      }
    }
    return true;
  }

  function compare(mode) {
    for (const field of desk().querySelectorAll("[data-field]")) compareField(field, mode);
    for (const button of desk().querySelectorAll("[data-against] button")) {
      button.setAttribute("aria-pressed", String(button.value === mode));
    }
    desk().dataset.mode = mode;
  }

  function compareField(field, mode) {
    const after = field.querySelector("[data-after]");
    if (!after) return;
    const place = field.querySelector("[data-diff]");
    const other = field.querySelector(`[data-before-${mode === "plain" ? "none" : mode}] [data-text]`);
    const [isNew, isSame] = [field.querySelector('[data-mark="new"]'), field.querySelector('[data-mark="same"]')];
    const [old, now] = [other ? other.textContent : "", after.textContent];
    isNew.hidden = !(other && old.trim() === "" && now !== "");
    isSame.hidden = !(other && old === now && now !== "");
    const drawn = Boolean(other) && old.trim() !== "" && old !== now && draw(place, old, now);
    place.hidden = !drawn;
    after.hidden = drawn;
  }

  function remembered(choices) {
    let mode = "";
    try {
      mode = sessionStorage.getItem("tencho.compare") || "";
    } catch {
      // Private windows may forbid it.
    }
    if (choices.includes("previous") && mode !== "plain") return "previous";
    return choices.includes(mode) ? mode : choices[0];
  }

  function choose(mode) {
    compare(mode);
    try {
      sessionStorage.setItem("tencho.compare", mode);
    } catch {
      // Remembered on this item alone.
    }
  }

  const choices = () => [...desk().querySelectorAll("[data-against] button")].map((button) => button.value);

  // ---- the parts that open --------------------------------------------------------------------

  function open(part, focus = true) {
    // An untouched correction makes room; one that was begun stays.
    if (part && !correction()) desk().querySelector("[data-correct]")?.removeAttribute("open");
    for (const form of desk().querySelectorAll(".decide-part")) {
      const mine = form.dataset.part === part;
      form.classList.toggle("is-open", mine);
      const button = desk().querySelector(`[data-show="${form.dataset.part}"]`);
      if (button) button.setAttribute("aria-expanded", String(mine));
      if (mine && focus) form.querySelector("input:not([type=hidden]), textarea").focus();
    }
  }

  const part = (name) => desk().querySelector(`[data-part="${name}"]`);

  // `c` writes at the field one is in, else at the first one with a finding, else at the first.
  function comment() {
    if (!part("changes")) return;
    const fields = [...desk().querySelectorAll("[data-field]")].filter((field) => field.querySelector(".comment"));
    const here = fields.find((field) => field.contains(document.activeElement));
    const found = here || fields.find((field) => field.querySelector(".finding")) || fields[0];
    open("changes", !found);
    if (!found) return;
    const box = found.querySelector(".comment");
    box.open = true;
    const text = box.querySelector("textarea");
    text.focus();
    text.scrollIntoView({ block: "center" });
  }

  // `e` corrects the field one is in, else the first one with a finding, else the first.
  function correct() {
    const box = desk().querySelector("[data-correct]");
    if (!box) return;
    open("");
    const fields = [...desk().querySelectorAll("[data-field]")];
    const here = fields.find((field) => field.contains(document.activeElement));
    const found = here || fields.find((field) => field.querySelector(".finding"));
    box.open = true;
    const at = found ? fields.indexOf(found) : 0;
    const rows = box.querySelectorAll(".answer-row");
    const control = (rows[at] || box).querySelector("textarea, select, input:not([type=hidden])");
    if (control) {
      control.focus();
      control.scrollIntoView({ block: "center" });
    }
  }

  function setUp() {
    const shown = desk();
    for (const button of document.querySelectorAll("[data-help]")) button.hidden = false;
    if (!shown) return;
    shown.querySelector("[data-against]").hidden = choices().length < 2;
    if (window.Diff) compare(remembered(choices()));
  }

  // What somebody has corrected is not passed over by approving: then it is approved with the correction.
  function correction() {
    const form = desk().querySelector("[data-correct][open] form");
    const isChanged = (c) => {
      if (c.type === "hidden") return false;
      if (c.type === "checkbox" || c.type === "radio") return c.checked !== c.defaultChecked;
      if (c.options) return [...c.options].some((one) => one.selected !== one.defaultSelected && (one.selected || c.multiple));
      return "defaultValue" in c && c.value !== c.defaultValue;
    };
    return form && [...form.elements].some(isChanged) ? form : null;
  }

  function closeParts() {
    const kept = correction();
    const parts = [...desk().querySelectorAll(".decide-part.is-open, [data-correct][open]")];
    const open = parts.filter((one) => !kept || !one.contains(kept));
    for (const one of open) {
      if (one.matches("details")) one.open = false;
      else one.classList.remove("is-open");
    }
    for (const button of desk().querySelectorAll("[data-show][aria-expanded]")) button.setAttribute("aria-expanded", "false");
    return open.length > 0;
  }

  // ---- keys -----------------------------------------------------------------------------------

  const isTyping = (target) =>
    target.matches("textarea, select, [contenteditable], input:not([type=checkbox]):not([type=radio])");

  function inText(event) {
    const form = event.target.form;
    if (event.key === "Escape") event.target.blur();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form && form.matches("[data-decision]")) {
      event.preventDefault();
      form.requestSubmit();
    }
  }

  function move(step) {
    const rows = [...document.querySelectorAll("[data-row] [data-open]")];
    if (!rows.length) return;
    const at = rows.findIndex((button) => button.closest("[data-row]").contains(document.activeElement));
    const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
    rows[next].focus();
    rows[next].scrollIntoView({ block: "nearest" });
  }

  function deskKey(key) {
    // Somebody else was quicker: every decision leads on.
    if (desk().querySelector("[data-decided]") && "acer".includes(key)) {
      skip();
      return true;
    }
    switch (key) {
      case "a":
        if (part("approve")) part("approve").requestSubmit();
        return true;
      case "Escape":
        return closeParts();
      case "c":
        comment();
        return true;
      case "e":
        correct();
        return true;
      case "r":
        if (part("reject")) open("reject");
        return true;
      case "d": {
        const all = choices();
        choose(all[(all.indexOf(desk().dataset.mode) + 1) % all.length]);
        return true;
      }
      case "j":
      case "n":
        skip();
        return true;
      case "k":
      case "p":
        history.back();
        return true;
    }
    return false;
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || !(event.target instanceof Element)) return;
    if (isTyping(event.target)) {
      inText(event);
      return;
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      inText(event); // on a checkbox of the rejection
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.key === "?") {
      if (help.open) help.close();
      else help.showModal();
      event.preventDefault();
      return;
    }
    if (help.open) return;
    if (event.key === "u") {
      takeBack();
      event.preventDefault();
      return;
    }
    if (!desk() && event.key === "Enter" && event.target === document.body) {
      const first = document.querySelector("[data-row] [data-open]");
      if (first) {
        event.preventDefault();
        first.click();
      }
      return;
    }
    const done = desk() ? deskKey(event.key) : (event.key === "j" && (move(1), true)) || (event.key === "k" && (move(-1), true));
    if (done) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-help], [data-show], [data-against] button, [data-skip], [data-toast-undo]");
    if (!target) return;
    if (target.matches("[data-help]")) help.showModal();
    else if (target.matches("[data-toast-undo]")) takeBack();
    else if (target.matches("[data-skip]")) {
      event.preventDefault();
      skip();
    } else if (target.matches("[data-show]")) {
      if (target.dataset.show === "changes") comment();
      else if (target.dataset.show === "correct") correct();
      else open(target.dataset.show);
    } else choose(target.value);
  });

  if (frame) {
    document.addEventListener("submit", (event) => {
      if (event.target.matches("[data-decision]")) {
        event.preventDefault();
        decide(event.target, event.submitter);
      } else if (event.target.matches("[data-undo]")) {
        event.preventDefault();
        takeBack();
      } else if (event.target.matches("[data-lease-form]")) {
        event.preventDefault();
        lease().then(async (answer) => {
          if (answer && !answer.ok) complain(await refusal(answer));
        });
      }
    }, true);
    window.addEventListener("popstate", () => window.location.reload());
    // Who leaves the desk gives the answer back to the queue; a reload takes it again.
    window.addEventListener("pagehide", () => {
      const shown = desk();
      if (!shown || !("mine" in shown.dataset) || !("open" in shown.dataset)) return;
      const body = new FormData();
      body.set("csrfmiddlewaretoken", csrf());
      navigator.sendBeacon(shown.dataset.stop, body);
      try {
        sessionStorage.setItem(AGAIN, shown.dataset.url);
      } catch {
        // It waits in the queue then.
      }
    });
    setInterval(() => {
      if (!document.hidden && desk() && "mine" in desk().dataset && "open" in desk().dataset) lease();
    }, RENEW_MS);
    fetchAhead();
    let again = "";
    try {
      again = sessionStorage.getItem(AGAIN) || "";
      sessionStorage.removeItem(AGAIN);
    } catch {
      // Private windows may forbid it.
    }
    if (again === desk().dataset.url && "open" in desk().dataset) lease();
  }
  setUp();
})();
