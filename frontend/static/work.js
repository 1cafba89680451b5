// The task page: nothing typed is lost. A draft is saved at most 3 s after the first unsaved key, mirrored in this
// browser at every key, and goes on through lost connections, sign-outs, restarts and a second window.
(() => {
  "use strict";

  const form = document.querySelector("form[data-task]");
  if (!form) return;

  const SAVE_MS = 3000;
  const REQUEST_MS = 10000;
  const RETRY_MS = [1000, 2000, 4000, 8000, 15000];
  const SETTLE_AGAIN = 3;
  const SIGNED_OUT_MS = 15000;
  const WARN_MS = 10 * 60 * 1000;
  const KEEPALIVE_BYTES = 60000; // browsers refuse more in a request that outlives its page
  const set = form.dataset;
  const mirrorKey = `tencho.draft.${set.user}.${set.assignment}`;
  const foundKey = `${mirrorKey}.found`;
  const language = document.documentElement.lang;
  const fenceField = form.querySelector('[name="fence"]');
  const sign = form.querySelector("[data-autosave]");

  let fence = Number(fenceField.value);
  let typed = 0; // rises with every change
  let saved = 0; // the change that the server has
  let unsavedSince = 0;
  let timer = 0;
  let saving = null;
  let unanswered = null; // sent, but whether it arrived is not known: sent again as it was
  let trouble = ""; // offline, signed-out, conflict or refused
  let failures = 0;
  let theirs = null;
  let active = false;
  let uploads = 0;
  let leaving = false;

  // ---- reading and filling the form -----------------------------------------------------------

  function controls() {
    return [...form.querySelectorAll('[name^="answer-"]')].filter((control) => control.type !== "file");
  }

  const nameOf = (control) => control.name.slice("answer-".length);

  function read() {
    const answer = {};
    for (const control of controls()) {
      const name = nameOf(control);
      if (control.type === "checkbox") {
        answer[name] = answer[name] || [];
        if (control.checked) answer[name].push(control.value);
      } else answer[name] = control.value;
    }
    return answer;
  }

  // A draft from the server has lists of rows or pairs; the controls have one name a cell.
  function flat(answer) {
    const found = {};
    for (const [name, value] of Object.entries(answer)) {
      const isParts = Array.isArray(value) && value.some((part) => part !== null && typeof part === "object");
      if (!isParts) found[name] = value;
      else value.forEach((part, n) => Object.entries(part).forEach(([key, cell]) => (found[`${name}-${n}-${key}`] = cell)));
    }
    return found;
  }

  const texts = (value) => (Array.isArray(value) ? value : value === null || value === undefined ? [] : [value]).map(String);

  function fill(drafted) {
    const answer = flat(drafted);
    for (const rows of form.querySelectorAll("[data-answer-rows]")) {
      const start = `${rows.dataset.answerRows.slice("answer-".length)}-`;
      const numbers = Object.keys(answer).filter((name) => name.startsWith(start)).map((name) => parseInt(name.slice(start.length), 10));
      rows.dispatchEvent(new CustomEvent("answer:rows", { bubbles: true, detail: Math.max(-1, ...numbers) + 1 }));
    }
    const counterparts = pairsOf(drafted);
    for (const control of controls()) {
      if ("answerBefore" in control.dataset) continue;
      const pair = control.closest("[data-answer-pair]");
      if (pair && counterparts) {
        setUpload(control, counterparts.get(pair.querySelector("[data-answer-before]").value) || "");
        continue;
      }
      const values = texts(answer[nameOf(control)]);
      if (control.type === "checkbox") control.checked = values.includes(control.value);
      else {
        control.value = values.join(", ");
        control.dispatchEvent(new CustomEvent("input", { bubbles: true, detail: "filled" }));
        if (control.dataset.answerUpload) setUpload(control, control.value);
      }
    }
    form.dispatchEvent(new CustomEvent("answer:filled", { bubbles: true }));
  }

  function setUpload(control, id) {
    control.value = id;
    showPicture(control, id ? `${set.uploadUrl}${id}/` : "");
  }

  // Counterparts go by their picture: a draft leaves out those that are still missing. Null for what this form read.
  function pairsOf(answer) {
    const pairs = Object.values(answer).flatMap((value) => (Array.isArray(value) ? value : []));
    const isRead = Object.keys(answer).some((name) => /-\d+-before$/.test(name));
    return isRead ? null : new Map(pairs.filter((pair) => pair && pair.before).map((pair) => [pair.before, String(pair.after || "")]));
  }

  const plain = (value) => texts(value).map((text) => text.replace(/\r\n?/g, "\n")).join("\u0000");

  // Of rows and pairs the whole is named: what stands in their cells is told by it.
  function differing(one, other) {
    const [mine, theirs] = [byField(one), byField(other)];
    const names = new Set([...Object.keys(mine), ...Object.keys(theirs)]);
    return [...names].filter((name) => (mine[name] || "") !== (theirs[name] || ""));
  }

  // Field → its words, rows and pairs without blank parts, to compare what was typed with what was stored.
  function byField(answer) {
    const found = {};
    const add = (name, line) => {
      if (line) found[name] = found[name] ? `${found[name]}\n${line}` : line;
    };
    const parts = {};
    for (const [name, value] of Object.entries(flat(answer))) {
      const [field, number, part] = name.split("-");
      if (number === undefined) add(field, plain(value).trim());
      else if (plain(value).trim()) ((parts[field] ||= {})[Number(number)] ||= {})[part] = plain(value).trim();
    }
    for (const [field, rows] of Object.entries(parts)) {
      for (const number of Object.keys(rows).sort((a, b) => a - b)) {
        const row = rows[number];
        if ("before" in row && !row.after) continue;
        add(field, Object.keys(row).sort().map((part) => `${part}: ${row[part]}`).join("; "));
      }
    }
    return found;
  }

  // ---- the mirror in this browser -------------------------------------------------------------

  function stored(key) {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  }

  function store(key, value) {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // No room, or forbidden: the server alone keeps the draft.
    }
  }

  const mirror = () => store(mirrorKey, { answer: read(), fence, at: Date.now() });

  function offerMirror() {
    const found = stored(mirrorKey) || stored(foundKey);
    store(mirrorKey, null);
    if (!found || !found.answer || differing(found.answer, read()).length === 0) {
      store(foundKey, null);
      return;
    }
    // Under its own name, so that typing on does not write over it.
    store(foundKey, found);
    banner("restore").querySelector("[data-banner-time]").textContent = clock(found.at);
    banner("restore").hidden = false;
  }

  function settleMirror(take) {
    const found = stored(foundKey);
    store(foundKey, null);
    banner("restore").hidden = true;
    if (take && found) {
      fill(found.answer);
      changed();
    }
  }

  // ---- what the page says ---------------------------------------------------------------------

  const banner = (name) => form.querySelector(`[data-banner="${name}"]`);

  function clock(at) {
    const day = new Intl.DateTimeFormat(language, { timeZone: set.zone, dateStyle: "short" });
    const isToday = day.format(new Date(at)) === day.format(new Date());
    const time = { timeZone: set.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    if (!isToday) Object.assign(time, { month: "numeric", day: "numeric" });
    return new Intl.DateTimeFormat(language, time).format(new Date(at));
  }

  const say = (template, values) => template.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);

  function show(state, text) {
    sign.dataset.state = state;
    if (sign.textContent !== text) sign.textContent = text;
  }

  function setTrouble(now, text) {
    trouble = now;
    for (const name of ["offline", "signed-out", "refused", "conflict"]) banner(name).hidden = name !== now;
    if (now === "refused") banner(now).querySelector("[data-banner-text]").textContent = text || set.textRefused;
    const words = {
      offline: set.textOffline,
      "signed-out": set.textSignedOut,
      refused: set.textRefused,
      conflict: set.textConflict,
    };
    if (now) show(now, words[now]);
  }

  // ---- saving ---------------------------------------------------------------------------------

  function changed() {
    typed += 1;
    active = true;
    mirror();
    if (!unsavedSince) unsavedSince = Date.now();
    if (!trouble) show("unsaved", set.textUnsaved);
    if (trouble !== "conflict") plan(unsavedSince + SAVE_MS - Date.now());
  }

  function plan(wait) {
    if (timer || saving) return;
    timer = setTimeout(save, Math.max(0, wait));
  }

  function save() {
    clearTimeout(timer);
    timer = 0;
    if (!saving) {
      saving = attempt().finally(() => {
        saving = null;
        if (!trouble && typed > saved) plan((unsavedSince || Date.now()) + SAVE_MS - Date.now());
      });
    }
    return saving;
  }

  // True once the server has what was read; otherwise `trouble` says why not.
  async function attempt() {
    const sent = unanswered || { answer: read(), fence, typed };
    if (!trouble) show("saving", set.textSaving);
    let answer;
    try {
      answer = await post(set.draftUrl, { answer: sent.answer, fence: sent.fence });
    } catch {
      unanswered = sent;
      return retry();
    }
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
      unanswered = sent;
      return signedOut();
    }
    if (answer.status >= 500) {
      unanswered = sent;
      return retry();
    }
    unanswered = null;
    failures = 0;
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) return accepted(sent, body);
    if (body.code === "draft_outdated") conflict(body);
    else setTrouble("refused", body.message);
    return false;
  }

  function accepted(sent, body) {
    fence = body.fence;
    fenceField.value = String(fence);
    saved = Math.max(saved, sent.typed);
    setTrouble("");
    leaseUntil(body);
    if (typed > saved) {
      unsavedSince = Date.now() - SAVE_MS; // what was typed meanwhile goes at once
      mirror();
      show("unsaved", set.textUnsaved);
    } else {
      unsavedSince = 0;
      store(mirrorKey, null);
      show("saved", say(set.textSaved, { time: clock(body.saved_at || Date.now()) }));
    }
    return true;
  }

  function retry() {
    setTrouble("offline");
    clearTimeout(timer);
    timer = setTimeout(save, RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] * (0.75 + Math.random() / 2));
    failures += 1;
    return false;
  }

  function signedOut() {
    setTrouble("signed-out");
    document.dispatchEvent(new CustomEvent("session:ended"));
    clearTimeout(timer);
    timer = setTimeout(save, SIGNED_OUT_MS);
    return false;
  }

  function csrfToken() {
    // Read anew each time: signing in again changes it.
    const cookie = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
    return cookie ? decodeURIComponent(cookie[1]) : form.querySelector('[name="csrfmiddlewaretoken"]').value;
  }

  function post(url, body, keepalive = false) {
    const text = JSON.stringify(body);
    const stop = new AbortController();
    const late = setTimeout(() => stop.abort(), REQUEST_MS);
    return fetch(url, {
      method: "POST",
      body: text,
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
      credentials: "same-origin",
      redirect: "manual",
      keepalive: keepalive && text.length * 3 < KEEPALIVE_BYTES,
      signal: keepalive ? undefined : stop.signal,
    }).finally(() => clearTimeout(late));
  }

  // The page is going: send without waiting. If a save is on its way, this one comes after it.
  function flush() {
    if (leaving || typed === saved || trouble === "conflict") return;
    mirror();
    post(set.draftUrl, { answer: read(), fence: saving ? fence + 1 : fence }, true).catch(() => {});
  }

  // ---- a draft changed in another window ------------------------------------------------------

  function labelOf(name) {
    const row = form.querySelector(`[data-field="${CSS.escape(name)}"]`);
    const label = row && row.querySelector("label.form-label, legend");
    if (!label) return name;
    const copy = label.cloneNode(true);
    for (const mark of copy.querySelectorAll(".answer-mark")) mark.remove();
    return copy.textContent.trim();
  }

  function conflict(body) {
    theirs = body;
    const list = banner("conflict").querySelector("[data-banner-other]");
    list.replaceChildren();
    for (const name of differing(body.draft || {}, read())) {
      const [term, text] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = labelOf(name);
      text.className = "answer-value";
      text.textContent = (byField(body.draft || {})[name] || "").replaceAll("\u0000", ", ") || set.textEmpty;
      list.append(term, text);
    }
    if (!list.children.length) {
      choose(true); // the same words: nothing to choose
      return;
    }
    setTrouble("conflict");
  }

  function choose(mine) {
    fence = theirs.fence;
    fenceField.value = String(fence);
    setTrouble("");
    if (mine) {
      unsavedSince = 0;
      changed();
      plan(0);
    } else {
      fill(theirs.draft || {});
      saved = typed;
      unsavedSince = 0;
      store(mirrorKey, null);
      show("saved", say(set.textSaved, { time: clock(Date.now()) }));
    }
    theirs = null;
  }

  // ---- handing in -----------------------------------------------------------------------------

  // Whether the page may go: everything typed has arrived, or the server shall say what is wrong.
  async function settle() {
    for (let turn = 0; turn < 5; turn += 1) {
      if (saving) await saving;
      if (trouble === "conflict") return false;
      if (trouble === "refused") return true;
      // Without a network the server may be gone, or on this very machine: only asking tells.
      if (typed === saved && !unanswered && !trouble) return navigator.onLine !== false || save();
      await save();
      // A server that is busy for a moment must not make anybody press again.
      const again = trouble === "offline" && navigator.onLine !== false && turn < SETTLE_AGAIN;
      if (again) await new Promise((done) => setTimeout(done, RETRY_MS[turn]));
      else if (trouble) return trouble === "refused";
    }
    return !trouble || trouble === "refused";
  }

  let settling = false;
  let settled = false;

  form.addEventListener("submit", async (event) => {
    if (settled) {
      leaving = true;
      return;
    }
    event.preventDefault();
    if (settling || uploads) return;
    settling = true;
    form.setAttribute("aria-busy", "true");
    // A form does not submit again while its submit event is still being handled.
    await new Promise((done) => setTimeout(done, 0));
    const ready = await settle();
    form.removeAttribute("aria-busy");
    settling = false;
    if (!ready) {
      const shown = banner(trouble || "offline");
      shown.scrollIntoView({ block: "center" });
      const first = shown.querySelector("a, button");
      if (first) first.focus({ preventScroll: true });
      return;
    }
    form.querySelector('[name="csrfmiddlewaretoken"]').value = csrfToken();
    settled = true;
    form.requestSubmit(event.submitter);
  });

  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });

  // ---- the time left --------------------------------------------------------------------------

  function leaseUntil(body) {
    if (!("lease_expires_at" in body)) return;
    for (const time of document.querySelectorAll("[data-lease] time")) {
      if (!body.lease_expires_at) continue;
      time.dateTime = body.lease_expires_at;
      time.title = clock(body.lease_expires_at);
    }
    document.dispatchEvent(new Event("region:updated")); // the countdown writes the words
    warn();
  }

  function warn() {
    const time = document.querySelector("[data-lease] time");
    const left = time ? new Date(time.dateTime) - Date.now() : Infinity;
    form.querySelector("[data-lease-warning]").hidden = !(left > 0 && left < WARN_MS);
  }

  async function beat() {
    if (!active || document.hidden || saving) return;
    active = false;
    try {
      const answer = await post(set.heartbeatUrl, {});
      if (answer.ok) leaseUntil(await answer.json());
    } catch {
      active = true; // said again with the next beat
    }
  }

  // ---- pictures -------------------------------------------------------------------------------

  function showPicture(hidden, address) {
    const field = hidden.closest("[data-answer-image]");
    let picture = field.querySelector("img");
    if (!address) {
      if (picture) picture.remove();
      return;
    }
    if (!picture) {
      picture = document.createElement("img");
      picture.className = "answer-image img-thumbnail";
      hidden.before(picture);
    }
    picture.alt = set.textPicture;
    picture.src = address;
  }

  function uploadPicture(input) {
    const field = input.closest("[data-answer-image]");
    const hidden = field.querySelector("[data-answer-upload]");
    const hint = field.querySelector("[data-answer-hint]");
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("file", input.files[0]);
    uploads += 1;
    request.upload.onprogress = (event) => {
      const percent = event.total ? Math.floor((event.loaded * 100) / event.total) : 0;
      hint.textContent = say(set.textUploading, { percent: `${percent}%` });
    };
    request.onloadend = () => {
      uploads -= 1;
      let answer = {};
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        // Sent to the sign-in page, or nothing came.
      }
      if (request.status !== 201 || !answer.id) {
        hint.textContent = answer.message || set.textUploadFailed;
        if (request.status === 422) input.value = "";
        return;
      }
      hidden.value = answer.id;
      input.value = ""; // else it would go up again with the form
      showPicture(hidden, answer.url);
      hint.textContent = set.textUploaded;
      changed();
    };
    request.open("POST", set.uploadUrl);
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.send(body);
  }

  // ---- wiring ---------------------------------------------------------------------------------

  form.addEventListener("input", (event) => {
    if (event.detail === "filled" || event.target.type === "file") return;
    if (event.target.name && event.target.name.startsWith("answer-")) changed();
  });
  form.addEventListener("answer:changed", changed);
  form.addEventListener("change", (event) => {
    if (event.target.type === "file" && event.target.files.length) uploadPicture(event.target);
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    if (button.dataset.do === "restore" || button.dataset.do === "forget") settleMirror(button.dataset.do === "restore");
    else choose(button.dataset.do === "mine");
  });
  document.addEventListener("keydown", (event) => {
    active = true;
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[data-main]"));
  });
  document.addEventListener("pointerdown", () => (active = true), { passive: true });
  document.addEventListener("scroll", () => (active = true), { passive: true });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      if (typed > saved && trouble !== "conflict") save();
    } else if (trouble === "offline" || trouble === "signed-out") save();
  });
  window.addEventListener("focus", () => trouble === "signed-out" && save());
  document.addEventListener("session:resumed", () => trouble === "signed-out" && save());
  window.addEventListener("online", () => trouble === "offline" && save());
  window.addEventListener("offline", () => !trouble && setTrouble("offline"));
  window.addEventListener("pagehide", flush);
  if (set.heartbeatUrl) setInterval(beat, Number(set.beat) * 1000);
  setInterval(warn, 5000);
  warn();

  offerMirror();
  // Typed while this script was still on its way. (A reload brings back old words by itself: those are not typed.)
  const [arrival] = performance.getEntriesByType("navigation");
  const isNew = (c) => (c.type === "checkbox" ? c.checked !== c.defaultChecked : "defaultValue" in c && c.value !== c.defaultValue);
  if (arrival && arrival.type === "navigate" && controls().some((c) => c.type !== "hidden" && isNew(c))) changed();
  const first = document.querySelector("[data-focus]");
  if (first) first.focus();
})();
