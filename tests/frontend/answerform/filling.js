// Types a case into the task form, as a person would: rows are added by their button.
(typed) => {
  const form = document.querySelector("form[data-task]");
  for (const rows of form.querySelectorAll("[data-answer-rows]")) {
    const prefix = `${rows.dataset.answerRows}-`;
    const names = Object.keys(typed).filter((name) => name.startsWith(prefix));
    const wanted = Math.max(0, ...names.map((name) => parseInt(name.slice(prefix.length), 10) + 1));
    while (rows.querySelectorAll("[data-answer-row]").length < wanted) {
      const button = rows.querySelector("[data-answer-add]");
      if (button.disabled || button.hidden) throw new Error(`no more rows in ${prefix}`);
      button.click();
    }
  }
  for (const [name, value] of Object.entries(typed)) {
    const found = [...form.querySelectorAll(`[name="${name}"]`)];
    if (!found.length) throw new Error(`no control ${name}`);
    for (const control of found) {
      if (control.type === "checkbox") control.checked = value.includes(control.value);
      else control.value = value;
      control.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
}
