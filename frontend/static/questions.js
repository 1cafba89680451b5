// Asks without leaving the page, so that an answer being typed beside it is not disturbed.
for (const form of document.querySelectorAll("[data-ask]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    const state = form.querySelector("[data-ask-state]");
    button.disabled = true;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        headers: { "X-Requested-With": "fetch" },
        credentials: "same-origin",
      });
      if (answer.redirected || !(answer.headers.get("Content-Type") || "").includes("json")) throw new Error("signed out");
      const told = await answer.json();
      const fields = told.fields || [];
      state.textContent = answer.ok ? told.said : fields.length ? fields[0].message : told.detail || told.message;
      if (answer.ok) form.reset();
    } catch {
      // The page's own way says what is wrong.
      button.disabled = false;
      form.submit();
      return;
    }
    button.disabled = false;
  });
}
