// Passkeys: a button asks the browser for a credential and sends its form. Options come with the page or by GET.
(() => {
  "use strict";

  const supported = Boolean(window.PublicKeyCredential && window.webauthnJSON);
  for (const form of document.querySelectorAll("[data-passkey-form]")) form.hidden = !supported;

  // Browsers bind a passkey to a name; an address in numbers has none.
  const nameless = /^[0-9.]+$|^\[/.test(window.location.hostname);

  async function optionsOf(button) {
    if (button.dataset.options) return JSON.parse(document.getElementById(button.dataset.options).textContent);
    const answer = await fetch(button.form.action, {
      headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" },
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  async function credentialFor(button) {
    const options = await optionsOf(button);
    if (button.dataset.passkey !== "create") return window.webauthnJSON.get(options.request_options);
    // A passkey proper: kept on the device, opened by its owner, good for signing in without a password.
    const wanted = options.creation_options.publicKey.authenticatorSelection;
    Object.assign(wanted, { residentKey: "required", requireResidentKey: true, userVerification: "required" });
    return window.webauthnJSON.create(options.creation_options);
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-passkey]");
    if (!button || button.disabled) return;
    const problem = button.form.querySelector("[data-passkey-problem]");
    problem.textContent = nameless ? button.dataset.textNameless : "";
    if (nameless) return;
    button.disabled = true;
    try {
      button.form.elements.credential.value = JSON.stringify(await credentialFor(button));
      button.form.submit();
    } catch {
      problem.textContent = button.dataset.textFailed;
      button.disabled = false;
    }
  });
})();
