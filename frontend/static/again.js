// Signing in again in place. Whoever notices that the session is over says `session:ended`; once the same person is
// back, every form has the new token and the page hears `session:resumed`. Somebody else gets a page of their own.
(() => {
  "use strict";

  const dialog = document.getElementById("again");
  if (!dialog) return;

  const PAGE = document.body.dataset.user;
  const LOOK_MS = 5000; // the person may have signed in in another tab
  const part = (name) => dialog.querySelector(`[data-again="${name}"]`);
  const problem = dialog.querySelector("[data-again-problem]");
  const passkey = dialog.querySelector("[data-again-passkey]");
  let token = "";
  let options = null;
  let asking = false;
  let timer = 0;
  let before = null;

  function ask(body) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    const how = { credentials: "same-origin", cache: "no-store", redirect: "manual" };
    return fetch(dialog.dataset.url, body ? { ...how, method: "POST", headers, body: JSON.stringify(body) } : how);
  }

  // A hidden field of the page outlives its token: signing in makes a new one.
  function renewTokens() {
    for (const field of document.querySelectorAll('input[name="csrfmiddlewaretoken"]')) field.value = token;
  }

  function show(name) {
    for (const one of ["password", "code", "other"]) part(one).hidden = one !== name;
  }

  function open() {
    if (dialog.open) return;
    before = document.activeElement;
    show("password");
    problem.textContent = "";
    dialog.showModal();
    part("password").elements.password.focus();
    timer = setInterval(look, LOOK_MS);
  }

  function close() {
    clearInterval(timer);
    if (!dialog.open) return;
    part("password").reset();
    part("code").reset();
    dialog.close();
    if (before && before.isConnected) before.focus({ preventScroll: true });
  }

  function take(state) {
    token = state.csrf || token;
    if (state.user && String(state.user) === PAGE) {
      renewTokens();
      close();
      document.dispatchEvent(new CustomEvent("session:resumed"));
    } else if (state.user) {
      open();
      show("other");
      clearInterval(timer);
    } else if (state.second_step) {
      open();
      if (part("code").hidden) {
        show("code");
        part("code").elements.code.focus();
      }
      options = state.passkey;
      passkey.hidden = !(options && window.PublicKeyCredential && window.webauthnJSON);
    } else open();
  }

  async function look() {
    if (asking) return;
    asking = true;
    try {
      const answer = await ask(null);
      if (answer.ok) take(await answer.json());
    } catch {
      // No network: whoever noticed the end tries on.
    }
    asking = false;
  }

  async function send(body, form) {
    if (asking) return;
    asking = true;
    problem.textContent = "";
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    try {
      if (!token) token = (await (await ask(null)).json()).csrf;
      const answer = await ask(body);
      const said = await answer.json();
      if (answer.ok) take(said);
      else {
        problem.textContent = said.message || dialog.dataset.textFailed;
        const field = form.elements.code || form.elements.password;
        field.focus();
        field.select();
      }
    } catch {
      problem.textContent = dialog.dataset.textFailed;
    }
    for (const button of form.querySelectorAll("button")) button.disabled = false;
    asking = false;
  }

  dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    send(Object.fromEntries(new FormData(event.target)), event.target);
  });
  passkey.addEventListener("click", async () => {
    try {
      const credential = await window.webauthnJSON.get(options);
      await send({ credential: JSON.stringify(credential) }, part("code"));
    } catch {
      problem.textContent = dialog.dataset.textPasskey;
    }
  });
  document.addEventListener("session:ended", look);
  document.addEventListener("live:stopped", look);
})();
