// The template editor: what is typed is kept (server, and this browser until the server has it), shown as a worker
// will see it, and judged while it grows.
(() => {
  "use strict";

  const page = document.querySelector("[data-editor]");
  if (!page) return;
  const library = window.tenchoLibrary;
  const { List, toFields, toForm, say } = library;
  const json = (id) => JSON.parse(document.getElementById(id).textContent);
  const words = (library.words = json("editor-words"));
  const start = json("editor-start");
  const set = page.dataset;

  const SAVE_MS = 1200;
  const RETRY_MS = 4000;
  const LOOK_MS = 900;
  const mirrorKey = `tencho.template.${set.user}.${set.template}`;
  const otherKey = `${mirrorKey}.other`;

  let content = start.content;
  let fields = toFields(content.form);
  let fence = start.fence;
  let newest = start.newest;
  let waiting = start.waiting;
  let typed = 0;
  let saved = 0;
  let saving = false;
  let timer = 0;
  let lookTimer = 0;
  let conflict = null;
  const lists = {};

  const one = (selector) => page.querySelector(selector);
  const all = (selector) => [...page.querySelectorAll(selector)];
  const named = (label, name) => (label && (label[words.language] || label.ja || label.en)) || name || words.unnamed;
  const clock = (at) => new Intl.DateTimeFormat(words.language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(at));

  function announce(text) {
    one("[data-announce]").textContent = text;
  }

  let undo = null;
  function offerUndo(text, back) {
    undo = back;
    one("[data-undo-text]").textContent = text;
    one("[data-undo]").hidden = false;
    announce(text);
  }
  Object.assign(library, { announce, offerUndo });
  one("[data-undo-do]").addEventListener("click", () => {
    one("[data-undo]").hidden = true;
    if (undo) undo();
    undo = null;
  });

  // ---- the whole content ---------------------------------------------------------------------------

  const collected = () => ({ ...content, form: toForm(fields) });

  function fillAll() {
    fields = toFields(content.form);
    for (const control of all("[data-top]")) library.show(control, library.read(content, control.dataset.top));
    lists.form.items = fields;
    for (const name of ["inputs", "checks", "checklist"]) lists[name].items = content[name];
    for (const list of Object.values(lists)) list.draw();
    showJson();
    lookSoon(0);
    for (const language of ["ja", "en"]) manualSoon(language, 0);
  }

  // ---- lists ---------------------------------------------------------------------------------------

  function changed(structure) {
    typed += 1;
    if (structure) refresh();
    mirror();
    soon();
  }

  // What other cards say of this one: names in rules and checks.
  function refresh() {
    for (const list of [lists.form, lists.checks]) {
      if (!list) continue;
      for (const card of list.body.children) {
        list.filled(card, card.model);
        list.retitle(card);
      }
    }
  }

  const fieldTitle = (field) => named(field.prop["x-label"], field.name);

  function fieldAbout(items, inner) {
    return {
      items,
      make(kind) { return library.newField(this.items, kind, words); },
      title: fieldTitle,
      kind: (field) => [words.fieldKinds[field.kind], field.required ? words.required : "", field.when.field ? words.conditional : ""].filter(Boolean).join(" · "),
      changed,
      idOf: (field) => (inner ? `place-form.${inner}.${field.name}` : `place-form.${field.name}`),
      renamed(copy) { copy.name = library.newName(this.items, "field"); delete copy.prop["x-column"]; },
      removed: (field) => dropChecks(inner ? `${inner}.${field.name}` : field.name),
      filled(card, field) { fillField(card, field, this.items, inner); },
      typed: typedField,
    };
  }

  function dropChecks(name) {
    const gone = content.checks.filter((check) => check.field === name || String(check.field).startsWith(`${name}.`));
    content.checks = lists.checks.items = content.checks.filter((check) => !gone.includes(check));
    lists.checks.draw();
    return () => {
      content.checks.push(...gone);
      lists.checks.draw();
    };
  }

  function fillField(card, field, items, inner) {
    const body = card.querySelector(":scope > .card-body");
    for (const part of body.querySelectorAll(":scope > [data-for]")) part.hidden = !part.dataset.for.split(" ").includes(field.kind);
    for (const part of body.querySelectorAll(":scope > [data-outer]")) part.hidden ||= Boolean(inner);
    card.querySelector("[data-icon]").className = `kind-icon kind-${field.kind}`;
    const options = body.querySelector(':scope > [data-list="options"]');
    if (!options.list || options.list.items !== field.options) new List(options, optionAbout(field));
    if (!inner) {
      const rows = body.querySelector(':scope > [data-list="columns"]');
      if (rows && (!rows.list || rows.list.items !== field.fields)) new List(rows, fieldAbout(field.fields, field.name));
      fillRule(card, field, items);
    }
  }

  function optionAbout(field) {
    return {
      items: field.options,
      make: () => ({ value: words.choice.replace("{n}", field.options.length + 1), label: { ja: "", en: "" } }),
      title: (option) => named(option.label, option.value),
      changed,
      renamed: (copy) => { copy.value += " 2"; },
    };
  }

  const CONTROLLERS = ["choice", "choices", "integer", "number", "text", "date"];

  function fillRule(card, field, items) {
    const select = card.querySelector("[data-rule-field]");
    const earlier = items.slice(0, items.indexOf(field)).filter((other) => CONTROLLERS.includes(other.kind));
    const gone = field.when.field && !earlier.some((other) => other.name === field.when.field);
    const entries = earlier.map((other) => new Option(fieldTitle(other), other.name));
    if (gone) entries.push(new Option(field.when.field, field.when.field));
    select.replaceChildren(select.options[0], ...entries);
    select.value = field.when.field;
    const other = earlier.find((one) => one.name === field.when.field);
    const picks = card.querySelector("[data-rule-picks]");
    const text = card.querySelector("[data-rule-text]");
    const isChoice = Boolean(other && other.kind.startsWith("choice"));
    picks.hidden = !isChoice;
    text.closest(".line").hidden = !field.when.field || isChoice;
    if (isChoice) {
      picks.querySelector("[data-rule-boxes]").replaceChildren(...other.options.map((option) => ruleBox(option, field)));
    } else if (document.activeElement !== text) text.value = field.when.is.join(", ");
  }

  function ruleBox(option, field) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    label.className = "form-check";
    box.type = "checkbox";
    box.className = "form-check-input";
    box.value = option.value;
    box.dataset.rulePick = "";
    box.checked = field.when.is.includes(option.value);
    label.append(box, " ", named(option.label, option.value));
    return label;
  }

  // What a plain binding does not cover; true when it was that.
  function typedField(card, control) {
    const field = card.model;
    if (control.dataset.bind === "kind") {
      library.changeKind(field, control.value, words);
      changed(true);
      card.list.draw();
      card.list.open(field, false).querySelector('[data-bind="kind"]').focus();
      return true;
    }
    if (control.dataset.bind === "name") return typedName(card, control);
    if (control.dataset.bind === "required") {
      field.required = control.checked;
      card.list.retitle(card);
      changed(false);
      return true;
    }
    return false;
  }

  function typedName(card, control) {
    const field = card.model;
    const wanted = control.value.trim();
    const free = !card.list.items.some((other) => other !== field && other.name === wanted);
    const good = library.NAME.test(wanted) && free;
    control.classList.toggle("is-invalid", !good);
    control.setAttribute("aria-invalid", String(!good));
    if (!good) {
      announce(words.badName);
      return true;
    }
    const outer = card.parentElement.closest("[data-card]");
    const before = outer ? `${outer.model.name}.` : "";
    for (const check of content.checks) {
      if (check.field === before + field.name) check.field = before + wanted;
      else if (String(check.field).startsWith(`${before}${field.name}.`)) check.field = before + wanted + check.field.slice(before.length + field.name.length);
    }
    for (const other of card.list.items) if (other.when.field === field.name) other.when.field = wanted;
    field.name = wanted;
    changed(true);
    return true;
  }

  document.addEventListener("input", (event) => {
    const control = event.target;
    const card = control.closest("[data-card]");
    if (!card) return;
    const { when } = card.model;
    if (control.matches("[data-rule-field]")) {
      when.field = control.value;
      when.is = [];
      changed(true);
      control.focus();
    } else if (control.matches("[data-rule-pick]")) {
      when.is = [...card.querySelectorAll("[data-rule-pick]:checked")].map((box) => box.value);
      changed(false);
    } else if (control.matches("[data-rule-text]")) {
      const other = fields.find((field) => field.name === when.field);
      const isNumber = other && ["integer", "number"].includes(other.kind);
      const values = control.value.split(/[,、，]/).map((text) => text.trim()).filter(Boolean);
      when.is = values.map((text) => (isNumber && Number.isFinite(Number(text)) ? Number(text) : text));
      changed(false);
    }
  });

  // ---- checks --------------------------------------------------------------------------------------

  const CHECK_KEYS = { length: ["min", "max"], bytes_cp932: ["max"], regex: ["pattern", "mode", "negate"], allowed: ["values"], banned: ["words"] };

  function checkable() {
    return fields.flatMap((field) => [
      { name: field.name, kind: field.kind, title: fieldTitle(field) },
      ...field.fields.map((inner) => ({
        name: `${field.name}.${inner.name}`,
        kind: inner.kind,
        inner: true,
        title: say(words.column, { rows: fieldTitle(field), column: fieldTitle(inner) }),
      })),
    ]);
  }

  const fitting = (kind) => checkable().filter((field) => words.fits[kind].includes(field.kind) && !(field.inner && kind === "unique_in_batch"));

  function newId(items, stem, key) {
    for (let n = items.length + 1; ; n += 1) if (!items.some((item) => item[key] === `${stem}${n}`)) return `${stem}${n}`;
  }

  function fillCheck(card, check) {
    for (const part of card.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(check.kind);
    const select = card.querySelector("[data-fields]");
    const found = fitting(check.kind);
    const entries = found.map((field) => new Option(field.title, field.name));
    if (check.field && !found.some((field) => field.name === check.field)) entries.push(new Option(check.field, check.field));
    select.replaceChildren(...entries);
    select.value = check.field;
  }

  function typedCheck(card, control) {
    const check = card.model;
    if (control.dataset.bind !== "kind") return false;
    check.kind = control.value;
    for (const keys of Object.values(CHECK_KEYS)) for (const key of keys) if (!(CHECK_KEYS[check.kind] || []).includes(key)) delete check[key];
    const found = fitting(check.kind);
    if (!found.some((field) => field.name === check.field) && found.length) check.field = found[0].name;
    changed(true);
    return true;
  }

  const checkField = (check) => (checkable().find((field) => field.name === check.field) || { title: check.field }).title;

  lists.checks = new List(one('[data-list="checks"]'), {
    items: content.checks,
    make: (kind) => ({
      id: newId(content.checks, "check-", "id"),
      kind,
      field: (fitting(kind)[0] || { name: "" }).name,
      blocking: true,
      label: { ja: "", en: "" },
    }),
    title: (check) => named(check.label, words.checkKinds[check.kind]),
    kind: (check) => [checkField(check), words.checkKinds[check.kind]].join(" · "),
    changed,
    idOf: (check) => `place-checks.${check.id}`,
    renamed: (copy) => { copy.id = newId(content.checks, "check-", "id"); },
    filled: fillCheck,
    typed: typedCheck,
  });
  lists.form = new List(one('[data-list="fields"]'), fieldAbout(fields, ""));
  lists.inputs = new List(one('[data-list="inputs"]'), {
    items: content.inputs,
    make: (kind) => ({ name: kind === "images" || kind === "options" ? kind : newId(content.inputs, "column_", "name"), kind, label: { ja: "", en: "" } }),
    title: (input) => named(input.label, input.name),
    kind: (input) => words.inputKinds[input.kind],
    changed,
    idOf: (input) => `place-inputs.${content.inputs.indexOf(input) + 1}`,
    filled(card, input) {
      // A name of its own stands for a column that is chosen with each file.
      const select = card.querySelector("[data-columns]");
      const own = select.querySelector("[data-own]");
      const known = [...select.options].some((option) => option !== own && option.value === input.name);
      own.value = known ? newId(content.inputs, "column_", "name") : input.name;
      select.value = input.name;
    },
    renamed: (copy) => { copy.name = newId(content.inputs, "column_", "name"); },
  });
  lists.checklist = new List(one('[data-list="checklist"]'), {
    items: content.checklist,
    make: () => ({ id: newId(content.checklist, "point-", "id"), label: { ja: "", en: "" } }),
    title: (item) => named(item.label, item.id),
    changed,
    idOf: (item) => `place-checklist.${content.checklist.indexOf(item) + 1}`,
    renamed: (copy) => { copy.id = newId(content.checklist, "point-", "id"); },
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-try]");
    if (!button) return;
    const card = button.closest("[data-card]");
    const answer = await post(set.tryUrl, { form: toForm(fields), check: card.model, samples: card.querySelector("[data-samples]").value });
    card.querySelector("[data-tried]").innerHTML = answer.ok || answer.status === 422 ? await answer.text() : "";
  });

  // ---- plain texts, numbers, the manual --------------------------------------------------------------

  for (const control of all("[data-top]")) {
    library.show(control, library.read(content, control.dataset.top));
    control.addEventListener("input", () => {
      library.write(content, control.dataset.top, library.typed(control));
      changed(false);
      if (control.dataset.manual) manualSoon(control.dataset.manual, 600);
    });
  }

  const manualTimers = {};
  function manualSoon(language, wait) {
    clearTimeout(manualTimers[language]);
    manualTimers[language] = setTimeout(async () => {
      const place = one(`[data-manual-shown="${language}"]`);
      const answer = await post(set.manualUrl, { markdown: content[`manual_${language}`] }).catch(() => null);
      if (answer && answer.ok) place.innerHTML = await answer.text();
    }, wait);
  }

  for (const input of all("[data-picture]")) {
    input.addEventListener("change", async () => {
      const file = input.files[0];
      if (!file) return;
      const text = one(`[data-manual="${input.dataset.picture}"]`);
      const note = one(`[data-picture-note="${input.dataset.picture}"]`);
      note.textContent = words.uploading;
      const body = new FormData();
      body.append("file", file);
      const answer = await send(set.pictureUrl, body).catch(() => null);
      const found = answer ? await answer.json().catch(() => ({})) : {};
      note.textContent = answer && answer.ok ? "" : found.message || words.uploadFailed;
      input.value = "";
      if (!answer || !answer.ok) return;
      text.setRangeText(`${found.markdown}\n`, text.selectionStart, text.selectionEnd, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
      text.focus();
    });
  }

  // ---- as JSON ---------------------------------------------------------------------------------------

  const jsonText = one("[data-json]");
  function showJson() {
    if (document.activeElement !== jsonText) jsonText.value = JSON.stringify(collected(), null, 2);
  }
  one("[data-json-view]").addEventListener("toggle", showJson);
  one("[data-json-take]").addEventListener("click", () => {
    const note = one("[data-json-note]");
    note.textContent = "";
    try {
      const found = JSON.parse(jsonText.value);
      const fits = library.isObject(found) && ["inputs", "checks", "checklist"].every((name) => Array.isArray(found[name]) && found[name].every(library.isObject)) && library.isObject(found.form) && library.isObject(found.defaults);
      if (!fits) throw new Error("form, inputs, checks, checklist, defaults");
      content = found;
    } catch (error) {
      note.textContent = say(words.badJson, { reason: error.message });
      return;
    }
    jsonText.blur();
    fillAll();
    changed(true);
  });

  // ---- keeping it ------------------------------------------------------------------------------------

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

  const mirror = () => store(mirrorKey, collected());

  function show(state, text) {
    for (const sign of all("[data-autosave]")) {
      sign.dataset.state = state;
      if (sign.textContent !== text) sign.textContent = text;
    }
  }

  function send(url, body, json) {
    const cookie = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
    const token = cookie ? decodeURIComponent(cookie[1]) : one('[name="csrfmiddlewaretoken"]').value;
    const headers = { "X-CSRFToken": token, ...(json ? { "Content-Type": "application/json" } : {}) };
    return fetch(url, { method: "POST", body, headers, credentials: "same-origin", redirect: "manual" });
  }

  const post = (url, body) => send(url, JSON.stringify(body), true);

  function soon(wait = SAVE_MS) {
    if (!conflict) show("unsaved", words.unsaved);
    clearTimeout(timer);
    timer = setTimeout(save, wait);
    lookSoon(LOOK_MS);
    showJson();
  }

  async function save() {
    if (saving || conflict || typed === saved) return;
    saving = true;
    const turn = typed;
    show("saving", words.saving);
    const answer = await post(set.draftUrl, { content: collected(), fence }).catch(() => null);
    saving = false;
    await settle(answer, turn);
  }

  async function settle(answer, turn) {
    if (!answer || answer.status >= 500) return again("offline", words.offline);
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return again("signed-out", words.signedOut);
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) return accepted(body, turn);
    if (body.code === "template_draft_outdated") return differs(body);
    show("refused", `${words.refused}: ${(body.fields || []).map((field) => field.message).join(" ") || body.message || ""}`);
  }

  function again(state, text) {
    show(state, text);
    clearTimeout(timer);
    timer = setTimeout(save, RETRY_MS);
  }

  function accepted(body, turn) {
    fence = body.fence;
    saved = Math.max(saved, turn);
    waiting = true;
    showProblems(body.problems);
    if (typed > saved) return soon(0);
    store(mirrorKey, null);
    show("saved", say(words.saved, { time: clock(body.saved_at) }));
  }

  window.addEventListener("beforeunload", (event) => {
    if (typed !== saved) event.preventDefault();
  });

  // ---- another window ----------------------------------------------------------------------------------

  function differs(body) {
    if (JSON.stringify(sorted(body.draft)) === JSON.stringify(sorted(collected()))) {
      fence = body.fence;
      return accepted({ ...body, problems: shownProblems }, typed);
    }
    conflict = body;
    show("conflict", words.conflict);
    one("[data-conflict-who]").textContent = body.saved_by ? say(words.savedBy, { name: body.saved_by, time: clock(body.saved_at) }) : "";
    one("[data-conflict]").hidden = false;
    one("[data-conflict]").scrollIntoView({ block: "center" });
  }

  const sorted = (value) => (Array.isArray(value) ? value.map(sorted) : library.isObject(value) ? Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])])) : value);

  function choose(mine) {
    const theirs = conflict;
    conflict = null;
    one("[data-conflict]").hidden = true;
    store(otherKey, mine ? theirs.draft : collected());
    one("[data-other]").hidden = false;
    fence = theirs.fence;
    if (mine) {
      soon(0);
      return;
    }
    content = theirs.draft;
    saved = typed;
    store(mirrorKey, null);
    fillAll();
    show("saved", say(words.saved, { time: clock(theirs.saved_at || Date.now()) }));
  }
  one("[data-conflict-mine]").addEventListener("click", () => choose(true));
  one("[data-conflict-theirs]").addEventListener("click", () => choose(false));

  function swap(key, banner) {
    const found = stored(key);
    if (!found) return;
    store(key, key === otherKey ? collected() : null);
    content = found;
    one(banner).hidden = key !== otherKey;
    fillAll();
    changed(true);
  }
  one("[data-other-do]").addEventListener("click", () => swap(otherKey, "[data-other]"));
  one("[data-restore-do]").addEventListener("click", () => swap(`${mirrorKey}.found`, "[data-restore]"));
  one("[data-restore-not]").addEventListener("click", () => {
    store(`${mirrorKey}.found`, null);
    one("[data-restore]").hidden = true;
  });

  // ---- what is wrong, by place ---------------------------------------------------------------------------

  let shownProblems = [];
  function showProblems(problems) {
    shownProblems = problems;
    const list = one("[data-problems]");
    list.replaceChildren(...problems.map((problem) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = `#${targetOf(problem.place).id}`;
      link.dataset.place = problem.place;
      link.textContent = whereOf(problem.place);
      item.append(link, " ", problem.message);
      return item;
    }));
    const state = problems.length ? say(words.problems, { n: problems.length }) : words.ready;
    for (const place of all("[data-problem-count]")) {
      place.textContent = state;
      place.className = `chip ${problems.length ? "warn" : "ok"}`;
    }
    for (const mark of all("[data-section]")) {
      const own = problems.filter((problem) => sectionOf(problem.place) === mark.dataset.section).length;
      mark.textContent = own || "";
      mark.hidden = !own;
    }
    for (const card of all(".has-problem")) card.classList.remove("has-problem");
    for (const problem of problems) targetOf(problem.place).classList.add("has-problem");
    one("[data-publish]").disabled = problems.length > 0;
  }

  const SECTIONS = { title: "title", summary_ja: "title", summary_en: "title", manual_ja: "manual", manual_en: "manual" };
  const sectionOf = (place) => SECTIONS[place.split(".")[0]] || place.split(".")[0];

  function targetOf(place) {
    return document.getElementById(`place-${place}`) || document.getElementById(`section-${sectionOf(place)}`) || page;
  }

  function whereOf(place) {
    const [section] = place.split(".");
    const card = document.getElementById(`place-${place}`);
    const title = card && card.list ? `: ${card.list.title(card.model)}` : "";
    return (words.sections[section] || words.whole) + title;
  }

  one("[data-problems]").addEventListener("click", (event) => {
    const link = event.target.closest("[data-place]");
    if (!link) return;
    event.preventDefault();
    const target = targetOf(link.dataset.place);
    const outer = target.parentElement && target.parentElement.closest("[data-card]");
    if (outer) outer.list.open(outer.model, false);
    if (target.list) target.list.open(target.model);
    target.scrollIntoView({ block: "center" });
    const inside = target.matches("input, textarea") ? target : target.querySelector("input, textarea, select, button");
    if (inside && !target.list) inside.focus();
  });

  // ---- as the worker will see it -----------------------------------------------------------------------------

  const frame = one("[data-preview]");
  let looking = 0;

  function lookSoon(wait) {
    clearTimeout(lookTimer);
    lookTimer = setTimeout(look, wait);
  }

  async function look() {
    const turn = (looking += 1);
    const unit = one("[data-unit]").value;
    const sample = one("[data-sample]");
    sample.closest("[data-sample-box]").hidden = unit !== "";
    const body = { content: collected(), language: one("[data-preview-language]").value, task: unit ? Number(unit) : null, sample: sample.value };
    const answer = await post(set.previewUrl, body).catch(() => null);
    if (turn !== looking) return;
    const note = one("[data-preview-note]");
    note.textContent = "";
    if (answer && answer.ok && answer.type !== "opaqueredirect") {
      const typedIn = answersIn();
      frame.innerHTML = await answer.text();
      fillAnswers(typedIn);
      frame.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true }));
      return;
    }
    const found = answer ? await answer.json().catch(() => ({})) : {};
    note.textContent = (found.fields || []).map((field) => field.message).join(" ") || found.message || words.previewFailed;
  }

  // What was tried in the preview survives the next look.
  function answersIn() {
    return [...frame.querySelectorAll("[name]")].map((control) => [control.name, control.value, control.checked, control.type]);
  }

  function fillAnswers(typedIn) {
    for (const [name, value, checked, type] of typedIn) {
      for (const control of frame.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (type === "file") continue;
        if (type === "checkbox" || type === "radio") {
          if (control.value === value) control.checked = checked;
        } else control.value = value;
      }
    }
  }

  for (const control of all("[data-unit], [data-preview-language], [data-sample]")) control.addEventListener("input", () => lookSoon(control.matches("[data-sample]") ? LOOK_MS : 0));
  for (const button of all("[data-width]")) {
    button.addEventListener("click", () => {
      frame.classList.toggle("as-phone", button.dataset.width === "phone");
      for (const other of all("[data-width]")) other.setAttribute("aria-pressed", String(other === button));
    });
  }

  // ---- publishing ----------------------------------------------------------------------------------------------

  one("[data-publish]").addEventListener("click", async () => {
    const note = one("[data-publish-note]");
    note.textContent = "";
    await save();
    if (typed !== saved || saving || conflict) {
      note.textContent = words.publishFirst;
      return;
    }
    const answer = await post(set.publishUrl, { fence, note: one("[data-note]").value, newest }).catch(() => null);
    const body = answer ? await answer.json().catch(() => ({})) : {};
    if (answer && answer.ok) {
      window.location.assign(body.url);
      return;
    }
    if (body.code === "template_moved") {
      newest = body.newest;
      note.textContent = say(words.newest, { n: newest });
    } else note.textContent = (body.fields || []).map((field) => field.message).join(" ") || body.message || words.offline;
  });

  // ---- beginning -------------------------------------------------------------------------------------------------

  refresh();
  showProblems(start.problems);
  show(waiting ? "saved" : "idle", waiting ? one("[data-autosave]").dataset.first : words.nothing);
  const found = stored(mirrorKey);
  store(mirrorKey, null);
  if (found && JSON.stringify(sorted(found)) !== JSON.stringify(sorted(collected()))) {
    store(`${mirrorKey}.found`, found);
    one("[data-restore]").hidden = false;
  }
  if (stored(otherKey)) one("[data-other]").hidden = false;
  lookSoon(0);
  for (const language of ["ja", "en"]) manualSoon(language, 0);
})();
