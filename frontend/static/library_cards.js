// Lists of cards: fields, choices, inputs, checks, points to look for. Each can be added to, opened, doubled, moved
// (by dragging, by its buttons, by Alt and an arrow key) and deleted with an undo.
(() => {
  "use strict";

  const library = window.tenchoLibrary;
  const opened = new WeakSet();
  const say = (text, values) => text.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);
  const parts = (path) => path.split(".");

  function read(model, path) {
    return parts(path).reduce((value, part) => (value === undefined || value === null ? undefined : value[part]), model);
  }

  function write(model, path, value) {
    const names = parts(path);
    const last = names.pop();
    let place = model;
    for (const name of names) {
      if (!library.isObject(place[name])) place[name] = {};
      place = place[name];
    }
    if (value === undefined) delete place[last];
    else place[last] = value;
  }

  function typed(control) {
    if (control.type === "checkbox") return control.checked ? true : control.dataset.off === "false" ? false : undefined;
    const text = control.value;
    switch (control.dataset.type) {
      case "number":
        if (text.trim() === "") return undefined;
        // What is no number stays as it was typed: the server says so.
        return Number.isFinite(Number(text)) ? Number(text) : text;
      case "lines":
        return text.split("\n").map((line) => line.trim()).filter(Boolean);
      case "optional":
        return text.trim() || undefined;
      default:
        return text;
    }
  }

  function show(control, value) {
    if (control.type === "checkbox") control.checked = value === undefined ? control.dataset.off === "false" : Boolean(value);
    else if (control.dataset.type === "lines") control.value = (Array.isArray(value) ? value : []).join("\n");
    else showText(control, value === undefined || value === null ? "" : String(value));
  }

  // A select also holds what an import or the API has named otherwise.
  function showText(control, text) {
    const known = control.dataset.other === undefined || [...control.options].some((option) => option.value === text);
    if (!known) control.add(new Option(say(control.dataset.other, { name: text }), text));
    control.value = text;
  }

  class List {
    // `about`: items, make (a new model), title, changed, and what a card of this list needs besides (filled).
    constructor(root, about) {
      Object.assign(this, { root, ...about });
      this.body = root.querySelector("[data-cards]");
      this.template = document.querySelector(`template[data-card-of="${root.dataset.list}"]`);
      root.list = this;
      this.draw();
    }

    draw() {
      this.body.replaceChildren(...this.items.map((model) => this.card(model)));
      const empty = this.root.querySelector(":scope > [data-empty]");
      if (empty) empty.hidden = this.items.length > 0;
      this.filledAll();
    }

    filledAll() {
      for (const card of this.body.children) this.retitle(card);
    }

    card(model) {
      const card = this.template.content.firstElementChild.cloneNode(true);
      card.model = model;
      card.list = this;
      card.id = this.idOf ? this.idOf(model) : "";
      this.numbered(card);
      for (const control of card.querySelectorAll("[data-bind]")) show(control, read(model, control.dataset.bind));
      if (this.filled) this.filled(card, model);
      const body = card.querySelector(":scope > .card-body");
      if (body) {
        body.hidden = !opened.has(model);
        card.querySelector('[data-act="toggle"]').setAttribute("aria-expanded", String(!body.hidden));
      }
      return card;
    }

    // Labels need ids, and a page has many cards.
    numbered(card) {
      for (const control of card.querySelectorAll("[data-id]")) {
        List.count = (List.count || 0) + 1;
        control.id = `${control.dataset.id}-${List.count}`;
        const label = control.closest(".line, .cell") && control.closest(".line, .cell").querySelector("label");
        if (label && !label.htmlFor && !label.contains(control)) label.htmlFor = control.id;
      }
    }

    retitle(card) {
      const title = this.title(card.model);
      const place = card.querySelector(":scope > .card-head [data-title]");
      if (place && place.textContent !== title) place.textContent = title;
      const kind = card.querySelector(":scope > .card-head [data-kind]");
      if (kind && this.kind) kind.textContent = this.kind(card.model);
      for (const button of card.querySelectorAll(":scope > .card-head [data-act], :scope > .card-tools [data-act]")) {
        if (button.dataset.act !== "toggle") button.setAttribute("aria-label", `${button.title}: ${title}`);
      }
    }

    cardOf(model) {
      return [...this.body.children].find((card) => card.model === model);
    }

    open(model, focus = true) {
      opened.add(model);
      const card = this.cardOf(model);
      const body = card.querySelector(":scope > .card-body");
      if (body) body.hidden = false;
      const toggle = card.querySelector('[data-act="toggle"]');
      if (toggle) toggle.setAttribute("aria-expanded", "true");
      if (focus) (card.querySelector("[data-first]") || toggle || card).focus();
      return card;
    }

    toggle(card) {
      const body = card.querySelector(":scope > .card-body");
      if (body.hidden) {
        this.open(card.model, false);
      } else {
        opened.delete(card.model);
        body.hidden = true;
        card.querySelector('[data-act="toggle"]').setAttribute("aria-expanded", "false");
      }
    }

    add(kind) {
      const model = this.make(kind);
      // One card is written at a time; those before it fold up, or the page grows without end.
      for (const other of this.items) opened.delete(other);
      this.items.push(model);
      this.changed(true);
      this.draw();
      this.open(model);
      this.announce("added", model);
    }

    double(card) {
      const copy = structuredClone(card.model);
      this.renamed(copy);
      this.items.splice(this.items.indexOf(card.model) + 1, 0, copy);
      this.changed(true);
      this.draw();
      this.open(copy);
      this.announce("added", copy);
    }

    remove(card) {
      const model = card.model;
      const at = this.items.indexOf(model);
      const back = this.removed ? this.removed(model) : () => {};
      this.items.splice(at, 1);
      this.changed(true);
      this.draw();
      const near = this.body.children[Math.min(at, this.items.length - 1)];
      const heir = near ? near.querySelector("[data-act]") : this.root.querySelector("[data-add]");
      if (heir) heir.focus();
      library.offerUndo(say(library.words.deleted, { name: this.title(model) }), () => {
        this.items.splice(Math.min(at, this.items.length), 0, model);
        back();
        this.changed(true);
        this.draw();
        this.cardOf(model).querySelector("[data-act]").focus();
        this.announce("restored", model);
      });
    }

    move(card, to, act) {
      const from = this.items.indexOf(card.model);
      const place = Math.max(0, Math.min(this.items.length - 1, to));
      if (place !== from) {
        this.items.splice(place, 0, ...this.items.splice(from, 1));
        this.changed(true);
        this.draw();
      }
      const button = this.cardOf(card.model).querySelector(`[data-act="${act}"]`);
      if (button) button.focus();
      this.announce("moved", card.model, { place: place + 1, count: this.items.length });
    }

    announce(word, model, values = {}) {
      library.announce(say(library.words[word], { name: this.title(model), ...values }));
    }

    act(card, name) {
      const at = this.items.indexOf(card.model);
      if (name === "toggle") this.toggle(card);
      else if (name === "up") this.move(card, at - 1, "up");
      else if (name === "down") this.move(card, at + 1, "down");
      else if (name === "copy") this.double(card);
      else if (name === "delete") this.remove(card);
    }
  }

  // ---- one set of listeners for all lists ------------------------------------------------------------

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act], [data-add]");
    if (!button) return;
    const card = button.closest("[data-card]");
    if (button.dataset.add !== undefined) button.closest("[data-list]").list.add(button.dataset.add);
    else if (card) card.list.act(card, button.dataset.act);
  });

  document.addEventListener("keydown", (event) => {
    const way = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const head = event.target.closest(".card-head, .card-tools");
    if (!event.altKey || !way || !head) return;
    event.preventDefault();
    const card = head.closest("[data-card]");
    const act = event.target.dataset.act || "toggle";
    card.list.move(card, card.list.items.indexOf(card.model) + way, act);
  });

  document.addEventListener("input", (event) => {
    const control = event.target;
    const card = control.closest("[data-card]");
    if (!card || !control.dataset.bind) return;
    if (card.list.typed && card.list.typed(card, control)) return;
    write(card.model, control.dataset.bind, typed(control));
    card.list.retitle(card);
    card.list.changed(false);
  });

  // Dragging by the handle: with a mouse, a pen or a finger.
  document.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button !== 0) return;
    event.preventDefault();
    const card = grip.closest("[data-card]");
    const list = card.list;
    card.classList.add("is-dragged");

    function over(move) {
      const others = [...list.body.children].filter((other) => other !== card);
      const after = others.find((other) => {
        const box = other.getBoundingClientRect();
        return move.clientY < box.top + box.height / 2;
      });
      if (after) list.body.insertBefore(card, after);
      else list.body.append(card);
    }

    function end(up) {
      document.removeEventListener("pointermove", over);
      document.removeEventListener("pointerup", end);
      document.removeEventListener("pointercancel", end);
      card.classList.remove("is-dragged");
      if (up.type === "pointercancel") list.draw();
      else list.move(card, [...list.body.children].indexOf(card), "toggle");
    }

    document.addEventListener("pointermove", over);
    document.addEventListener("pointerup", end);
    document.addEventListener("pointercancel", end);
  });

  Object.assign(library, { List, read, write, typed, show, say });
})();
