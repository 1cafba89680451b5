// Leaves every control, waits until each was judged, and tells what the page says; then leaves the page.
async () => {
  const form = document.querySelector("form[data-task]");
  const controls = [...form.querySelectorAll("[data-answer-checks]")];
  const hint = (control) => form.querySelector(`[data-answer-hint="${control.id}"]`).dataset;
  for (const control of controls) control.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
  const until = Date.now() + 30000;
  while (controls.some((control) => hint(control).answerFound === undefined)) {
    if (Date.now() > until) throw new Error("never judged");
    await new Promise((go) => setTimeout(go, 20));
  }
  const found = Object.fromEntries(controls.map((control) => [control.id, hint(control).answerFound]));
  const items = [...form.querySelectorAll("[data-answer-show-if]")];
  const hidden = items.filter((item) => item.hidden).map((item) => item.closest("[data-field]"));
  if (hidden.some((field) => field.offsetParent !== null)) throw new Error("hidden, and still seen");
  window.dispatchEvent(new Event("pagehide"));
  return { found, hidden: hidden.map((field) => field.dataset.field) };
}
