// What is typed into a form outlives the page: a switch of language, a session that ends, a reload. It is kept in this
// tab's storage, for the same person and address alone, until the form has been sent. Tasks keep theirs (work.js).
(() => {
  "use strict";

  const user = document.body.dataset.user;
  const LEAD = "tencho.kept.";
  const LASTS_MS = 12 * 3600 * 1000;
  const KINDS = 'textarea, select, input:not([type="hidden"]):not([type="password"]):not([type="file"])';

  function each(act) {
    try {
      for (const key of Object.keys(sessionStorage)) if (key.startsWith(LEAD)) act(key, JSON.parse(sessionStorage[key]));
    } catch {
      // Private windows may forbid it: then nothing is kept.
    }
  }

  function put(key, value) {
    try {
      sessionStorage.setItem(key, JSON.stringify(value));
    } catch {
      // As above.
    }
  }

  // Sent, but led to the sign-in page: it never arrived.
  if (!user) {
    each((key, kept) => put(key, { ...kept, sent: false }));
    return;
  }

  const isKept = (form) =>
    form.method === "post" && !("task" in form.dataset) && !form.closest("dialog, .bar, [data-region]") &&
    form.querySelector(`textarea, input:not([type="hidden"]):not([type="password"]):not([type="file"])`);
  const path = window.location.pathname;
  const keyOf = (form) => `${LEAD}${user}.${path}.${new URL(form.action).pathname}`;
  const fields = (form) => [...form.elements].filter((field) => field.name && field.matches(KINDS));
  const isTicked = (field) => field.type === "checkbox" || field.type === "radio";
  const valueOf = (field) => (isTicked(field) ? field.checked : field.value);

  // As the page came: only what differs from it was typed here.
  function givenOf(field) {
    if (isTicked(field)) return field.defaultChecked;
    if (field.tagName !== "SELECT") return field.defaultValue;
    const given = [...field.options].find((option) => option.defaultSelected) || field.options[0];
    return given ? given.value : "";
  }

  function read(form) {
    const all = fields(form).map((field, at) => ({ at, field }));
    return all.filter(({ field }) => valueOf(field) !== givenOf(field)).map(({ at, field }) => [at, field.name, valueOf(field)]);
  }

  function fill(form, values) {
    const here = fields(form);
    for (const [at, name, value] of values) {
      const field = here[at];
      if (!field || field.name !== name || valueOf(field) === value) continue;
      if (isTicked(field)) field.checked = value;
      else field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  const keep = (event) => {
    const form = event.target.form;
    if (form && event.isTrusted && isKept(form)) put(keyOf(form), { values: read(form), at: Date.now(), sent: false });
  };

  function restore() {
    const forms = [...document.forms].filter(isKept);
    each((key, kept) => {
      const form = forms.find((one) => keyOf(one) === key);
      if (kept.sent || Date.now() - kept.at > LASTS_MS) sessionStorage.removeItem(key);
      else if (form) fill(form, kept.values);
    });
  }

  document.addEventListener("input", keep);
  document.addEventListener("change", keep);
  document.addEventListener("submit", (event) => {
    if (!isKept(event.target)) return;
    each((key, kept) => key === keyOf(event.target) && put(key, { ...kept, sent: true }));
  });
  restore();
})();
